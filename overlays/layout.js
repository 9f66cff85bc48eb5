// Lays the page out as its options say, by CSS variables and attributes that style.css and a theme can use.

import { isLight } from "./colour.js";
import { COLOURS } from "./options.js";

export function arrange({ side, scale, lines, show, alone, places, looks }) {
  const { body, documentElement } = document;
  body.dataset.side = side;
  body.dataset.show = [...show].join(" ");
  body.dataset.alone = alone;
  body.classList.toggle("large", scale > 1.6);
  documentElement.style.setProperty("--scale", scale);
  documentElement.style.setProperty("--caption-lines", lines);
  for (const name of [...COLOURS, "font"]) {
    if (looks.has(name)) documentElement.style.setProperty(`--${name}`, looks.get(name));
  }
  if (looks.has("ink") || looks.has("paper")) {
    body.dataset.coloured = ""; // chat is on the same paper then
    const paper = getComputedStyle(documentElement).getPropertyValue("--paper").trim();
    if (isLight(paper)) documentElement.style.setProperty("--names", "36%");
  }
  for (const [name, { left, top, width, height, scale: size }] of places) {
    const widget = document.querySelector(`[data-widget="${name}"]`);
    if (!widget) continue;
    widget.classList.add("placed");
    const parts = { left: `${left}vw`, top: `${top}vh`, width: `${width}vw`, height: `${height}vh`, size };
    for (const [part, value] of Object.entries(parts)) widget.style.setProperty(`--${part}`, value);
  }
}
