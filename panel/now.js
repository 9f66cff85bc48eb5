// What she does: the state, her words, whom she answers and why; and her voice's three buttons.

import { by, make, Rows, show, write } from "./dom.js";
import { list } from "./show.js";
import { code, deed, t } from "./words.js";

const FRESH = 500; // ms: a button that has just changed its meaning by itself is not pressed by accident

export class Now {
  constructor({ state, commands, painter }) {
    Object.assign(this, { state, commands });
    this.paused = null;
    this.turned = -FRESH;
    this.choice = new Rows(by("choice"), {
      key: (entry) => entry.key,
      row: () => make("tr", {}, make("td"), make("td", {}, make("bdi", { class: "who" }), " ", make("span", { class: "text", dir: "auto" })), make("td")),
      update: (row, entry) => this.candidate(row, entry),
    });
    // A finger that comes down has decided; a key or a screen reader sends a click alone.
    by("stop").addEventListener("pointerdown", ({ button }) => button === 0 && this.stop());
    by("stop").addEventListener("click", ({ detail }) => detail === 0 && this.stop());
    by("skip").addEventListener("click", () => commands.give("skip"));
    by("pause").addEventListener("click", () => this.turn());
    by("end-silence").addEventListener("click", () => commands.give("resume"));
    painter.add(["now"], () => this.draw());
    painter.add(["now", "air", "settings", "tick", "link"], () => this.head());
  }

  /** Silence, at once, and without a question. */
  stop() {
    by("stop").classList.add("sent");
    setTimeout(() => by("stop").classList.remove("sent"), 400);
    return this.commands.give("hush");
  }

  /** Pauses, or resumes: what stands on the button. */
  turn() {
    if (performance.now() - this.turned < FRESH) return this.commands.tell(t("changed-meanwhile"));
    return this.commands.give(this.paused ? "resume" : "pause", "", { quiet: true });
  }

  head() {
    const { now, settings, silence, air } = this.state;
    show(by("held"), Boolean(air.on));
    write(by("held"), t(air.seconds ? "held-for" : "held-all", { n: air.seconds }));
    const paused = Boolean(now.paused);
    if (paused !== this.paused) {
      if (this.paused !== null) this.turned = performance.now();
      this.paused = paused;
      by("pause").classList.toggle("on", paused);
    }
    write(by("pause").firstElementChild, t(paused ? "resume" : "pause"));
    by("skip").classList.toggle("idle", !["speaking", "thinking"].includes(now.state));
    const state = paused ? "paused" : silence > 0 ? "silent" : now.state === "silent" ? "listening" : now.state;
    document.body.dataset.state = state ?? "";
    write(by("doing"), state ? t(state, { n: Math.ceil(silence) }) : "");
    show(by("end-silence"), state === "silent" && this.commands.may.has("resume"));
    if (settings.character) write(by("name"), settings.character);
  }

  draw() {
    const { whom, sentences, next, why, losers, state } = this.state.now;
    show(by("whom"), Boolean(whom));
    if (whom) {
      write(by("whom-name"), whom.name);
      write(by("whom-deed"), deed(whom.deed));
      show(by("whom-deed"), Boolean(whom.deed));
      write(by("whom-text"), whom.text);
    }
    const said = list(sentences);
    this.speech(said.length || state === "thinking" ? said : this.state.last.sentences.map((text) => ({ text, state: "last" })), state);
    show(by("coming"), Boolean(next));
    if (next) {
      write(by("coming").querySelector("bdi"), next.name);
      write(by("coming").querySelector(".quote"), next.text);
    }
    const won = whom ? [{ ...whom, ...why, key: "won", won: true }] : [];
    const lost = list(losers).map((loser) => ({ ...loser, key: `${loser.platform} ${loser.id}` }));
    if (!won.length && !lost.length) return; // the latest choice stays
    this.choice.draw([...won, ...lost]);
    show(by("no-choice"), false);
    show(by("choice").closest("table"), true);
  }

  speech(sentences, state) {
    const words = by("words");
    const none = sentences.length === 0;
    words.classList.toggle("none", none);
    if (none) return write(words, t(state === "thinking" ? "thinks" : "nothing"));
    if (words.firstElementChild === null) words.replaceChildren();
    while (words.children.length > sentences.length) words.lastElementChild.remove();
    sentences.forEach(({ text, state: stage }, index) => {
      const span = words.children[index] ?? words.appendChild(make("span"));
      write(span, `${text} `);
      span.className = ["made", "sent", "heard", "last"].includes(stage) ? stage : "";
    });
    const sounding = words.querySelector(".sent") ?? words.lastElementChild;
    const below = sounding.offsetTop + sounding.offsetHeight - words.offsetTop;
    if (words.scrollHeight > words.clientHeight) words.scrollTop = Math.max(0, below - words.clientHeight);
  }

  candidate(row, { name, text, rank, reasons, won }) {
    const [place, message, because] = row.children;
    row.className = won ? "won" : "";
    write(place, Number.isFinite(rank) ? `${won ? "✓ " : ""}${rank.toFixed(rank < 100 ? 1 : 0)}` : won ? "✓" : "");
    write(message.firstElementChild, name);
    write(message.lastElementChild, text);
    write(because, list(reasons).map((reason) => code("why", reason)).join(" · "));
  }
}

/** Her last reply, to be rated or written anew. */
export class LastReply {
  constructor({ state, commands, painter }) {
    Object.assign(this, { state, commands });
    this.rated = null; // the turn that was rated, and how
    this.corrected = null; // the turn whose reply is written anew
    by("good").addEventListener("click", () => this.rate("good"));
    by("bad").addEventListener("click", () => this.rate("bad"));
    by("better").addEventListener("click", () => this.open(by("correct").hidden));
    by("correct").addEventListener("submit", (event) => {
      event.preventDefault();
      this.correct();
    });
    painter.add(["now"], () => this.draw());
  }

  draw() {
    const { last, now } = this.state;
    show(by("last"), last.sentences.length > 0 && this.commands.may.has("rate"));
    write(by("last-words"), last.sentences.join(" "));
    show(by("last-line"), list(now.sentences).length > 0 || now.state === "thinking"); // else it stands above already
    for (const how of ["good", "bad"]) {
      by(how).setAttribute("aria-pressed", String(this.rated?.turn === last.turn && this.rated?.how === how));
    }
  }

  async rate(how) {
    if (by("last").hidden) return;
    const { turn } = this.state.last;
    if (await this.commands.give("rate", `#${turn} ${how}`)) this.rated = { turn, how };
    this.draw();
  }

  open(open) {
    show(by("correct"), open);
    by("better").setAttribute("aria-expanded", String(open));
    if (!open) return this.draw();
    this.corrected = this.state.last.turn; // another will be the last while somebody writes
    by("correction").value = this.state.last.sentences.join(" ");
    by("correction").focus();
  }

  async correct() {
    const text = by("correction").value.trim();
    if (text && (await this.commands.give("rate", `#${this.corrected} ${text}`))) this.open(false);
  }
}
