"""A show's report as one page of HTML, which needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal

from vtuber.core.text import clean
from vtuber.record.metrics import PARTS, percentiles
from vtuber.record.report import Fault, PaidEvent, ShowReport
from vtuber.record.report_words import CODES, WORDS

Language = Literal["en", "zh-TW"]

WIDTH, HEIGHT = 900, 130
"""Of a plot, in the units of its drawing."""
DOTS = 2000
"""So many points of a plot are drawn; of more, every other one and so on."""
MINUTES = 15
"""At least so many have room beside each other."""

_COLUMNS = {
    "when": "time",
    **dict.fromkeys(
        ("messages", "answered", "times", "half", "most", "worst", "of chat", "of hers"), "number"
    ),
    **dict.fromkeys(("why", "step", "for"), "word"),
    "each reply": "plot",
    **dict.fromkeys(("part", "waited"), "name"),
}
"""What columns hold, by their heads; the others hold what somebody wrote."""

_STYLE = """
:root {
  color-scheme: light dark; --ink: #1d1a22; --soft: #6b6577; --paper: #fbfaf7; --line: #e3dfd6;
  --hue: #d9365e; --two: #2f7f9f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #eeeaf2; --soft: #a49db0; --paper: #17151b; --line: #34303c; --hue: #ff7d9c; --two: #6fc3e2;
  }
}
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, "Noto Sans TC", "Microsoft JhengHei", sans-serif;
}
h1 { font-size: 1.7rem; margin: 0 0 .2rem; }
h2 { font-size: 1.1rem; margin: 2.4rem 0 .6rem; }
p { margin: .3rem 0; }
.soft { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .8rem; }
dl { margin: 1.4rem 0; }
dl div { border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .8rem; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; color: var(--soft); font-weight: normal; font-size: .85rem; word-break: keep-all; }
td, th { border-bottom: 1px solid var(--line); padding: .35rem .9rem .35rem 0; vertical-align: top; }
td:last-child, th:last-child { padding-right: 0; }
td { overflow-wrap: anywhere; }
.word { overflow-wrap: normal; word-break: keep-all; white-space: nowrap; }
.time, .number { font-variant-numeric: tabular-nums; width: 1%; }
.time, td.number { white-space: nowrap; }
.number { text-align: right; }
.name { min-width: 4.5rem; }
.plot { width: 35%; }
@media (max-width: 34rem) {
  body { font-size: 14px; }
  .plot { display: none; }
  .word { white-space: normal; }
  td, th { padding-right: .6rem; }
}
figure { margin: .6rem 0 1rem; }
figcaption { display: flex; justify-content: space-between; gap: 1rem; }
figcaption { color: var(--soft); font-size: .85rem; }
svg { width: 100%; height: 8rem; display: block; }
td svg { height: 1.7rem; }
svg * { vector-effect: non-scaling-stroke; }
.dots { fill: none; stroke: var(--hue); stroke-width: 4; stroke-linecap: round; opacity: .7; }
.across { stroke: var(--two); stroke-dasharray: 4 4; }
section + p { margin-top: 2.4rem; }
.warning { border-left: .25rem solid var(--hue); padding-left: .8rem; }
.replies { color: var(--hue); }
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(report: ShowReport, language: Language = "en") -> str:
    """The whole page. What viewers wrote is text in it, and never markup."""
    return _Page(report, language).whole()


