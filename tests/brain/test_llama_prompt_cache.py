"""The state after the prompt's head on disk: used by the next show, and never trusted blindly."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import tiny_gguf
from template_props import CHATML

from vtuber.brain import Prompt, PromptLine
from vtuber.brain.llama.backend import Llama
from vtuber.brain.llama.prompt_cache import KEPT, PromptCache
from vtuber.config import Brain, Settings
from vtuber.core.errors import BrainError

SYSTEM = PromptLine(
    "system", "You are Banban, who loves pizza with pineapple and bubble tea, and hates cabbage."
)
OTHER = PromptLine("system", "You are Banban, who has heard what everybody said today.")
HI = PromptLine("viewer", "hi banban, how are you?", "Mika")
TOKENS = list(range(40))
STATE = bytearray(os.urandom(5000))


def quiet(_share: float, _words: str) -> None:
    pass


@asynccontextmanager
async def show(folder: Path, *, command: str = "", **options: Any) -> AsyncIterator[Llama]:
    """A show that has begun, with its cache in a folder of the test's own."""
    brain = Llama(Settings(brain=Brain.model_validate({"threads": 1, **options})))
    brain.cache_folder = folder
    if command:
        brain.command = ("-c", command)
    try:
        await brain.start(quiet)
        yield brain
    finally:
        await brain.stop()


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    return str(tiny_gguf.write(tmp_path / "tiny.gguf", CHATML))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "heads"


async def reply(brain: Llama, system: PromptLine = SYSTEM) -> str:
    async with aclosing(brain.stream(Prompt((system, HI), 1, 12, 1, names=("板板",)))) as tokens:
        return "".join([token async for token in tokens])


async def restored(folder: Path, **options: Any) -> int:
    """How much of the head one more show loads from disk."""
    async with show(folder, **options) as brain:
        await brain.prefill_head((SYSTEM,))
        await reply(brain)
        return brain.usage.restored


# A show and the next


async def test_the_next_show_reads_nothing_of_who_she_is(kept: Path) -> None:
    async with show(kept) as brain:
        await brain.prefill_head((SYSTEM,))
        head = await brain.count((SYSTEM,))
        first = await reply(brain)
        assert brain.usage.restored == 0
        assert "disk" not in brain.health().what
    async with show(kept) as brain:
        await brain.prefill_head((SYSTEM,))
        assert f"{head} tokens of the persona loaded from disk" in brain.health().what
        assert await reply(brain) == first
        assert brain.usage.restored == head
        assert brain.usage.reused == head
        await reply(brain)
        assert (brain.usage.restored, brain.usage.reused) == (head, brain.usage.prompt - 1)


async def test_a_process_that_was_brought_back_uses_it_too(kept: Path, tiny: str) -> None:
    async with show(kept, model=tiny) as brain:
        await brain.prefill_head((SYSTEM,))
        await reply(brain)
        await kill(brain)
        await reply(brain)
        assert brain.usage.restored > 0


async def test_one_that_was_brought_back_has_read_the_head_of_the_last_prompt(kept: Path, tiny: str) -> None:
    async with show(kept, model=tiny) as brain:
        await brain.prefill_head((SYSTEM,))
        files = list(kept.iterdir())
        await reply(brain, OTHER)
        await kill(brain)
        await reply(brain, OTHER)
        assert brain.usage.reused >= await brain.count((OTHER,))
        assert list(kept.iterdir()) == files


async def kill(brain: Llama) -> None:
    process = brain._keeper.process
    assert process is not None
    psutil.Process(process.pid).kill()
    await process.dead.wait()


async def test_only_the_first_head_of_a_show_is_kept(kept: Path, tiny: str) -> None:
    async with show(kept, model=tiny) as brain:
        await brain.prefill_head((SYSTEM,))
        files = list(kept.iterdir())
        await reply(brain)
        await brain.prefill_head((OTHER,))
        await kill(brain)
        await reply(brain, OTHER)
        assert list(kept.iterdir()) == files
        assert brain.usage.restored == 0


