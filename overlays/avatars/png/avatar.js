// The streamer's own pictures: one for each mood, and beside it with an open mouth, with a vowel's, with shut eyes.
// What is missing is shown by the nearest that is there; one picture alone bounces with her voice.

import { Surface } from "../surface.js";

const OPENS = 0.2; // from here on the mouth is drawn open…
const SHUTS = 0.1; // …and below this it is shut again
const SHUT_EYES = 0.5;
const UNITS = 880; // height of the place for which motions are written

export class Avatar {
  constructor(place, wake) {
    this.place = place;
    this.wake = wake;
    this.surface = new Surface(() => this.shrink());
    this.images = new Map(); // address → what was loaded
    this.sized = new Map(); // address → the same, in the size in which it is shown
    this.isOpen = false;
    this.painted = "";
    this.mouth = "";
    this.picture = ""; // the address of the one that is shown
    this.feel("");
  }

  async load({ looks }) {
    this.looks = looks;
    const addresses = new Set(Object.values(looks).flatMap((look) => [...Object.values(look), ...Object.values(look.vowels ?? {})]));
    const wanted = [...addresses].filter((one) => typeof one === "string");
    await Promise.allSettled(wanted.map((address) => this.fetch(address)));
    if (!this.images.has(looks[""].shut)) throw new Error(`${looks[""].shut} is missing or broken`);
    this.feel(this.mood);
    this.place.replaceChildren(this.surface.element);
    if (!this.surface.measure()) this.shrink();
  }

  async fetch(address) {
    const image = new Image();
    image.src = address;
    await image.decode();
    this.images.set(address, image);
  }

  feel(mood) {
    this.mood = mood;
    this.look = this.looks?.[Object.hasOwn(this.looks, mood) ? mood : ""] ?? {};
    this.painted = "";
  }

  /** What is loaded is kept in the size in which it is shown: to scale it for each frame costs the most. */
  shrink() {
    const { width, height, left, top } = this.surface;
    if (!width) return;
    this.sized.clear();
    for (const [address, image] of this.images) {
      const [natural, tall] = [image.naturalWidth || width, image.naturalHeight || height];
      const scale = Math.min(width / natural, height / tall);
      const copy = document.createElement("canvas");
      copy.width = Math.max(1, Math.round(natural * scale));
      copy.height = Math.max(1, Math.round(tall * scale));
      const context = copy.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.drawImage(image, 0, 0, copy.width, copy.height);
      this.sized.set(address, { image: copy, x: left + (width - copy.width) / 2, y: top + height - copy.height });
    }
    this.painted = "";
    this.wake();
  }

  get shown() {
    return { picture: this.picture, mouth: this.mouth };
  }

  draw(pose, open, shape) {
    this.isOpen = open > (this.isOpen ? SHUTS : OPENS);
    const address = this.choose(shape, pose.lids < SHUT_EYES);
    const unit = this.surface.height / UNITS;
    // It stretches and does not jump: a picture cut off below her shoulders must not leave the page's edge.
    const tall = 1 + open * 0.06 + pose.breath * 0.004 - (pose.y + pose.bodyY) / UNITS;
    const wide = 1 - open * 0.015;
    const tilt = pose.tilt * 0.4;
    const look = `${address} ${tall.toFixed(4)} ${wide.toFixed(3)} ${tilt.toFixed(2)} ${pose.x.toFixed(1)}`;
    const sized = this.sized.get(address);
    if (look === this.painted || !sized) return false;
    this.painted = look;
    this.surface.clear();
    const { context, element } = this.surface;
    const foot = this.surface.top + this.surface.height;
    context.translate(element.width / 2 + pose.x * unit, foot);
    context.rotate((tilt * Math.PI) / 180);
    context.scale(wide, tall);
    context.translate(-element.width / 2, -foot);
    const { image, x, y } = sized;
    context.drawImage(image, x, y);
    // Below its lower edge goes its last row, for when she leans.
    if (tilt !== 0) context.drawImage(image, 0, image.height - 1, image.width, 1, x, y + image.height - 0.5, image.width, this.surface.top);
    this.picture = address;
    return true;
  }

  /** The picture that shows this best, of those that could be loaded. */
  choose(shape, eyesShut) {
    const { look } = this;
    const mouths = this.isOpen ? [look.vowels?.[shape], look.open] : [];
    this.mouth = this.isOpen ? "open" : "closed";
    const blinks = eyesShut ? [this.isOpen && look.open_blink, look.blink] : [];
    const usual = this.looks[""].shut;
    return [...blinks, ...mouths, look.shut, usual].find((address) => address && this.images.has(address));
  }
}
