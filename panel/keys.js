// Keyboard shortcuts: F9 always, single letters while nobody writes.

import { by, make } from "./dom.js";
import { t } from "./words.js";

const KEY = "banban.keys";

export class Keys {
  /** `acts`: what each key does, by the key. */
  constructor({ acts, painter }) {
    this.acts = acts;
    by("keys-on").checked = this.on;
    by("keys-on").addEventListener("change", () => this.keep());
    by("help-open").addEventListener("click", () => by("help").showModal());
    addEventListener("keydown", (event) => this.press(event));
    painter.add(["words"], () => this.list());
  }

  press(event) {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "F9") return event.repeat ? event.preventDefault() : this.act(event, "h");
    if (event.repeat || document.querySelector("dialog[open]") || !by("keys-on").checked) return;
    const field = event.target.closest?.("input:not([type=radio], [type=checkbox], [type=range]), textarea, select");
    if (field) return event.key === "Escape" ? field.blur() : undefined;
    const letter = /^Key[A-Z]$/.test(event.code) && event.key.length !== 1 ? event.code[3] : event.key; // an input method is on
    return this.act(event, letter.toLowerCase());
  }

  act(event, key) {
    const act = this.acts[key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  list() {
    const rows = [
      [["H", "F9"], "stop"], [["X"], "skip"], [["P"], "pause"], [["Y", "N", "E"], "air"], [["+", "-"], "rate"],
      [["A"], "ask"], [["S"], "say"], [["Q"], "queue"], [["V"], "look"], [["1", "…", "6"], "tabs"], [["?"], "help"],
    ];
    by("keys").replaceChildren(
      ...rows.flatMap(([keys, name]) => [make("dt", {}, ...keys.map((key) => make("kbd", { text: key }))), make("dd", { text: t(`key-${name}`) })]),
    );
  }

  get on() {
    try {
      return localStorage.getItem(KEY) !== "off";
    } catch {
      return true;
    }
  }

  keep() {
    try {
      localStorage.setItem(KEY, by("keys-on").checked ? "on" : "off");
    } catch {
      // then it lasts as long as this page
    }
  }
}
