"""The report of a show, from a journal that is written here line by line, and from what is no journal."""

from __future__ import annotations

import gzip
import inspect
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rehearsal_room import Room
from typer.testing import CliRunner

from vtuber.app.cli import app
from vtuber.app.report import command
from vtuber.core.errors import BanbanError
from vtuber.guard import PARTS as DETECTORS
from vtuber.guard import Action, reply_check
from vtuber.inbox import Drop
from vtuber.record import report, report_page
from vtuber.record.metrics import PARTS
from vtuber.record.report import ShowReport, opener
from vtuber.record.report_page import Language
from vtuber.record.report_words import CODES, WORDS

DATA = Path(__file__).parents[1] / "data"
HOSTILE = "<img src=x onerror=alert(1)></td><script>alert(2)</script>"


def said(t: float, id_: str, text: str, who: str = "mika", **more: Any) -> dict[str, Any]:
    what = more.pop("what", "message")
    drop = {"drop": more.pop("drop")} if "drop" in more else {}
    author = {"id": f"id-{who}", "name": who}
    event = {
        "what": what,
        "id": id_,
        "platform": "twitch",
        "channel": "c",
        "author": author,
        "text": text,
        **more,
    }
    return {"t": t, "kind": "heard", "event": event, **drop}


def replied(t: float, turn: int, lead: str, heard: str, lasted: float = 2.0) -> list[dict[str, Any]]:
    return [
        {
            "t": t - lasted - 1,
            "kind": "batch",
            "turn": turn,
            "lead": lead,
            "others": [],
            "waiting": 1,
            "script": "",
        },
        {"t": t, "kind": "spoken", "turn": turn, "index": 0, "heard": heard, "complete": True},
        {
            "t": t,
            "kind": "reply",
            "turn": turn,
            "heard": heard,
            "lasted": lasted,
            "failed": "",
            "delays_ms": {"queue": 500.0, "first_audio": 250.0},
        },
    ]


SHOW = [
    {"t": 0.0, "kind": "show", "version": "0.1.0", "character": "板板", "seed": 1, "format": 1},
    said(1.0, "m1", "is pizza good?"),
    *replied(5.0, 1, "m1", "Yes, it is."),
    said(6.0, "m2", "鳳梨好吃嗎", "小明"),
    said(7.0, "p1", "for pizza", "lou", money=["5", "USD"]),
    {"t": 8.0, "kind": "part", "part": "brain", "state": "down", "what": "it was killed"},
    {"t": 9.5, "kind": "part", "part": "brain", "state": "ok", "what": "a model"},
    *replied(12.0, 2, "p1", "Yes, it is."),
    said(13.0, "r1", "", "ann", what="raid", viewers=40),
    *(said(15.0 + n / 10, f"l{n}", "哈哈哈哈", f"v{n}") for n in range(30)),
    said(70.0, "m3", "spam", drop="filtered: gate.words: x"),
    {"t": 70.0, "kind": "filtered", "id": "m2", "rule": "x", "action": "replace", "detector": "words"},
    {"t": 71.0, "kind": "slip", "turn": 3, "what": "a loop", "seed": 1, "again": True},
    {"t": 80.0, "kind": "failure", "part": "turn", "error": HOSTILE},
    said(90.0, "p2", "never", HOSTILE, money=["9", "USD"]),
    {"t": 100.0, "kind": "part", "part": "stage.obs", "state": "down", "what": "OBS does not answer"},
]  # fmt: skip
END = {"t": 120.0, "kind": "end", "messages": 1}


def journal(folder: Path, *rows: Any, end: bytes = b"") -> Path:
    path = folder / "show.jsonl"
    path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows) + end)
    return path


@pytest.fixture
def found(tmp_path: Path) -> ShowReport:
    return report.read(journal(tmp_path, *SHOW, END))


