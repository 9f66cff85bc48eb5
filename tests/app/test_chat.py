"""A talk in the terminal: who speaks to her, her last answer again, and what its commands tell."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.scripted import ScriptedBrain
from vtuber import brain
from vtuber.app.chat import Talk
from vtuber.app.chat.commands import TerminalCommand, help_text, parse
from vtuber.brain import Prompt, Usage
from vtuber.config import Settings
from vtuber.core.errors import BrainError
from vtuber.models.store import locate


class Parrot(ScriptedBrain):
    """Says the number of its answer and the last question; remembers what it was asked."""

    asked: tuple[Prompt, ...] = ()
    fails_at: tuple[int, ...] = ()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        kind = type(self)
        kind.asked += (prompt,)
        if len(kind.asked) in kind.fails_at:
            raise BrainError("it has a cold")
        yield f"Number {len(kind.asked)}. "
        await asyncio.sleep(0.01)
        yield f"You said {prompt.lines[-1].text.split(' [')[0]}."
        whole = await self.count(prompt.lines)
        self.usage = Usage(prompt=whole + 3, reused=whole - 9, reply=11)


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Types lines, and returns what appears: her replies, and what was told."""
    monkeypatch.setitem(brain.PARTS, "parrot", f"{__name__}:Parrot")
    monkeypatch.setattr(Parrot, "asked", ())

    def talk(*lines: str, name: str = "", **settings: Any) -> list[str]:
        reading, writing = os.pipe()
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(fileno=lambda: reading))
        os.write(writing, "".join(f"{line}\n" for line in lines).encode())
        os.close(writing)
        seen: list[str] = []
        said: list[str] = []

        def say(sentence: str) -> None:
            said.append(sentence)
            if not sentence:
                seen.append("".join(said).strip())
                said.clear()

        chosen = Settings.model_validate({"brain": {"use": "parrot"}, **settings})
        one = Talk(chosen, say=say, tell=seen.append, name=name)
        asyncio.run(one.run(progress=lambda _share, _words: None, ready=lambda: None))
        os.close(reading)
        return seen

    return talk


def history(prompt: Prompt) -> list[str]:
    return [line.text for line in prompt.lines[prompt.head :]]


def table(shown: str) -> dict[str, int]:
    return {
        name.strip(): int(number.replace(",", "")) for name, number in re.findall(r"(.+?) +([\d,]+)", shown)
    }


def test_she_is_told_who_speaks(talk: Callable[..., list[str]]) -> None:
    talk("hello", name=" 小\u202e明\x1b ")
    talk("hello")
    talk("hello", name="板板")
    assert [prompt.lines[-1].name for prompt in Parrot.asked] == ["小明", "you", "viewer 板板"]


def test_her_last_answer_again_is_the_only_one_remembered(talk: Callable[..., list[str]]) -> None:
    said = talk("one", "two", "/regenerate", "/regenerate", "three")
    assert said == [
        "Number 1. You said one.",
        "Number 2. You said two.",
        "Number 3. You said two.",
        "Number 4. You said two.",
        "Number 5. You said three.",
    ]
    _, second, third, fourth, fifth = Parrot.asked
    assert second.lines == third.lines == fourth.lines
    assert len({second.seed, third.seed, fourth.seed}) == 3
    assert history(fifth) == [
        "one",
        "Number 1. You said one.",
        "two",
        "Number 4. You said two.",
        "three",
    ]


def test_an_answer_stays_when_there_is_no_other(
    talk: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Parrot, "fails_at", (2, 3))
    monkeypatch.setattr("vtuber.brain.fallback_lines.FallbackLines.take", lambda *_: "")
    monkeypatch.setattr(
        "vtuber.brain.fallback.BrainFallback._set_aside", lambda *_: None
    )  # it is well for the next
    said = talk("one", "/regenerate", "two")
    assert said == ["Number 1. You said one.", "it has a cold", "Number 4. You said two."]
    assert history(Parrot.asked[-1]) == ["one", "Number 1. You said one.", "two"]


def test_why_tells_each_part_and_they_add_up(talk: Callable[..., list[str]]) -> None:
    _, first, _, second = map(table, talk("one", "/why", "two", "/why"))
    for shown in (first, second):
        parts = ("persona", "canon", "examples", "history", "this turn", "format")
        assert sum(shown[part] for part in parts) == shown["total"]
        assert shown["format"] == 3
        assert shown["cached"] == shown["total"] - 12
        assert shown["evaluated"] == 12
        assert shown["reply"] == 11
        assert min(shown["persona"], shown["canon"], shown["examples"]) > 20
    assert first["history"] == 0
    lines = Parrot.asked[1].lines[Parrot.asked[1].head : -1]
    assert second["history"] == asyncio.run(ScriptedBrain(Settings()).count(lines)) > 0
    assert second["persona"] == first["persona"]


