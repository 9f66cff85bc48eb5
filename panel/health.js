// What is wrong and what to do first; delays as small plots; the journal's last lines.

import { by, make, Rows, show, write } from "./dom.js";
import { list } from "./show.js";
import { Tail } from "./tail.js";
import { code, said, t } from "./words.js";

const EVERY = 500; // ms
const WORST = { down: 0, resting: 0, limited: 1 };
const PARTS = ["queue", "prompt", "first_token", "first_sentence", "first_audio", "on_air", "total"];
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 200; // of a plot, in units of its own
const HEIGHT = 44;
const SHOWN = 20;

export class Repairs {
  constructor({ state, painter }) {
    this.state = state;
    this.broken = new Rows(by("repairs"), {
      key: ({ part }) => part,
      row: () =>
        make("li", {}, make("p", {}, make("b"), " ", make("span", { class: "small" })), make("p", { dir: "auto" }), make("p", { class: "hint" }, make("b"), " ", make("span", { dir: "auto" }))),
      update: (row, entry) => this.repair(row, entry),
    });
    this.fine = new Rows(by("fine-rows"), {
      key: ({ part }) => part,
      row: () => make("li", {}, make("b"), " ", make("span", { class: "small", dir: "auto" })),
      update: (row, { part, state: is, what }) => {
        write(row.firstElementChild, said(part));
        write(row.lastElementChild, is === "ok" ? said(what) : `${code("is", is)}: ${said(what)}`);
      },
    });
    painter.add(["health", "words"], () => this.draw(), { inside: by("repairs").closest("section") });
  }

  get wrong() {
    const wrong = this.state.health.filter(({ state }) => state in WORST);
    return wrong.sort((one, other) => WORST[one.state] - WORST[other.state]);
  }

  draw() {
    const wrong = this.wrong;
    const fine = this.state.health.filter(({ state }) => !(state in WORST));
    const well = { part: "", state: "well", what: t("all-well") };
    this.broken.draw(wrong.length || !fine.length ? wrong : [well]);
    this.fine.draw(fine);
    show(by("fine"), fine.length > 0);
    write(by("fine").firstElementChild, t("fine", { n: fine.length }));
  }

  repair(row, { part, state, what, hint }) {
    const [title, wrong, first] = row.children;
    row.className = state;
    write(title.firstElementChild, said(part));
    write(title.lastElementChild, state === "well" ? "" : code("is", state));
    show(title, Boolean(part));
    write(wrong, said(what));
    wrong.title = what;
    write(first.firstElementChild, t("do-first"));
    write(first.lastElementChild, said(hint));
    show(first, Boolean(hint));
  }
}

/** What must be seen at once, wherever one is in the panel: above everything, for as long as it lasts. */
export class Alarms {
  constructor({ state, painter }) {
    const rows = new Rows(by("alarms"), {
      key: ({ part }) => part,
      row: () => make("li", {}, make("b"), " ", make("span", { dir: "auto" })),
      update: (row, { state: is, what, hint }) => {
        row.className = is;
        row.title = what;
        write(row.firstElementChild, said(what));
        write(row.lastElementChild, said(hint));
      },
    });
    const isAlarm = ({ part, state: is }) => is in WORST && (part === "machine" || part.startsWith("live."));
    painter.add(["health", "words"], () => rows.draw(state.health.filter(isAlarm)));
  }
}

export class Delays {
  constructor({ state, painter }) {
    this.state = state;
    this.plots = new Rows(by("plots"), {
      key: ({ part }) => part,
      row: () => make("div", { class: "plot" }, make("span", { class: "part" }), make("span", { class: "numbers small" }), drawing()),
      update: (row, entry) => this.plot(row, entry),
    });
    painter.add(["delays", "words"], () => this.draw(), { every: EVERY, inside: by("plots").closest("section") });
  }

  draw() {
    const told = Object.keys(this.state.delays);
    const parts = [...PARTS.filter((part) => told.includes(part)), ...told.filter((part) => !PARTS.includes(part))];
    const entries = parts.map((part) => ({ part, ...this.state.delays[part] })).filter(({ last }) => list(last).length);
    this.plots.draw(entries);
    show(by("no-delays"), entries.length === 0);
  }

  plot(row, { part, last, p50, p95 }) {
    const [name, numbers, svg] = row.children;
    const told = [`p50 ${ms(p50)}`, `p95 ${ms(p95)}`].join(" · ");
    write(name, code("part", part));
    write(numbers, told);
    svg.setAttribute("aria-label", `${code("part", part)}: ${told}`);
    const values = list(last).map(Number).filter(Number.isFinite).slice(-SHOWN);
    const most = Math.max(1, ...values, Number(p95) || 0);
    const step = WIDTH / SHOWN;
    const bars = values.map((value, index) => {
      const tall = Math.max(1, (value / most) * HEIGHT);
      return shape("rect", { class: "bar", x: (SHOWN - values.length + index) * step + 1, y: HEIGHT - tall, width: step - 2, height: tall, rx: 1 });
    });
    const lines = [["middle", p50], ["high", p95]]
      .filter(([, value]) => Number.isFinite(value))
      .map(([kind, value]) => {
        const y = HEIGHT - (Math.min(value, most) / most) * HEIGHT;
        return shape("line", { class: kind, x1: 0, x2: WIDTH, y1: y, y2: y });
      });
    svg.replaceChildren(...bars, ...lines);
  }
}

export class Journal {
  constructor({ state, painter }) {
    const list = by("journal");
    const tail = new Tail(list, { row: ({ line }) => make("li", { text: readable(line) }) });
    painter.add(["journal", "view"], () => tail.draw(state.journal), { every: EVERY, inside: list.closest("section") });
  }
}

/** A line of the journal for people: when, what, and its values. One that was cut short stays as it is. */
function readable(line) {
  try {
    const { t: at, kind, ...rest } = JSON.parse(line);
    const values = Object.entries(rest).filter(([, value]) => value !== "" && value !== null);
    const told = values.map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`);
    return [Number(at).toFixed(1), kind, ...told].join("  ");
  } catch {
    return line;
  }
}

function drawing() {
  return shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
}

function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Milliseconds, as people read them. */
function ms(value) {
  if (!Number.isFinite(value)) return "–";
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}
