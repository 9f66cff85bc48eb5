// Words appear as they are heard. They are only ever text.

export class Captions {
  constructor(box, words) {
    this.box = box;
    this.words = words;
    this.clear();
  }

  /** What can be read on the page now. */
  get text() {
    return this.box.hidden ? "" : this.words.textContent;
  }

  clear() {
    this.turn = null;
    this.shown = new Map(); // clip → how many of its words are on the page
    this.words.replaceChildren();
    this.box.hidden = true;
  }

  /** That turn was taken back. */
  drop(turn) {
    if (this.turn === turn) this.clear();
  }

  update(timeline, time, stale) {
    const current = timeline.current(time);
    if (current !== null && current.turn !== this.turn) {
      this.clear();
      this.turn = current.turn;
    }
    for (const entry of timeline.clips.values()) {
      if (entry.turn === this.turn) this.reveal(entry, timeline.position(entry, time));
    }
    if (stale) this.box.hidden = true;
  }

  reveal(entry, position) {
    if (position <= 0) return;
    let index = this.shown.get(entry.clip) ?? 0;
    for (; index < entry.words.length && entry.words[index].start < position; index += 1) {
      this.append(entry.words[index].text);
    }
    this.shown.set(entry.clip, index);
  }

  append(text) {
    const word = document.createElement("span");
    word.textContent = this.words.hasChildNodes() ? text : text.trimStart();
    this.words.append(word);
    this.box.hidden = false;
  }
}
