// The show's state as the panel knows it. Whatever the show sends, it stays as small as this.

export const CHAT = 200;
export const ALERTS = 50;
export const JOURNAL = 50;

const PARTS = ["now", "queue", "air", "health", "delays", "settings", "viewers"];

export class Show {
  constructor() {
    this.now = {};
    this.queue = [];
    this.air = { on: false, seconds: null, waiting: [] };
    this.chat = [];
    this.alerts = [];
    this.health = [];
    this.delays = {};
    this.journal = [];
    this.settings = {};
    this.viewers = []; // whom she does not answer
    this.came = {}; // when each part was last told, ms of `performance.now()`
    this.chatted = 0; // how many messages came
    this.heard = { turn: null, sentences: [] }; // of the reply that is heard now
    this.last = this.heard; // of the one before: it is over, and can be rated
  }

  /** Takes an event in; gives back the parts that changed. */
  apply(kind, value) {
    if (kind === "state") {
      for (const part of PARTS) this.replace(part, value?.[part]);
      this.chat = list(value?.chat).slice(-CHAT);
      this.chatted += this.chat.length;
      this.alerts = list(value?.alerts).slice(-ALERTS);
      this.journal = list(value?.journal).slice(-JOURNAL).map((line) => ({ line: String(line) }));
      this.remember();
      return [...PARTS, "chat", "alerts", "journal"];
    }
    if (kind === "chat") return this.add("chat", value, CHAT);
    if (kind === "alert") return this.add("alerts", value, ALERTS);
    if (kind === "journal") return this.add("journal", { line: String(value) }, JOURNAL);
    if (kind === "fate") {
      const told = this.chat.findLast(({ id, platform }) => id === value?.id && platform === value?.platform);
      if (!told) return [];
      told.fate = value.fate;
      return ["chat"];
    }
    if (!PARTS.includes(kind)) return [];
    this.replace(kind, value);
    if (kind === "now") this.remember();
    return [kind];
  }

  replace(part, value) {
    if (value === undefined || value === null) return;
    this[part] = ["queue", "health", "viewers"].includes(part) ? list(value) : value;
    this.came[part] = performance.now();
  }

  add(part, entry, most) {
    const entries = this[part];
    entries.push(entry);
    if (entries.length > most) entries.splice(0, entries.length - most);
    if (part === "chat") this.chatted += 1;
    return [part];
  }

  /** Keeps what she said last, when it is over. */
  remember() {
    const { turn, sentences } = this.now;
    const said = list(sentences).filter(({ state }) => state !== "made").map(({ text }) => String(text));
    const goes_on = list(sentences).length > 0 && turn === this.heard.turn;
    if (this.heard.sentences.length && !goes_on) this.last = this.heard;
    this.heard = { turn, sentences: said };
  }

  /** Seconds since a part was told. */
  since(part) {
    return (performance.now() - (this.came[part] ?? performance.now())) / 1000;
  }

  /** Seconds that she stays silent yet. */
  get silence() {
    return Math.max(0, (Number(this.now.silent_for) || 0) - this.since("now"));
  }
}

export function list(value) {
  return Array.isArray(value) ? value : [];
}
