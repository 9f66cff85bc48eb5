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

const LINGER = 3; // seconds that the last words and the bubble stay
const MUTED_AFTER = 1; // seconds before the button shows that the browser plays no sound

const timeline = new Timeline();
const sound = new Sound(!off("sound"));
const face = new Face(at("face"));
const captions = new Captions(at("caption"), at("words"));

const NOBODY = { name: "", text: "", platform: "", turn: null };

let own = { name: "", speaker: "" }; // the speaker whose face this is
let answering = null; // who is answered now: the bubble names them
let inBubble = NOBODY; // whose name and words are in the bubble, shown or not
let next = null; // who is answered next, while the last words are still heard
const busy = new Set(); // the speakers who think or speak
const moods = new Map(); // speaker → face outside of sentences that have a mood
let labelled; // the clip whose speaker the caption names
let quietSince = 0;
let state = "idle"; // idle, thinking or speaking

const receive = {
  hello({ name, speaker, step }) {
    own = { name, speaker };
    timeline.step = step;
    silence();
    captions.clear();
    answering = next = null;
    fillBubble(NOBODY);
    busy.clear();
    moods.clear();
    labelled = undefined;
  },
  mood({ mood, speaker }) {
    moods.set(speaker, mood);
  },
  thinking(frame) {
    next = frame;
    busy.add(frame.speaker);
  },
  begin(frame) {
    timeline.begin(frame, busy.size ? next ?? answering : null); // after a rest nobody in particular is answered
    busy.add(frame.speaker);
  },
  word: (frame) => timeline.word(frame),
  sound(frame) {
    const place = timeline.place(frame);
    if (place === null) return;
    busy.add(place.speaker);
    sound.play(frame.samples, place.start, place.follows);
    if (place.first) link.report({ clip: frame.clip, late: place.late + sound.latency });
  },
  hush: () => silence(),
  withdrawn({ turn, finish }) {
    if (next?.turn === turn) next = null;
    if (answering?.turn === turn) answering = null;
    if (inBubble.turn === turn) fillBubble(NOBODY);
    if (finish) return; // the answer itself stays
    timeline.drop(turn);
    captions.drop(turn);
  },
  rest({ speaker }) {
    if (next?.speaker === speaker) next = null;
    busy.delete(speaker);
  },
};

function silence() {
  sound.hush();
  timeline.clear();
}

const link = new Link(
  `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws${location.search}`,
  (frame) => {
    if (frame.t === "hello") timeline.resync();
    timeline.sync(frame.now);
    receive[frame.t]?.(frame);
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
    fillBubble(answering);
  }
  state = speaking ? "speaking" : over && busy.size ? "thinking" : "idle";
  if (!over || busy.size) quietSince = time;
  const quiet = time - quietSince;
  if (quiet > LINGER || (speaking && current?.answers === null)) answering = null;
  const mood = (current === null ? moods.values().next().value : moods.get(current.speaker)) ?? "";
  const shown = (current !== null && !answersNext(current) && quiet < LINGER / 2 && current.mood) || mood;
  if (shown !== face.mood) face.feel(shown);
  face.update(time, open, speaking, state === "thinking");
  captions.update(timeline, time, quiet > LINGER);
  if (current !== labelled) label(current);
  at("stage").dataset.state = state;
  at("bubble").hidden = answering === null || off("bubble");
  at("thinking").hidden = state !== "thinking";
  at("unmute").hidden = !sound.muted || time < MUTED_AFTER;
  requestAnimationFrame(frame);
}

/** Whether the last clip that was heard answered somebody else than who is answered now. */
const answersNext = (clip) => state === "thinking" && clip.answers !== answering;

function label(clip) {
  labelled = clip;
  at("speaker").textContent = clip === null || [own.speaker, ""].includes(clip.speaker) ? own.name : clip.speaker;
}

function fillBubble(whom) {
  inBubble = whom;
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
if (!off("face")) face.load("face.json");
requestAnimationFrame(frame);
