// Viewers: what is known of one, and what can be done; and what was paid.

import { by, make, Rows, show, Sure, write } from "./dom.js";
import { list } from "./show.js";
import { age, deed, t } from "./words.js";

const EVERY = 500; // ms

export class People {
  constructor({ state, commands, painter, api, go }) {
    Object.assign(this, { state, commands, api, go });
    this.name = "";
    by("look-up").addEventListener("submit", (event) => {
      event.preventDefault();
      this.lookUp(by("viewer-name").value);
    });
    by("viewer-ignore").addEventListener("click", () => commands.ignore(this.name));
    by("viewer-ignore-some").addEventListener("click", () => commands.ignore(this.name, "10"));
    by("viewer-unignore").addEventListener("click", () => commands.give("unignore", `@${this.name}`));
    this.forget = new Sure(by("viewer-forget"), {
      label: () => t("forget"),
      sure: () => t("forget-sure"),
      act: async () => {
        if (await commands.give("forget", `@${this.name}`)) this.lookUp(this.name);
      },
    });
    this.rows = new Rows(by("alert-rows"), {
      key: ({ id, platform }) => `${platform} ${id}`,
      row: () =>
        make(
          "li",
          {},
          make("p", { class: "top" }, make("bdi", { class: "who" }), make("span", { class: "paid" }), make("span", { class: "end" })),
          make("p", { class: "text", dir: "auto" }),
        ),
      update: (row, entry) => this.alert(row, entry),
    });
    this.ignored = new Rows(by("ignored-rows"), {
      key: ({ name, platform }) => `${platform} ${name}`,
      row: () => {
        const row = make("li", {}, make("p", { class: "top" }, make("bdi", { class: "who" }), make("span", { class: "end" })));
        const answer = () => commands.give("unignore", `@${this.ignored.entry(row).name}`);
        row.append(make("div", { class: "buttons" }, make("button", { type: "button", onclick: answer })));
        return row;
      },
      update: (row, entry) => this.silenced(row, entry),
      redraw: () => painter.hurry("viewers"),
      still: true,
    });
    painter.add(["viewers", "words", "tick"], () => this.drawIgnored(), { every: EVERY, inside: by("ignored").closest("section") });
    painter.add(["alerts", "words"], () => this.draw(), { every: EVERY, inside: by("alert-rows").closest("section") });
    painter.add(["words"], () => this.forget.write());
  }

  draw() {
    this.rows.draw([...this.state.alerts].reverse());
    show(by("alerts-empty"), this.state.alerts.length === 0);
  }

  drawIgnored() {
    this.ignored.draw(this.state.viewers);
    show(by("ignored"), this.state.viewers.length > 0);
  }

  silenced(row, { name, platform, left }) {
    const [who, end] = row.firstElementChild.children;
    write(who, name);
    const rest = Number.isFinite(left) ? t("rest-of", { age: age(left - this.state.since("viewers")) }) : "";
    write(end, [platform, rest].filter(Boolean).join(" · "));
    const button = row.lastElementChild.firstElementChild;
    write(button, t("unignore"));
    show(button, this.commands.may.has("unignore"));
  }

  alert(row, { name, deed: done, text, at }) {
    const [who, paid, end] = row.firstElementChild.children;
    write(who, name);
    write(paid, deed(done));
    write(end, clock(at));
    write(row.lastElementChild, text);
    show(row.lastElementChild, Boolean(text));
  }

  /** Asks the show what is known of somebody. */
  async lookUp(name) {
    this.name = name.trim().replace(/^[@＠]/, "");
    if (!this.name) return;
    this.go("people");
    by("viewer-name").value = this.name;
    by("viewer-known").replaceChildren();
    show(by("viewer"), true);
    this.forget.reset();
    const asked = this.name;
    try {
      const known = await this.api.viewer(asked);
      if (asked === this.name) this.known(known);
    } catch (problem) {
      this.commands.tell(problem.message || t("not-arrived"), { wrong: true });
    }
  }

  /** On several platforms there may be several of that name. */
  known({ viewers }) {
    const found = list(viewers);
    by("viewer-known").replaceChildren(...found.map((viewer) => this.viewer(viewer)));
    if (!found.length) by("viewer-known").append(make("p", { class: "empty", text: t("unknown") }));
    const ignored = found.some((viewer) => viewer.ignored);
    show(by("viewer-unignore"), this.commands.may.has("unignore") && (ignored || !found.length));
    for (const id of ["viewer-ignore", "viewer-ignore-some"]) show(by(id), this.commands.may.has("ignore") && !ignored);
  }

  viewer({ platform, name, messages, words, answers, away, new: is_new, ignored }) {
    const facts = [
      [t("messages"), messages],
      [t("away"), away > 0 ? t("ago", { age: age(away) }) : ""],
      [t("words_"), list(words).join("\n")],
      [t("her-answers"), list(answers).join("\n")],
    ].filter(([, told]) => told);
    const marks = [platform, is_new && t("is-new"), ignored && t("is-ignored")].filter(Boolean).join(" · ");
    return make(
      "div",
      { class: "known" },
      make("h3", {}, make("bdi", { text: name }), " ", make("span", { class: "small", text: marks })),
      make("dl", {}, ...facts.flatMap(([term, told]) => [make("dt", { text: term }), make("dd", { text: told, dir: "auto" })])),
    );
  }
}

/** The time of day at which it happened. */
function clock(at) {
  if (!Number.isFinite(at) || at < 1e9) return "";
  return new Date(at * 1000).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
}
