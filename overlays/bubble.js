// Whom she answers, what they wrote, and what they gave. It is only ever text.

import { isLight } from "./colour.js";

const COLOUR = /^#[0-9a-f]{6}$/i;

export class Bubble {
  /** `language`: "en" or "zh", of what is said of gifts. */
  constructor(box, language) {
    this.box = box;
    this.language = language;
    const part = (id) => box.querySelector(`#${id}`);
    this.parts = { platform: part("platform"), name: part("name"), badge: part("badge"), said: part("said") };
    this.fill(null);
  }

  /** Shows this viewer, and what they did beside writing (`deed`); nobody when it is null. */
  fill(whom) {
    const { name = "", text = "", platform = "", deed = {} } = whom ?? {};
    const { [this.language]: badge = "", colour = "" } = deed;
    const { parts } = this;
    this.box.hidden = whom === null;
    parts.platform.textContent = platform;
    parts.platform.dataset.platform = platform;
    parts.platform.hidden = platform === "";
    parts.name.textContent = name;
    parts.badge.textContent = badge;
    parts.badge.hidden = badge === "";
    parts.said.textContent = text;
    parts.said.hidden = text === "";
    this.paint(COLOUR.test(colour) ? colour : "");
  }

  fade(fades) {
    this.box.classList.toggle("fading", fades);
  }

  paint(colour) {
    const { style } = this.parts.badge;
    style.background = colour;
    style.color = colour && (isLight(colour) ? "#1b1020" : "#ffffff");
    this.box.style.borderLeftColor = colour;
  }
}
