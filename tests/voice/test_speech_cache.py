"""What comes often is made once; and what is kept of it, where, and for how long."""

from __future__ import annotations

import errno
import logging
import os
import stat
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_router import Scripted
from voice_props import CHARACTER, hear

from benchmarks.scripted import tone
from vtuber.config import Settings
from vtuber.core import sound
from vtuber.core.events import Chunk, Sound, Viseme, Word
from vtuber.voice import Style, Utterance
from vtuber.voice.router import VoiceRouter
from vtuber.voice.speech import speech_cache, speech_files
from vtuber.voice.speech.speech_cache import LONGEST, MEMORY, SpeechCache
from vtuber.voice.speech.speech_files import SpeechFiles
from vtuber.voice.speech.speech_key import SpeechKey

KEY, OTHER = "a" * 64, "b" * 64
TEXT = "Hi, 板板 wow"
ITEMS: Sequence[Chunk] = (
    Word("Hi,", 0.0, 0.25),
    Viseme("I", 0.1, 0.2),
    Sound(tone(0.5)),
    Word("板板", 0.5, 0.7),
    Sound(tone(0.125)),
    Sound(tone(0.25)),
    Word("wow", 0.7, 0.875),
)


class Maker:
    """Makes ``items``, and counts how often."""

    def __init__(self, items: Sequence[Chunk] = ITEMS) -> None:
        self.items = items
        self.made = 0

    async def __call__(self) -> AsyncGenerator[Chunk, None]:
        self.made += 1
        for item in self.items:
            yield item


async def say(cache: SpeechCache, make: Maker, key: str = KEY, text: str = TEXT) -> list[Chunk]:
    return [item async for item in cache.speech(key, text, make)]


async def opened(folder: Path, most: int = 10_000_000) -> SpeechCache:
    cache = SpeechCache(SpeechFiles(folder, most))
    await cache.start()
    return cache


async def kept_on_disk(folder: Path, key: str = KEY, most: int = 10_000_000) -> Path:
    """Has ``ITEMS`` said twice."""
    cache = await opened(folder, most)
    for _ in range(2):
        await say(cache, Maker(), key)
    await cache.close()
    return folder / f"{key}.speech"


async def test_what_was_made_once_is_given_again_as_it_was(tmp_path: Path) -> None:
    cache, make = await opened(tmp_path), Maker()
    assert await say(cache, make) == list(ITEMS)
    assert await say(cache, make) == list(ITEMS)
    assert (make.made, cache.asked, cache.hits) == (1, 2, 1)
    await say(cache, make, OTHER)
    assert make.made == 2
    await cache.close()


async def test_only_what_was_said_twice_reaches_the_disk_and_the_next_show(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "cache"
    cache = await opened(folder)
    await say(cache, Maker())
    await say(cache, Maker(), OTHER)
    await cache.close()
    assert not folder.exists()

    path = await kept_on_disk(folder)
    assert [each.name for each in folder.iterdir()] == [path.name]
    again, make = await opened(folder), Maker()
    assert await say(again, make) == list(ITEMS)
    assert await say(again, make) == list(ITEMS)
    assert make.made == 0
    await again.close()


async def test_a_file_is_its_owners_alone_and_has_no_words_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    path = await kept_on_disk(folder)
    assert "板板".encode() not in path.read_bytes()
    assert b"wow" not in path.read_bytes()
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("word", [Word("else", 0, 1), Word(TEXT, 0, 1), Word("Hi,板板wow", 1, 0)])
async def test_what_could_not_be_read_again_stays_in_memory(tmp_path: Path, word: Word) -> None:
    cache, make = await opened(tmp_path), Maker([word, Sound(tone(0.5))])
    for _ in range(3):
        await say(cache, make)
    await cache.close()
    assert make.made == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "items",
    [
        [],
        [Word("Hi", 0, 1)],
        [Word("Hi", 0, 1), Sound(sound.silence(0.5))],
        [Sound(tone(1.0))] * (round(LONGEST) + 1),
    ],
    ids=["nothing", "no sound", "silence", "too long"],
)
async def test_what_is_no_speech_or_too_long_is_made_again(tmp_path: Path, items: list[Chunk]) -> None:
    cache, make = await opened(tmp_path), Maker(items)
    for _ in range(2):
        assert await say(cache, make, text="Hi") == items
    assert make.made == 2


async def test_what_was_cut_is_not_kept(tmp_path: Path) -> None:
    cache, make = await opened(tmp_path), Maker()
    for until in (1, 4, len(ITEMS)):  # also when it is closed behind the last item
        async with aclosing(cache.speech(KEY, TEXT, make)) as items:
            for _ in range(until):
                await anext(items)
    assert make.made == 3


