// Cuts an SVG into pictures that are drawn once and then only moved. The drawing itself never enters the page: it is
// parsed, and its parts are shown as images, in which a browser runs nothing and loads nothing.

export const MOVERS = ["body", "head", "tail", "eye", "iris", "hand"]; // classes of what moves
const MOUTHS = ["closed", "half", "open", "A", "I", "U", "E", "O"]; // classes inside #mouth: one of them is shown
const UNSEEN = new Set(
  ["defs", "style", "title", "desc", "metadata", "clipPath", "mask", "linearGradient", "radialGradient", "pattern"].concat(
    ["filter", "symbol", "marker", "script", "foreignObject", "iframe", "a", "switch"],
  ),
);
const LIVE = [...MOVERS, "lid"].map((name) => `.${name}`).concat("[data-moods]", "[data-gestures]", "#mouth");
const SPACE = "http://www.w3.org/2000/svg";

/** A part: what moves it, when it is shown, and what it consists of. */
class Part {
  constructor(element, isMouth) {
    const words = (name) => element.getAttribute(name)?.split(/\s+/).filter(Boolean);
    const has = (name) => element.classList.contains(name);
    this.mover = MOVERS.find(has) ?? "";
    this.isLid = has("lid");
    this.mouth = isMouth ? MOUTHS.filter(has) : [];
    this.moods = words("data-moods");
    this.gestures = words("data-gestures");
    this.children = []; // Parts and Pictures
    this.mask = null; // a Picture; only where it covers is seen
    this.pivot = null;
    this.box = null; // what its pictures cover
    this.index = 0; // among those that are moved alike
  }

  /** Whether it looks the same as long as the mood does. */
  get isSteady() {
    const free = !this.mover && !this.isLid && !this.mouth.length && !this.gestures;
    return free && this.children.every((one) => one instanceof Picture || one.isSteady);
  }
}

/** A picture and its place, in the drawing's own units. */
export class Picture {
  constructor(image, box) {
    this.image = image;
    this.box = box; // x, y, width, height
  }
}

/** A drawing, parsed. `pictures` makes its parts at one size; null when the text is no SVG. */
export class Drawing {
  static parse(text) {
    const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    return svg.namespaceURI === SPACE && svg.nodeName === "svg" ? new Drawing(svg) : null;
  }

  constructor(svg) {
    this.svg = svg;
    const box = (svg.getAttribute("viewBox") ?? "").trim().split(/[\s,]+/).map(Number);
    const size = ["width", "height"].map((name) => parseFloat(svg.getAttribute(name)));
    this.box = box.length === 4 && box[2] > 0 && box[3] > 0 ? box : [0, 0, size[0] || 100, size[1] || 100];
    this.shared = document.createElementNS(SPACE, "defs");
    for (const one of svg.querySelectorAll("defs, style")) this.shared.append(one.cloneNode(true));
    for (const one of svg.querySelectorAll("[id]")) {
      if (!one.closest("defs") && (UNSEEN.has(one.localName) || this.isUsed(one.id))) this.shared.append(one.cloneNode(true));
    }
    this.moods = new Set([...svg.querySelectorAll("[data-moods]")].flatMap((one) => one.dataset.moods.split(/\s+/)));
  }

  isUsed(id) {
    const uses = [...this.svg.querySelectorAll("use")];
    return uses.some((use) => (use.getAttribute("href") ?? use.getAttribute("xlink:href")) === `#${id}`);
  }

  /** All of it as one Part, whose pictures have `scale` pixels for a unit; `margin` units beyond the drawing are kept. */
  async cut(scale, margin) {
    const [x, y, width, height] = this.box;
    const sheet = new Sheet(this.svg, this.shared, { x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin }, scale);
    const root = await this.divide(this.svg, [], sheet);
    const seen = {};
    place(root, this.box, (mover) => (seen[mover] = (seen[mover] ?? -1) + 1));
    return root;
  }

  async divide(element, chain, sheet, inMouth = false) {
    const part = new Part(element, inMouth);
    const inside = inMouth || element.id === "mouth";
    if (!isLive(element, false) && !hasMouths(element, inside)) {
      await add(part, sheet, chain, [element]);
      return part;
    }
    const clipped = chain.length > 0 && ["clip-path", "mask"].some((name) => element.getAttribute(name) || element.style.getPropertyValue(name));
    if (clipped) {
      const all = document.createElementNS(SPACE, "rect");
      const { x, y, width, height } = sheet.box;
      const shape = { x, y, width, height, fill: "#fff", stroke: "none", transform: "none" };
      for (const [name, value] of Object.entries(shape)) if (value !== "none" || name === "stroke") all.setAttribute(name, value);
      part.mask = await sheet.picture([...chain, element], [all]);
    }
    const here = clipped ? unclipped(element) : element;
    let run = [];
    for (const child of element.children) {
      if (child.namespaceURI !== SPACE || UNSEEN.has(child.localName)) continue;
      if (isLive(child, true) || hasMouths(child, inside) || (inside && MOUTHS.some((one) => child.classList.contains(one)))) {
        await add(part, sheet, [...chain, here], run);
        run = [];
        part.children.push(await this.divide(child, [...chain, here], sheet, inside));
      } else {
        run.push(child);
      }
    }
    await add(part, sheet, [...chain, here], run);
    return part;
  }
}

