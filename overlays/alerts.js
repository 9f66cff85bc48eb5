// Who gave something, a card each for a while. What the same viewer adds (bits tap by tap) is added to their card.

const SHOWN = 3; // cards at once
const SECONDS = 7; // that a card stays, from its last change on
const WAITING = 30; // cards at most; the oldest give way, what cost nothing before what was paid
const FREE = ["follow", "redemption"];
const LEAVES = 0.4; // seconds in which a card fades
const COLOUR = /^#[0-9a-f]{6}$/i;

export class Alerts {
  /** `language`: "en" or "zh", of what is said of gifts. */
  constructor(box, language) {
    this.box = box;
    this.language = language;
    this.waiting = new Map(); // id → its frame
    this.cards = new Map(); // id → its card
  }

  clear() {
    this.waiting.clear();
    for (const id of [...this.cards.keys()]) this.drop(id);
  }

  add(frame) {
    const card = this.cards.get(frame.id);
    if (card) {
      this.fill(card, frame);
      this.stay(frame.id, card);
      return;
    }
    this.waiting.set(frame.id, frame);
    while (this.waiting.size > WAITING) this.waiting.delete(this.first(isFree) ?? this.first());
    this.next();
  }

  remove(ids = []) {
    for (const id of ids) {
      this.waiting.delete(id);
      this.drop(id);
    }
    this.next();
  }

  /** Shows those that wait, as far as there is room. */
  next() {
    while (this.waiting.size && this.cards.size < SHOWN) {
      const id = this.first((frame) => !isFree(frame)) ?? this.first();
      const frame = this.waiting.get(id);
      this.waiting.delete(id);
      this.show(id, frame);
    }
  }

  /** The id of the oldest that waits and is `wanted`. */
  first(wanted = () => true) {
    for (const [id, frame] of this.waiting) if (wanted(frame)) return id;
    return undefined;
  }

  show(id, frame) {
    const part = (name, tag = "p") => Object.assign(document.createElement(tag), { className: name });
    const card = { element: part("alert", "li"), name: part("giver", "bdi"), deed: part("deed"), text: part("words") };
    card.element.append(card.name, card.deed, card.text);
    card.text.dir = "auto";
    this.fill(card, frame);
    this.cards.set(id, card);
    this.box.append(card.element);
    this.stay(id, card);
  }

  fill(card, { name = "", text = "", platform = "", deed = {} }) {
    const { colour = "", kind = "", [this.language]: words = "" } = deed;
    card.name.textContent = name;
    card.deed.textContent = words;
    card.text.textContent = text;
    card.text.hidden = text === "";
    Object.assign(card.element.dataset, { kind, platform });
    if (COLOUR.test(colour)) card.element.style.setProperty("--deed", colour);
    card.deed.classList.remove("grown");
    if (card.element.isConnected) requestAnimationFrame(() => card.deed.classList.add("grown"));
  }

  /** Takes the card away when its time is over. */
  stay(id, card) {
    clearTimeout(card.timer);
    card.element.classList.remove("leaving");
    card.timer = setTimeout(() => {
      card.element.classList.add("leaving");
      card.timer = setTimeout(() => this.remove([id]), LEAVES * 1000);
    }, SECONDS * 1000);
  }

  drop(id) {
    const card = this.cards.get(id);
    if (!card) return;
    clearTimeout(card.timer);
    card.element.remove();
    this.cards.delete(id);
  }
}

const isFree = ({ deed }) => FREE.includes(deed?.kind);
