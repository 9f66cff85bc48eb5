// Whom she answers and what she says to it: the bubble and the words on the page always belong to the same turn.

const LINGER = 3; // seconds that the last words and the bubble stay
const FADE = 0.4; // the last of them, in which they fade
const READ = 1.5; // seconds that they stay when the next viewer is being answered already
const SOON = 0.05; // seconds before a reply is heard at which whatever belongs to another is gone
const KEPT = 8; // turns

export class Exchange {
  /** `bubble` and `captions` are those that `present` fills. */
  constructor(timeline, bubble, captions) {
    this.timeline = timeline;
    this.bubble = bubble;
    this.captions = captions;
    this.shown = null; // the turn whose bubble and words are on the page
    this.reset();
  }

  /** Nothing is known any more: another show, or a connection to the same. */
  reset() {
    this.whom = new Map(); // turn → whom it answers; no line that she was told to say is in it
    this.busy = new Set(); // the speakers who think or speak
    this.moods = new Map(); // speaker → face outside of sentences that have a mood
    this.next = null; // whom she thinks of, while the last words are still read
    this.quietSince = -Infinity;
    this.clear();
  }

  /** Nothing is heard or read from now on. */
  clear() {
    this.timeline.clear();
    this.seen = null; // the clip that was heard last when the page was drawn last
    this.isHeard = false;
    this.soundedAt = -Infinity;
    this.present(null);
  }

  /** The show is gone: nobody thinks any more, and what was sent is still heard. */
  lose() {
    this.busy.clear();
    this.next = null;
  }

  thinking(frame) {
    this.whom.set(frame.turn, frame);
    while (this.whom.size > KEPT) this.whom.delete(this.whom.keys().next().value);
    if (frame.busy === false) return; // what it answers is still to be heard, and nothing more is made
    this.next = frame;
    this.busy.add(frame.speaker);
  }

  begin({ turn, speaker }) {
    if (this.next?.turn === turn) this.next = null;
    this.busy.add(speaker);
  }

  withdrawn({ turn, finish }) {
    this.whom.delete(turn);
    if (this.next?.turn === turn) this.next = null;
    if (this.shown === turn) this.bubble.fill(null);
    if (finish) return; // the answer itself stays
    this.timeline.drop(turn);
    if (this.shown === turn) this.present(null);
  }

  rest({ speaker }) {
    if (this.next?.speaker === speaker) this.next = null;
    this.busy.delete(speaker);
  }

  /** Puts the bubble and the words of that turn on the page, and no others. */
  present(turn) {
    if (turn === this.shown) return;
    this.shown = turn;
    this.bubble.fill(this.whom.get(turn) ?? null);
    this.captions.begin(turn);
  }

  /** Decides what is on the page now, and tells what her face has to know. */
  update(time) {
    const { timeline } = this;
    const heard = timeline.sounding(time);
    const current = timeline.current(time);
    this.choose(time, heard, current);
    const over = timeline.over(time);
    const isQuiet = over && this.busy.size === 0;
    this.quietSince = isQuiet ? Math.min(this.quietSince, time) : Infinity;
    const quiet = isQuiet ? time - this.quietSince : 0;
    if (quiet >= LINGER) this.present(null);
    for (const part of [this.bubble, this.captions]) part.fade(quiet >= LINGER - FADE);
    this.captions.update(timeline, time);
    const state = heard !== null ? "speaking" : over && this.busy.size ? "thinking" : "idle";
    return { state, heard, current, mood: this.mood(state, current, quiet) };
  }

  /** Decides whose bubble and words are on the page now; `current` is the clip that was heard last. */
  choose(time, heard, current) {
    const coming = this.timeline.sounding(time + SOON);
    const missed = current !== null && current !== this.seen; // it was over before the page was drawn
    this.seen = current;
    if (heard !== null || this.isHeard || missed) this.soundedAt = time;
    this.isHeard = heard !== null;
    if (coming !== null) {
      this.present(heard === null || heard.turn === coming.turn ? coming.turn : null);
    } else if (missed) {
      this.present(current.turn);
    } else if (this.timeline.over(time) && this.next !== null) {
      if (this.shown !== null && time - this.soundedAt < READ) return;
      this.present(this.next.turn);
      this.next = null;
    }
  }

  mood(state, current, quiet) {
    const usual = (current === null ? this.moods.values().next().value : this.moods.get(current.speaker)) ?? "";
    const answersNext = state === "thinking" && current?.turn !== this.shown;
    return (current !== null && !answersNext && quiet < LINGER / 2 && current.mood) || usual;
  }

  /** When something of it changes by itself, on the page's clock. */
  change(time) {
    const steps = [LINGER / 2, LINGER - FADE, LINGER].map((step) => this.quietSince + step);
    if (this.next !== null) steps.push(this.soundedAt + READ);
    const own = Math.min(...steps.filter((step) => step > time && step < Infinity));
    return Math.min(own, this.timeline.reads(time), this.timeline.turns(time), this.timeline.turns(time + SOON) - SOON);
  }
}