async function add(part, sheet, chain, elements) {
  if (!elements.length) return;
  const picture = await sheet.picture(chain, elements);
  if (picture) part.children.push(picture);
}

/** Whether it, or something in it, moves or comes and goes. */
function isLive(element, itself) {
  return (itself && element.matches(LIVE.join())) || element.querySelector(LIVE.join()) !== null;
}

function hasMouths(element, inMouth) {
  return inMouth && element.querySelector(MOUTHS.map((name) => `.${name}`).join()) !== null;
}

function unclipped(element) {
  const copy = element.cloneNode(false);
  for (const name of ["clip-path", "mask"]) {
    copy.removeAttribute(name);
    copy.style.removeProperty(name);
  }
  return copy;
}

/** Finds the point about which each part turns, and numbers those that are moved alike. Returns the part's box. */
function place(part, view, number) {
  let box = null;
  for (const child of part.children) box = joined(box, child instanceof Picture ? child.box : place(child, view, number));
  if (part.mask) box = part.mask.box;
  const at = (x, y, [left, top, width, height]) => ({ x: left + x * width, y: top + y * height });
  const own = box ? [box.x, box.y, box.width, box.height] : view;
  const { mover } = part;
  if (mover === "head") part.pivot = at(0.5, 0.74, view);
  else if (mover === "body") part.pivot = at(0.5, 1, view);
  else if (mover === "eye") part.pivot = at(0.5, 0.7, own);
  else if (mover === "hand") part.pivot = at(0.5, 1, own);
  else if (mover === "tail") part.pivot = at(0.5, 0, own);
  else if (part.mouth.length) part.pivot = at(0.5, 0.3, own);
  if (mover) part.index = number(mover);
  part.box = box;
  return box;
}

export function joined(one, other) {
  if (!one || !other) return one ?? other;
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  const right = Math.max(one.x + one.width, other.x + other.width);
  return { x, y, width: right - x, height: Math.max(one.y + one.height, other.y + other.height) - y };
}

/** Draws elements of one SVG as pictures, cut to what is seen of them. */
class Sheet {
  constructor(svg, shared, box, scale) {
    this.svg = svg;
    this.shared = shared;
    this.box = box;
    this.scale = scale;
    this.canvas = document.createElement("canvas");
    this.canvas.width = Math.ceil(box.width * scale);
    this.canvas.height = Math.ceil(box.height * scale);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  /** Those elements inside of their ancestors, `chain`, alone; null when nothing of them is seen. */
  async picture(chain, elements) {
    const { width, height } = this.canvas;
    const root = this.svg.cloneNode(false);
    const sizes = { x: this.box.x, y: this.box.y, width: width / this.scale, height: height / this.scale };
    root.setAttribute("viewBox", Object.values(sizes).join(" "));
    root.setAttribute("width", width);
    root.setAttribute("height", height);
    root.removeAttribute("style");
    root.append(this.shared.cloneNode(true));
    let inner = root;
    for (const one of chain.slice(1)) {
      const copy = visible(one.cloneNode(false));
      inner.append(copy);
      inner = copy;
    }
    for (const one of elements) inner.append(visible(one.cloneNode(true)));
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(root))}`;
    await image.decode();
    this.context.clearRect(0, 0, width, height);
    this.context.drawImage(image, 0, 0, width, height);
    return this.crop();
  }

  crop() {
    const { width, height } = this.canvas;
    const dots = new Uint32Array(this.context.getImageData(0, 0, width, height).data.buffer);
    let [left, top, right, bottom] = [width, height, -1, -1];
    for (let y = 0, at = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1, at += 1) {
        if (dots[at] === 0) continue;
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < top) top = y;
        bottom = y;
      }
    }
    if (right < 0) return null;
    const [wide, tall] = [right - left + 1, bottom - top + 1];
    const copy = new OffscreenCanvas(wide, tall);
    copy.getContext("2d").drawImage(this.canvas, left, top, wide, tall, 0, 0, wide, tall);
    const { scale } = this;
    return new Picture(copy.transferToImageBitmap(), { x: this.box.x + left / scale, y: this.box.y + top / scale, width: wide / scale, height: tall / scale });
  }
}

/** What is hidden until it is its turn is drawn all the same. */
function visible(element) {
  if (element.matches(".lid, .closed, .half, .open, .A, .I, .U, .E, .O, [data-gestures], [data-moods]")) {
    element.removeAttribute("visibility");
    element.removeAttribute("display");
    element.style.removeProperty("visibility");
    element.style.removeProperty("display");
  }
  return element;
}
