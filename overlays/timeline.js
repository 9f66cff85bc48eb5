// When everything is heard, on this page's own clock, and how much was heard by now.

export const RATE = 24000;
const LATEST = 3; // sound later than this many seconds is not waited for: its beginning is skipped
const LEAD = 0.02; // sound that is less late begins this many seconds from now, and what follows it is as late
const KEPT = 24; // clips
const JUST = 0.001; // seconds that something must have begun to be there
const SHAPES = "XAIUEO"; // of a mouth: closed, and five vowels

export const seconds = () => performance.now() / 1000;

export class Timeline {
  constructor() {
    this.samples = []; // how much later than the show's clock ours was, when the last frames came
    this.clips = new Map();
    this.step = 0.02;
    this.clear();
  }

  /** Nothing more is to be heard. */
  clear() {
    this.clips.clear();
    this.last = null;
  }

  /** That turn was taken back: its clips go, and those before it, so that none of them is shown again. */
  drop(turn) {
    const clips = [...this.clips.values()];
    if (!clips.some((entry) => entry.turn === turn)) return;
    for (const entry of clips) if (entry.turn <= turn) this.clips.delete(entry.clip);
  }

  /** Every frame carries the show's clock; the fastest of the last ones gives the best difference. */
  sync(now) {
    this.samples.push(seconds() - now);
    if (this.samples.length > 40) this.samples.shift();
    this.offset = Math.min(...this.samples);
  }

  /** A time of the show's clock on ours. */
  here(time) {
    return time + (this.offset ?? 0);
  }

  resync() {
    this.samples = [];
  }

  begin({ clip, turn, speaker = "", name = "", mood, heard = 0 }) {
    this.clips.set(clip, { clip, turn, speaker, name, mood, base: heard, words: [], spans: [], mouth: [], shapes: [] });
    while (this.clips.size > KEPT) this.clips.delete(this.clips.keys().next().value);
  }

  word({ clip, text, start }) {
    this.clips.get(clip)?.words.push({ text, start });
  }

  /** Finds a place for the sound. Returns who makes it, when it starts, and how late; null if its clip is gone. */
  place({ clip, at, offset, mouth, shapes, samples }) {
    const entry = this.clips.get(clip);
    if (!entry) return null;
    const length = samples.length / RATE;
    const due = this.here(at);
    const follows = this.last !== null && Math.abs(at - this.last.at) < 0.002 && this.last.end > seconds();
    let start = follows ? this.last.end : Math.max(due, this.last?.end ?? due); // a silence makes up for what is late
    const late = seconds() - start;
    if (late > 0 && late < LATEST) start = seconds() + LEAD;
    const first = entry.spans.length === 0 && offset === 0;
    entry.spans.push({ start, offset, length });
    const step = Math.round(offset / this.step);
    mouth.forEach((value, index) => (entry.mouth[step + index] = value / 255));
    shapes.forEach((value, index) => (entry.shapes[step + index] = SHAPES[value] ?? SHAPES[0]));
    this.last = { at: at + length, end: start + length };
    return { speaker: entry.speaker, start, follows, first, late: start - due };
  }

  /** Seconds of the clip that were heard by `time`. */
  position(entry, time) {
    for (let index = entry.spans.length - 1; index >= 0; index -= 1) {
      const { start, offset, length } = entry.spans[index];
      if (start <= time) return offset + Math.min(length, time - start);
    }
    return entry.base;
  }

  /** The clip of which a sample is heard at `time`; null in silence. */
  sounding(time) {
    const heard = ({ start, length }) => start <= time && time < start + length;
    return [...this.clips.values()].find(({ spans }) => spans.some(heard)) ?? null;
  }

  /** How far the mouth is open at `time`, while `entry` is heard. */
  mouth(entry, time) {
    const exact = this.position(entry, time) / this.step;
    const step = Math.floor(exact);
    const from = entry.mouth[step] ?? 0;
    const to = entry.mouth[step + 1] ?? from;
    return from + (to - from) * (exact - step);
  }

  /** What the mouth forms at `time`: one of SHAPES. */
  shape(entry, time) {
    return entry.shapes[Math.floor(this.position(entry, time) / this.step)] ?? SHAPES[0];
  }

  /** Whether nothing that we know of is still to be heard. */
  over(time) {
    return this.last === null || this.last.end <= time;
  }

  /** The clip that is heard, or was heard last; null before the first. */
  current(time) {
    let found = null;
    for (const entry of this.clips.values()) {
      if (this.position(entry, time) > 0) found = entry;
    }
    return found;
  }

  /** When another clip than at `time` can be heard, or silence; Infinity if nothing comes. Sound that goes on is no change. */
  turns(time) {
    const times = this.last === null ? [] : [this.last.end];
    for (const { spans } of this.clips.values()) {
      spans.forEach(({ start, length }, index) => {
        if (start !== spans[index - 1]?.start + spans[index - 1]?.length) times.push(start);
        if (start + length !== spans[index + 1]?.start) times.push(start + length);
      });
    }
    return next(times, time);
  }

  /** When another word than at `time` can be read; Infinity if none comes. */
  reads(time) {
    const times = [];
    for (const { spans, words } of this.clips.values()) {
      for (const { start, offset, length } of spans) {
        if (start + length <= time) continue;
        for (const word of words) {
          if (word.start >= offset && word.start < offset + length) times.push(start + word.start - offset);
        }
      }
    }
    return next(times, time);
  }
}

const next = (times, time) => Math.min(...times.map((at) => at + JUST).filter((at) => at > time));
