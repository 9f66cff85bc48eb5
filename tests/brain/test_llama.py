"""The real model in its real process: streaming, cache, stopping, dying."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from vtuber.brain import Prompt, PromptLine, Usage
from vtuber.brain.llama import backend
from vtuber.brain.llama.backend import Llama
from vtuber.brain.llama.process import WorkerProcess
from vtuber.config import Brain, Settings
from vtuber.core import clock
from vtuber.core.errors import BrainError, ConfigError
from vtuber.core.health import State
from vtuber.core.simulated import SimulatedLoop
from vtuber.models.store import locate

pytestmark = pytest.mark.asyncio(loop_scope="module")

SYSTEM = PromptLine("system", "You are Banban, who loves pizza with pineapple and bubble tea.")
HI = PromptLine("viewer", "hi banban, how are you?", "Mika")
LONG = PromptLine("viewer", "tell me about pizza, " * 400, "Mika")


def settings(**brain: object) -> Settings:
    return Settings(brain=Brain.model_validate({"threads": 1, **brain}))


def ask(*lines: PromptLine, seed: int = 1, max_tokens: int = 12, so_far: str = "") -> Prompt:
    return Prompt((SYSTEM, *lines), 1, max_tokens, seed, so_far, ("板板", "banban"))


def quiet(_share: float, _words: str) -> None:
    pass


async def reply(brain: Llama, prompt: Prompt) -> str:
    async with aclosing(brain.stream(prompt)) as tokens:
        return "".join([token async for token in tokens])


def python(code: str) -> tuple[str, ...]:
    """A process that runs ``code`` in place of the model's own."""
    return ("-c", code)


async def drain(stream: AsyncIterator[str]) -> None:
    async for _ in stream:
        pass


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def brain() -> AsyncIterator[Llama]:
    one = Llama(settings())
    await one.start(quiet)
    yield one
    await one.stop()


async def test_the_embedded_model_says_what_it_is(brain: Llama) -> None:
    health = brain.health()
    assert health.state is State.LIMITED
    assert "toy" in health.what
    assert "banban models get" in health.hint
    assert brain.context == 4096


