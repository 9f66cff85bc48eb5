"""The panel in Chinese: there is a Chinese sentence for every one that the program may show there."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import cast

import pytest
import pytest_asyncio
from code_texts import ROOT, TREES, described, texts
from playwright.async_api import Browser, Page
from scripted_show import ScriptedShow

from vtuber.core.health import State
from vtuber.inbox.inbox import Drop
from vtuber.inbox.rank import Reason
from vtuber.moderation.command_table import COMMANDS
from vtuber.stage.control.turns import REQUESTED, TOGETHER

pytestmark = pytest.mark.asyncio(loop_scope="session")

GAP = "⟨⟩"
"""Stands for what is put into a text of the code."""
SHOWN = (
    "brain", "character/__init__.py", "character/face.py", "core/backoff.py", "core/limits.py",
    "guard/guard.py", "guard/detectors", "listeners", "memory", "models/kokoro.py", "models/store.py",
    "moderation", "pending", "record/journal.py", "show", "stage", "voice",
)  # fmt: skip
"""Where that is said which a panel shows: how the parts are, what came of a command, why one was refused."""
ELSEWHERE = (
    # To the model, and to viewers.
    "brain/question.py", "brain/lines.py", "brain/recalled.py", "brain/reply_", "brain/small_talk.py",
    "brain/thoughts.py", "brain/openai/request.py", "show/resumption.py", "show/thanks.py",
    "voice/pieces", "voice/reading", "voice/embedded/kokoro/readings.py",
    # To the journal.
    "listeners/twitch/chat_writer.py", "show/outbox.py", "show/screening.py", "stage/overlay/page.py",
    # In a terminal: before a show, and in answer to what is typed there.
    "brain/templates/formats.py", "brain/templates/markers.py", "listeners/twitch/login.py",
    "listeners/twitch/scopes.py", "listeners/youtube/address.py", "moderation/trust.py",
    "stage/obs/diagnosis.py", "stage/obs/setup.py", "stage/tokens.py",
    # To programs, and to whoever writes them.
    "listeners/recordings/chat", "listeners/recordings/csv", "listeners/recordings/json",
    "listeners/recordings/text", "listeners/recordings/twitch", "listeners/recordings/youtube",
    "memory/sqlite_", "moderation/reach.py", "stage/control/openapi.py",
)  # fmt: skip
"""What is said there, no panel shows."""
READ_AGAIN = ("brain/llama", "listeners/twitch/tokens.py", "models")
"""What is wrong with these settings may show during a show, too; with all others, before it."""
LONGEST = 180
"""Longer ones are a model's instructions, or what she says."""
NO_SENTENCES = {
    # To the model, and to viewers.
    f"You may begin a sentence with the mood you say it in, one of {GAP}.",
    "This is how a day begins: ",
    "I cannot read that yet: I need a better brain, this small one only knows English.",
    f"A viewer wrote: “{GAP}” ",
    "What do you say?",
    "What is your question or wish?",
    "[tries to give orders]",
    "(answered to what was taken back)",
    "call 0912345678, jo at gmail dot com, plate AB12 CDE, 12 Long Street, account 123456",
    # To the log, the journal and programs.
    f"{GAP}; because {GAP}",
    f"too many requests: wait {GAP} s",
    "just now",
    f"removed {GAP}",
    "authentication required",
    "invalid username-password",
    "pending events",
    "pending events' server",
    "others listen to sentences that wait",
    "the control panel",
    "img-src 'self' data: blob:",
    f"dropped: {GAP}",
    f"a program at {GAP}",
    f"command {GAP}",
    f"event {GAP}",
    f"a frame of {GAP} bytes",
    f"a message of more than {GAP} bytes",
    "made room for OBS",
    f"error {GAP}",
    "too long",
    "no texts",
    "no model is there that can judge",
    (
        "a Twitch recording's comments (TwitchDownloader), yt-dlp's live_chat.json, pages of YouTube's API, "
        "chat-downloader's JSON or CSV, or a journal of a show"
    ),
    f"{GAP} rows were",
    "1 row was",
    f"{GAP}: {GAP} left out, the others are played",
    # In a terminal, before a show.
    "there is no such key",
    "this key is missing",
    "this text must be on one line",
    "compare it with the character in characters/banban",
    "delete this option and its list: characters no longer have it",
    f"the keys are {GAP}",
    f"this file is larger than {GAP} KB",
    "shorten it: no model could read all that",
    "this file is missing",
    "create it: every character needs this file",
    "this file is not saved as UTF-8",
    "save the file as UTF-8",
    f"this file cannot be read ({GAP})",
    f"this file is not valid TOML: {GAP}",
    "correct the line that the message names",
    f"'{GAP}' is not the name of a voice",
    "the page for OBS",
    "the panel for you alone: whoever has this address runs your show",
    "the panel for your moderators, without settings and without her words",
    " (on this machine alone, unless you set stage.host)",
    f"port {GAP} is in use",
    "stop the other show that may use this port, or set stage.port to another port",
    f"the web server cannot listen on {GAP} port {GAP} ({GAP})",
    "set stage.host to 127.0.0.1, or to an address of this machine",
    f"two parts want the same web address: {GAP}",
}
"""They look like sentences that a panel shows, and are none."""


