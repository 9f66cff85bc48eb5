// Who waits for an answer, and what can be done with each.

import { by, make, Rows, show, write } from "./dom.js";
import { list } from "./show.js";
import { age, code, deed, said, t } from "./words.js";

const EVERY = 500; // ms between two looks at a busy queue
const MOST = 60; // rows that the show sends
const HOUSE = ["console", "panel"]; // where those who run the show write: they are no viewers

/** How many wait, as far as the show tells. */
export function count(queue) {
  return queue.length < MOST ? queue.length || "" : `${MOST}+`;
}

export class Queue {
  constructor({ state, commands, painter, lookUp }) {
    Object.assign(this, { state, commands, lookUp });
    this.rows = new Rows(by("queue-rows"), {
      key: ({ id, platform }) => `${platform} ${id}`,
      row: () => this.row(),
      update: (row, entry) => this.update(row, entry),
      redraw: () => painter.hurry("queue"),
      still: true,
    });
    painter.add(["queue", "words", "tick"], () => this.draw(), { every: EVERY, inside: by("waiting") });
  }

  draw() {
    const { queue } = this.state;
    this.rows.draw(queue);
    write(by("queue-count"), count(queue));
    show(by("queue-empty"), queue.length === 0);
  }

  row() {
    const button = (name, act) => make("button", { type: "button", class: name, onclick: () => act(this.rows.entry(row)) });
    const row = make("li", { tabindex: "-1" });
    row.append(
      make("p", { class: "top" }, make("bdi", { class: "who" }), make("span", { class: "paid" }), make("span", { class: "end" })),
      make("p", { class: "text", dir: "auto" }),
      make(
        "div",
        { class: "buttons" },
        button("next", ({ id }) => this.commands.give("next", id)),
        button("drop", ({ id }) => this.commands.give("drop", id)),
        button("allow", ({ number }) => this.commands.give("allow", String(number))),
        button("deny", ({ number }) => this.commands.give("deny", String(number))),
        button("ignore", ({ name }) => this.commands.ignore(name)),
      ),
    );
    return row;
  }

  update(row, { platform, name, text, deed: done, kind, number, age: seconds, rank, reasons }) {
    const [who, paid, end] = row.firstElementChild.children;
    const held = kind === "held";
    row.className = kind === "paid" ? "paid-row" : held ? "held-row" : "";
    write(who, name);
    write(paid, deed(done));
    const why = held ? [code("why", "held"), ...list(reasons).map(said)] : kind === "request" ? [code("why", "requested")] : [];
    if (kind === "ranked" && Number.isFinite(rank)) why.push(rank.toFixed(1));
    write(end, [...why, age(Number(seconds) + this.state.since("queue"))].join(" · "));
    end.title = list(reasons).map((reason) => code("why", reason)).join(" · ");
    write(row.children[1], text);
    show(row.children[1], Boolean(text));
    for (const button of row.lastElementChild.children) {
      const command = button.className;
      const forHeld = command === "allow" || command === "deny";
      const fits = command === "ignore" ? !HOUSE.includes(platform) : held ? forHeld && Number.isFinite(number) : !forHeld;
      show(button, fits && this.commands.may.has(command));
      write(button, t(command));
    }
  }

  focus() {
    by("queue-rows").querySelector("[data-row]:not([inert])")?.focus();
  }
}
