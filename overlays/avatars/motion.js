// How she moves, whatever she is drawn with: breathing, blinking, gaze, small gestures. Each motion has a frame rate
// that fits it, and between two blinks nothing but her breath moves.

const BREATHS = 8; // frames a second
const HOLDS = 12.5; // of her head and body while she speaks
const MOVES = 25; // of her mouth, a blink, a glance, a gesture
const EARLY = 0.02; // seconds by which a frame may come before its time
const BLINK = 0.16; // seconds
const GLANCE = 0.12; // seconds in which the eyes reach what they look at, nearly
const READS = 3; // seconds that she reads what was written to her
const LINE = 0.3; // seconds from one word of it to the next

const bump = (progress) => Math.sin(Math.PI * progress) ** 2;
const beat = (progress, times) => Math.abs(Math.sin(Math.PI * progress * times));

/** Each: seconds, and how it moves the head and the hand at `p` (0..1) of it. Down and right are positive. */
const GESTURES = {
  nod: [0.8, (p) => ({ y: 13 * beat(p, 2) * (1 - p / 2) })],
  tilt: [1.8, (p) => ({ tilt: 7 * bump(p) })],
  shake: [1, (p) => ({ x: 11 * Math.sin(6 * Math.PI * p) * bump(p) })],
  hop: [0.7, (p) => ({ y: -22 * beat(p, 1), bodyY: -9 * beat(p, 1) })],
  laugh: [1.6, (p) => ({ y: -10 * beat(p, 5) * (1 - p / 2), bodyY: -4 * beat(p, 5), tilt: 4 * bump(p) })],
  wave: [2.4, (p) => ({ tilt: -4 * bump(p), hand: 16 * Math.sin(8 * Math.PI * p), raised: Math.min(1, 6 * bump(p)) })],
};

const SHOWN_BY = { happy: "laugh", surprised: "hop", angry: "shake", shy: "tilt", sad: "tilt" }; // by mood

export class Motion {
  constructor(random = Math.random) {
    this.random = random;
    this.blinks = 0;
    this.nextBlink = 1;
    this.blinkBegan = -Infinity;
    this.gaze = { x: 0, y: 0, toX: 0, toY: 0, until: 0 };
    this.tilt = 0;
    this.bob = 0; // how far her mouth was open when her head moved last
    this.tick = 0; // when that was
    this.turned = 0;
    this.thoughtSince = Infinity;
    this.last = 0;
    this.gesturing = null; // { name, began }
    this.nextBeat = Infinity;
    this.pose = { breath: 0, sway: 0, x: 0, y: 0, bodyY: 0, tilt: 0, hand: 0, raised: 0, lids: 1, gaze: { x: 0, y: 0 } };
  }

  /** Begins a gesture; one that is not known is ignored. */
  gesture(name) {
    if (Object.hasOwn(GESTURES, name)) this.gesturing = { name, began: null };
  }

  feel(mood) {
    if (Object.hasOwn(SHOWN_BY, mood)) this.gesture(SHOWN_BY[mood]);
  }