class _Page:
    def __init__(self, report: ShowReport, language: Language) -> None:
        self._report = report
        self._chinese = language == "zh-TW"
        self._tongue = language

    def _say(self, key: str, **values: object) -> str:
        return escape(WORDS[key][self._chinese].format(**values))

    def _code(self, kind: str, code: str) -> str:
        """A code of the journal in words. One that nobody knows is told as it is."""
        words = CODES[kind].get(code)
        return escape(words[self._chinese] if words else clean(code.replace("_", " "), 60))

    def _deed(self, paid: PaidEvent) -> str:
        words = paid.words.get("zh" if self._chinese else "en") or f"{paid.what} {paid.amount}"
        return escape(clean(words, 120))

    def whole(self) -> str:
        report = self._report
        who = escape(clean(report.character, 80))
        head = (
            "<!doctype html>\n"
            f'<html lang="{self._tongue}"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{' · '.join(filter(None, (who, self._say('title'))))}</title>"
            f"<style>{_STYLE}</style></head><body>"
        )
        sections = {
            "a minute": self._minutes(),
            "moments": self._moments(),
            "who paid": self._paid(),
            "delays": self._delays(),
            "dead air": self._figure(report.dead_air),
            "guard": self._guard(),
            "dropped": self._dropped(),
            "faults": self._faults(),
            "regulars": self._regulars(),
            "languages": self._languages(),
            "openers": self._counts(report.openers),
            "repeats": self._counts(report.repeats),
            "commands": self._commands(),
        }
        missing = " · ".join(self._say(key) for key, body in sections.items() if not body)
        parts = [
            head,
            f"<h1>{who or self._say('title')}</h1>",
            f'<p class="soft">{self._say("title")} · {escape(clean(report.journal, 120))}</p>',
            "" if report.ended else f'<p class="warning">{self._say("killed")}</p>',
            self._figures(),
            *(
                f"<section><h2>{self._say(key)}</h2>{body}</section>"
                for key, body in sections.items()
                if body
            ),
            f'<p class="soft">{self._say("nothing")} {missing}</p>' if missing else "",
            *(
                f'<p class="soft">{self._say(key, count=f"{count:,}")}</p>'
                for key, count in (("lost", report.lost), ("malformed", report.malformed))
                if count
            ),
            "</body></html>\n",
        ]
        return "\n".join(filter(None, parts))

    def _figures(self) -> str:
        report = self._report
        answered = sum(paid.waited is not None for paid in report.paid)
        figures = {
            "length": clock(report.seconds),
            "messages": f"{report.messages:,}",
            "viewers": f"{report.viewers:,}",
            "replies": f"{report.replies:,}",
            "paid": f"{answered:,} / {len(report.paid):,}" if report.paid else "–",
        }
        rows = (f"<div><dt>{self._say(key)}</dt><dd>{value}</dd></div>" for key, value in figures.items())
        return f"<dl>{''.join(rows)}</dl>"

    def _minutes(self) -> str:
        report = self._report
        if not report.messages:
            return ""
        most = self._say("most in a minute", count=f"{max(report.a_minute):,}")
        label = f'{self._say("messages")}, <span class="replies">{self._say("replies")}</span> · {most}'
        minutes = max(len(report.a_minute), MINUTES)
        return self._plot(_bars(report.a_minute, report.replies_a_minute, minutes), label, minutes * 60)

    def _moments(self) -> str:
        rows = [
            (
                clock(moment.at),
                self._code("moment", moment.why),
                f"{escape(clean(moment.paid.who, 40))}: {self._deed(moment.paid)}"
                if moment.paid
                else escape(clean(moment.heard, 220)),
            )
            for moment in self._report.moments
        ]
        return self._table(("when", "why", "heard"), rows)

    def _paid(self) -> str:
        rows = [
            (clock(paid.at), escape(clean(paid.who, 40)), self._deed(paid), self._waited(paid))
            for paid in self._report.paid
        ]
        return self._table(("when", "who", "what", "waited"), rows)

    def _waited(self, paid: PaidEvent) -> str:
        if paid.waited is not None:
            return _seconds(paid.waited)
        why = f": {self._code('drop', paid.drop)}" if paid.drop else ""
        return f"<b>{self._say('never')}</b>{why}"

    def _delays(self) -> str:
        delays = self._report.delays
        rows = []
        for part in (*PARTS, "total"):
            if values := delays.get(part):
                ranks = percentiles(value for _, value in values)
                figures = (_ms(ranks[key]) for key in ("p50", "p95", "max"))
                rows.append((self._code("part", part), *figures, _dots(values, self._report.seconds)))
        return self._figure(delays.get("total", [])) + self._table(
            ("step", "half", "most", "worst", "each reply"), rows
        )

    def _guard(self) -> str:
        rows = [
            (self._code("detector", detector), self._code("action", action), f"{count:,}")
            for detector, actions in self._report.stopped.items()
            for action, count in actions.items()
        ]
        return self._table(("found", "became", "times"), rows)

    def _dropped(self) -> str:
        rows = [(self._code("drop", why), f"{count:,}") for why, count in self._report.dropped.items()]
        return self._table(("why", "messages"), rows)

    def _faults(self) -> str:
        rows = [self._fault(fault) for fault in self._report.faults]
        return self._table(("when", "part", "what", "for"), rows)

    def _fault(self, fault: Fault) -> Sequence[str]:
        lasted = self._say("to the end") if fault.seconds is None else _seconds(fault.seconds)
        part, what = escape(clean(fault.part, 60)), escape(clean(fault.what, 160))
        return clock(fault.at), part, what, lasted if fault.seconds != 0 else "–"

    def _regulars(self) -> str:
        rows = [
            (escape(clean(name, 40)), f"{count:,}", f"{answers:,}")
            for name, count, answers in self._report.regulars
        ]
        return self._table(("who", "messages", "answered"), rows)

    def _languages(self) -> str:
        chat, hers = self._report.chat_languages, self._report.her_languages
        rows = [
            (self._code("language", one), f"{chat.get(one, 0):,}", f"{hers.get(one, 0):,}")
            for one in dict.fromkeys((*chat, *hers))
        ]
        return self._table(("language", "of chat", "of hers"), rows)

    def _commands(self) -> str:
        rows = [
            (f"!{escape(clean(name, 40))}", f"{count:,}") for name, count in self._report.commands.items()
        ]
        return self._table(("what", "times"), rows)

    def _counts(self, counts: Iterable[tuple[str, int]]) -> str:
        rows = [(escape(clean(words, 220)), f"{count:,}") for words, count in counts]
        return self._table(("what", "times"), rows)

    def _table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        if not rows:
            return ""
        kinds = [f' class="{_COLUMNS[key]}"' if key in _COLUMNS else "" for key in heads]
        lines = [
            "".join(f"<th{kind}>{self._say(key)}</th>" for kind, key in zip(kinds, heads, strict=True)),
            *(
                "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds, row, strict=True))
                for row in rows
            ),
        ]
        return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"

    def _figure(self, values: Sequence[tuple[float, float]]) -> str:
        """Each value where it was, with a line of which 19 of 20 stay below."""
        if not values:
            return ""
        most = percentiles(value for _, value in values)["p95"]
        seconds = self._report.seconds
        return self._plot(_dots(values, seconds), f"– – {self._say('most')} {_ms(most)}", seconds)

    def _plot(self, drawing: str, label: str, seconds: float) -> str:
        told = "".join(f"<span>{one}</span>" for one in (clock(0), label, clock(seconds)))
        return f"<figure>{drawing}<figcaption>{told}</figcaption></figure>"


