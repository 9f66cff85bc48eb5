// A drawing whose parts move by their names; the convention stands in docs/character.md.

import { Surface } from "../surface.js";
import { Drawing, Picture, joined } from "./layers.js";

const SHUT = 0.08; // how tall a shut eye is
const LIDS = 0.35; // when eyes are open less, lids are drawn in their place
const SPEAKS = 0.1; // how far a mouth is open at least that is not drawn shut
const WIDE = 0.45; // …and from here on it is wide open
const GAZE = { x: 5.5, y: 5 }; // units of the drawing that an iris moves to each side
const USUAL = "neutral";
const WIDTH_AND_HEIGHT = { X: [1, 1], A: [1, 1.12], I: [1.16, 0.72], U: [0.62, 0.86], E: [1.1, 0.88], O: [0.76, 1.1] };
const DEGREE = Math.PI / 180;
const UNITS = 880; // height of the drawing for which motions are written

export class Avatar {
  constructor(place, wake) {
    this.place = place;
    this.wake = wake;
    this.surface = new Surface(() => this.cut());
    this.mood = USUAL;
    this.mouth = "";
    this.form = [1, 1];
    this.scratch = document.createElement("canvas").getContext("2d");
    this.root = null;
    this.region = null; // where her eyes and her mouth are on the canvas
    this.aside = [0, 0]; // where on it that is which is drawn aside
  }

  async load({ picture }) {
    const answer = await fetch(picture);
    if (!answer.ok) throw new Error(`${picture} is missing`);
    this.drawing = Drawing.parse(await answer.text());
    if (!this.drawing) throw new Error(`${picture} is no SVG`);
    this.place.replaceChildren(this.surface.element);
    if (!this.surface.measure()) await this.cut();
    await this.cutting;
  }

  /** Draws its parts anew, at the size that the page has for them. */
  cut() {
    this.cutting = this.recut();
    return this.cutting;
  }

  async recut() {
    if (!this.drawing || !this.surface.width) return;
    const [, , width, height] = this.drawing.box;
    const scale = Math.min(this.surface.width / width, this.surface.height / height);
    const root = await this.drawing.cut(scale, this.surface.left / scale);
    [this.scale, this.root, this.compiled] = [scale, root, new Map()];
    this.painted = "";
    this.vowels = new Set(mouths(root));
    this.wake();
  }

  get shown() {
    return { mood: this.mood, mouth: this.mouth, wide: this.form[0], tall: this.form[1] };
  }

  feel(mood) {
    this.mood = this.drawing?.moods.has(mood) ? mood : USUAL;
    this.painted = "";
  }

  /** Draws one frame; returns false when it would be the same as the one before. */
  draw(pose, open, shape) {
    if (!this.root) return false;
    this.mouth = this.shows(open, shape);
    const [width, height] = WIDTH_AND_HEIGHT[shape];
    const drawn = this.vowels.has(shape);
    this.form = [
      this.form[0] + ((drawn ? 1 : width) - this.form[0]) * 0.5,
      this.form[1] + ((drawn ? Math.min(1.15, 0.4 + open * 0.8) : height) - this.form[1]) * 0.5,
    ];
    const [held, look] = [stance(pose), features(pose, this.mouth, this.form)];
    if (held === this.held && look === this.painted) return false;
    const isPatch = held === this.held && this.painted !== "";
    [this.held, this.painted, this.pose] = [held, look, pose];
    this.render(isPatch);
    return true;
  }

  /** Draws her as she is now. Where only her eyes and her mouth moved, their place alone is drawn anew: a `patch`. */
  render(patch) {
    const { context } = this.surface;
    context.save();
    this.measures = !patch || this.region === null;
    if (this.measures) this.region = null;
    else this.surface.clip(this.region);
    this.surface.clear();
    const [x, y, width_, height_] = this.drawing.box;
    const left = this.surface.left + (this.surface.width - width_ * this.scale) / 2;
    const top = this.surface.top + this.surface.height - height_ * this.scale;
    this.surface.context.setTransform(this.scale, 0, 0, this.scale, left - x * this.scale, top - y * this.scale);
    this.paint(context, this.steady());
    context.restore();
  }

