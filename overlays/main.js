// Puts the page together. The options in its address are those of options.js.

import { Alerts } from "./alerts.js";
import { Bubble } from "./bubble.js";
import { Captions } from "./captions.js";
import { Chat } from "./chat.js";
import { demonstrate } from "./demo.js";
import { Exchange } from "./exchange.js";
import { Face } from "./face.js";
import { arrange } from "./layout.js";
import { Link } from "./link.js";
import { read } from "./options.js";
import { Pacer } from "./pacer.js";
import { Sound } from "./sound.js";
import { Status } from "./status.js";
import { Timeline, seconds } from "./timeline.js";

const SILENCE = 1; // seconds after the last sound, while she is paused, after which the browser's sound rests
const LIPS_LEAD = 0.015; // seconds by which her lips are ahead of the sound, in which they get to where it wants them
const AHEAD = ["word", "sound"]; // frames that are sent before their time
const SOON = 0.04; // seconds within which they are drawn
const LITTLE = 0.01; // seconds by which the way to the loudspeaker may change without a word
const GREETED = ["raid", "follow", "subscription", "gift"]; // those who did this are waved at

const options = await read(location.search);
const has = (name) => options.show.has(name);
const at = (id) => document.getElementById(id);

const sound = new Sound(options.sound !== "off", tellOfSound);
const timeline = new Timeline();
const face = new Face(at("face"));
const captions = new Captions(at("caption"), at("lines"), at("words"), options.lines);
const exchange = new Exchange(timeline, new Bubble(at("bubble"), options.lang), captions);
const chat = new Chat(at("chat"));
const alerts = new Alerts(at("alerts"), options.lang);
const status = new Status(at, options);
const pacer = new Pacer(draw);

let link = null; // to the show, or to what plays one
let own = { name: "", speaker: "" }; // the speaker whose face this is
let labelled; // the clip whose speaker the caption names
let state = "idle"; // idle, thinking or speaking
let elsewhere = { where: "", others: false }; // which page is heard, and whether another could be
let told = 0; // seconds to the loudspeaker, as the show knows it
let active = true; // whether OBS shows this page on stream, as far as it says

const receive = {
  hello({ name, speaker, step, ready = true }) {
    own = { name, speaker };
    timeline.step = step;
    silence();
    exchange.reset();
    chat.clear();
    alerts.clear();
    status.hello(ready);
    labelled = undefined;
    elsewhere = { where: "", others: false };
    sound.elsewhere = 0;
    tellOfSound();
  },
  mood: ({ mood, speaker }) => exchange.moods.set(speaker, mood),
  thinking(frame) {
    exchange.thinking(frame);
    if (GREETED.includes(frame.deed?.kind)) face.gesture("wave");
  },
  begin(frame) {
    timeline.begin(frame);
    exchange.begin(frame);
  },
  word: (frame) => timeline.word(frame),
  sound(frame) {
    const place = timeline.place(frame);
    if (place === null) return;
    exchange.busy.add(place.speaker);
    sound.play(frame.samples, place.start, place.follows);
    if (!place.first || !sound.audible) return;
    link.report({ clip: frame.clip, late: place.late + sound.latency });
    if (Math.abs(sound.way - told) > LITTLE) tellOfSound();
  },
  hush: () => silence(),
  withdrawn: (frame) => exchange.withdrawn(frame),
  rest: (frame) => exchange.rest(frame),
  held: (frame) => status.hold(frame),
  ready: (frame) => (status.ready = frame.ready),
  chat: (frame) => has("chat") && chat.add(frame),
  alert: (frame) => has("alerts") && alerts.add(frame),
  gone(frame) {
    chat.remove(frame.chat);
    alerts.remove(frame.alerts);
  },
  sounds(frame) {
    elsewhere = frame;
    sound.elsewhere = frame.on ? 0 : frame.way;
    if (options.sound === "auto") sound.let(frame.on);
  },
};

/** Takes in a frame. */
function take(frame) {
  if (frame.t === "hello") timeline.resync();
  timeline.sync(frame.now);
  if (!Object.hasOwn(receive, frame.t)) return; // a sign of life
  receive[frame.t](frame);
  if (AHEAD.includes(frame.t)) pacer.within(SOON);
  else pacer.wake();
}

/** The connection is gone. */
function lose() {
  if (options.sound === "auto" && elsewhere.others) sound.let(false); // another page goes on
  pacer.wake();
}

/** Nothing is heard or read of her from now on. */
function silence() {
  sound.hush();
  face.shut();
  exchange.clear();
}

/** The show chooses which page is heard, from what each says of itself. */
function tellOfSound() {
  if (options.sound === "off") return;
  const can = !sound.muted;
  told = sound.way || told; // nothing is known while the sound rests
  link?.report({ sounds: can, forced: options.sound === "on", obs: "obsstudio" in window, active, way: told });
  pacer.wake();
}

/** Draws all that changed. Returns how many seconds later something changes by itself. */
function draw(time) {
  const heardBy = time - sound.latency; // what was due then leaves the loudspeaker now
  const over = timeline.over(heardBy);
  const back = status.wait(time, link.lostAt);
  if (over && status.isAway) exchange.lose();
  const { state: now, heard, current, mood } = exchange.update(heardBy);
  state = now;
  if (mood !== face.mood) face.feel(mood);
  const open = heard === null ? 0 : timeline.mouth(heard, heardBy + LIPS_LEAD);
  const shape = heard === null ? "X" : timeline.shape(heard, heardBy + LIPS_LEAD);
  const rest = face.update(time, open, shape, heard !== null, state === "thinking", status.held.paused);
  if (current !== labelled) label(current);
  const isMute = options.sound !== "off" && sound.muted && elsewhere.where === "";
  const signs = status.update(time, { state, isMute, until: timeline.here(status.held.until) });
  const { paused } = status.held;
  sound.sleep(paused && timeline.over(heardBy - SILENCE));
  const quiet = paused && !sound.asleep ? SILENCE : Infinity;
  return Math.min(rest, quiet, exchange.change(heardBy) - heardBy, Math.min(back, signs) - time);
}

function label(clip) {
  labelled = clip;
  at("speaker").textContent = clip?.name || own.name;
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
  get mouthShape() {
    return face.shape;
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
  get latency() {
    return sound.latency;
  },
  get audible() {
    return sound.audible;
  },
  get connections() {
    return link?.connections ?? 0;
  },
  get heard() {
    return link?.soundBytes ?? 0;
  },
  get pose() {
    return face.pose;
  },
  get painted() {
    return face.painted;
  },
  get drawn() {
    return pacer.drawn;
  },
  tap: () => sound.tap(),
};

arrange(options);
document.addEventListener("pointerdown", () => sound.resume());
window.addEventListener("obsSourceActiveChanged", ({ detail }) => {
  active = detail?.active !== false;
  tellOfSound();
});
sound.resume();
if (options.sound === "on") sound.let(true);
face.wake = pacer.wake;
if (has("avatar")) face.load("face.json");
link = options.demo ? demonstrate(take, options.lang) : new Link(`${location.origin.replace("http", "ws")}/ws${location.search}`, take, lose);
pacer.wake();