def test_what_happened_is_counted(found: ShowReport) -> None:
    assert (found.character, found.ended, found.seconds) == ("板板", True, 120.0)
    assert (found.messages, found.viewers, found.replies) == (36, 35, 2)
    assert found.a_minute == [34, 2, 0]
    assert found.dropped == {"filtered": 1}
    assert found.stopped == {"gate.words": {"stopped": 1}, "reply": {"a loop": 1}, "words": {"replace": 1}}
    assert found.regulars[0] == ("mika", 2, 1)
    assert found.chat_languages["zh"] == 31
    assert found.her_languages == {"en": 2}
    assert found.openers == [("yes it", 2)]
    assert found.repeats == [("Yes, it is.", 2)]


def test_who_paid_and_how_long_they_waited(found: ShowReport) -> None:
    waited = {(paid.who, paid.what, paid.amount): paid.waited for paid in found.paid}
    assert waited == {
        ("lou", "super_chat", "5 USD"): 3.0,
        ("ann", "raid", "40"): None,
        (HOSTILE[:50], "super_chat", "9 USD"): None,
    }


def test_a_real_journal_tells_what_was_given(tmp_path: Path) -> None:
    """As ``codec`` writes it."""
    rows = (DATA / "journal-heard.jsonl").read_text(encoding="utf-8").splitlines()
    found = report.read(journal(tmp_path, *SHOW[:1], *map(json.loads, rows), END))
    given = {(paid.what, paid.amount, paid.words["en"]) for paid in found.paid}
    assert ("cheer", "100 BITS", "100 bits") in given
    assert ("super_chat", "5.1 EUR", "€5.10 Super Chat") in given
    page = report_page.page(found, "zh-TW")
    assert "100 小奇點" in page
    assert "€5.10 超級留言" in page


def test_a_fallback_line_answers_nobody(tmp_path: Path) -> None:
    """Whoever paid still waits, and is answered later."""

    def sentence(turn: int, *, spare: bool) -> dict[str, Any]:
        return {
            "t": 9.0,
            "kind": "sentence",
            "turn": turn,
            "index": 0,
            "text": "x",
            "stopped_by": "",
            "spare": spare,
        }

    paid = said(7.0, "p1", "for pizza", "lou", money=["5", "USD"])
    first = [paid, sentence(1, spare=True), *replied(12.0, 1, "p1", "One moment.")]
    found = report.read(journal(tmp_path, *SHOW[:1], *first))
    assert (found.replies, found.paid[0].waited, found.regulars) == (1, None, [("lou", 1, 0)])
    then = [*first, sentence(2, spare=False), *replied(20.0, 2, "p1", "Thank you.")]
    then += replied(40.0, 3, "p1", "Again.")  # as after a crash
    found = report.read(journal(tmp_path, *SHOW[:1], *then))
    assert (found.replies, found.paid[0].waited, found.regulars) == (3, 11.0, [("lou", 1, 2)])


def test_who_paid_and_was_not_answered_is_told_why(tmp_path: Path) -> None:
    paid = [said(7.0, f"p{n}", "for you", "lou", money=["5", "USD"]) for n in range(2)]
    rows = [
        {**paid[0], "drop": "filtered: x"},
        paid[1],
        {"t": 9.0, "kind": "dropped", "id": "p1", "reason": "revoked"},
    ]
    found = report.read(journal(tmp_path, *SHOW[:1], *rows))
    assert [one.drop for one in found.paid] == ["filtered", "revoked"]
    assert "<b>never answered</b>: deleted by a moderator" in report_page.page(found)
    assert "<b>沒有回答</b>: 被守衛擋下" in report_page.page(found, "zh-TW")


def test_silence_counts_from_the_last_reply_while_chat_waits(found: ShowReport) -> None:
    assert found.dead_air == [(12.0, 5000.0)]


def test_faults_have_their_length(found: ShowReport) -> None:
    faults = [(fault.part, fault.seconds) for fault in found.faults]
    assert faults == [("brain", 1.5), ("turn", 0.0), ("stage.obs", None)]


def test_moments_are_where_chat_laughs(found: ShowReport) -> None:
    """From where she began to say what it laughs about."""
    assert (3.0, "laughter", "Yes, it is.") in {(one.at, one.why, one.heard) for one in found.moments}


