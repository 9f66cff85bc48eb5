// Plays samples one after another without a gap, and stops within a frame. Of several pages one is heard; the others
// play along in silence, so that any of them can go on in the middle of a word.

import { RATE, seconds } from "./timeline.js";

const FADE = 0.005; // seconds; a hush without it would click
const LONGEST_WAY = 0.5; // seconds to the loudspeaker that are believed; wireless ones take 0.3
const USUAL_WAY = 0.03; // seconds to the loudspeaker of another page that does not say

export class Sound {
  /** `changed` is called when the browser begins or stops to let it play. */
  constructor(on, changed) {
    this.on = on;
    this.audible = false;
    this.asleep = false;
    this.elsewhere = 0; // seconds to the loudspeaker of the page that is heard; 0 while nobody says, or it is this one
    this.played = 0; // samples that were played to their end
    this.waiting = [];
    if (!on) return;
    // The rate of the samples: buffers then meet exactly, and the browser resamples the whole.
    this.context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    this.out = this.context.createGain();
    this.out.gain.value = 0;
    this.out.connect(this.context.destination);
    this.context.onstatechange = () => {
      this.flush();
      changed();
    };
    this.fresh();
  }

  get muted() {
    return this.on && !this.asleep && this.context.state !== "running";
  }

  /** Lets the browser's sound rest while nothing is to be heard: to play silence costs as much as to play. */
  sleep(asleep) {
    if (!this.on || asleep === this.asleep || (asleep && this.muted)) return;
    this.asleep = asleep;
    (asleep ? this.context.suspend() : this.context.resume()).catch(() => {});
  }

  /** Whether it may be heard. */
  let(audible) {
    if (!this.on || audible === this.audible) return;
    this.audible = audible;
    const now = this.context.currentTime;
    this.out.gain.setValueAtTime(audible ? 0 : 1, now);
    this.out.gain.linearRampToValueAtTime(audible ? 1 : 0, now + FADE);
  }

  resume() {
    if (this.on) this.context.resume().catch(() => {});
  }

  /** How many seconds after its time a sample is heard: from another page, where that is known, else from this one. */
  get latency() {
    if (!this.audible && this.elsewhere) return Math.min(this.elsewhere, LONGEST_WAY);
    return this.on ? this.way : USUAL_WAY;
  }

  /** How many seconds after its time one leaves this page's machine, as far as the browser knows; 0 while none does. */
  get way() {
    if (this.context.state !== "running") return 0;
    return Math.min(this.context.outputLatency || this.context.baseLatency || 0, LONGEST_WAY);
  }

  /** Plays `samples` (16 bit) from `start` on, or straight after the last ones when they `follow` them. */
  play(samples, start, follows) {
    if (!this.on || samples.length === 0) return;
    this.sleep(false);
    this.waiting.push({ samples, start, follows });
    this.flush();
  }

  /** Silence now. */
  hush() {
    this.waiting = [];
    if (!this.on) return;
    const { bus, sources } = this;
    const now = this.context.currentTime;
    bus.gain.setValueAtTime(1, now);
    bus.gain.linearRampToValueAtTime(0, now + FADE);
    for (const source of sources) {
      source.onended = null; // it does not count as played
      source.stop(now + FADE);
    }
    setTimeout(() => bus.disconnect(), 200);
    this.fresh();
  }

  fresh() {
    this.bus = this.context.createGain();
    this.bus.connect(this.out);
    this.sources = new Set();
    this.next = null; // the sample of the context at which the last one ends
  }

  flush() {
    if (this.muted) {
      // What passes unheard is over.
      this.waiting = this.waiting.filter(({ samples, start }) => start + samples.length / RATE > seconds());
      this.next = null;
      return;
    }
    const waiting = this.waiting;
    this.waiting = [];
    for (const { samples, start, follows } of waiting) this.schedule(samples, start, follows);
  }

  schedule(samples, start, follows) {
    const present = Math.ceil(this.context.currentTime * RATE);
    const due = present + Math.round((start - seconds()) * RATE);
    let begin = this.next === null ? due : follows ? this.next : Math.max(this.next, due); // never two at once
    const skipped = Math.max(0, present - begin);
    begin += skipped;
    this.next = begin + samples.length - skipped;
    if (skipped >= samples.length) return;
    const buffer = this.context.createBuffer(1, samples.length - skipped, RATE);
    const channel = buffer.getChannelData(0);
    for (let index = 0; index < channel.length; index += 1) channel[index] = samples[skipped + index] / 32768;
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.bus);
    const { sources } = this;
    sources.add(source);
    source.onended = () => {
      sources.delete(source);
      source.disconnect();
      this.played += buffer.length;
    };
    source.start(begin / RATE);
  }

  /** An AnalyserNode on what is really played. */
  tap() {
    const tap = this.context.createAnalyser();
    tap.fftSize = 32768;
    tap.smoothingTimeConstant = 0;
    this.out.connect(tap);
    return tap;
  }
}