async def test_reading_it_once_more_writes_nothing(kept: Path, tiny: str) -> None:
    async with show(kept, model=tiny) as brain:
        await brain.prefill_head((SYSTEM,))
        (file,) = kept.iterdir()
        before = file.stat().st_ino
        await reply(brain)
        await brain.prefill_head((SYSTEM,))
        assert file.stat().st_ino == before


# What it belongs to


async def test_another_setting_has_another_state(kept: Path, tiny: str, tmp_path: Path) -> None:
    adapter = str(tiny_gguf.write_adapter(tmp_path / "her.gguf"))
    assert await restored(kept, model=tiny) == 0
    assert await restored(kept, model=tiny, temperature=0.1, max_tokens=9) > 0, (
        "that has nothing to do with it"
    )
    for options in (
        {"flash_attention": "on"},
        {"lora": [{"path": adapter}]},
        {"lora": [{"path": adapter, "scale": 0.5}]},
    ):
        assert await restored(kept, model=tiny, **options) == 0, options
        assert await restored(kept, model=tiny, **options) > 0, options


async def test_another_file_by_the_same_name_has_another_state(kept: Path, tiny: str) -> None:
    assert await restored(kept, model=tiny) == 0
    told = Path(tiny).stat()
    os.utime(tiny, ns=(told.st_atime_ns, told.st_mtime_ns + 1_000_000_000))
    assert await restored(kept, model=tiny) == 0


@pytest.mark.parametrize("change", ["model", "tokens", "damage"])
def test_somebody_elses_file_is_not_taken(tmp_path: Path, change: str) -> None:
    cache = PromptCache(tmp_path, {"model": 1})
    cache.save(TOKENS, STATE)
    (own,) = tmp_path.iterdir()
    assert cache.load(TOKENS) == STATE
    if change == "damage":
        (tmp_path / own.name).write_bytes(own.read_bytes()[:-1] + b"?")
        assert cache.load(TOKENS) is None
        cache.save(TOKENS, STATE)
        assert cache.load(TOKENS) == STATE
        return
    other, tokens = (
        (PromptCache(tmp_path, {"model": 2}), TOKENS) if change == "model" else (cache, TOKENS[1:])
    )
    assert other.load(tokens) is None
    other.save(tokens, STATE)
    foreign = next(path for path in tmp_path.iterdir() if path != own)
    foreign.write_bytes(own.read_bytes())
    assert other.load(tokens) is None


# What may be on disk


@pytest.mark.parametrize("kept_bytes", [0, 5, 14, 46, 47, 100, -1])
def test_a_file_cut_short_is_not_taken(
    tmp_path: Path, kept_bytes: int, caplog: pytest.LogCaptureFixture
) -> None:
    cache = PromptCache(tmp_path, "x")
    cache.save(TOKENS, STATE)
    (own,) = tmp_path.iterdir()
    own.write_bytes(own.read_bytes()[:kept_bytes])
    with caplog.at_level(logging.WARNING):
        assert cache.load(TOKENS) is None
    assert "damaged" in caplog.text


def test_a_folder_by_its_name_is_not_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = PromptCache(tmp_path, "x")
    cache._path(TOKENS).mkdir()
    assert cache.load(TOKENS) is None
    cache.save(TOKENS, STATE)
    assert "cannot be written" in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == [cache._path(TOKENS).name], (
        "nothing half-written stays"
    )


def test_where_nothing_can_be_written_nothing_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    cache = PromptCache(tmp_path / "file" / "heads", "x")
    cache.save(TOKENS, STATE)
    assert cache.load(TOKENS) is None
    assert "cannot be written" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path / "heads", "x")
    cache.save(TOKENS, STATE)
    assert (tmp_path / "heads").stat().st_mode & 0o777 == 0o700
    assert cache._path(TOKENS).stat().st_mode & 0o777 == 0o600


def test_the_last_few_that_were_used_are_kept(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, "x")
    (tmp_path / "begun.part").write_bytes(b"half")
    (tmp_path / "abandoned.part").write_bytes(b"half")
    old = time.time() - 5000
    os.utime(tmp_path / "abandoned.part", (old, old))
    for number in range(KEPT):
        cache.save([number], STATE)
        os.utime(cache._path([number]), (old + number, old + number))
    assert cache.load([0]) == STATE  # used just now
    cache.save([KEPT], STATE)
    assert [bool(cache.load([number])) for number in range(KEPT + 1)] == [True, False, True, True]
    assert sorted(path.name for path in tmp_path.glob("*.part")) == ["begun.part"]


