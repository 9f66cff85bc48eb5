// Chat, with what became of each message.

import { by, make, show, write } from "./dom.js";
import { Tail } from "./tail.js";
import { code, t, word } from "./words.js";

const EVERY = 250; // ms between two looks at a busy chat

export class Chat {
  constructor({ state, painter, lookUp }) {
    Object.assign(this, { state, painter });
    const list = by("chat-rows");
    this.seen = 0;
    this.tail = new Tail(list, {
      row: (message) => this.row(message),
      update: (row, message) => this.fate(row, message),
      moved: () => painter.hurry("chat"),
    });
    list.addEventListener("click", ({ target }) => target.matches(".name") && lookUp(target.textContent));
    by("chat-more").addEventListener("click", () => this.follow());
    painter.add(["chat", "words", "view"], () => this.draw(), { every: EVERY, inside: list.closest("section") });
  }

  follow() {
    this.tail.following = true;
    this.painter.hurry("chat");
  }

  draw() {
    const { chat, chatted } = this.state;
    const { following } = this.tail;
    show(by("chat-empty"), chat.length === 0);
    if (following) this.seen = chatted;
    show(by("chat-more"), !following);
    write(by("chat-more"), t("chat-more", { n: chatted - this.seen }));
    this.tail.draw(chat);
  }

  row({ name, text, role }) {
    const moderates = ["moderator", "broadcaster"].includes(role);
    return make(
      "li",
      { "data-moderates": moderates },
      make("span", { class: "fate" }),
      make("button", { type: "button", class: "name", text: name, dir: "auto", tabindex: "-1" }),
      make("span", { class: "words", text: `  ${text}`, dir: "auto" }),
    );
  }

  fate(row, { fate }) {
    if (row.told === fate && row.said === document.documentElement.lang) return;
    row.told = fate;
    row.said = document.documentElement.lang;
    const [kind, reason] = String(fate ?? "").split(/:\s*/, 2);
    const lost = kind === "dropped";
    const deleted = kind === "deleted" || reason === "revoked";
    row.className = [deleted ? "deleted" : lost ? "lost" : kind, "moderates" in row.dataset ? "mod" : ""].join(" ");
    const rule = lost && reason ? code("drop", reason) : "";
    write(row.firstElementChild, rule || (kind ? word(`fate-${kind}`, kind) : ""));
  }
}
