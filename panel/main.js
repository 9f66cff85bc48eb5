// The control panel: what the show tells is kept in `Show`, drawn by each part of the page, and what is pressed goes
// out through `Commands`.

import { Air } from "./air.js";
import { Api } from "./api.js";
import { Chat } from "./chat.js";
import { Commands } from "./commands.js";
import { by, show, write } from "./dom.js";
import { Alarms, Delays, Journal, Repairs } from "./health.js";
import { Keys } from "./keys.js";
import { LastReply, Now } from "./now.js";
import { Painter } from "./painter.js";
import { People } from "./people.js";
import { count, Queue } from "./queue.js";
import { Show } from "./show.js";
import { Speak, Steer } from "./steer.js";
import { Stream } from "./stream.js";
import { forgetToken, keepToken, takeToken, tokenIn } from "./token.js";
import { chooseLanguage, said, switchLanguage, t } from "./words.js";

const TABS = ["now", "queue", "chat", "people", "steer", "health"];
const AGAIN = 2000; // ms until it is asked again what this token may do

const state = new Show();
const painter = new Painter();
const api = new Api(refused);
const commands = new Commands(api);
const parts = { state, painter, api, commands, go, lookUp: (name) => people.lookUp(name) };
const now = new Now(parts);
const last = new LastReply(parts);
const air = new Air(parts);
const queue = new Queue(parts);
const people = new People(parts);
const speak = new Speak(parts);
const repairs = new Repairs(parts);
new Alarms(parts);
new Chat(parts);
new Steer(parts);
new Delays(parts);
new Journal(parts);
new Keys({
  painter,
  acts: {
    h: () => now.stop(),
    x: () => by("skip").click(),
    p: () => by("pause").click(),
    y: () => air.first("yes"),
    n: () => air.first("no"),
    e: () => air.first("edit"),
    "+": () => last.rate("good"),
    "-": () => last.rate("bad"),
    a: () => go("queue", () => speak.begin("ask")),
    s: () => go("queue", () => speak.begin("say")),
    q: () => go("queue", () => queue.focus()),
    v: () => go("people", () => by("viewer-name").focus()),
    "?": () => by("help").showModal(),
    ...Object.fromEntries(TABS.map((tab, index) => [String(index + 1), () => go(tab)])),
  },
});
const stream = new Stream(api, (kind, value) => painter.mark(...state.apply(kind, value)), connected);

// The sections. On a narrow page one is shown; on a wide one what she does stays beside it.

function go(tab, then = () => {}) {
  const { dataset } = document.body;
  dataset.tab = tab;
  if (tab !== "now") dataset.right = tab;
  if (tab !== "now" && tab !== "queue") dataset.side = tab;
  for (const button of by("tabs").children) {
    const { to } = button.dataset;
    button.dataset.shown = [to === dataset.right && "right", to === dataset.side && "side"].filter(Boolean).join(" ");
    if (to === tab) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  painter.mark("view");
  then();
}

for (const button of by("tabs").children) button.addEventListener("click", () => go(button.dataset.to));

painter.add(["air", "queue", "health", "settings"], () => {
  const { wrong } = repairs;
  const worst = wrong[0]?.state ?? "";
  const badges = { now: [air.waiting.length || "", "urgent"], queue: [count(state.queue), ""], health: [wrong.length || "", worst] };
  for (const [tab, [number, kind]] of Object.entries(badges)) {
    const badge = by("tabs").querySelector(`[data-to=${tab}] .count`);
    show(badge, number !== "");
    write(badge, number);
    badge.className = `count ${kind}`;
  }
});

// The connection.

async function connected() {
  painter.mark("link");
  if (!stream.live) return;
  try {
    const me = await api.me();
    commands.may = new Map(me.commands.map((command) => [command.name, command]));
  } catch {
    if (stream.live) setTimeout(connected, AGAIN);
    return;
  }
  document.body.classList.remove("waiting");
  commands.reveal();
  speak.reveal();
  painter.all();
}

painter.add(["link", "tick"], () => {
  const lost = !stream.live && state.came.now !== undefined;
  document.body.classList.toggle("lost", lost);
  by("link").classList.toggle("lost", lost);
  write(by("link"), stream.live ? t("live") : t(lost ? "gone" : "connecting"));
  show(by("stale"), lost);
  if (lost) write(by("stale"), [t("stale", { n: Math.round((Date.now() - lastHeard) / 1000) }), said(stream.why)].join(" "));
  if (stream.live) lastHeard = stream.heard;
});
let lastHeard = Date.now();

setInterval(() => {
  if (stream.live) lastHeard = stream.heard;
  painter.mark("tick");
  const waiting = air.waiting.length;
  document.title = `${waiting ? `(${waiting}) ` : ""}${state.settings.character ?? "banban"}`;
}, 500);

// The token.

function refused(token) {
  forgetToken(token);
  stream.close();
  knock(token ? "door-old" : "door-none");
}

function knock(why) {
  write(by("door-why"), t(why));
  if (!by("door").open) by("door").showModal();
}

function enter(token) {
  api.token = token;
  if (!token) return knock("door-none");
  if (by("door").open) by("door").close();
  stream.open();
}

by("door").addEventListener("cancel", (event) => event.preventDefault()); // there is nothing behind it
by("door-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const pasted = by("door-token").value.trim();
  const token = tokenIn(pasted) || (/^[ -~]+$/.test(pasted) && !pasted.includes("://") ? pasted : "");
  by("door-token").value = "";
  if (!token) return;
  keepToken(token);
  enter(token);
});
addEventListener("hashchange", () => tokenIn(location.hash) && enter(takeToken()));

by("language").addEventListener("click", () => {
  switchLanguage();
  painter.all();
});

chooseLanguage();
by("language").dataset.t = "language";
write(by("language"), t("language"));
commands.reveal();
go("now");
painter.all();
enter(takeToken());