async def test_a_damaged_file_is_read_over_and_written_anew(kept: Path, tiny: str) -> None:
    assert await restored(kept, model=tiny) == 0
    (file,) = kept.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-100] + bytes(100))
    assert await restored(kept, model=tiny) == 0
    assert file.read_bytes() == whole
    assert await restored(kept, model=tiny) > 0


BENT = """
import vtuber.brain.llama.engine as e, vtuber.brain.llama.worker as p
state = e.Engine.state
e.Engine.state = lambda self: {bent}
p.main()
"""


@pytest.mark.parametrize("bent", ["state(self)[:-50]", "bytearray(800)", "state(self) + bytearray(9)"])
async def test_a_state_that_llama_cpp_refuses_is_read_over(kept: Path, tiny: str, bent: str) -> None:
    """The file is whole, and what is in it is not."""
    assert await restored(kept, model=tiny, command=BENT.format(bent=bent)) == 0
    assert await restored(kept, model=tiny) == 0
    assert await restored(kept, model=tiny) > 0


# A process that dies of it

DIES = """
import os, pathlib, signal, vtuber.brain.llama.engine as e, vtuber.brain.llama.worker as p
log = pathlib.Path({log!r})
restore, prepare = e.Engine.restore, e.Engine.prepare
def note(word):
    with log.open("a") as file: file.write(word)
def restoring(self, *rest):
    note("r")
    if {at!r} == log.read_text(): os.kill(os.getpid(), signal.{by})
    return restore(self, *rest)
def preparing(self, tokens):
    if self.restored and {at!r} == "reply":
        note("d"); os.kill(os.getpid(), signal.SIGSEGV)
    return prepare(self, tokens)
e.Engine.restore, e.Engine.prepare = restoring, preparing
p.main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows cannot send itself that signal")
@pytest.mark.parametrize(("at", "by"), [("r", "SIGSEGV"), ("r", "SIGKILL"), ("reply", "SIGSEGV")])
async def test_a_process_that_dies_of_it_is_followed_by_one_without(
    kept: Path, tiny: str, tmp_path: Path, at: str, by: str
) -> None:
    """Also where the system ends it for the memory that loading takes."""
    assert await restored(kept, model=tiny) == 0
    log = tmp_path / "log"
    async with show(kept, model=tiny, command=DIES.format(log=str(log), at=at, by=by)) as brain:
        if at == "reply":
            await brain.prefill_head((SYSTEM,))
        with pytest.raises(BrainError, match=by):
            await (reply(brain) if at == "reply" else brain.prefill_head((SYSTEM,)))
        await brain.prefill_head((SYSTEM,))
        await reply(brain)
        await kill(brain)
        await reply(brain)
        assert brain.usage.restored == 0
        assert log.read_text() == ("rd" if at == "reply" else "r"), "it was tried once"
        assert "processor" not in brain.health().what


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows cannot send itself that signal")
async def test_one_that_dies_of_it_while_it_is_brought_back_is_too(
    kept: Path, tiny: str, tmp_path: Path
) -> None:
    assert await restored(kept, model=tiny) == 0
    log = tmp_path / "log"
    async with show(kept, model=tiny, command=DIES.format(log=str(log), at="rr", by="SIGSEGV")) as brain:
        await brain.prefill_head((SYSTEM,))
        await reply(brain)
        assert brain.usage.restored > 0
        await kill(brain)
        await reply(brain)
        assert brain.usage.restored == 0
        assert log.read_text() == "rr"
        assert "processor" not in brain.health().what


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell by whom a process was ended")
async def test_one_that_is_killed_before_it_has_answered_did_not_die_of_it(kept: Path, tiny: str) -> None:
    assert await restored(kept, model=tiny) == 0
    async with show(kept, model=tiny) as brain:
        await brain.prefill_head((SYSTEM,))
        for _ in range(2):
            await kill(brain)
            await brain.prefill_head((SYSTEM,))
        await reply(brain)
        assert brain.usage.restored > 0
