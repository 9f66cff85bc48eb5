// The words of one reply, which appear as they are heard, two lines of them. They are only ever text.

import { phrases } from "./phrases.js";

export class Captions {
  /** `lines`: how many can be read at once. */
  constructor(box, frame, words, lines) {
    this.box = box;
    this.frame = frame; // the window through which the last lines are seen
    this.words = words;
    this.lines = lines;
    this.begin(null);
  }

  /** What can be read on the page now. */
  get text() {
    return this.box.hidden ? "" : this.read;
  }

  /** From now on that turn's words; nobody's when it is null. */
  begin(turn) {
    this.turn = turn;
    this.clips = new Map(); // clip → what is on the page of it
    this.read = "";
    this.shift = 0;
    this.words.replaceChildren();
    this.words.style.transform = "";
    this.box.hidden = true;
    this.fade(false);
  }

  fade(fades) {
    this.box.classList.toggle("fading", fades);
  }

  update(timeline, time) {
    let last = null;
    for (const entry of timeline.clips.values()) {
      if (entry.turn === this.turn) last = this.reveal(entry, timeline.position(entry, time)) ?? last;
    }
    if (last) this.roll(last);
  }

  /** Shows the words of a clip that are heard by `position`. Returns the last of them, if there is another. */
  reveal(entry, position) {
    if (position <= 0) return null;
    let clip = this.clips.get(entry.clip);
    if (!clip) this.clips.set(entry.clip, (clip = { laid: 0, shown: 0, spans: [], place: this.place() }));
    if (clip.laid !== entry.words.length) this.lay(clip, entry.words);
    let last = null;
    while (clip.shown < entry.words.length && entry.words[clip.shown].start < position) {
      const text = entry.words[clip.shown].text;
      for (const span of clip.spans[clip.shown]) span.classList.remove("coming");
      last = clip.spans[clip.shown].at(-1) ?? last;
      this.read += this.read === "" ? text.trimStart() : text;
      clip.shown += 1;
    }
    if (last) this.box.hidden = false;
    return last;
  }

  place() {
    const place = document.createElement("span");
    this.words.append(place);
    return place;
  }

  /** Puts all words of a clip that are known on the page, phrase by phrase; nobody sees those that are still to come. */
  lay(clip, words) {
    const texts = words.map(({ text }) => text);
    if (clip.place === this.words.firstElementChild) texts[0] = texts[0].trimStart();
    const ends = []; // where each word ends in the whole
    for (const text of texts) ends.push((ends.at(-1) ?? 0) + text.length);
    clip.laid = words.length;
    clip.spans = words.map(() => []);
    clip.place.replaceChildren();
    let at = 0;
    let index = 0;
    for (const phrase of phrases(texts)) {
      const isBlank = phrase.trim() === "";
      const unit = isBlank ? clip.place : document.createElement("span");
      if (!isBlank) {
        unit.className = phrase.length > 24 ? "" : "phrase";
        clip.place.append(document.createElement("wbr"), unit);
      }
      const end = at + phrase.length;
      while (at < end) {
        while (ends[index] <= at) index += 1;
        const until = Math.min(end, ends[index]);
        const span = document.createElement("span");
        span.textContent = phrase.slice(at - end + phrase.length, until - end + phrase.length);
        span.className = index < clip.shown ? "word" : "word coming";
        clip.spans[index].push(span);
        unit.append(span);
        at = until;
      }
    }
  }

  /** Moves the text up so that `last` stands in the last line that can be read. */
  roll(last) {
    const height = this.words.firstElementChild.offsetHeight && parseFloat(getComputedStyle(this.words).lineHeight);
    if (!height) return; // it is not shown at all
    const line = (element) => Math.round((element.offsetTop - this.words.offsetTop) / height);
    const lines = Math.max(1, Math.round(this.words.offsetHeight / height));
    this.frame.style.height = `${Math.min(lines, this.lines) * height}px`;
    this.shift = Math.max(this.shift, line(last) + 1 - this.lines);
    this.words.style.transform = this.shift ? `translateY(${-this.shift * height}px)` : "";
  }
}
