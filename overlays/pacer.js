// When the page is drawn: with the next frame when something came, and again when something changes by itself.
// Nothing runs in between.

import { seconds } from "./timeline.js";

const EARLY = 0.012; // seconds; most of a frame, for which is waited anyway
const LONGEST = 60; // seconds; browsers know no timer of a month

export class Pacer {
  /** `draw(time)` returns how many seconds later it wants to be called again; 0: with the next frame. */
  constructor(draw) {
    this.draw = draw;
    this.drawn = 0; // how often
    this.frame = 0;
    this.timer = 0;
    this.planned = Infinity; // when it is drawn by itself
  }

  /** Draws with the next frame. */
  wake = () => {
    clearTimeout(this.timer);
    this.frame ||= requestAnimationFrame(this.step);
  };

  /** Draws within so many seconds: with the frame that comes by itself, if one does. */
  within(rest) {
    if (this.planned > seconds() + rest) this.wake();
  }

  step = () => {
    this.frame = 0;
    this.drawn += 1;
    const time = seconds();
    const rest = Math.min(this.draw(time), LONGEST) - EARLY;
    this.planned = time + rest;
    if (rest > 0) this.timer = setTimeout(this.wake, rest * 1000);
    else this.wake();
  };
}
