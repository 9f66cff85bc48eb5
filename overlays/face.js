// Her face. An SVG that follows the convention written in characters/banban/face.svg moves part by part (Rig);
// any other picture moves as a whole with the voice, and opens its mouth where a second one shows that (Pictures).
// The pictures and their moods stand in face.json.

const SHUT = 0.08; // how tall a shut eye is
const BLINK = 0.16; // seconds
const OPENS = 0.2; // from here on the mouth is drawn open…
const SHUTS = 0.1; // …and below this it is shut again

export class Face {
  constructor(place) {
    this.place = place;
    this.open = 0;
    this.mood = "";
    this.shown = null; // a Rig or Pictures
  }

  get blinks() {
    return this.shown?.blinks ?? 0;
  }

  async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) return;
    const { rig, looks } = await answer.json();
    this.shown = rig ? await Rig.load(rig) : await Pictures.load(looks);
    if (!this.shown) return;
    this.place.replaceChildren(this.shown.element);
    this.feel(this.mood);
  }

  /** Shows what belongs to the mood; the everyday face when there is nothing for it. */
  feel(mood) {
    this.mood = mood;
    this.shown?.feel(mood);
  }

  /** Draws one frame; `open` is how far the mouth is open (0..1). */
  update(time, open, speaking, thinking) {
    if (!this.shown) return;
    // Opens quickly and shuts a little more slowly, as mouths do.
    this.open += (open - this.open) * (open > this.open ? 0.6 : 0.35);
    if (this.open < 0.01) this.open = 0;
    this.shown.draw(time, this.open, speaking, thinking);
  }
}

/** One picture for each mood, or two: with the mouth shut and open. */
class Pictures {
  static async load(looks) {
    const made = new Pictures(looks);
    await Promise.allSettled(made.images.map((image) => image.decode()));
    return made;
  }

  constructor(looks) {
    this.element = document.createElement("div");
    this.element.className = "picture";
    this.images = [];
    this.looks = new Map(
      Object.entries(looks).map(([mood, { shut, open }]) => [mood, { shut: this.image(shut), open: this.image(open) }]),
    );
    this.blinks = 0;
    this.isOpen = false;
    this.tilt = 0;
    this.feel("");
  }

  image(address) {
    if (!address) return null;
    const image = new Image();
    image.alt = "";
    image.src = address;
    this.images.push(image);
    this.element.append(image);
    return image;
  }

  feel(mood) {
    this.look = this.looks.get(mood) ?? this.looks.get("");
    this.show();
  }

  show() {
    const wanted = (this.isOpen && this.look.open) || this.look.shut;
    for (const image of this.images) image.classList.toggle("shown", image === wanted);
  }

  draw(time, open, speaking, thinking) {
    const isOpen = open > (this.isOpen ? SHUTS : OPENS);
    if (isOpen !== this.isOpen) {
      this.isOpen = isOpen;
      this.show();
    }
    const breath = Math.sin(time * 1.7);
    const tilt = (thinking ? 1.2 : 0) + (speaking ? Math.sin(time * 2.3) * 0.8 : 0);
    this.tilt += (tilt - this.tilt) * 0.1;
    // It stretches and does not jump: a picture cut off below her shoulders must not leave the page's edge.
    const tall = 1 + open * 0.06 + breath * 0.004;
    turn([this.element], `rotate(${this.tilt.toFixed(2)}deg) scale(${(1 - open * 0.015).toFixed(4)}, ${tall.toFixed(4)})`);
  }
}