async def test_memory_is_bounded_and_what_was_used_last_stays(tmp_path: Path) -> None:
    cache, long = await opened(tmp_path), Maker([Sound(tone(10.0))])
    fits = MEMORY // len(tone(10.0))
    keys = [f"{number:064x}" for number in range(fits + 1)]
    for key in keys[:fits]:
        await say(cache, long, key)
    await say(cache, long, keys[0])
    await say(cache, long, keys[fits])
    assert long.made == fits + 1
    await say(cache, long, keys[0])
    assert long.made == fits + 1
    await say(cache, long, keys[1])
    assert long.made == fits + 2
    await cache.close()


async def test_the_disk_is_bounded_and_what_was_used_last_stays(tmp_path: Path) -> None:
    keys = [f"{number:064x}" for number in range(3)]
    size = (await kept_on_disk(tmp_path, keys[0])).stat().st_size
    await kept_on_disk(tmp_path, keys[1])
    for at, key in enumerate(keys[:2]):
        os.utime(tmp_path / f"{key}.speech", (1_700_000_000 + at, 1_700_000_000 + at))
    SpeechFiles(tmp_path, 2 * size).load(keys[0], TEXT)  # it is the newer one now
    SpeechFiles(tmp_path, 2 * size).save(keys[2], TEXT, ITEMS)
    assert {path.stem for path in tmp_path.iterdir()} == {keys[0], keys[2]}
    assert SpeechFiles(tmp_path, size).open() == {keys[2]}
    assert not SpeechFiles(tmp_path, size - 1).save(keys[1], TEXT, ITEMS)
    assert [path.stem for path in tmp_path.iterdir()] == [keys[2]]


async def test_what_is_old_or_was_never_finished_goes(tmp_path: Path) -> None:
    path = await kept_on_disk(tmp_path)
    for name in ("old.part", "notes.txt"):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (1, 1))
    (tmp_path / "new.part").write_bytes(b"half")
    assert SpeechFiles(tmp_path, 10_000_000).open() == {KEY}
    os.utime(path, (1, 1))
    assert SpeechFiles(tmp_path, 10_000_000).open() == set()
    assert {each.name for each in tmp_path.iterdir()} == {"new.part", "notes.txt"}


