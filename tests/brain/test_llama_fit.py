"""Models that others made, in the real process: what each is asked in, and what is said of a bad one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import tiny_gguf
from template_props import CHATML, LLAMA_3_NAMES, VICUNA

from vtuber.brain import Prompt, PromptLine
from vtuber.brain.llama import prompt_format
from vtuber.brain.llama.backend import Llama
from vtuber.brain.templates.formats import FORMATS
from vtuber.config import Brain, Settings
from vtuber.core.errors import ConfigError
from vtuber.core.health import State

SYSTEM = PromptLine("system", "You are 板板.")
HI = PromptLine("viewer", "hi", "小雨")
HANGS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
BROKEN = "{{ '<|im_start|>' }}{% if %}"


def quiet(_share: float, _words: str) -> None:
    pass


@asynccontextmanager
async def started(path: Path, **options: Any) -> AsyncIterator[Llama]:
    brain = Llama(Settings(brain=Brain.model_validate({"model": str(path), "threads": 1, **options})))
    try:
        await brain.start(quiet)
        yield brain
    finally:
        await brain.stop()


async def refusal(path: Path, **options: Any) -> ConfigError:
    """What the streamer is told; no process is left."""
    before = psutil.Process().children()
    with pytest.raises(ConfigError) as caught:
        async with started(path, **options):
            pass
    assert psutil.Process().children() == before
    return caught.value


async def reply(brain: Llama) -> str:
    async with aclosing(brain.stream(Prompt((SYSTEM, HI), 1, 8, 1, names=("板板",)))) as tokens:
        return "".join([token async for token in tokens])


@pytest.mark.parametrize(
    ("template", "name"), [(CHATML, "chatml"), (LLAMA_3_NAMES, "banban"), (VICUNA, "vicuna")]
)
async def test_a_format_is_chosen_by_itself(tmp_path: Path, template: str, name: str) -> None:
    async with started(tiny_gguf.write(tmp_path / "tiny.gguf", template)) as brain:
        assert brain.template == FORMATS[name]
        assert brain.health().state is State.OK
        assert f"prompt format {name}" in brain.health().what
        await reply(brain)


async def test_the_models_own_format_is_used_as_it_is(tmp_path: Path) -> None:
    template = CHATML.replace("'<|im_start|>'", "bos_token + '<|im_start|>'")
    async with started(tiny_gguf.write(tmp_path / "tiny.gguf", template, adds_bos=False)) as brain:
        assert brain.template.name == "jinja"
        await reply(brain)
        pieces = list(brain.template.prompt((SYSTEM, HI), "板板"))
        assert pieces[0] == ("<s>", "control")
        assert await brain.count((SYSTEM, HI)) < brain.usage.prompt
        assert brain.health().state is State.OK


async def test_config_has_the_last_word(tmp_path: Path) -> None:
    model = tiny_gguf.write(tmp_path / "tiny.gguf", CHATML)
    async with started(model, template="gemma") as brain:
        assert brain.template is FORMATS["gemma"]
    async with started(model, template="jinja") as brain:
        assert brain.template.name == "jinja"
        assert brain.template.viewer == FORMATS["chatml"].viewer
    hostile = tiny_gguf.write(tmp_path / "hostile.gguf", HANGS)
    async with started(hostile, template="qwen") as brain:
        assert brain.template is FORMATS["chatml"]


async def test_a_format_is_learned_once(tmp_path: Path) -> None:
    async with started(tiny_gguf.write(tmp_path / "tiny.gguf", VICUNA)) as brain:
        before, process = brain.template, brain._keeper.process
        assert process is not None
        psutil.Process(process.pid).kill()
        await process.dead.wait()
        await reply(brain)
        assert brain.template is before


@pytest.mark.parametrize(
    ("template", "name", "reported"),
    [
        (None, "plain", "contains no chat template"),
        (BROKEN, "chatml", "TemplateSyntaxError"),
        ("{{ raise_exception('[INST] \x1b[31m') }}", "mistral", r"\x1b"),
        ("{{ messages[-1].content }} USER:", "vicuna", "leaves out"),
    ],
)
async def test_a_guess_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, template: str | None, name: str, reported: str
) -> None:
    async with started(tiny_gguf.write(tmp_path / "tiny.gguf", template)) as brain:
        assert brain.template is FORMATS[name]
        health = brain.health()
        assert health.state is State.LIMITED
        for words in (health.what, caplog.text):
            assert "guess" in words
            assert name in words
            assert reported in words
            assert "\x1b" not in words
        assert "brain.template" in health.hint
        await reply(brain)


@pytest.mark.parametrize("template", [None, BROKEN])
async def test_asked_for_by_config_it_is_no_guess(tmp_path: Path, template: str | None) -> None:
    error = await refusal(tiny_gguf.write(tmp_path / "tiny.gguf", template), template="jinja")
    assert error.where == "brain.template"
    assert "chatml" in error.hint


@pytest.mark.parametrize(
    ("template", "reported"),
    [
        ("{{ ''.__class__ }}", "'__class__'"),
        ("{% import 'os\x1b' as os %}", r"another file, 'os\x1b'"),
        ("{{ range(10 ** 10) }}", "Range too big"),
        ("{{ 9 ** (9 ** 9) % 7 }}", "a huge value"),
    ],
)
async def test_a_hostile_chat_template_is_refused(tmp_path: Path, template: str, reported: str) -> None:
    error = await refusal(tiny_gguf.write(tmp_path / "bad.gguf", template))
    assert "dangerous" in error.what
    assert reported in error.what
    assert "bad.gguf" in error.where
    assert "brain.template" in error.hint


async def test_a_chat_template_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_format, "_LEARN_SECONDS", 0.2)
    error = await refusal(tiny_gguf.write(tmp_path / "bad.gguf", HANGS))
    assert "dangerous" in error.what
    assert "0.2 seconds" in error.what


async def test_an_unknown_kind_of_model_is_no_damage(tmp_path: Path) -> None:
    error = await refusal(tiny_gguf.write(tmp_path / "new.gguf", CHATML, architecture="banbanito"))
    assert "'banbanito'" in error.what
    assert "llama-cpp-python" in error.hint
    assert "new.gguf" in error.where


@pytest.mark.parametrize("kept", [20, 2000, -4000, -10])
async def test_a_file_cut_short_is_damaged(tmp_path: Path, kept: int) -> None:
    whole = tiny_gguf.write(tmp_path / "whole.gguf", CHATML).read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[:kept])
    error = await refusal(tmp_path / "cut.gguf")
    assert "incomplete" in error.what
    assert "read" in error.what or "bounds" in error.what, "llama.cpp's own first words are kept"
    assert "download" in error.hint


async def test_what_is_no_gguf_is_reported_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "page.gguf").write_text("<html>not found</html>", "utf-8")
    error = await refusal(tmp_path / "page.gguf")
    assert "not a GGUF" in error.what


async def test_weights_that_are_missing_are_reported(tmp_path: Path) -> None:
    error = await refusal(tiny_gguf.write(tmp_path / "empty.gguf", CHATML, weights=False))
    assert "token_embd" in error.what


# The cache


async def test_a_quantized_cache_without_flash_attention_is_reported_before_anything_starts(
    tmp_path: Path,
) -> None:
    model = tiny_gguf.write(tmp_path / "tiny.gguf", CHATML)
    error = await refusal(model, cache_type="q8_0", flash_attention="off")
    assert error.where == "brain.flash_attention"
    assert "q8_0 needs flash attention" in error.what
    assert "auto" in error.hint


async def test_a_cache_that_the_model_cannot_have_is_reported(tmp_path: Path) -> None:
    error = await refusal(tiny_gguf.write(tmp_path / "tiny.gguf", CHATML), cache_type="q4_0")
    assert error.where == "brain.cache_type"
    assert "does not work with a q4_0 cache" in error.what
    assert "f16" in error.hint


async def test_a_context_for_which_there_is_no_room_is_reported(tmp_path: Path) -> None:
    model = tiny_gguf.write(tmp_path / "tiny.gguf", CHATML)
    nobodys = "import vtuber.brain.llama.engine as e, vtuber.brain.llama.worker as p\n"
    nobodys += "e.c.llama_init_from_model = lambda model, params: None\np.main()\n"
    brain = Llama(Settings(brain=Brain(model=str(model), threads=1)))
    brain.command = ("-c", nobodys)
    with pytest.raises(ConfigError, match="no memory for a context") as caught:
        await brain.start(quiet)
    await brain.stop()
    assert caught.value.where == "brain.context"


# LoRA adapters


def adapters(*paths: Path, scale: float = 1.0) -> list[dict[str, Any]]:
    return [{"path": str(path), "scale": scale} for path in paths]


async def test_adapters_are_in_use_and_stay_so(tmp_path: Path) -> None:
    model = tiny_gguf.write(tmp_path / "tiny.gguf", CHATML)
    one = tiny_gguf.write_adapter(tmp_path / "one.gguf", seed=1)
    two = tiny_gguf.write_adapter(tmp_path / "板板.gguf", seed=2)
    greedy = {"temperature": 0}
    async with started(model, **greedy) as brain:
        plain = await reply(brain)
    async with started(model, lora=adapters(one, scale=0.0), **greedy) as brain:
        assert await reply(brain) == plain
    async with started(model, lora=adapters(one, two), **greedy) as brain:
        assert (changed := await reply(brain)) != plain
        assert "2 LoRA adapters" in brain.health().what
        process = brain._keeper.process
        assert process is not None
        psutil.Process(process.pid).kill()
        await process.dead.wait()
        assert await reply(brain) == changed, "a process that was brought back has them too"


@pytest.mark.parametrize(
    ("other", "reported"),
    [
        ({"architecture": "gemma2"}, "arch mismatch"),
        ({"width": 64}, "incorrect shape"),
        ({"layer": 7}, "does not exist in base model"),
    ],
)
async def test_an_adapter_for_another_model_is_refused(
    tmp_path: Path, other: dict[str, Any], reported: str
) -> None:
    model = tiny_gguf.write(tmp_path / "tiny.gguf", CHATML)
    good = tiny_gguf.write_adapter(tmp_path / "good.gguf")
    bad = tiny_gguf.write_adapter(tmp_path / "bad.gguf", **other)
    error = await refusal(model, lora=adapters(good, bad))
    assert error.where == f"brain.lora[1]: {bad}"
    assert "made for another model" in error.what
    assert reported in error.what
    assert "remove the adapter" in error.hint


async def test_a_whole_model_is_no_adapter(tmp_path: Path) -> None:
    model = tiny_gguf.write(tmp_path / "tiny.gguf", CHATML)
    error = await refusal(model, lora=adapters(model))
    assert error.where == f"brain.lora[0]: {model}"
    assert "not a LoRA adapter" in error.what
    assert "brain.model" in error.hint


@pytest.mark.parametrize("kept", [20, 200, -100])
async def test_an_adapter_cut_short_is_reported(tmp_path: Path, kept: int) -> None:
    model = tiny_gguf.write(tmp_path / "tiny.gguf", CHATML)
    whole = tiny_gguf.write_adapter(tmp_path / "whole.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[:kept])
    error = await refusal(model, lora=adapters(tmp_path / "cut.gguf"))
    assert "brain.lora[0]" in error.where
    assert "incomplete" in error.what


async def test_an_adapter_that_kills_is_named(tmp_path: Path) -> None:
    """llama.cpp ends the process over a value of another kind than it expects."""
    model = tiny_gguf.write(tmp_path / "tiny.gguf", CHATML)
    bad = tiny_gguf.write_adapter(tmp_path / "bad.gguf")
    bad.write_bytes(bad.read_bytes().replace(b"lora.alpha\x06", b"lora.alpha\x04"))  # a float is now a number
    error = await refusal(model, lora=adapters(bad))
    assert error.where == f"brain.lora[0]: {bad}"
    assert "crashes with this adapter" in error.what
    assert "remove the adapter" in error.hint


async def test_what_is_no_adapter_is_reported_before_anything_starts(tmp_path: Path) -> None:
    model = tiny_gguf.write(tmp_path / "tiny.gguf", CHATML)
    (tmp_path / "page.gguf").write_text("<html>not found</html>", "utf-8")
    error = await refusal(model, lora=adapters(tmp_path / "page.gguf"))
    assert "not a GGUF" in error.what
    assert "convert_lora_to_gguf" in error.hint
    error = await refusal(model, lora=adapters(tmp_path / "gone.gguf"))
    assert error.what == "there is no such file"
    assert "gone.gguf" in error.where
    assert "cannot be read" in (await refusal(model, lora=adapters(tmp_path))).what