def test_moments_are_what_was_given(found: ShowReport) -> None:
    (given,) = [moment for moment in found.moments if moment.why == "paid"]
    assert (given.at, given.paid) == (90.0, found.paid[2])
    assert "US$9.00" in report_page.page(found)


def test_figures_are_rounded(tmp_path: Path) -> None:
    batch, spoken, reply = replied(110.1, 9, "m3", "Hm.", lasted=0.7)
    delays = {"queue": 0.1, "prompt": 0.2, "first_token": 0.3}  # of which the sum is 0.6000000000000001
    ill = [
        {"t": 100.1, "kind": "part", "part": "brain", "state": "down", "what": "x"},
        {"t": 100.3, "kind": "part", "part": "brain", "state": "ok", "what": "x"},
    ]
    paid = said(105.3, "m3", "hi", money=["5", "USD"])
    rows = [paid, batch, spoken, {**reply, "delays_ms": delays}, *ill]
    found = json.dumps(report.read(journal(tmp_path, *SHOW[:1], *rows)).row())
    assert not re.findall(r"\d\.\d{5,}", found)


def test_a_page_says_codes_in_words(found: ShowReport) -> None:
    english, chinese = report_page.page(found), report_page.page(found, "zh-TW")
    for words in (
        "stopped by the guard",
        "a word on a list",
        "something harmless instead",
        "a reply that went wrong",
    ):
        assert words in english
    for words in ("被守衛擋下", "名單上的詞", "換成無害的話", "重複迴圈", "揪團：40 位觀眾"):
        assert words in chinese
    assert not {"filtered", "super_chat", "first_audio"} & set(re.findall(r"\w+", english + chinese))


def test_a_show_in_which_nothing_happened_has_one_line_for_all_of_it(tmp_path: Path) -> None:
    page = report_page.page(report.read(journal(tmp_path, SHOW[0], {"t": 3.0, "kind": "end"})))
    assert "<h2>" not in page
    assert "There is nothing to tell of: Messages and replies a minute · " in page
    Tree().feed(page)


@pytest.mark.parametrize("rows", [SHOW[:5], SHOW, SHOW[:1]])
def test_a_page_is_well_formed(tmp_path: Path, rows: list[Any]) -> None:
    tree = Tree()
    tree.feed(report_page.page(report.read(journal(tmp_path, *rows))))
    assert tree.open == []


class Tree(HTMLParser):
    """Each element is closed, in its place."""

    open: list[str]

    def reset(self) -> None:
        super().reset()
        self.open = []

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_and_no_name_is_markup(found: ShowReport) -> None:
    seen: set[str] = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.add(tag)
            assert all(name not in ("src", "href", "onerror") for name, _ in attrs)

    languages: tuple[Language, ...] = ("en", "zh-TW")
    for language in languages:
        page = report_page.page(found, language)
        Tags().feed(page)
        assert not seen & {"script", "img", "link", "iframe"}
        assert "http://" not in page
        assert "https://" not in page
        assert "&lt;img" in page


def test_a_show_that_was_killed_says_so(tmp_path: Path) -> None:
    found = report.read(journal(tmp_path, *SHOW, end=b'{"t": 121.0, "kind": "hea'))
    assert not found.ended
    assert found.malformed == 1
    assert "the program was stopped" in report_page.page(found)


@pytest.mark.parametrize(
    "row",
    [
        {"t": 1.0, "kind": "heard"},
        {"t": 1.0, "kind": "heard", "event": 3},
        {"t": 1.0, "kind": "reply", "turn": "x"},
        {"t": 1.0, "kind": "part", "part": "brain"},
        {"t": "x", "kind": "show"},
        {"t": 1.0, "kind": "batch"},
        [],
        "text",
    ],
)
def test_a_line_that_is_none_costs_itself_alone(tmp_path: Path, row: Any) -> None:
    found = report.read(journal(tmp_path, *SHOW, row, END))
    assert found.malformed == 1
    assert found.replies == 2


