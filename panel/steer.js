// What she says, asks and is like; and every other command.

import { by, make, show, write } from "./dom.js";
import { list } from "./show.js";
import { said, t } from "./words.js";

const OWN = new Set( // commands that have a control of their own
  ["hush", "skip", "pause", "resume", "say", "ask", "ignore", "unignore", "allow", "deny", "forget", "topic", "mood"].concat(
    ["slow", "next", "drop", "voice", "loudness", "air", "yes", "no", "edit", "rate"],
  ),
);

export class Speak {
  constructor({ commands }) {
    this.commands = commands;
    this.form = by("speak").querySelector("form");
    this.text = by("speak-text");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
  }

  async send() {
    const text = this.text.value.trim().replace(/\s*\n\s*/g, " ");
    if (text && (await this.commands.give(this.form.how.value, text)) && this.text.value.trim().replace(/\s*\n\s*/g, " ") === text) this.text.value = "";
  }

  /** Goes into the field, to say or to ask. */
  begin(how) {
    if (!this.commands.may.has(how)) return;
    this.form.querySelector(`[value=${how}]`).checked = true;
    this.text.focus();
  }

  /** The first thing that may be done here is chosen. */
  reveal() {
    const may = (input) => this.commands.may.has(input.value);
    const inputs = [...this.form.querySelectorAll("[name=how]")];
    if (!inputs.some((input) => input.checked && may(input))) (inputs.find(may) ?? inputs[0]).checked = true;
  }
}

export class Steer {
  constructor({ state, commands, painter }) {
    Object.assign(this, { state, commands });
    this.submit("topic-form", () => commands.give("topic", by("topic").value.trim()));
    this.submit("slow-form", () => commands.give("slow", by("slow").value || "0"));
    by("voice").addEventListener("change", () => commands.give("voice", by("voice").value));
    by("loudness").addEventListener("input", () => this.loudness());
    by("loudness").addEventListener("change", () => commands.give("loudness", by("loudness").value));
    painter.add(["settings", "words"], () => this.draw(), { inside: by("moods").closest("section") });
    painter.add(["commands", "words"], () => this.others());
  }

  submit(id, act) {
    by(id).addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await act()) document.activeElement?.blur();
    });
  }

  draw() {
    const { mood, moods, topic, slow, voices, voice, loudness } = this.state.settings;
    this.moods(list(moods), mood ?? "");
    this.fill(by("topic"), topic ?? "");
    this.fill(by("slow"), Number(slow) || 0);
    this.fill(by("loudness"), loudness ?? -16);
    this.loudness();
    const known = list(voices).map(String);
    const some = known.length > 0;
    show(by("voice").closest(".field"), this.commands.may.has("voice") && some);
    show(by("loudness").closest(".field"), this.commands.may.has("loudness") && loudness !== null);
    known.unshift("");
    const select = by("voice");
    if (select.options.length !== known.length || known.some((name, index) => select.options[index].value !== name)) {
      select.replaceChildren(...known.map((name) => make("option", { value: name })));
    }
    for (const option of select.options) write(option, option.value ? said(option.value) : t("automatic"));
    this.fill(select, voice ?? "");
  }

  /** What somebody is writing is left alone. */
  fill(field, value) {
    if (document.activeElement !== field && field.value !== String(value)) field.value = value;
  }

  loudness() {
    write(by("loudness-shown"), `${by("loudness").value} LUFS`);
  }

  moods(moods, current) {
    const group = by("moods");
    const names = ["", ...moods.map(String)];
    if (group.children.length !== names.length || names.some((name, index) => group.children[index].value !== name)) {
      group.replaceChildren(...names.map((name) => make("button", { type: "button", value: name, onclick: () => this.commands.give("mood", name) })));
    }
    for (const button of group.children) {
      write(button, button.value ? said(button.value) : t("normal"));
      button.setAttribute("aria-pressed", String(button.value === current));
    }
  }

  /** A row for each command without a control of its own: it does what chat's command does. */
  others() {
    const others = [...this.commands.may.values()].filter(({ name }) => !OWN.has(name));
    show(by("others"), others.length > 0);
    const written = new Map([...by("other-commands").children].map((row) => [row.dataset.name, row.querySelector("input")?.value ?? ""]));
    by("other-commands").replaceChildren(...others.map((command) => this.other(command, written.get(command.name) ?? "")));
  }

  other({ name, argument, help }, written) {
    const field = argument ? make("input", { placeholder: said(argument), "aria-label": said(argument), maxlength: 500, autocomplete: "off", dir: "auto" }) : null;
    if (field) field.value = written;
    return make(
      "form",
      {
        class: "other",
        "data-name": name,
        onsubmit: (event) => {
          event.preventDefault();
          this.commands.give(name, field?.value.trim() ?? "");
        },
      },
      make("p", { class: "small", text: said(help) }),
      make("div", { class: "line" }, make("button", { type: "submit", text: said(name) }), ...(field ? [field] : [])),
    );
  }
}
