// A canvas that lies over her place and a little beyond it, so that a raised hand is not cut off.

const MARGIN = 0.08; // of the place, on each side
const MOST = 4096; // pixels of each side

export class Surface {
  /** `resized()` is called when what was drawn is to be drawn anew, in another size. */
  constructor(resized) {
    this.element = document.createElement("canvas");
    this.element.className = "avatar";
    Object.assign(this.element.style, { position: "absolute", left: `${-MARGIN * 100}%`, top: `${-MARGIN * 100}%` });
    Object.assign(this.element.style, { width: `${100 + MARGIN * 200}%`, height: `${100 + MARGIN * 200}%` });
    this.context = this.element.getContext("2d");
    this.resized = resized;
    this.width = 0; // of the place, in the canvas's pixels
    this.height = 0;
    new ResizeObserver(() => this.measure()).observe(this.element);
  }

  /** Gives the canvas as many pixels as the screen has for it. Returns whether that is another number than before. */
  measure() {
    const box = this.element.parentElement?.getBoundingClientRect();
    if (!box?.width || !box.height) return false;
    const dots = Math.min(window.devicePixelRatio || 1, MOST / ((1 + 2 * MARGIN) * Math.max(box.width, box.height)));
    const [width, height] = [Math.round(box.width * dots), Math.round(box.height * dots)];
    if (width === this.width && height === this.height) return false;
    [this.width, this.height] = [width, height];
    this.left = Math.round(width * MARGIN);
    this.top = Math.round(height * MARGIN);
    this.element.width = width + 2 * this.left;
    this.element.height = height + 2 * this.top;
    this.resized();
    return true;
  }

  /** Keeps what is drawn next within some of its pixels, until the context is restored. */
  clip({ x, y, width, height }) {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.beginPath();
    this.context.rect(x, y, width, height);
    this.context.clip();
  }

  clear() {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, this.element.width, this.element.height);
  }
}
