// Puts the page together. Options in its address: captions=off, bubble=off, face=off, sound=off, scale=1.2,
// side=left.

import { Captions } from "./captions.js";
import { Face } from "./face.js";
import { Link } from "./link.js";
import { Sound } from "./sound.js";
import { Timeline, seconds } from "./timeline.js";

const options = new URLSearchParams(location.search);
const off = (name) => options.get(name) === "off";
const at = (id) => document.getElementById(id);

const LINGER = 3; // seconds that her last words and whom she answered stay
const MUTED_AFTER = 1; // seconds before a browser that lets nothing sound is told to the user

const timeline = new Timeline();
const sound = new Sound(!off("sound"));
const face = new Face(at("face"));
const captions = new Captions(at("caption"), at("words"));

const NOBODY = { name: "", text: "", platform: "", turn: null };

let answering = null; // whom the bubble names
let told = NOBODY; // whose name and words stand in the bubble, seen or not
let next = null; // whom she thinks of while her last words are still heard
let rested = true;
let mood = ""; // her face when she says nothing
let quietSince = 0;
let state = "idle"; // idle, thinking or speaking

const hear = {
  hello({ name, step }) {
    at("speaker").textContent = name;
    timeline.step = step;
    silence();
    captions.clear();
    answering = next = null;
    tell(NOBODY);
    rested = true;
    mood = "";
  },
  mood(note) {
    mood = note.mood;
  },
  thinking(note) {
    next = note;
    rested = false;
  },
  begin(note) {
    timeline.begin(note, rested ? null : next ?? answering); // after a rest she speaks to nobody in particular
    rested = false;
  },
  word: (note) => timeline.word(note),
  sound(note) {
    const place = timeline.place(note);
    if (place === null) return;
    rested = false;
    sound.play(note.samples, place.start, place.follows);
    if (place.first) link.report({ clip: note.clip, late: place.late + sound.latency });
  },
  hush: () => silence(),
  withdrawn({ turn, finish }) {
    if (next?.turn === turn) next = null;
    if (answering?.turn === turn) answering = null;
    if (told.turn === turn) tell(NOBODY);
    if (finish) return; // her own words stay
    timeline.drop(turn);
    captions.drop(turn);
  },
  rest() {
    next = null;
    rested = true;
  },
};

function silence() {
  sound.hush();
  timeline.clear();
}

const link = new Link(
  `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws${location.search}`,
  (note) => {
    if (note.t === "hello") timeline.resync();
    timeline.sync(note.now);
    hear[note.t]?.(note);
  },
);

function frame() {
  const time = seconds();
  const { speaking, open } = timeline.mouth(time);
  const current = timeline.current(time);
  const over = timeline.over(time);
  if (next !== null && (over || current?.answers === next)) {
    answering = next;
    next = null;
    tell(answering);
  }
  state = speaking ? "speaking" : over && !rested ? "thinking" : "idle";
  if (!over || !rested) quietSince = time;
  const quiet = time - quietSince;
  if (quiet > LINGER || (speaking && current?.answers === null)) answering = null;
  const shown = (current !== null && !answersNext(current) && quiet < LINGER / 2 && current.mood) || mood;
  if (shown !== face.mood) face.feel(shown);
  face.update(time, open, speaking, state === "thinking");
  captions.update(timeline, time, quiet > LINGER);
  at("stage").dataset.state = state;
  at("bubble").hidden = answering === null || off("bubble");
  at("thinking").hidden = state !== "thinking";
  at("unmute").hidden = !sound.muted || time < MUTED_AFTER;
  requestAnimationFrame(frame);
}

/** Whether the last thing heard was for somebody else than whom she deals with now. */
const answersNext = (clip) => state === "thinking" && clip.answers !== answering;

function tell(whom) {
  told = whom;
  at("platform").textContent = whom.platform;
  at("platform").dataset.platform = whom.platform;
  at("name").textContent = whom.name;
  at("said").textContent = whom.text;
}

function arrange() {
  document.body.dataset.side = options.get("side") === "left" ? "left" : "right";
  const scale = Number(options.get("scale"));
  if (scale >= 0.2 && scale <= 5) document.body.style.setProperty("--scale", scale);
  for (const name of ["captions", "face"]) document.body.classList.toggle(`no-${name}`, off(name));
  document.addEventListener("pointerdown", () => sound.resume());
  sound.resume();
}

// For the curious and for tests; nothing here is needed to work.
window.banban = {
  get state() {
    return state;
  },
  get caption() {
    return captions.text;
  },
  get mouth() {
    return face.open;
  },
  get mood() {
    return face.mood;
  },
  get blinks() {
    return face.blinks;
  },
  get played() {
    return sound.played;
  },
  get connections() {
    return link.connections;
  },
  get heard() {
    return link.soundBytes;
  },
  tap: () => sound.tap(),
};

arrange();
if (!off("face")) face.load("face.svg");
requestAnimationFrame(frame);
