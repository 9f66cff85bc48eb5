// Hold-to-air: the sentences that wait for a yes, and whether they do.

import { by, make, Rows, show, write } from "./dom.js";
import { list } from "./show.js";
import { t } from "./words.js";

const FRESH = 300; // ms: a sentence that has just appeared under the pointer is not decided by accident

export class Air {
  constructor({ state, commands, painter }) {
    Object.assign(this, { state, commands });
    this.rows = new Rows(by("air-rows"), {
      key: ({ number }) => number,
      row: (entry) => this.row(entry),
      update: (row, entry) => this.update(row, entry),
    });
    for (const button of by("air-mode").querySelectorAll("button[type=button]")) {
      button.addEventListener("click", () => commands.give("air", button.value));
    }
    by("air-form").addEventListener("submit", (event) => {
      event.preventDefault();
      commands.give("air", by("air-number").value);
    });
    painter.add(["air", "tick"], () => this.draw());
  }

  get waiting() {
    return list(this.state.air.waiting);
  }

  draw() {
    const { on, seconds } = this.state.air;
    show(by("air"), this.waiting.length > 0 && this.commands.may.has("yes"));
    this.rows.draw(this.waiting);
    const mode = !on ? "off" : seconds ? "seconds" : "on";
    for (const button of by("air-mode").children) button.setAttribute("aria-pressed", String(button.value === mode));
    if (seconds && document.activeElement !== by("air-number") && this.told !== seconds) by("air-number").value = seconds;
    this.told = seconds;
  }

  row({ number }) {
    const came = performance.now();
    const decide = (name) => () => {
      if (performance.now() - came > FRESH) this.commands.give(name, String(number), { quiet: true });
    };
    const row = make("li");
    const key = (letter) => make("kbd", { text: letter });
    row.append(
      make("p", { class: "words", dir: "auto" }),
      make("progress", { hidden: true, max: 1 }),
      make(
        "div",
        { class: "buttons" },
        make("button", { type: "button", class: "yes", onclick: decide("yes") }, make("span"), key("Y")),
        make("button", { type: "button", class: "no", onclick: decide("no") }, make("span"), key("N")),
        make("button", { type: "button", class: "hear", onclick: () => this.hear(row) }, make("span")),
        make("button", { type: "button", class: "edit", onclick: () => this.edit(row, number) }, make("span"), key("E")),
      ),
    );
    return row;
  }

  update(row, { text, voice, left }) {
    write(row.querySelector(".words"), text);
    row.dataset.voice = voice ?? "";
    const bar = row.querySelector("progress");
    const timed = Number.isFinite(left);
    show(bar, timed);
    if (timed) {
      const now = Math.max(0, left - this.state.since("air"));
      row.longest = Math.max(row.longest ?? 0.1, now);
      bar.value = now / row.longest;
    }
    for (const name of ["yes", "no", "hear", "edit"]) write(row.querySelector(`.${name} span`), t(name));
    show(row.querySelector(".hear"), row.dataset.voice.startsWith("/api/"));
    show(row.querySelector(".edit"), this.commands.may.has("edit"));
  }

  /** Plays the sentence in her voice, on this page alone. */
  async hear(row) {
    this.sounds ??= new AudioContext(); // made by a press: else it may not sound
    this.player?.stop();
    try {
      const sound = await this.sounds.decodeAudioData(await this.commands.api.sound(row.dataset.voice));
      this.player = new AudioBufferSourceNode(this.sounds, { buffer: sound });
      this.player.connect(this.sounds.destination);
      this.player.start();
    } catch (problem) {
      this.commands.tell(problem.message || t("not-arrived"), { wrong: true });
    }
  }

  edit(row, number) {
    if (row.querySelector("form") || !this.commands.may.has("edit")) return;
    this.commands.give("edit", String(number), { quiet: true }); // it waits while somebody writes
    const words = row.querySelector(".words");
    const text = make("textarea", { rows: 3, maxlength: 500, dir: "auto", "aria-label": t("edit") });
    text.value = words.textContent;
    const leave = () => {
      form.remove();
      show(words, true);
      show(row.querySelector(".buttons"), true);
    };
    const form = make(
      "form",
      {
        onsubmit: async (event) => {
          event.preventDefault();
          if (await this.commands.give("edit", `${number} ${text.value.trim()}`)) leave();
        },
        onkeydown: (event) => event.key === "Escape" && leave(),
      },
      text,
      make(
        "div",
        { class: "buttons" },
        make("button", { type: "submit", class: "yes", text: t("air-it") }),
        make("button", { type: "button", onclick: leave, text: t("cancel") }),
      ),
    );
    show(words, false);
    show(row.querySelector(".buttons"), false);
    row.append(form);
    text.focus();
  }

  /** A key was pressed: it is meant for the first sentence that waits. */
  first(name) {
    const row = by("air-rows").querySelector("[data-row]:not([inert])");
    if (!by("air").hidden) row?.querySelector(`.${name}`)?.click();
  }
}