/** An SVG whose parts are moved by their names. */
class Rig {
  static async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) return null;
    const parsed = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
    const svg = parsed.documentElement;
    if (svg.nodeName !== "svg") return null;
    disarm(svg);
    return new Rig(document.importNode(svg, true));
  }

  constructor(svg) {
    this.element = svg;
    this.blinks = 0;
    this.nextBlink = 1;
    this.blinkBegan = -1;
    this.gaze = { x: 0, y: 0, until: 0, toX: 0, toY: 0 };
    const all = (selector) => [...svg.querySelectorAll(selector)];
    this.parts = {
      body: all(".body"),
      head: all(".head"),
      eyes: all(".eye"),
      lids: all(".lid"),
      irises: all(".iris"),
      tails: all(".tail"),
      mouths: ["closed", "half", "open"].map((shape) => all(`#mouth .${shape}`)),
      moods: all("[data-moods]"),
    };
    this.moods = new Set(this.parts.moods.flatMap((part) => part.dataset.moods.split(/\s+/)));
    this.shape(0);
  }

  feel(mood) {
    const known = this.moods.has(mood) ? mood : "neutral";
    this.element.dataset.mood = known;
    for (const part of this.parts.moods) {
      part.style.display = part.dataset.moods.split(/\s+/).includes(known) ? "" : "none";
    }
  }

  draw(time, open, speaking, thinking) {
    this.open = open;
    this.shape(open < 0.12 ? 0 : open < 0.45 ? 1 : 2);
    this.blink(time);
    this.look(time, thinking);
    this.move(time, speaking, thinking);
  }

  shape(index) {
    if (index === this.shaped) return;
    this.shaped = index;
    this.parts.mouths.forEach((parts, at) => {
      for (const part of parts) part.style.visibility = at === index ? "visible" : "hidden";
    });
  }

  blink(time) {
    if (this.blinkBegan < 0 && time >= this.nextBlink) this.blinkBegan = time;
    const progress = this.blinkBegan < 0 ? 1 : (time - this.blinkBegan) / BLINK;
    if (this.blinkBegan >= 0 && progress >= 1) {
      this.blinks += 1;
      this.blinkBegan = -1;
      this.nextBlink = time + (Math.random() < 0.15 ? 0.12 : 1.8 + Math.random() * 3.6);
    }
    const wide = progress >= 1 ? 1 : Math.abs(1 - 2 * progress);
    this.wide = wide;
    turn(this.parts.eyes, `scaleY(${SHUT + (1 - SHUT) * wide})`);
    for (const lid of this.parts.lids) lid.style.visibility = wide < 0.35 ? "visible" : "hidden";
    for (const eye of this.parts.eyes) eye.style.visibility = wide < 0.35 && this.parts.lids.length ? "hidden" : "";
  }

  look(time, thinking) {
    const gaze = this.gaze;
    if (time > gaze.until) {
      gaze.until = time + 1 + Math.random() * 3;
      const away = Math.random() < 0.4;
      gaze.toX = away ? (Math.random() - 0.5) * 9 : 0;
      gaze.toY = away ? (Math.random() - 0.5) * 5 : 0;
    }
    const [x, y] = thinking ? [7, -8] : [gaze.toX, gaze.toY];
    gaze.x += (x - gaze.x) * 0.18;
    gaze.y += (y - gaze.y) * 0.18;
    turn(this.parts.irises, `translate(${gaze.x.toFixed(2)}px, ${gaze.y.toFixed(2)}px)`);
  }

  move(time, speaking, thinking) {
    const breath = Math.sin(time * 1.7);
    const sway = Math.sin(time * 0.6);
    const nod = this.open * -6;
    const tilt = (thinking ? 4 : 0) + sway * 1.2 + (speaking ? Math.sin(time * 2.3) * 1.1 : 0);
    this.tilt = (this.tilt ?? 0) + (tilt - (this.tilt ?? 0)) * 0.1;
    turn(this.parts.body, `translateY(${(breath * 2.5).toFixed(2)}px) scaleY(${(1 + breath * 0.004).toFixed(4)})`);
    turn(this.parts.head, `translateY(${(breath * 4 + nod).toFixed(2)}px) rotate(${this.tilt.toFixed(2)}deg)`);
    this.parts.tails.forEach((tail, index) => {
      const lag = Math.sin(time * 1.7 - 0.8 - index * 0.3) * 2 + this.open * (index % 2 ? 3 : -3);
      turn([tail], `rotate(${lag.toFixed(2)}deg)`);
    });
    if (this.parts.head.length === 0) {
      turn([this.element], `translateY(${(breath * 3 - this.open * 18).toFixed(2)}px)`);
    }
  }
}

function turn(parts, transform) {
  for (const part of parts) part.style.transform = transform;
}

/** Whatever in the picture could run. The page's policy would refuse it, too. */
function disarm(svg) {
  for (const part of svg.querySelectorAll("script, foreignObject, iframe, a")) part.remove();
  for (const part of [svg, ...svg.querySelectorAll("*")]) {
    for (const { name } of [...part.attributes]) if (/^on/i.test(name)) part.removeAttribute(name);
  }
}