  /** Which of the mouths is drawn. */
  shows(open, shape) {
    if (open < SPEAKS || (shape === "X" && this.vowels.size)) return "closed";
    if (this.vowels.has(shape)) return shape;
    return open < WIDE ? "half" : "open";
  }

  /** The drawing in this mood: what does not move by itself in it is one picture. */
  steady() {
    let root = this.compiled.get(this.mood);
    if (!root) this.compiled.set(this.mood, (root = this.compile(this.root)));
    return root;
  }

  compile(part) {
    const made = Object.assign(Object.create(Object.getPrototypeOf(part)), part, { children: [] });
    let run = [];
    const flush = () => {
      if (run.length) made.children.push(run.length === 1 ? run[0] : merged(run, this.scale));
      run = [];
    };
    for (const child of part.children) {
      if (child instanceof Picture || child.isSteady) {
        run.push(...this.pictures(child));
      } else if (this.isWorn(child)) {
        flush();
        made.children.push(this.compile(child));
      }
    }
    flush();
    return made;
  }

  /** What is seen of a steady part in this mood. */
  pictures(part) {
    if (part instanceof Picture) return [part];
    if (!this.isWorn(part)) return [];
    const inner = part.children.flatMap((child) => this.pictures(child));
    return part.mask && inner.length ? [merged(inner, this.scale, part.mask)] : inner;
  }

  isWorn({ moods }) {
    return !moods || moods.includes(this.mood);
  }

  paint(context, part) {
    if (part instanceof Picture) {
      const { x, y, width, height } = part.box;
      context.drawImage(part.image, x, y, width, height);
      return;
    }
    if (this.measures && isFeature(part)) this.cover(context.getTransform(), part);
    if (!this.isShown(part)) return;
    context.save();
    this.move(context, part);
    if (part.mask) this.paintMasked(context, part);
    else for (const child of part.children) this.paint(context, child);
    context.restore();
  }

  /** Notes where an eye or a mouth is drawn, wherever it moves by itself. */
  cover(matrix, { box, mouth }) {
    if (!box) return;
    const unit = this.drawing.box[3] / UNITS;
    const [x, y] = [box.width, box.height].map((size) => (mouth.length ? size * 0.2 : Math.max(GAZE.x, GAZE.y) * unit));
    const { left, top, wide, tall } = dots(matrix, { x: box.x - x, y: box.y - y, width: box.width + 2 * x, height: box.height + 2 * y });
    const one = { x: left + this.aside[0], y: top + this.aside[1], width: wide, height: tall };
    this.region = joined(this.region, one);
  }

  isShown({ gestures, isLid, mouth, mover }) {
    if (gestures && !(gestures.includes(this.pose.gesture) && this.pose.raised > 0)) return false;
    if (mouth.length && !mouth.includes(this.mouth)) return false;
    if (isLid) return this.pose.lids < LIDS;
    return mover !== "eye" || this.pose.lids >= LIDS || !this.hasLids;
  }

  get hasLids() {
    return this.root.hasLids ?? (this.root.hasLids = has(this.root, (part) => part.isLid));
  }

  /** Draws what is seen through a mask: aside, and then as a whole. */
  paintMasked(context, part) {
    const matrix = context.getTransform();
    const { left, top, wide, tall } = dots(matrix, part.mask.box);
    if (wide < 1 || tall < 1) return;
    const aside = this.scratch;
    if (aside.canvas.width < wide || aside.canvas.height < tall) {
      aside.canvas.width = Math.max(aside.canvas.width, wide);
      aside.canvas.height = Math.max(aside.canvas.height, tall);
    }
    aside.setTransform(1, 0, 0, 1, 0, 0);
    aside.clearRect(0, 0, aside.canvas.width, aside.canvas.height);
    const { a, b, c, d, e, f } = matrix;
    aside.setTransform(a, b, c, d, e - left, f - top);
    this.aside = [left, top];
    for (const child of part.children) this.paint(aside, child);
    this.aside = [0, 0];
    aside.globalCompositeOperation = "destination-in";
    this.paint(aside, part.mask);
    aside.globalCompositeOperation = "source-over";
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(aside.canvas, 0, 0, wide, tall, left, top, wide, tall);
  }

