// Every press goes through here: one command at a time by name, and what the show answered, in words.

import { by, make } from "./dom.js";
import { said, t } from "./words.js";

const SHOWN = 5000; // ms
const SHOWN_WRONG = 15_000;

export class Commands {
  constructor(api) {
    this.api = api;
    this.may = new Map(); // what this token may do: {name, argument, help} by name
  }

  /** Gives a command. Gives back whether it was done; what the show answered is shown. `undo` is a command, too. */
  async give(name, argument = "", { undo = null, quiet = false } = {}) {
    if (name !== "hush" && !this.may.has(name)) return false;
    try {
      const { reply, done } = name === "hush" ? await this.api.stop() : await this.api.command(name, argument);
      if (!quiet || done === false) this.tell(said(reply), { wrong: done === false, undo });
      return done !== false;
    } catch (problem) {
      this.tell(problem.message || t(name === "hush" ? "stop-not-arrived" : "not-arrived"), { wrong: true });
      return false;
    }
  }

  /** Shows a line for some seconds. */
  tell(text, { wrong = false, undo = null } = {}) {
    const line = make("p", { class: wrong ? "wrong" : "" }, make("span", { text: text || "✓", dir: "auto" }));
    if (undo && this.may.has(undo[0])) {
      line.append(make("button", { type: "button", text: t("undo"), onclick: () => this.give(...undo) }));
    }
    by("said").replaceChildren(line);
    clearTimeout(this.later);
    this.later = setTimeout(() => line.remove(), wrong ? SHOWN_WRONG : SHOWN);
  }

  /** Ignores a viewer, in a way that can be undone. */
  ignore(name, minutes = "") {
    // A name that ends in a number would be read as a name and minutes; a week is longer than any show.
    const asked = minutes || (/\s[+-]?\p{Nd}\S*$/u.test(name) ? "10080" : "");
    return this.give("ignore", `@${name} ${asked}`.trim(), { undo: ["unignore", `@${name}`] });
  }

  /** Shows only the controls of what this token may do. */
  reveal() {
    for (const element of document.querySelectorAll("[data-needs]")) {
      element.hidden = !element.dataset.needs.split(" ").some((name) => this.may.has(name));
    }
  }
}