async def test_the_parent_never_loads_llama_cpp(brain: Llama) -> None:
    code = (
        "import sys, vtuber.brain.llama.backend, vtuber.brain.conversation\nprint('llama_cpp' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert out.strip() == b"False"


async def test_tokens_stream(brain: Llama) -> None:
    pieces = [piece async for piece in brain.stream(ask(HI))]
    assert len(pieces) > 3
    assert "".join(pieces) == "".join(pieces).lstrip()
    assert brain.usage.reply >= len(pieces)
    opening = brain.usage.prompt - await brain.count((SYSTEM, HI))
    assert 3 <= opening <= 5  # <|im_start|>assistant and the line's end


async def test_the_same_seed_gives_the_same_reply(brain: Llama) -> None:
    prompt = ask(HI, seed=5, max_tokens=20)
    await reply(brain, prompt)
    first, second = await reply(brain, prompt), await reply(brain, prompt)
    assert first == second
    others = [await reply(brain, ask(HI, seed=seed, max_tokens=20)) for seed in (6, 7, 8)]
    assert any(other != first for other in others)


async def test_what_was_read_before_is_not_read_again(brain: Llama) -> None:
    await brain.prefill_head((SYSTEM,))
    said = await reply(brain, ask(HI, max_tokens=20, seed=2))  # with it, no label stands before her words
    assert brain.usage.reused >= await brain.count((SYSTEM,))
    before, made = brain.usage.prompt, brain.usage.reply
    again = PromptLine("viewer", "and you?", "Kai")
    await reply(brain, ask(HI, PromptLine("self", said, "板板"), again))
    assert brain.usage.reused >= before + made - 2, "her own words stay in the cache too"


async def test_prefilling_once_more_forgets_nothing_of_history(brain: Llama) -> None:
    await brain.prefill_head((SYSTEM,))
    await reply(brain, ask(HI, PromptLine("self", "Hi Mika!", "板板"), HI))
    await brain.prefill_head((SYSTEM,))
    await reply(brain, ask(HI, PromptLine("self", "Hi Mika!", "板板"), HI))
    assert brain.usage.reused == brain.usage.prompt - 1


async def test_a_reply_closed_when_all_of_it_was_made_has_a_usage_of_its_own(brain: Llama) -> None:
    await reply(brain, ask(HI, HI, HI))
    before = brain.usage
    await brain.prefill((SYSTEM, PromptLine("viewer", "what is for dinner?", "Kai")))
    async with aclosing(brain.stream(ask(HI, max_tokens=6))) as stream:
        await anext(stream)
        assert brain.usage == Usage(), "nothing is known yet"
        assert brain._keeper.process is not None
        async with asyncio.timeout(30):
            while brain._keeper.process._requests:
                await asyncio.sleep(0.01)
    assert 0 < brain.usage.prompt < before.prompt
    assert brain.usage.reply > 1
    assert brain.usage.ahead > 5
    await reply(brain, ask(HI))
    assert brain.usage.ahead == 0


async def test_sentences_joined_anew_are_still_her_own_tokens(brain: Llama) -> None:
    said = await reply(brain, ask(HI, seed=9, max_tokens=30))
    spaced = "  ".join(said.split(" "))
    first = brain.usage
    await reply(brain, ask(HI, PromptLine("self", spaced, "板板"), HI))
    assert brain.usage.reused >= first.prompt + first.reply - 2


async def test_dropped_lines_are_moved_over_not_read_again(brain: Llama) -> None:
    pairs = [
        (
            PromptLine("viewer", f"number {n}: what do you think of tea and rain?", "Kai"),
            PromptLine("self", f"{n}! Tea it is.", ""),
        )
        for n in range(8)
    ]
    whole = [line for pair in pairs for line in pair]
    await reply(brain, ask(*whole, HI))
    await reply(brain, ask(*whole[6:], HI))
    assert brain.usage.prompt - brain.usage.reused <= 2
    assert await reply(brain, ask(*whole[6:], HI))


async def test_closing_stops_it_and_the_next_one_works(brain: Llama) -> None:
    pid = brain.pid
    stream = brain.stream(ask(HI, max_tokens=400))
    await anext(stream)
    await stream.aclose()
    assert brain.usage.reply < 20
    assert await reply(brain, ask(HI))
    assert brain.pid == pid, "it was stopped, not ended"


async def test_cancelling_stops_the_reading_of_a_long_prompt(brain: Llama) -> None:
    pid = brain.pid
    assert await brain.count((LONG,)) > 1500
    task = asyncio.create_task(reply(brain, ask(LONG)))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert brain.usage.reply == 0
    assert await reply(brain, ask(HI))
    assert brain.usage.prompt < 100
    assert brain.pid == pid


async def test_a_reading_that_was_stopped_had_most_still_to_read(tmp_path: Path) -> None:
    brain = Llama(settings())
    brain.command = python(
        "import pathlib, vtuber.brain.llama.engine as e, vtuber.brain.llama.worker as p\n"
        f"flag, told = (pathlib.Path({str(tmp_path)!r}, name) for name in ('begun', 'told'))\n"
        "prepare, evaluate = e.Engine.prepare, e.Engine._evaluate\n"
        "def telling(self, tokens):\n"
        "    try: return prepare(self, tokens)\n"
        "    except e.Stopped: told.write_text(f'{len(self.cached)} {len(tokens)}'); raise\n"
        "def evaluating(self, tokens):\n"
        "    if len(self.cached) >= e.CHUNK: flag.touch()\n"
        "    evaluate(self, tokens)\n"
        "e.Engine.prepare, e.Engine._evaluate = telling, evaluating\n"
        "p.main()\n"
    )
    await brain.start(quiet)
    try:
        pid, task = brain.pid, asyncio.create_task(reply(brain, ask(LONG)))
        async with asyncio.timeout(30):
            while not (tmp_path / "begun").exists():
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await reply(brain, ask(HI))
        read, whole = map(int, (tmp_path / "told").read_text("utf-8").split())
        assert 0 < read < whole / 2
        assert brain.pid == pid
    finally:
        await brain.stop()


async def test_two_streams_take_turns(brain: Llama) -> None:
    both = await asyncio.gather(reply(brain, ask(HI, seed=1)), reply(brain, ask(HI, seed=2)))
    assert all(both)


async def test_a_reply_goes_on_where_it_stopped(brain: Llama) -> None:
    rest = await reply(brain, ask(HI, so_far="I love pineapple"))
    assert rest
    assert brain.usage.prompt > 3 + await brain.count((SYSTEM, HI))


async def test_chinese_comes_out_whole(brain: Llama) -> None:
    chinese = PromptLine("viewer", "請重複：鳳梨披薩", "小雨")
    for seed in range(4):
        said = await reply(brain, ask(chinese, seed=seed, so_far="鳳梨披薩，鳳梨披薩，鳳梨披"))
        assert "\ufffd" not in said


async def test_a_prompt_that_does_not_fit_is_an_error_not_an_end(brain: Llama) -> None:
    pid = brain.pid
    with pytest.raises(BrainError, match="does not fit"):
        await reply(brain, ask(LONG, LONG, LONG))
    assert await reply(brain, ask(HI))
    assert brain.pid == pid


async def test_simulated_time_waits_for_the_model() -> None:
    def show() -> tuple[str, float]:
        async def main() -> tuple[str, float]:
            one = Llama(settings())
            await one.start(quiet)
            began = clock.now()
            said = await reply(one, ask(HI))
            took = clock.now() - began
            await one.stop()
            return said, took

        with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            return runner.run(main())

    said, took = await asyncio.to_thread(show)
    assert said
    assert took == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such policy")
async def test_it_gives_way_to_the_show(brain: Llama) -> None:
    await reply(brain, ask(HI))
    assert brain.pid is not None
    assert os.getpriority(os.PRIO_PROCESS, brain.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    assert os.sched_getscheduler(brain.pid) == os.SCHED_BATCH
    threads = psutil.Process(brain.pid).threads()
    policies = [os.sched_getscheduler(thread.id) for thread in threads]
    assert policies.count(os.SCHED_OTHER) == 1, "who tells it to stop is heard at once"
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


# Dying


async def test_killed_in_mid_reply_it_comes_back() -> None:
    brain, changes = Llama(settings()), list[bool]()
    await brain.start(quiet)
    try:
        await brain.prefill_head((SYSTEM,))
        pid = brain.pid
        assert pid is not None
        brain.availability.watch(lambda: changes.append(brain.availability.is_ready))
        stream = brain.stream(ask(HI, max_tokens=400))
        await anext(stream)
        psutil.Process(pid).kill()
        with pytest.raises(BrainError, match="process was killed by SIGKILL"):
            await drain(stream)
        assert await reply(brain, ask(HI))
        assert brain.pid not in (None, pid)
        assert brain.usage.reused > 10, "the head was read before anybody asked"
        assert brain.health().state is State.LIMITED
    finally:
        await brain.stop()
    assert changes == [False, True, False]
    assert brain.pid is None


async def test_our_secrets_are_not_for_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    named = ("BANBAN_OPENAI_API_KEY", "BANBAN_REDIS_PASSWORD", "HF_TOKEN", "ORDINARY")
    for name in named:
        monkeypatch.setenv(name, "hunter2")
    code = f"import os, sys; sys.exit(' '.join(name for name in {named} if name in os.environ))"
    process = await WorkerProcess.begin(python(code))
    await process.dead.wait()
    await process.stop()
    assert process.how_it_ended().endswith(": ORDINARY")


async def test_ctrl_c_is_not_for_the_model(brain: Llama) -> None:
    assert brain.pid is not None
    psutil.Process(brain.pid).send_signal(signal.SIGINT)
    assert await reply(brain, ask(HI))


async def test_it_does_not_outlive_a_killed_show() -> None:
    code = (
        "import asyncio\n"
        "from vtuber.brain.llama.backend import Llama\n"
        "from vtuber.config import Settings\n"
        "async def main():\n"
        "    brain = Llama(Settings())\n"
        "    await brain.start(lambda share, words: None)\n"
        "    print(brain.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    show = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert show.stdout is not None
    model = psutil.Process(int(await show.stdout.readline()))
    show.kill()
    await show.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, [model], 20)
    assert not alive


async def test_a_build_for_another_processor_is_started_more_carefully() -> None:
    """Its first evaluation crashes with the fast buffers and works without; so does this one."""
    brain = Llama(settings())
    brain.command = python(
        "import os, signal, vtuber.brain.llama.engine as e, vtuber.brain.llama.worker as p\n"
        "begin = e.Engine.__init__\n"
        "def careful(self, path, *, extra_buffers, **rest):\n"
        "    if extra_buffers: os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    begin(self, path, extra_buffers=extra_buffers, **rest)\n"
        "e.Engine.__init__ = careful\n"
        "p.main()\n"
    )
    await brain.start(quiet)
    try:
        assert await reply(brain, ask(HI))
        assert "crashes on this processor" in brain.health().what
        assert "GGML_NATIVE=OFF" in brain.health().hint
    finally:
        await brain.stop()


async def test_stray_prints_do_not_disturb(caplog: pytest.LogCaptureFixture) -> None:
    brain = Llama(settings())
    brain.command = python(
        "import os, vtuber.brain.llama.worker as p\n"
        "spell = p.Worker._tell\n"
        "def noisy(self, request, text):\n"
        "    os.write(1, b'\\x1b[31mnoise\\n'); print('more'); spell(self, request, text)\n"
        "p.Worker._tell = noisy\n"
        "p.main()\n"
    )
    await brain.start(quiet)
    with caplog.at_level("DEBUG", "vtuber.brain.llama.process"):
        assert "noise" not in await reply(brain, ask(HI))
        await brain.stop()
    assert "\\x1b[31mnoise" in caplog.text
    assert "\x1b" not in caplog.text


async def test_a_model_that_says_nothing_is_given_up() -> None:
    brain = Llama(settings(first_token_seconds=0.4))
    await brain.start(quiet)
    try:
        with pytest.raises(BrainError, match="wrote nothing") as caught:
            await reply(brain, ask(LONG))
        assert "first_token_seconds" in caught.value.hint
    finally:
        await brain.stop()


HANGS_ONCE = """
import pathlib, time, vtuber.brain.llama.worker as p
def hanging(method):
    def once(self, *rest):
        if (flag := pathlib.Path({flag!r})).exists() or not rest[-1]:
            return method(self, *rest)
        flag.touch()
        method(self, *rest)
        time.sleep(3600)
    return once
p.Worker.{method} = hanging(p.Worker.{method})
p.main()
"""


async def hanging(folder: Path, method: str) -> Llama:
    """Its first process hangs for ever once it has called ``method``, with some text where it takes text."""
    brain = Llama(settings())
    brain.command = python(HANGS_ONCE.format(flag=str(folder / "hung"), method=method))
    await brain.start(quiet)
    return brain


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_STOP_SECONDS", 0.1)
    monkeypatch.setattr(backend, "_PATIENCE_SECONDS", 0.3)


def hurry(brain: Llama, seconds: float) -> None:
    brain._settings = brain._settings.model_copy(update={"first_token_seconds": seconds})


@pytest.mark.usefixtures("impatient")
async def test_a_model_that_hangs_in_mid_reply_is_given_up_and_replaced(tmp_path: Path) -> None:
    brain = await hanging(tmp_path, "_tell")
    try:
        pid, stream = brain.pid, brain.stream(ask(HI))
        assert await anext(stream)
        hurry(brain, 0.2)
        with pytest.raises(BrainError, match="wrote nothing"):
            await anext(stream)
        hurry(brain, 60)
        assert await reply(brain, ask(HI))
        assert "hung" in brain._keeper.trouble
        assert brain.pid != pid
    finally:
        await brain.stop()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("asked", "handler"), [("prefill_head", "_prefill"), ("count", "_count")])
async def test_a_model_that_hangs_beside_a_reply_is_replaced_too(
    tmp_path: Path, asked: str, handler: str
) -> None:
    brain = await hanging(tmp_path, handler)
    try:
        pid = brain.pid
        hurry(brain, 0.01)
        with pytest.raises(BrainError, match="wrote nothing"):
            await getattr(brain, asked)((SYSTEM,))
        hurry(brain, 60)
        assert await reply(brain, ask(HI))
        assert brain.pid != pid
    finally:
        await brain.stop()


async def test_a_slow_model_that_still_listens_keeps_what_it_has_read(brain: Llama) -> None:
    pid, known = brain.pid, brain._settings
    hurry(brain, 0.001)
    try:
        with pytest.raises(BrainError, match="wrote nothing"):
            await reply(brain, ask(LONG))
    finally:
        brain._settings = known
    assert await reply(brain, ask(HI))
    assert brain.pid == pid


@pytest.mark.parametrize("speaking", [False, True])
async def test_the_show_ends_also_with_a_frozen_model(
    monkeypatch: pytest.MonkeyPatch, *, speaking: bool
) -> None:
    """Neither whoever cancels a reply nor ``stop`` waits until the model was given time enough."""
    monkeypatch.setattr(backend, "_STOP_SECONDS", 3600.0)
    brain = Llama(settings())
    await brain.start(quiet)
    assert brain.pid is not None
    model = psutil.Process(brain.pid)
    stream = brain.stream(ask(HI, max_tokens=400))
    if speaking:
        await anext(stream)
    model.suspend()
    async with asyncio.timeout(60):
        await stream.aclose()
        await brain.stop()
    assert not model.is_running()
    assert backend._CLOSE_SECONDS + backend._END_SECONDS < 1.2


async def test_stopping_ends_a_reply_in_another_task_and_those_that_wait() -> None:
    brain = Llama(settings())
    await brain.start(quiet)
    stream = brain.stream(ask(HI, max_tokens=400))
    await anext(stream)
    speaking, waiting = asyncio.create_task(drain(stream)), asyncio.create_task(reply(brain, ask(HI)))
    await asyncio.sleep(0)
    async with asyncio.timeout(20):  # less than the deadline of a first token
        await brain.stop()
        for task in (speaking, waiting):
            with pytest.raises(BrainError):
                await task
    assert brain.pid is None


async def test_a_failure_nobody_thought_of_does_not_keep_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    brain = Llama(settings())
    await brain.start(quiet)
    try:
        begin, tries = WorkerProcess.begin, []

        async def broken(command: tuple[str, ...]) -> WorkerProcess:
            tries.append(brain.health())
            if len(tries) < 2:
                raise LookupError("what?")
            return await begin(command)

        monkeypatch.setattr(WorkerProcess, "begin", broken)
        assert brain.pid is not None
        psutil.Process(brain.pid).kill()
        assert brain._keeper.process is not None
        await brain._keeper.process.dead.wait()
        assert await reply(brain, ask(HI))
        assert "LookupError" in tries[1].what
        assert tries[1].state is State.DOWN
        assert brain._keeper._watching is not None
        brain._keeper._watching.cancel()
        await asyncio.wait({brain._keeper._watching})
        assert brain.health().state is State.DOWN
    finally:
        await brain.stop()


async def test_a_model_that_will_not_stop_is_replaced() -> None:
    brain = Llama(settings())
    brain.command = python(
        "import vtuber.brain.llama.worker as p\np.Worker._should_stop = lambda self: False\np.main()\n"
    )
    await brain.start(quiet)
    try:
        pid = brain.pid
        stream = brain.stream(ask(LONG, max_tokens=4000))
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await stream.aclose()
        assert await reply(brain, ask(HI))
        assert brain.pid != pid
    finally:
        await brain.stop()


# Files


@pytest.mark.parametrize("kept", [64, 40_000, 60_000_000])
async def test_a_file_cut_short_is_a_config_error(tmp_path: Path, kept: int) -> None:
    with locate("").open("rb") as whole:
        (tmp_path / "cut.gguf").write_bytes(whole.read(kept))
    brain = Llama(settings(model=str(tmp_path / "cut.gguf")))
    with pytest.raises(ConfigError) as caught:
        await brain.start(quiet)
    assert "cut.gguf" in caught.value.where
    assert "download" in caught.value.hint
    await brain.stop()


async def test_an_unknown_template_is_a_config_error() -> None:
    brain = Llama(settings(template="chatlm"))
    with pytest.raises(ConfigError, match="prompt format"):
        await brain.start(quiet)
    await brain.stop()


async def test_a_context_beyond_the_training_is_lowered() -> None:
    brain = Llama(settings(context=100_000))
    await brain.start(quiet)
    assert brain.context == 8192
    await brain.stop()