def _dots(values: Sequence[tuple[float, float]], seconds: float) -> str:
    most = percentiles(value for _, value in values)["p95"] or 0.0
    high = max(1.0, most * 1.6)
    across = HEIGHT - most / high * HEIGHT
    dots = "".join(
        f"M{at / max(1.0, seconds) * WIDTH:.1f} {HEIGHT - min(value / high, 1) * HEIGHT:.1f}h0"
        for at, value in values[:: -(-len(values) // DOTS)]
    )
    line = f'<line class="across" x1="0" x2="{WIDTH}" y1="{across:.1f}" y2="{across:.1f}"/>'
    return _svg(f'<path class="dots" d="{dots}"/>{line}')


def _bars(first: Sequence[int], second: Sequence[int], room: int) -> str:
    """``second`` stands narrower before ``first``; there is room for so many."""
    high = max(1, *first, *second)
    step = WIDTH / room
    drawn = []
    for colour, values, broad in (("var(--line)", first, 0.9 * step), ("var(--hue)", second, 0.45 * step)):
        for at, value in enumerate(values):
            if tall := value / high * HEIGHT:
                left = (at + 0.45) * step - broad / 2
                drawn.append(
                    f'<rect x="{left:.1f}" y="{HEIGHT - tall:.1f}" width="{broad:.2f}" height="{tall:.1f}" '
                    f'fill="{colour}"/>'
                )
    return _svg("".join(drawn))


def _svg(body: str) -> str:
    return f'<svg viewBox="0 -3 {WIDTH} {HEIGHT + 6}" role="img" preserveAspectRatio="none">{body}</svg>'


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 120 else clock(seconds)


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f} ms" if value < 10_000 else f"{value / 1000:,.1f} s"