  /**
   * The pose at `time` (seconds). `towards`: where what she reads is seen from her face, each of x and y -1..1; null: nowhere.
   * Afterwards `rest` is how many seconds later it is another.
   */
  update(time, { open, speaking, thinking, towards }) {
    const passed = Math.min(Math.max(time - this.last, 0), 0.2);
    this.last = time;
    const near = (seconds) => 1 - Math.exp(-passed / seconds); // how far one gets to where one is going
    const beat = (rate) => Math.floor((time + EARLY) * rate) / rate; // frames lie on a grid, so that motions share them
    const tick = beat(speaking ? HOLDS : BREATHS); // head and body move at their own pace
    const gesture = this.gestured(time, speaking);
    const lids = this.blink(time);
    const looks = this.look(time, thinking, towards, near(GLANCE / 3));
    const tilt = (thinking ? 4 : 0) + Math.sin(tick * 0.6) * 1.2 + (speaking ? Math.sin(tick * 2.3) * 1.3 : 0);
    const turns = Math.abs(tilt - this.tilt) > 1.5;
    if (turns || tick !== this.tick) {
      this.tilt += (tilt - this.tilt) * (1 - Math.exp(-Math.min(time - this.turned, 0.2) / 0.16));
      [this.bob, this.tick, this.turned] = [open, tick, time];
    }
    this.pose = {
      breath: Math.sin(tick * 1.7),
      sway: Math.sin(tick * 1.7 - 0.8),
      x: gesture.x ?? 0,
      y: (gesture.y ?? 0) - this.bob * 6,
      bodyY: gesture.bodyY ?? 0,
      tilt: this.tilt + (gesture.tilt ?? 0),
      hand: gesture.hand ?? 0,
      raised: gesture.raised ?? 0,
      lids,
      gaze: { x: this.gaze.x, y: this.gaze.y },
      gesture: this.gesturing?.name ?? "",
    };
    const quick = this.gesturing !== null || lids < 1 || looks || turns || speaking || open > 0;
    const rate = quick ? MOVES : BREATHS;
    const own = quick ? Infinity : Math.min(this.nextBlink, this.gaze.until);
    this.rest = Math.max(0.001, Math.min(beat(rate) + 1 / rate, own) - time);
    return this.pose;
  }

  gestured(time, speaking) {
    if (!speaking) this.nextBeat = Infinity;
    else if (this.nextBeat === Infinity) this.nextBeat = time + 0.3 + this.random();
    else if (time > this.nextBeat) {
      this.nextBeat = time + 2.5 + this.random() * 3;
      if (this.gesturing === null) this.gesture(this.random() < 0.65 ? "nod" : "tilt");
    }
    if (this.gesturing === null) return {};
    this.gesturing.began ??= time;
    const [seconds, moves] = GESTURES[this.gesturing.name];
    const progress = (time - this.gesturing.began) / seconds;
    if (progress < 1) return moves(progress);
    this.gesturing = null;
    return {};
  }

  /** How far her eyes are open, 0..1. */
  blink(time) {
    if (time >= this.nextBlink && this.nextBlink > this.blinkBegan) {
      this.blinkBegan = time;
      this.nextBlink = Infinity;
    }
    const progress = (time - this.blinkBegan) / BLINK;
    if (progress < 1) return Math.abs(1 - 2 * progress);
    if (this.nextBlink === Infinity) {
      this.blinks += 1;
      this.nextBlink = time + (this.random() < 0.15 ? 0.12 : 1.8 + this.random() * 3.6);
    }
    return 1;
  }

  /** Moves the eyes. Returns whether they still move. */
  look(time, thinking, towards, near) {
    const { gaze, random } = this;
    if (!thinking) {
      if (this.thoughtSince !== Infinity) gaze.until = time; // looks up again, at those who watch
      this.thoughtSince = Infinity;
    } else if (this.thoughtSince === Infinity) {
      this.thoughtSince = time;
      gaze.until = time;
    }
    if (time >= gaze.until) {
      const read = time - this.thoughtSince;
      if (read >= 0 && read < READS && towards !== null) {
        gaze.until = time + LINE;
        gaze.toX = towards.x + ((Math.round(read / LINE) % 4) - 1.5) * 0.12;
        gaze.toY = towards.y;
      } else if (read >= READS) {
        gaze.until = time + 1 + random();
        [gaze.toX, gaze.toY] = [(random() < 0.5 ? -1 : 1) * 0.7, -0.9]; // thinks
      } else {
        const away = random() < 0.4;
        gaze.until = time + 1.2 + random() * 3;
        gaze.toX = away ? (random() - 0.5) * 1.8 : 0;
        gaze.toY = away ? random() - 0.5 : 0;
      }
    }
    const far = Math.abs(gaze.toX - gaze.x) + Math.abs(gaze.toY - gaze.y);
    const there = far < 0.02;
    gaze.x = there ? gaze.toX : gaze.x + (gaze.toX - gaze.x) * near;
    gaze.y = there ? gaze.toY : gaze.y + (gaze.toY - gaze.y) * near;
    return !there;
  }
}
