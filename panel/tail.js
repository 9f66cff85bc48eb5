// The latest of what comes and comes, the newest at the end. It stands still while somebody reads further up.

const NEAR = 40; // pixels from the end that count as its end

export class Tail {
  /** `row(entry)` makes an element, `update(element, entry)` writes what may change; `moved()` hears that somebody scrolled. */
  constructor(list, { row, update = () => {}, moved = () => {} }) {
    Object.assign(this, { list, row, update, moved });
    this.rows = new Map(); // by the entry itself
    this.following = true;
    this.top = 0;
    list.addEventListener("scroll", () => this.scrolled(), { passive: true });
  }

  /** Somebody who scrolls up reads on; only they: the page itself moves, too, when a row turns out higher. */
  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    const near = scrollHeight - scrollTop - clientHeight < NEAR;
    const following = near || (this.following && scrollTop >= this.top);
    this.top = scrollTop;
    if (following === this.following) return;
    this.following = following;
    this.moved();
  }

  draw(entries) {
    if (this.following) {
      const gone = new Set(this.rows.keys());
      for (const entry of entries) gone.delete(entry);
      for (const entry of gone) {
        this.rows.get(entry).remove();
        this.rows.delete(entry);
      }
      const news = entries.filter((entry) => !this.rows.has(entry));
      for (const entry of news) this.rows.set(entry, this.row(entry));
      this.list.append(...news.map((entry) => this.rows.get(entry)));
    }
    for (const [entry, row] of this.rows) this.update(row, entry);
    if (!this.following) return;
    this.list.scrollTop = this.list.scrollHeight;
    this.top = this.list.scrollTop;
  }
}
