// The words of one reply, which appear as they are heard. They are only ever text.

export class Captions {
  constructor(box, words) {
    this.box = box;
    this.words = words;
    this.begin(null);
  }

  /** What can be read on the page now. */
  get text() {
    return this.box.hidden ? "" : this.words.textContent;
  }

  /** From now on that turn's words; nobody's when it is null. */
  begin(turn) {
    this.turn = turn;
    this.shown = new Map(); // clip → how many of its words are on the page
    this.words.replaceChildren();
    this.box.hidden = true;
  }

  update(timeline, time) {
    for (const entry of timeline.clips.values()) {
      if (entry.turn === this.turn) this.reveal(entry, timeline.position(entry, time));
    }
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