def test_why_says_when_the_parts_are_estimates_or_nothing_was_told(
    talk: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stream(self: Parrot, prompt: Prompt) -> AsyncGenerator[str, None]:
        self.usage = Usage(prompt=prompts.pop(0))
        yield "Hm."

    prompts = [7, 0]
    monkeypatch.setattr(Parrot, "stream", stream)
    _, estimated, _, untold = talk("one", "/why", "two", "/why")
    assert "the parts are estimates" in estimated
    assert table(estimated)["total"] == 7
    assert "format" not in estimated
    assert "does not report" in untold
    assert "total" not in untold


def test_nothing_can_be_told_before_she_was_asked(talk: Callable[..., list[str]]) -> None:
    assert talk("/why", "/regenerate") == ["nothing has been asked yet\n  → send a message first"] * 2
    assert not Parrot.asked


def test_the_model_and_its_speed(talk: Callable[..., list[str]]) -> None:
    before, _, after = talk("/model", "one", "/model")
    assert before == "scripted"
    assert re.fullmatch(r"scripted\nlast reply: first token after \d\.\d\d s, then \d+\.\d tokens/s", after)


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        ("hello /why", "hello /why"),
        ("//why", "/why"),
        ("// what", "/ what"),
        ("/why", TerminalCommand("why")),
        ("/WHY", TerminalCommand("why")),
        ("!why", TerminalCommand("why")),
        ("！ＷＨＹ", TerminalCommand("why")),
        ("!model her.gguf", TerminalCommand("model", "her.gguf")),
        ("!!!", "!!!"),
        ("! what a day", "! what a day"),
        ("／ｗｈｙ", TerminalCommand("why")),
        ("/model  'C:\\my models\\her.gguf' ", TerminalCommand("model", "C:\\my models\\her.gguf")),
    ],
)
def test_what_is_a_command(typed: str, parsed: TerminalCommand | str) -> None:
    assert parse(typed) == parsed


def test_the_prefix_is_the_shows() -> None:
    assert parse("?why", "?") == TerminalCommand("why")
    assert parse("!why", "?") == "!why"
    assert parse("heywhy", "hey") == TerminalCommand("why")
    assert parse("hey you", "hey") == "hey you"
    assert "?model [PATH]" in help_text("?")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("!wyh", "!why"),
        ("/wyh", "/why"),
        ("/regen", "/regenerate"),
        ("/models", "/model"),
        ("/hepl", "/help"),
    ],
)
def test_an_unknown_command_is_told_the_nearest(
    talk: Callable[..., list[str]], typed: str, meant: str
) -> None:
    (shown,) = talk(typed)
    assert f"there is no command {typed}" in shown
    assert f"did you mean {meant}?" in shown
    assert not Parrot.asked


@pytest.mark.parametrize("typed", ["/", "/ why", "/xyzzy", "/" + "w" * 400])
def test_one_like_none_is_told_them_all(talk: Callable[..., list[str]], typed: str) -> None:
    (shown,) = talk(typed)
    assert len(shown) < 100
    for name in ("/why", "/regenerate", "/model", "/help"):
        assert name in shown
        assert name.removeprefix("/") in help_text("!")


def test_a_model_that_cannot_be_loaded_leaves_the_one_before(
    talk: Callable[..., list[str]], tmp_path: Path
) -> None:
    damaged = tmp_path / "half.gguf"
    damaged.write_bytes(locate("").read_bytes()[:100_000])
    shown = talk("/model nowhere.gguf", f"/model {damaged}", "/why", "one")
    assert "there is no such file" in shown[0]
    assert shown[1].startswith(f"loading {damaged}")
    assert "damaged or incomplete" in shown[2]
    assert shown[-1] == "Number 1. You said one."


def test_another_model_is_loaded_by_its_path(talk: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "character.toml").write_text('name = "Mochi"\n', encoding="utf-8")
    (tmp_path / "persona.md").write_text("You are Mochi.", encoding="utf-8")
    (tmp_path / "examples.toml").write_text("", encoding="utf-8")
    model = tmp_path / "her own.gguf"
    model.symlink_to(locate(""))
    shown = talk("one", f'/model "{model}"', "/regenerate", show={"character": str(tmp_path)})
    assert shown[1].startswith(f"loading {model}; the conversation so far is cleared")
    assert re.search(r"SmolLM2.*, 4096 tokens, prompt format chatml", shown[2])
    assert shown[3] == "nothing has been asked yet\n  → send a message first"