@pytest.mark.parametrize("bad", [{"delays_ms": {"queue": float("nan")}}, {"lasted": float("inf")}])
def test_figures_that_are_no_numbers_are_no_figures(tmp_path: Path, bad: dict[str, Any]) -> None:
    batch, _, reply = replied(110.0, 9, "m3", "Hm.")
    found = report.read(journal(tmp_path, *SHOW, batch, {**reply, **bad}, END))
    assert (found.malformed, found.replies) == (1, 2)
    json.dumps(found.row(), allow_nan=False)


def test_a_line_of_a_hundred_megabytes_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.jsonl.gz"
    rows = [json.dumps(row).encode() + b"\n" for row in SHOW]
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.writelines(rows[:4])
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n")
        file.writelines(rows[4:])
    found = report.read(path)
    assert found.malformed == 1
    assert found.replies == 2


def test_every_code_has_words() -> None:
    written = inspect.getsource(reply_check)
    codes = {
        "drop": [*Drop],
        "detector": [*DETECTORS, report.REPLY_CHECK],
        "action": [*Action, *re.findall(r'raise Violation\("(.+?)"\)', written)],
        "part": [*PARTS, "total"],
        "language": report.LANGUAGES,
    }
    for kind, known in codes.items():
        assert set(known) <= set(CODES[kind]), kind


def test_every_text_of_a_page_is_written_in_both_languages() -> None:
    for words in (WORDS, *CODES.values()):
        for english, chinese in words.values():
            assert english.isascii()
            assert re.search(r"[\u3400-\u9fff]", chinese)
            assert re.findall(r"{\w+}", english) == re.findall(r"{\w+}", chinese)


def test_what_is_no_journal_is_said(tmp_path: Path) -> None:
    with pytest.raises(BanbanError, match="no journal of banban"):
        report.read(journal(tmp_path, {"a": 1}))
    with pytest.raises(BanbanError, match="this file is empty"):
        report.read(journal(tmp_path))
    with pytest.raises(BanbanError, match="cannot be read"):
        report.read(tmp_path)


def test_openers_are_words_or_characters() -> None:
    assert opener("Well, yes indeed!") == "well yes"
    assert opener("I'm so happy") == "i'm so"
    assert opener("當然可以！") == "當然可"
    assert opener("") == ""


def test_the_command_writes_a_page_or_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = journal(tmp_path, *SHOW, END)
    done = CliRunner().invoke(app, ["report", str(path), "--language", "zh-TW"])
    assert done.exit_code == 0, done.output
    assert "直播報告" in (tmp_path / "show.html").read_text(encoding="utf-8")
    done = CliRunner().invoke(app, ["report", str(path), "--json"])
    assert json.loads(done.output)["delays_ms"]["total"]["p50"] == 750.0


def test_the_page_is_written_where_it_harms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = journal(tmp_path, *SHOW, END)
    before = path.read_bytes()
    for out, why in ((path, "the file that is read"), (tmp_path / "no" / "x.html", "no such folder")):
        with pytest.raises(BanbanError, match=why):
            command(None, path, out=out, language="en", as_json=False)
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress(before))
    (tmp_path / "pages").mkdir()
    command(None, Path("packed.jsonl.gz"), out=tmp_path / "pages", language="en", as_json=False)
    page = tmp_path / "pages" / "packed.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["packed.jsonl.gz", "pages", "show.jsonl"]


def test_the_journal_of_a_show_gives_the_shows_own_figures(play: Any) -> None:
    async def scene(room: Room) -> None:
        for index in range(6):
            room.types(f"question {index}?", name=f"viewer{index}")
        await room.until_idle()
        room.journal("reply")
        assert room.show.journal.path is not None
        found = report.read(room.show.journal.path)
        assert found.replies == room.show.metrics.turns
        assert found.malformed == 0
        silence = list(room.show.metrics.dead_air)
        assert [value for _, value in found.dead_air] == pytest.approx(silence, abs=60)

    play(scene)
