// When the page is drawn: once a frame at most, only what changed, and only what somebody sees.

export class Painter {
  constructor() {
    this.draws = []; // {parts, draw, every, inside, drawn, dirty}
    this.asked = 0;
    document.addEventListener("visibilitychange", () => this.ask());
    addEventListener("resize", () => this.ask());
  }

  /** `draw()` is called after one of `parts` changed: in the next frame, or `every` so many ms while they change
      all the time. What stands `inside` an element that is not shown waits until it is. */
  add(parts, draw, { every = 0, inside = null } = {}) {
    this.draws.push({ parts, draw, every, inside, drawn: -every, dirty: false });
  }

  mark(...parts) {
    for (const one of this.draws) one.dirty ||= one.parts.some((part) => parts.includes(part));
    this.ask();
  }

  /** Somebody waits for it: it is drawn in the next frame. */
  hurry(part) {
    for (const one of this.draws) if (one.parts.includes(part)) one.drawn = -one.every;
    this.mark(part);
  }

  all() {
    for (const one of this.draws) one.dirty = true;
    this.ask();
  }

  ask() {
    if (this.asked || document.visibilityState !== "visible") return;
    this.asked = requestAnimationFrame((now) => {
      this.asked = 0;
      this.paint(now);
    });
  }

  paint(now) {
    let next = Infinity;
    const shown = this.draws.filter(({ dirty, inside }) => dirty && inside?.offsetParent !== null); // asked before all writing
    for (const one of shown) {
      if (now < one.drawn + one.every) {
        next = Math.min(next, one.drawn + one.every - now);
        continue;
      }
      one.drawn = now;
      one.dirty = false;
      try {
        one.draw();
      } catch (error) {
        console.error(error); // one part of the page is wrong; the others go on
      }
    }
    if (next === Infinity || this.later) return;
    this.later = setTimeout(() => {
      this.later = 0;
      this.ask();
    }, next);
  }
}