OF_OTHERS = {
    "Name or service not known",
    "Temporary failure in name resolution",
    "Cannot connect to host a.b:443 ssl:default [Connect call failed (…)]",
    "All connection attempts failed",
    "sleepy",
}
"""What systems say, and characters feel."""


def passed_over(node: ast.AST, place: str) -> bool:
    """Whether what stands in this part of the code is for the log or for programmers, or to compare with."""
    match node:
        case ast.Compare():
            return True
        case ast.Call(called):
            called_name = ast.unparse(called)
            _, _, name = called_name.rpartition(".")
            return (
                called_name.startswith(("log.", "_log.", "re."))
                or name in ("ValueError", "TypeError", "Endpoint", "progress", "judge")
                or name in ("startswith", "endswith", "partition", "rpartition", "removeprefix")
                or (name == "ConfigError" and not place.startswith(READ_AGAIN))
            )
    return False


def sentences() -> Iterator[tuple[str, str]]:
    """All that read like one and may be shown, with their places."""
    looks_like_one = re.compile(rf"[a-z]{{2}}[,:;]? [\w{GAP[0]}(]|{GAP[1]} [a-z]{{2}}")
    for place, tree in TREES.items():
        if not place.startswith(SHOWN) or place.startswith(ELSEWHERE):
            continue
        apart = {id(inner) for node in ast.walk(tree) if passed_over(node, place) for inner in ast.walk(node)}
        for text in texts(tree):
            told = described(text, GAP)
            is_none = len(told) > LONGEST or "\n" in told or re.match("SELECT|DELETE", told)
            if id(text) not in apart and looks_like_one.search(told) and not is_none:
                yield f"{place}:{text.lineno}", told


SENTENCES = [(place, told) for place, told in sentences() if told not in NO_SENTENCES]


def names() -> Iterator[str]:
    """What the rows of health are called, where that is written out."""
    for place, tree in TREES.items():
        if not place.startswith(SHOWN) or place.startswith(ELSEWHERE):
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Call(ast.Name("Health"), [ast.Constant(str(name)), *_]):
                    yield name
                case ast.Assign([ast.Name("PART")], ast.Constant(str(name))):
                    yield name


def english_in(text: str) -> set[str]:
    """Its English words; no options, paths and commands."""
    return set(re.findall(rf"(?<![\w./{GAP[1]}-])[a-z]{{3,}}(?![\w./{GAP[0]}-])", text))


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A page that has the panel's scripts."""
    show = ScriptedShow()
    await show.start()
    context = await chromium.new_context(locale="zh-TW")
    opened = await context.new_page()
    await opened.goto(show.url)
    yield opened
    await context.close()
    await show.stop()


async def in_chinese(page: Page, lines: Sequence[str]) -> list[str]:
    script = "async (lines) => lines.map((await import('/control/translation.js')).inChinese)"
    return cast(list[str], await page.evaluate(script, lines))


async def table(page: Page) -> dict[str, str]:
    script = "async () => (await import('/control/chinese.js')).CHINESE"
    return cast(dict[str, str], await page.evaluate(script))


async def test_every_sentence_of_the_program_is_in_chinese(page: Page) -> None:
    assert len(SENTENCES) > 700
    english = [told for _, told in SENTENCES]
    kept = set().union(*map(english_in, (await table(page)).values()))
    missing = [
        f"{place}: {told}"
        for (place, told), chinese in zip(SENTENCES, await in_chinese(page, english), strict=True)
        if (foreign := english_in(told) - kept) and (chinese == told or foreign & english_in(chinese))
    ]
    assert missing == [], "write them into panel/chinese.js (or, if no panel shows them, into NO_SENTENCES)"
    assert {told for _, told in sentences()} >= NO_SENTENCES


async def test_every_row_of_health_has_a_name_in_chinese(page: Page) -> None:
    called = sorted(set(names()))
    assert {"brain", "stage.overlay", "pending"} <= {*called}
    missing = [
        name for name, chinese in zip(called, await in_chinese(page, called), strict=True) if name == chinese
    ]
    assert missing == [], "write them into panel/chinese.js"


