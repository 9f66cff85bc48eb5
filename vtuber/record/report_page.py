"""A show's report as one page of HTML, which needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Literal

from vtuber.core.text import clean
from vtuber.record.metrics import PARTS, percentiles
from vtuber.record.report import Fault, ShowReport

Language = Literal["en", "zh-TW"]

WIDTH, HEIGHT = 900, 130
"""Of a plot, in the units of its drawing."""
DOTS = 2000
"""So many points of a plot are drawn; of more, every other one and so on."""

_WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Report of a show", "直播報告"),
    "length": ("length", "長度"),
    "messages": ("messages", "留言"),
    "viewers": ("viewers who wrote", "留言的觀眾"),
    "replies": ("replies", "回答"),
    "paid": ("paid events", "付費事件"),
    "answered": ("answered", "已回答"),
    "never": ("never answered", "沒有回答"),
    "killed": (
        "This journal has no end: the program was stopped in the middle of the show.",
        "這份日誌沒有結尾：程式在直播中被中斷。",
    ),
    "a minute": ("Messages and replies a minute", "每分鐘留言與回答"),
    "delays": ("From a message to the first sound of its answer", "從留言到回答出聲"),
    "part": ("part", "階段"),
    "half": ("half", "一半"),
    "most": ("19 of 20", "20 次中的 19 次"),
    "worst": ("worst", "最久"),
    "dead air": ("Silence between replies while chat waited", "有人等時，兩個回答之間的安靜"),
    "who paid": ("Who paid, and how long they waited", "誰付費、等了多久"),
    "when": ("when", "時間"),
    "who": ("who", "誰"),
    "what": ("what", "什麼"),
    "waited": ("waited", "等了"),
    "moments": ("Moments that may be worth a clip", "可能值得剪的片段"),
    "heard": ("what she said", "她說的"),
    "why": ("why", "原因"),
    "laughter": ("chat laughed", "聊天室笑了"),
    "chat": ("chat took off", "聊天室變熱鬧"),
    "raid": ("raid", "揪團"),
    "guard": ("What the guard stopped", "守衛擋下的"),
    "detector": ("detector", "偵測器"),
    "dropped": ("Not answered, and why", "沒有回答的原因"),
    "regulars": ("Who wrote most", "最常留言的人"),
    "languages": ("Languages", "語言"),
    "of chat": ("chat", "聊天室"),
    "of hers": ("she", "她"),
    "faults": ("Faults and recoveries", "故障與恢復"),
    "for": ("for", "持續"),
    "to the end": ("until the end", "到結束"),
    "openers": ("How her replies begin again and again", "她一再用的開頭"),
    "repeats": ("What she said more than once", "她說過不只一次的話"),
    "commands": ("Commands", "指令"),
    "nothing": ("nothing", "沒有"),
    "lost": ("lines of the journal were lost: the disk took none", "行日誌遺失：磁碟無法寫入"),
    "malformed": ("lines of the journal could not be read", "行日誌無法讀取"),
}

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
th { text-align: left; color: var(--soft); font-weight: normal; font-size: .85rem; }
td, th { border-bottom: 1px solid var(--line); padding: .35rem .7rem .35rem 0; vertical-align: top; }
td { overflow-wrap: anywhere; }
.number, .time { white-space: nowrap; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
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
        self._language = language

    def _say(self, key: str) -> str:
        return escape(_WORDS[key][self._language == "zh-TW"]) if key in _WORDS else escape(clean(key, 60))

    def whole(self) -> str:
        report = self._report
        head = (
            "<!doctype html>\n"
            f'<html lang="{self._language}"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{self._say('title')}</title><style>{_STYLE}</style></head><body>"
        )
        parts = [
            head,
            f"<h1>{escape(report.character)}</h1>",
            f'<p class="soft">{self._say("title")} · {escape(report.journal)}</p>',
            "" if report.ended else f'<p class="warning">{self._say("killed")}</p>',
            self._figures(),
            self._section("a minute", self._minutes()),
            self._section("moments", self._moments()),
            self._section("who paid", self._paid()),
            self._section("delays", self._delays()),
            self._section("dead air", self._dots(report.dead_air)),
            self._section("guard", self._guard()),
            self._section("dropped", self._counts(report.dropped.items())),
            self._section("faults", self._faults()),
            self._section("regulars", self._regulars()),
            self._section("languages", self._languages()),
            self._section("openers", self._counts(report.openers)),
            self._section("repeats", self._counts(report.repeats)),
            self._section("commands", self._counts(report.commands.items())),
            f'<p class="soft">{report.lost} {self._say("lost")}</p>' if report.lost else "",
            f'<p class="soft">{report.malformed} {self._say("malformed")}</p>' if report.malformed else "",
            "</body></html>\n",
        ]
        return "\n".join(filter(None, parts))

    def _section(self, key: str, body: str) -> str:
        body = body or f'<p class="soft">{self._say("nothing")}</p>'
        return f"<section><h2>{self._say(key)}</h2>{body}</section>"

    def _figures(self) -> str:
        report = self._report
        answered = sum(paid.waited is not None for paid in report.paid)
        figures = {
            "length": clock(report.seconds),
            "messages": f"{report.messages:,}",
            "viewers": f"{report.viewers:,}",
            "replies": f"{report.replies:,}",
            "paid": f"{answered} / {len(report.paid)}" if report.paid else "0",
        }
        rows = (f"<div><dt>{self._say(key)}</dt><dd>{value}</dd></div>" for key, value in figures.items())
        return f"<dl>{''.join(rows)}</dl>"

    def _minutes(self) -> str:
        report = self._report
        bars = _bars(report.a_minute, report.replies_a_minute)
        label = f'{self._say("messages")}, <span class="replies">{self._say("replies")}</span>'
        most = f"{max(report.a_minute, default=0)} ↑"
        return f'{bars}<p class="soft">{label} · {most}</p>' if report.messages else ""

    def _moments(self) -> str:
        rows = [
            (_time(moment.at), self._say(moment.why), escape(clean(moment.heard, 220)))
            for moment in self._report.moments
        ]
        return self._table(("when", "why", "heard"), rows)

    def _paid(self) -> str:
        rows = [
            (
                _time(paid.at),
                escape(clean(paid.who, 40)),
                escape(clean(f"{paid.what} {paid.amount}", 40)),
                _seconds(paid.waited) if paid.waited is not None else f"<b>{self._say('never')}</b>",
            )
            for paid in self._report.paid
        ]
        return self._table(("when", "who", "what", "waited"), rows)

    def _delays(self) -> str:
        delays = self._report.delays
        if not delays:
            return ""
        rows = []
        for part in (*PARTS, "total"):
            if values := delays.get(part):
                ranks = percentiles(value for _, value in values)
                figures = (_ms(ranks[key]) for key in ("p50", "p95", "max"))
                rows.append((escape(part.replace("_", " ")), *figures))
        return self._dots(delays.get("total", [])) + self._table(("part", "half", "most", "worst"), rows)

    def _guard(self) -> str:
        rows = [
            (escape(detector), escape(action), f'<span class="number">{count}</span>')
            for detector, actions in self._report.stopped.items()
            for action, count in actions.items()
        ]
        return self._table(("detector", "what", "messages"), rows)

    def _faults(self) -> str:
        rows = [self._fault(fault) for fault in self._report.faults]
        return self._table(("when", "part", "what", "for"), rows)

    def _fault(self, fault: Fault) -> Sequence[str]:
        lasted = self._say("to the end") if fault.seconds is None else _seconds(fault.seconds)
        return _time(fault.at), escape(fault.part), escape(clean(fault.what, 160)), lasted

    def _regulars(self) -> str:
        rows = [
            (escape(clean(name, 40)), str(count), str(answers))
            for name, count, answers in self._report.regulars
        ]
        return self._table(("who", "messages", "answered"), rows)

    def _languages(self) -> str:
        report = self._report
        rows = [
            (self._say(key), " · ".join(f"{escape(language)} {count:,}" for language, count in found.items()))
            for key, found in (("of chat", report.chat_languages), ("of hers", report.her_languages))
            if found
        ]
        return self._table(("who", "what"), rows)

    def _counts(self, counts: Iterable[tuple[str, int]]) -> str:
        rows = [(escape(clean(words, 120)), f"{count:,}") for words, count in counts]
        return self._table(("what", "messages"), rows) if rows else ""

    def _table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        if not rows:
            return ""
        head = "".join(f"<th>{self._say(key)}</th>" for key in heads)
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _dots(self, values: Sequence[tuple[float, float]]) -> str:
        """Each value where it was, the 19-of-20 line across."""
        if not values:
            return ""
        ranks = percentiles(value for _, value in values)
        high = max(1.0, (ranks["p95"] or 1.0) * 1.6)
        step = -(-len(values) // DOTS)
        end = max(1.0, self._report.seconds)
        dots = "".join(
            f'<circle cx="{at / end * WIDTH:.1f}" cy="{HEIGHT - min(value / high, 1) * HEIGHT:.1f}" r="2"/>'
            for at, value in values[::step]
        )
        across = HEIGHT - (ranks["p95"] or 0.0) / high * HEIGHT
        line = (
            f'<line x1="0" x2="{WIDTH}" y1="{across:.1f}" y2="{across:.1f}" '
            'stroke="var(--two)" stroke-dasharray="4 4"/>'
        )
        label = f'<text x="4" y="{across - 4:.1f}">{self._say("most")}: {_ms(ranks["p95"])}</text>'
        return _svg(f'<g fill="var(--hue)" opacity=".7">{dots}</g>{line}{label}')


def _bars(first: Sequence[int], second: Sequence[int]) -> str:
    count = max(1, len(first))
    high = max(1, *first, *second) if first else 1
    wide = WIDTH / count
    drawn = []
    for colour, values, share in (("var(--line)", first, 0.9), ("var(--hue)", second, 0.45)):
        for at, value in enumerate(values):
            tall = value / high * HEIGHT
            drawn.append(
                f'<rect x="{at * wide:.1f}" y="{HEIGHT - tall:.1f}" width="{wide * share:.2f}" '
                f'height="{tall:.1f}" fill="{colour}"/>'
            )
    return _svg("".join(drawn))


def _svg(body: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 4}" role="img" preserveAspectRatio="none">{body}</svg>'


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _time(seconds: float) -> str:
    return f'<span class="time">{clock(seconds)}</span>'


def _seconds(seconds: float) -> str:
    return f'<span class="number">{seconds:.1f} s</span>' if seconds < 120 else f"{seconds / 60:.0f} min"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms"