def _resealed(body: bytes) -> bytes:
    digest = speech_files._digest(KEY.encode(), body)  # a forgery needs it
    return speech_files._MAGIC + digest + body


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: whole[:-2],
        lambda whole: whole[:60],
        lambda _: b"",
        lambda _: b"RIFF of another program",
        lambda whole: whole.replace(b'"I"', b'"O"'),
        lambda whole: whole + bytes(speech_files.LARGEST),
        lambda _: _resealed(b"{}\n"),
        lambda _: _resealed(b"[" * 100_000),
        lambda _: _resealed(b'[["XA",0,1],[8,0,1]]\n'),
        lambda _: _resealed(b"[[8,NaN,1]]\n"),
        lambda _: _resealed(b"[[9,0,1]]\n"),
        lambda _: _resealed(b"[[8,0,1],3]\nabc"),
        lambda _: _resealed(b"[[8,0,1]]\nmore"),
    ],
)
async def test_a_damaged_or_foreign_file_is_removed_and_made_again(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    path = await kept_on_disk(tmp_path)
    path.write_bytes(spoil(path.read_bytes()))
    cache, make = await opened(tmp_path), Maker()
    assert await say(cache, make) == list(ITEMS)
    assert make.made == 1
    assert not path.exists()
    await say(cache, make)
    await cache.close()
    assert SpeechFiles(tmp_path, 10_000_000).load(KEY, TEXT) == list(ITEMS)


async def test_a_file_under_another_name_is_not_believed(tmp_path: Path) -> None:
    path = await kept_on_disk(tmp_path)
    path.rename(tmp_path / f"{OTHER}.speech")
    cache, make = await opened(tmp_path), Maker()
    await say(cache, make, OTHER)
    assert make.made == 1
    assert not list(tmp_path.iterdir())


async def test_a_file_that_another_program_removed_is_made_again(tmp_path: Path) -> None:
    path = await kept_on_disk(tmp_path)
    cache, make = await opened(tmp_path), Maker()
    path.unlink()
    assert await say(cache, make) == list(ITEMS)
    assert make.made == 1


async def test_a_full_disk_costs_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_path: Path, _parts: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(speech_files, "write_whole", full)
    cache, make = await opened(tmp_path), Maker()
    for key in (KEY, OTHER):
        for _ in range(3):
            assert await say(cache, make, key) == list(ITEMS)
    await cache.close()
    assert make.made == 2
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "No space left on device" in warnings[0]


async def test_a_folder_that_cannot_be_written_costs_one_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache, make = await opened(tmp_path / "file" / "cache"), Maker()
    for key in (KEY, OTHER):
        for _ in range(3):
            assert await say(cache, make, key) == list(ITEMS)
    await cache.close()
    assert make.made == 2
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


async def test_forgetting_takes_all(tmp_path: Path) -> None:
    await kept_on_disk(tmp_path)
    await kept_on_disk(tmp_path, OTHER)
    (tmp_path / "other.part").write_bytes(b"half")
    cache, make = await opened(tmp_path), Maker()
    await say(cache, make)
    async with aclosing(cache.speech("c" * 64, TEXT, make)) as items:  # in the making meanwhile
        await anext(items)
        cache.clear()
        async for _ in items:
            pass
    await cache.close()
    assert not list(tmp_path.iterdir())
    for key in (KEY, OTHER, "c" * 64):
        await say(cache, make, key)
    assert make.made == 4


async def test_what_waits_to_be_written_is_forgotten_too(tmp_path: Path) -> None:
    cache = await opened(tmp_path)
    for _ in range(2):
        await say(cache, Maker())
    cache.clear()
    await cache.close()
    assert not list(tmp_path.iterdir())


async def test_without_files_it_keeps_nothing() -> None:
    cache, make = speech_cache.build(0), Maker()
    await cache.start()
    for _ in range(2):
        await say(cache, make)
    cache.clear()
    await cache.close()
    assert make.made == 2


def key_of(utterance: Utterance, voice: Mapping[str, Any] | None = None, **more: Any) -> str:
    settings = Settings.model_validate({"voice": voice or {}})
    maker = more.get("maker") or Scripted()
    character = replace(CHARACTER, voices=more.get("voices", {}))
    return SpeechKey(more.get("name", "edge"), maker, settings, character).of(utterance)


class Fingered(Scripted):
    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model

    def fingerprint(self) -> str:
        return self.model


def test_all_that_is_heard_makes_another_key() -> None:
    hello = Utterance("hello", "en", "calm", Style("Al", 1.0, 0.0, 0.0))
    keys = [
        key_of(hello),
        key_of(replace(hello, text="hello ")),
        key_of(replace(hello, language="zh-TW")),
        *(
            key_of(replace(hello, style=style))
            for style in (Style("Bo"), Style("Al", 1.1), Style("Al", 1.0, 2))
        ),
        key_of(hello, name="kokoro"),
        key_of(hello, voices={"edge": {"voice": "Yun"}}),
        key_of(hello, {"pronunciations": {"hello": "hallo"}}),
        key_of(hello, {"emoji": "named"}),
        key_of(hello, {"openai": {"url": "http://127.0.0.1:1/v1"}}),
        key_of(hello, {"openai": {"model": "tts-2"}}),
        key_of(hello, maker=Fingered("one")),
        key_of(hello, maker=Fingered("two")),
    ]
    assert len(set(keys)) == len(keys)
    same = [
        key_of(replace(hello, mood="happy")),
        key_of(replace(hello, style=Style("Al", 1.0, 0.0, 6.0))),  # loudness comes later
        key_of(hello, {"loudness": -20, "speed": 1.5, "cache_megabytes": 7}),
    ]
    assert set(same) == {keys[0]}


async def router_of(cache: SpeechCache, *voices: Scripted) -> VoiceRouter:
    names = [f"number {at}" for at, _ in enumerate(voices)]
    settings = Settings.model_validate({"voice": {"use": names, "moods": {"sad": {"rate": 0.5}}}})
    router = VoiceRouter(dict(zip(names, voices, strict=True)), settings, CHARACTER, cache)
    await router.start()
    return router


async def test_a_voice_is_asked_once_for_the_same(tmp_path: Path) -> None:
    voice = Scripted()
    router = await router_of(await opened(tmp_path), voice)
    heard = [await hear(router.speak(Utterance("one two", mood=mood))) for mood in ("", "happy", "", "sad")]
    assert voice.asked == ["one two"] * 2  # sad is slower
    for one in heard:
        one.check("one two")
        assert one.words == heard[0].words
    assert heard[1].pcm == heard[2].pcm
    await router.stop()
    next_voice = Scripted()
    router = await router_of(await opened(tmp_path), next_voice)
    (await hear(router.speak(Utterance("one two")))).check("one two")
    assert next_voice.asked == []
    await router.stop()


async def test_what_a_voice_did_not_finish_is_not_kept(tmp_path: Path) -> None:
    first, second = Scripted(1), Scripted()
    cache = await opened(tmp_path)
    router = await router_of(cache, first, second)
    (await hear(router.speak(Utterance("one two")))).check("one two")
    router = await router_of(cache, Scripted(), Scripted())
    (await hear(router.speak(Utterance("one two")))).check("one two")
    assert cache.hits == 0
    assert second.asked == ["two"]


async def test_a_voice_that_failed_is_not_spoken_for(tmp_path: Path) -> None:
    """Else it would be taken for well again."""
    voice = Scripted()
    router = await router_of(await opened(tmp_path), voice)
    await hear(router.speak(Utterance("one two")))
    voice.words = 0
    await hear(router.speak(Utterance("three")))
    router._members["number 0"].again_at = 0.0  # it has rested
    voice.words = 1000
    (await hear(router.speak(Utterance("one two")))).check("one two")
    assert voice.asked == ["one two", "three", "one two"]
    await router.stop()