  /** Moves what is drawn next to where that part is now. */
  move(context, part) {
    const { pose } = this;
    const unit = this.drawing.box[3] / UNITS;
    if (part.mover === "iris") context.translate(pose.gaze.x * GAZE.x * unit, pose.gaze.y * GAZE.y * unit);
    if (!part.pivot) return;
    const { x, y } = part.pivot;
    context.translate(x, y);
    switch (part.mover) {
      case "head":
        context.translate(pose.x * unit, (pose.breath * 3.5 + pose.y) * unit);
        context.rotate(pose.tilt * DEGREE);
        break;
      case "body":
        context.translate(0, (pose.breath * 2.2 + pose.bodyY) * unit);
        break;
      case "tail":
        context.rotate((pose.sway * 1.8 - pose.tilt * 0.35 + (part.index % 2 ? -1 : 1) * pose.y * 0.25) * DEGREE);
        break;
      case "hand":
        context.translate(0, (1 - pose.raised) * 360 * unit);
        context.rotate(pose.hand * DEGREE);
        break;
      case "eye":
        if (pose.lids < 1) context.scale(1, SHUT + (1 - SHUT) * pose.lids);
        break;
      default:
        if (this.mouth !== "closed") context.scale(...this.form);
    }
    context.translate(-x, -y);
  }
}

/** How she holds herself in a frame, so far as one sees it. */
function stance({ breath, sway, x, y, bodyY, tilt, hand, raised, gesture }) {
  return `${rounded([breath, sway, x, y, bodyY, tilt, hand, raised])} ${gesture}`;
}

/** How her eyes and her mouth look in it. */
function features({ lids, gaze }, mouth, form) {
  return `${rounded([lids, gaze.x, gaze.y, ...(mouth === "closed" ? [] : form)])} ${mouth}`;
}

const rounded = (values) => values.map((value) => Math.round(value * 50)).join();

const isFeature = ({ mover, mouth, isLid }) => mouth.length > 0 || isLid || mover === "eye" || mover === "iris";

/** The pixels that a box covers. */
function dots(matrix, { x, y, width, height }) {
  const corners = [[x, y], [x + width, y], [x, y + height], [x + width, y + height]].map(([left, top]) => matrix.transformPoint({ x: left, y: top }));
  const [left, top] = ["x", "y"].map((axis) => Math.floor(Math.min(...corners.map((one) => one[axis]))));
  const [wide, tall] = [["x", left], ["y", top]].map(([axis, from]) => Math.ceil(Math.max(...corners.map((one) => one[axis])) - from) + 1);
  return { left, top, wide, tall };
}

function has(part, test) {
  return test(part) || part.children.some((one) => !(one instanceof Picture) && has(one, test));
}

function mouths(part) {
  const inner = part.children.flatMap((one) => (one instanceof Picture ? [] : mouths(one)));
  return [...part.mouth.filter((name) => name.length === 1), ...inner];
}

/** Several pictures as one; only what the `mask` covers of it, if there is one. */
function merged(pictures, scale, mask = null) {
  const boxes = mask ? [mask.box] : pictures.map(({ box }) => box);
  const [x, y] = ["x", "y"].map((axis) => Math.min(...boxes.map((box) => box[axis])));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  const canvas = new OffscreenCanvas(Math.round((right - x) * scale), Math.round((bottom - y) * scale));
  const context = canvas.getContext("2d");
  const put = ({ image, box }) => context.drawImage(image, Math.round((box.x - x) * scale), Math.round((box.y - y) * scale));
  pictures.forEach(put);
  context.globalCompositeOperation = "destination-in";
  if (mask) put(mask);
  return new Picture(canvas.transferToImageBitmap(), { x, y, width: canvas.width / scale, height: canvas.height / scale });
}
