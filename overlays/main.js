// Puts the page together. The options in its address are those of options.js.

import { Bubble } from "./bubble.js";
import { Captions } from "./captions.js";
import { Face } from "./face.js";
import { Link } from "./link.js";
import { read } from "./options.js";
import { Sound } from "./sound.js";
import { Timeline, seconds } from "./timeline.js";

const options = read(location.search);
const off = (name) => options[name] === "off";
const at = (id) => document.getElementById(id);

const LINGER = 3; // seconds that the last words and the bubble stay
const READ = 1.5; // seconds that they stay when the next viewer is being answered already
const SOON = 0.05; // seconds before a reply is heard at which whatever belongs to another is gone
const MUTED_AFTER = 1; // seconds before the button shows that the browser plays no sound

const timeline = new Timeline();
const sound = new Sound(!off("sound"), tellOfSound);
const face = new Face(at("face"));
const bubble = new Bubble(at("bubble"), options.lang);
const captions = new Captions(at("caption"), at("words"));

let own = { name: "", speaker: "" }; // the speaker whose face this is
const whom = new Map(); // turn → whom it answers; no line that she was told to say is in it
let shown = null; // the turn whose bubble and words are on the page
let next = null; // whom she thinks of, while the last words are still read
let seen = null; // the clip that was heard last when the page was drawn last
const busy = new Set(); // the speakers who think or speak
const moods = new Map(); // speaker → face outside of sentences that have a mood
let labelled; // the clip whose speaker the caption names
let quietSince = 0;
let soundedAt = -Infinity;
let state = "idle"; // idle, thinking or speaking
let held = { paused: false, until: 0 }; // until: she is silent; on the show's clock
let elsewhere = { where: "", others: false }; // which page is heard, and whether another could be
let active = true; // whether OBS shows this page on stream, as far as it says

const receive = {
  hello({ name, speaker, step }) {
    own = { name, speaker };
    timeline.step = step;
    clear();
    whom.clear();
    next = null;
    busy.clear();
    moods.clear();
    labelled = undefined;
    held = { paused: false, until: 0 };
    elsewhere = { where: "", others: false };
    tellOfSound();
  },
  mood({ mood, speaker }) {
    moods.set(speaker, mood);
  },
  thinking(frame) {
    whom.set(frame.turn, frame);
    while (whom.size > 8) whom.delete(whom.keys().next().value);
    if (frame.busy === false) return; // what it answers is still to be heard, and nothing more is made
    next = frame;
    busy.add(frame.speaker);
  },
  begin(frame) {
    timeline.begin(frame);
    if (next?.turn === frame.turn) next = null;
    busy.add(frame.speaker);
  },
  word: (frame) => timeline.word(frame),
  sound(frame) {
    const place = timeline.place(frame);
    if (place === null) return;
    busy.add(place.speaker);
    sound.play(frame.samples, place.start, place.follows);
    if (place.first && sound.audible) link.report({ clip: frame.clip, late: place.late + sound.latency });
  },
  hush: () => clear(),
  withdrawn({ turn, finish }) {
    whom.delete(turn);
    if (next?.turn === turn) next = null;
    if (shown === turn) bubble.fill(null);
    if (finish) return; // the answer itself stays
    timeline.drop(turn);
    if (shown === turn) present(null);
  },
  rest({ speaker }) {
    if (next?.speaker === speaker) next = null;
    busy.delete(speaker);
  },
  held(frame) {
    held = frame;
  },
  sounds(frame) {
    elsewhere = frame;
    if (options.sound === "auto") sound.let(frame.on);
  },
};

/** Nothing is heard or read from now on. */
function clear() {
  sound.hush();
  timeline.clear();
  soundedAt = -Infinity;
  present(null);
}

/** Puts the bubble and the words of that turn on the page, and no others. */
function present(turn) {
  if (turn === shown) return;
  shown = turn;
  bubble.fill((!off("bubble") && whom.get(turn)) || null);
  captions.begin(turn);
}

const link = new Link(
  `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws${location.search}`,
  (frame) => {
    if (frame.t === "hello") timeline.resync();
    timeline.sync(frame.now);
    receive[frame.t]?.(frame);
  },
  () => {
    if (options.sound === "auto" && elsewhere.others) sound.let(false); // another page goes on
  },
);

/** The show chooses which page is heard, from what each says of itself. */
function tellOfSound() {
  if (off("sound")) return;
  const can = !sound.muted;
  link.report({ sounds: can, forced: options.sound === "on", obs: "obsstudio" in window, active });
}

/** Decides whose bubble and words are on the page now; `current` is the clip that was heard last. */
function choose(time, heard, current) {
  const coming = timeline.sounding(time + SOON);
  const missed = current !== null && current !== seen; // it was over before the page was drawn, or the page came late
  seen = current;
  if (heard !== null || missed) soundedAt = time;
  if (coming !== null) {
    present(heard === null || heard.turn === coming.turn ? coming.turn : null);
  } else if (missed) {
    present(current.turn);
  } else if (timeline.over(time) && next !== null && (shown === null || time - soundedAt > READ)) {
    present(next.turn);
    next = null;
  }
}

function frame() {
  const time = seconds();
  const heard = timeline.sounding(time);
  const current = timeline.current(time);
  choose(time, heard, current);
  const over = timeline.over(time);
  state = heard !== null ? "speaking" : over && busy.size ? "thinking" : "idle";
  if (!over || busy.size) quietSince = time;
  const quiet = time - quietSince;
  if (quiet > LINGER) present(null);
  const mood = (current === null ? moods.values().next().value : moods.get(current.speaker)) ?? "";
  const answersNext = state === "thinking" && current?.turn !== shown;
  const look = (current !== null && !answersNext && quiet < LINGER / 2 && current.mood) || mood;
  if (look !== face.mood) face.feel(look);
  face.update(time, heard === null ? 0 : timeline.mouth(heard, time), heard !== null, state === "thinking");
  captions.update(timeline, time);
  if (current !== labelled) label(current);
  at("stage").dataset.state = state;
  hide("thinking", state !== "thinking");
  hide("paused", off("signs") || !held.paused);
  hide("muted", off("signs") || !(held.until + timeline.offset > time));
  hide("unmute", !sound.muted || elsewhere.where !== "" || time < MUTED_AFTER);
  requestAnimationFrame(frame);
}

function hide(id, hidden) {
  at(id).toggleAttribute("hidden", hidden);
}

function label(clip) {
  labelled = clip;
  at("speaker").textContent = clip?.name || own.name;
}

function arrange() {
  document.body.dataset.side = options.side;
  document.documentElement.style.setProperty("--scale", options.scale);
  document.body.classList.toggle("large", options.scale > 1.6);
  for (const name of ["captions", "face"]) document.body.classList.toggle(`no-${name}`, off(name));
  document.addEventListener("pointerdown", () => sound.resume());
  window.addEventListener("obsSourceActiveChanged", ({ detail }) => {
    active = detail?.active !== false;
    tellOfSound();
  });
  sound.resume();
  if (options.sound === "on") sound.let(true);
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
  get audible() {
    return sound.audible;
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
