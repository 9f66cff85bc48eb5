// Her face on the page. Which avatar draws it stands in face.json; each is a folder of avatars/.

import { Motion } from "./avatars/motion.js";

const LIPS_MEET = 0.05; // how far a closed mouth is open at most, however loud a hum is
const OPENING = 0.02; // seconds in which a mouth opens, nearly; it shuts a little more slowly, as mouths do
const SHUTTING = 0.045;

const EARLY = 0.016; // seconds; the page draws with the frame that is nearest to what was asked for

const AVATARS = {
  svg: () => import("./avatars/svg/avatar.js"),
  png: () => import("./avatars/png/avatar.js"),
  vrm: () => import("./avatars/vrm/avatar.js"),
};

export class Face {
  constructor(place) {
    this.place = place;
    this.open = 0;
    this.shape = "X";
    this.mood = "";
    this.kind = "";
    this.wake = () => {}; // called when it has to be drawn, and nobody knows
    this.motion = new Motion();
    this.avatar = null;
    this.painted = 0; // how often
    this.due = 0;
    this.state = "";
    this.last = 0;
  }

  get blinks() {
    return this.motion.blinks;
  }

  /** How she holds herself, and what is drawn of her: which avatar, mood and mouth. */
  get pose() {
    return { ...this.motion.pose, avatar: this.kind, ...this.avatar?.shown };
  }

  async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) return;
    let index = await answer.json();
    while (index && !(await this.wear(index))) index = index.instead;
  }

  /** Has that avatar draw her. Returns false when it cannot. */
  async wear(index) {
    if (!Object.hasOwn(AVATARS, index.kind)) return false;
    try {
      const { Avatar } = await AVATARS[index.kind]();
      const avatar = new Avatar(this.place, () => this.refresh());
      await avatar.load(index);
      this.avatar = avatar;
    } catch (error) {
      console.error("Her avatar cannot be shown: %s", error.message);
      return false;
    }
    this.kind = index.kind;
    this.place.dataset.avatar = index.kind;
    this.avatar.feel(this.mood);
    this.refresh();
    return true;
  }

  /** Has it drawn with the next frame. */
  refresh() {
    this.due = 0;
    this.wake();
  }

  /** Shows what belongs to the mood; the everyday face when there is nothing for it. */
  feel(mood) {
    this.mood = mood;
    this.motion.feel(mood);
    this.avatar?.feel(mood);
    this.refresh();
  }

  /** Makes a small gesture: "nod", "tilt", "shake", "hop", "laugh" or "wave". */
  gesture(name) {
    this.motion.gesture(name);
    this.refresh();
  }

  /**
   * Draws one frame, if one is due; `open` is how far the mouth is open (0..1), `shape` what it forms ("X", "A", "I", "U",
   * "E", "O"). Nothing moves while she is `still`. Returns how many seconds later it wants to be drawn again.
   */
  update(time, open, shape, speaking, thinking, still = false) {
    const state = `${speaking} ${thinking} ${still}`;
    if (state === this.state && time < this.due) return this.due - time;
    if (state !== this.state) this.towards = thinking ? this.whereToRead() : null;
    this.state = state;
    this.shape = shape;
    this.move(time, shape === "X" ? Math.min(open, LIPS_MEET) : open);
    if (this.avatar === null) return Infinity;
    const pose = this.motion.update(time, { open: this.open, speaking, thinking, towards: this.towards });
    if (still) Object.assign(pose, { lids: 1 });
    if (this.avatar.draw(pose, this.open, shape, time)) this.painted += 1;
    const rest = still && this.open === 0 ? Infinity : Math.max(this.motion.rest, 1 / (this.avatar.most ?? Infinity));
    this.due = time + rest - EARLY;
    return rest;
  }

  /** Shuts the mouth at once, with the next frame. */
  shut() {
    this.open = 0;
    this.due = 0;
  }

  /** Moves the mouth towards how far it is to be open. */
  move(time, open) {
    const passed = Math.min(Math.max(time - this.last, 0), 0.1);
    this.last = time;
    this.open += (open - this.open) * (1 - Math.exp(-passed / (open > this.open ? OPENING : SHUTTING)));
    if (this.open < 0.01) this.open = 0;
  }

  /** Where the bubble is, as seen from her face: x and y in -1..1. */
  whereToRead() {
    const [face, bubble] = [this.place, document.getElementById("bubble")].map((one) => one?.getBoundingClientRect());
    const side = document.body.dataset.side === "left" ? 1 : -1;
    if (!bubble?.width || !face?.width) return { x: side * 0.9, y: 0.5 };
    const [x, y] = [bubble.x + bubble.width / 2 - face.x - face.width / 2, bubble.y + bubble.height / 2 - face.y - face.height * 0.55];
    const far = Math.hypot(x, y) || 1;
    return { x: x / far, y: y / far };
  }
}