async def test_what_is_in_chinese_is_what_the_program_says(page: Page) -> None:
    said = {described(text, GAP) for tree in TREES.values() for text in texts(tree)}
    said |= {os.strerror(number) for number in range(1, 135)} | OF_OTHERS
    said |= {path.stem for path in (ROOT / "guard" / "data" / "topics").iterdir()}
    whole = "\n".join(said)
    left = [
        english
        for english in await table(page)
        if not all(piece.strip() in whole for piece in re.split(r"\{[*~]?\w+\}", english))
    ]
    assert left == []


async def test_a_chinese_sentence_holds_what_its_english_one_holds(page: Page) -> None:
    for english, chinese in (await table(page)).items():
        gaps = re.findall(r"\{[*~]?(\w+)\}", english)
        assert {*re.findall(r"\{(\w+)\}", chinese)} <= {*gaps}, english
        assert "}{" not in english, f"nobody could tell where one ends: {english}"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "memory does not answer (at 127.0.0.1:6379, database 0); 3 messages and answers were dropped",
            "記憶沒有回應（在 127.0.0.1:6379，資料庫 0）；丟掉了 3 則訊息和回答",
        ),
        (
            (
                "edge, online, a voice for each language: the online voice cannot be reached: "
                "its name is not known here, as without internet"
            ),
            "edge，線上，每種語言各一個聲音：線上語音連不上：找不到它的主機，可能沒有網際網路",
        ),
        (
            "the model is restarting: the model's process was killed by SIGKILL (out of memory?): bye",
            "模型正在重新啟動：模型的程式被 SIGKILL 終止（記憶體不足？）：bye",
        ),
        (
            "connected for 1:02, 2 reconnects, logged in as ann, without follows, writing",
            "已連線 1:02，重新連線 2 次，帳號 ann，少了追隨的通知，在聊天室發言",
        ),
        (
            (
                "there is no model server at 127.0.0.1:1 (Connection refused); "
                "it broke more than 10 times in 10 minutes, so it is tried again only every 60 seconds"
            ),
            "127.0.0.1:1 沒有模型伺服器（連線被拒絕）；10 分鐘內故障超過 10 次，所以每 60 秒才再試一次",
        ),
        ("check the network; or feed the cat", "檢查網路；或feed the cat"),
        ("she answers @v3 next once she is resumed", "下一個回答 @v3（等按「繼續」之後）"),
        ("she does not answer Ann, or: B for 5 minutes", "5 分鐘內她不回答 Ann, or: B"),
        ("nobody thought of this; nor of that", "nobody thought of this; nor of that"),
    ],
)
async def test_lines_of_several_sentences(page: Page, english: str, chinese: str) -> None:
    assert await in_chinese(page, [english]) == [chinese]


async def test_what_strangers_write_stays_as_it_is(page: Page) -> None:
    written = ["$& $1 $<words>", "{words} {name}", "<b>[a-z]+(.*)*$</b>", "__proto__", "off", "a; b, c: d. e"]
    told = await in_chinese(page, [f"kept: {words}" for words in written])
    assert told == [f"已記下：{words}" for words in written]
    endless = ["a, " * 600, "; or " * 380, "(the voice) " * 160, "constructor", "a" * 5000]
    assert await in_chinese(page, endless) == endless


async def test_whoever_is_refused_is_told_why() -> None:
    for place, tree in TREES.items():
        if not place.startswith("stage"):
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Raise(ast.Attribute(ast.Name("web"), name)):
                    pytest.fail(f"{place}:{node.lineno}: {name} without a text")
                case ast.Raise(ast.Call(ast.Attribute(ast.Name("web"), name), keywords=keywords)):
                    assert "text" in {one.arg for one in keywords}, f"{place}:{node.lineno}: {name}"


async def test_what_follows_each_command_is_in_chinese(page: Page) -> None:
    arguments = {spec.argument for spec in COMMANDS.values()} - {"[LUFS]"}
    told = await in_chinese(page, [*arguments, *(f"write !it {argument}" for argument in arguments)])
    english = [chinese for chinese in told if re.search("[A-Z]{2}", chinese)]
    assert english == [], "write them into panel/chinese.js"


async def test_every_reason_and_state_has_a_word(page: Page) -> None:
    codes = [("why", reason) for reason in (*Reason, REQUESTED, TOGETHER)]
    codes += [("drop", drop) for drop in Drop] + [("is", state) for state in State]
    script = """async (codes) => {
        const { code } = await import("/control/words.js");
        return codes.map(([kind, name]) => code(kind, name));
    }"""
    told = await page.evaluate(script, codes)
    english = [code for code, word in zip(codes, told, strict=True) if word.isascii()]
    assert english == [], "write them into panel/words.js"
