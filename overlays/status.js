// What she is about while she says nothing: that she thinks, is paused or silent, or will be back in a moment.

const AWAY_AFTER = 2.5; // seconds without the show after which the page says so; a short gap is nobody's business
const MUTED_AFTER = 1; // seconds before the button shows that the browser plays no sound
const WORDS = {
  en: { back: "Back in a moment", paused: "Paused", muted: "Muted", unmute: "🔊 Click to hear her" },
  zh: { back: "馬上回來", paused: "暫停中", muted: "靜音中", unmute: "🔊 點一下就聽得到她" },
};

export class Status {
  /** `at(id)` gives an element of the page. */
  constructor(at, { lang, back, show }) {
    this.at = at;
    this.shows = show;
    this.isAway = false;
    at("back-words").textContent = back || WORDS[lang].back;
    for (const sign of ["paused", "muted"]) at(sign).querySelector("title").textContent = WORDS[lang][sign];
    at("unmute").textContent = WORDS[lang].unmute;
    this.hello(false);
  }

  /** `ready`: whether the show can answer. */
  hello(ready) {
    this.ready = ready;
    this.held = { paused: false, until: 0 };
  }

  hold(frame) {
    this.held = frame;
  }

  /** Tells whether she is away: the show is gone since `lostAt`, or cannot answer yet. Returns when that changes. */
  wait(time, lostAt) {
    const since = lostAt === null ? Infinity : lostAt + AWAY_AFTER;
    this.isAway = time >= since || (lostAt === null && !this.ready);
    this.hide("back", !this.shows.has("status") || !this.isAway);
    return this.isAway ? Infinity : since;
  }

  /** `until`: when her silence ends, on the page's clock. Returns when something changes by itself. */
  update(time, { state, isMute, until }) {
    const signs = this.shows.has("signs") && !this.isAway;
    this.at("stage").dataset.state = state;
    this.hide("thinking", !this.shows.has("status") || this.isAway || state !== "thinking");
    this.hide("paused", !signs || !this.held.paused);
    this.hide("muted", !signs || until <= time);
    this.hide("unmute", !isMute || time < MUTED_AFTER);
    const changes = [until, isMute ? MUTED_AFTER : 0];
    return Math.min(...changes.filter((change) => change > time));
  }

  hide(id, hidden) {
    this.at(id).toggleAttribute("hidden", hidden);
  }
}
