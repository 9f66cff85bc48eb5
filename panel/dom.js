// Elements. Text becomes a text node and nothing else.

export const by = (id) => document.getElementById(id);

/** An element with attributes (`text`: what stands in it; `on…`: a listener; false: none) and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Writes a text where it is another one. Nothing is touched that stays. */
export function write(element, text) {
  const shown = String(text ?? "");
  if (element.textContent !== shown) element.textContent = shown;
}

/** Hides or shows. */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

const STILL = 6000; // ms for which a list holds still after the pointer or a key moved in it
const TOUCH = 1500; // ms after a touch
const MOST = 220; // rows of a list

/** The rows of a list, one for each entry, kept as long as the entry is there.

    While somebody points at them or goes through them by keys they stay where they are (`still`): new ones come
    at the end, and what is gone stays in its place, faint, so that nobody presses the wrong one. */
export class Rows {
  /** `row(entry)` makes an element, `update(element, entry)` writes into it. */
  constructor(list, { key, row, update, redraw = () => {}, still = false }) {
    Object.assign(this, { list, key, row, update, redraw, still });
    this.rows = new Map();
    this.entries = new WeakMap();
    this.until = 0;
    list.addEventListener("keydown", (event) => this.walk(event));
    if (!still) return;
    list.addEventListener("pointermove", ({ pointerType }) => this.hold(pointerType === "mouse" ? STILL : TOUCH));
    list.addEventListener("pointerdown", ({ pointerType }) => this.hold(pointerType === "mouse" ? STILL : TOUCH));
    list.addEventListener("keydown", () => this.hold(STILL));
    list.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && this.hold(0));
  }

  /** Whether somebody is about to press something in it. */
  get held() {
    return performance.now() < this.until;
  }

  hold(ms) {
    this.until = performance.now() + ms;
    clearTimeout(this.timer);
    this.timer = setTimeout(this.redraw, ms + 20);
  }

  entry(element) {
    return this.entries.get(element.closest("[data-row]"));
  }

  draw(entries) {
    const wanted = new Map(entries.slice(-MOST).map((entry) => [this.key(entry), entry]));
    const held = this.held;
    const focused = this.list.contains(document.activeElement) ? document.activeElement : null;
    for (const [key, element] of this.rows) {
      if (wanted.has(key)) continue;
      if (held && this.rows.size < MOST) {
        element.classList.add("gone");
        element.inert = true;
      } else {
        this.rows.delete(key);
        element.remove();
      }
    }
    const order = held ? [...new Set([...this.rows.keys(), ...wanted.keys()])] : [...wanted.keys()];
    let before = null;
    for (const key of order) {
      const entry = wanted.get(key);
      let element = this.rows.get(key);
      if (entry !== undefined) {
        if (!element) {
          element = this.row(entry);
          element.dataset.row = "";
          this.rows.set(key, element);
        } else if (element.inert) {
          element.inert = false;
          element.classList.remove("gone");
        }
        this.entries.set(element, entry);
        this.update(element, entry);
      }
      const follows = before ? before.nextElementSibling : this.list.firstElementChild;
      if (follows !== element) this.list.insertBefore(element, follows);
      before = element;
    }
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  /** Arrow keys go from row to row. */
  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = event.target.closest?.("[data-row]");
    if (!step || !at || event.target.matches("input, textarea, select")) return;
    let next = at;
    do next = step > 0 ? next.nextElementSibling : next.previousElementSibling;
    while (next?.inert);
    if (!next) return;
    event.preventDefault();
    (next.matches("[tabindex]") ? next : next.querySelector("button"))?.focus();
  }
}

/** A button that asks once more before it does something that cannot be taken back. */
export class Sure {
  constructor(button, { label, sure, act }) {
    Object.assign(this, { button, label, sure, act });
    button.addEventListener("click", () => this.press());
    button.addEventListener("blur", () => this.reset());
  }

  press() {
    if (!this.armed) {
      this.armed = setTimeout(() => this.reset(), 4000);
      this.write();
      return;
    }
    this.reset();
    this.act();
  }

  reset() {
    clearTimeout(this.armed);
    this.armed = 0;
    this.write();
  }

  write() {
    this.button.classList.toggle("armed", Boolean(this.armed));
    write(this.button, this.armed ? this.sure() : this.label());
  }
}
