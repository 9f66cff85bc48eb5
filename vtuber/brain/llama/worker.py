"""The worker: the model's own process, ``python -m vtuber.brain.llama.worker``.

It speaks JSON lines: requests on stdin, answers on what was stdout when it began (whatever else is printed
in this process goes to stderr). A request has an ``op`` and an ``id`` that its answers bear.

| op | fields | answers |
|---|---|---|
| load | path, gpu_layers, extra_buffers | progress…, done with chat_template, description |
| open | context, threads, cache_type, flash_attention, repeatable | done with the context there is |
| adapt | path, scale | done; adds a LoRA adapter, after open |
| learn | | done with template, learned from the GGUF's own; or hostile or unfit, with words |
| prefill | pieces, folder (of the prompt cache, or ""), trusted | done with prompt, reused, restored |
| generate | pieces, sampling, stop, names, asker, goes_on, max_tokens | text…, done with the same and reply |
| count | pieces | done with tokens |
| judge | pieces, yes, no (words) | done with yes: how likely one of those comes next, and none of no |
| withdraw | | none; the judgement of that id answers an error soon |
| cancel | | none of its own; the request of that id answers done soon |

A request that failed answers ``error``. Pieces are ``[text, kind]``, see ``templates.PromptPiece``.
``repeatable``: each answer depends on its request alone, and not on what was asked, or stopped, before.
The process ends when its stdin does, so it never outlives the show.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from vtuber.brain.llama.prompt_cache import PromptCache, identity
from vtuber.brain.reply_decoder import ReplyDecoder
from vtuber.brain.reply_filter import Habits, ReplyFilter
from vtuber.brain.reply_markers import is_marker

_TEMPLATE = "tokenizer.chat_template"
_REMEMBERED = 4096
"""How many pieces' tokens are kept."""
_OWN_REMEMBERED = 256
_NICENESS = 5
"""A quarter of a core is left to the model beside somebody who would take all of it."""

Request = dict[str, Any]


class Worker:
    """Does one request after another. ``send`` may be called from any thread."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._jobs: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._judgements: dict[int, Request] = {}
        """Those that wait. They are let in between two tokens of a reply."""
        self._withdrawn = -1
        self._cancelled = -1
        self._current = -1
        self._engine: Any = None
        self._setup: list[Any] = []
        """All that the state after a head depends on, beside its tokens."""
        self._repeatable = False
        self._habits = Habits()
        self._tokens: OrderedDict[tuple[str, bool], list[int]] = OrderedDict()
        self._own: OrderedDict[str, list[int]] = OrderedDict()

    def take(self, request: Request) -> None:
        """A request has arrived (called by the thread that reads). What is quick is done at once."""
        match request["op"]:
            case "cancel":
                self._cancelled = request["id"]
            case "count" if self._engine is not None:
                self._answer(request, self._count)
            case "judge":
                self._judgements[request["id"]] = request
                self._jobs.put(request)  # should nothing else be going on
            case "withdraw":
                if waiting := self._judgements.pop(request["id"], None):
                    self._send({"id": waiting["id"], "error": "it was withdrawn"})
                self._withdrawn = request["id"]
            case _:
                self._jobs.put(request)

    def work(self) -> None:
        """Does what was taken, for ever."""
        while True:
            request = self._jobs.get()
            if request["op"] == "judge":
                self._judge_those_that_wait()
                continue
            self._current = request["id"]
            handler = {
                "load": self._load,
                "open": self._open,
                "adapt": self._adapt,
                "learn": self._learn,
                "prefill": self._prefill,
                "generate": self._generate,
                "count": self._count,
            }
            self._answer(request, handler[request["op"]])

    def _answer(self, request: Request, handler: Callable[[Request], dict[str, Any]]) -> None:
        try:
            answer = handler(request)
        except Exception as error:  # noqa: BLE001 - told to the parent, who knows what to do about it
            self._send({"id": request["id"], "error": str(error) or type(error).__name__})
        else:
            self._send({"id": request["id"], "done": True, **answer})

    def _judge_those_that_wait(self) -> None:
        while self._judgements:
            with suppress(KeyError, StopIteration, RuntimeError):  # another thread withdrew it meanwhile
                request = self._judgements.pop(next(iter(self._judgements)))
                self._answer(request, self._judge)

    def _should_stop(self) -> bool:
        return self._cancelled == self._current

    def _load(self, request: Request) -> dict[str, Any]:
        from vtuber.brain.llama.engine import BUILD, Engine  # noqa: PLC0415 - half a second, and it may crash

        reported = [0.0]

        def progress(share: float) -> None:
            if share - reported[0] >= 0.1 or share >= 1:
                reported[0] = share
                self._send({"id": request["id"], "progress": share})

        self._engine = Engine(
            request["path"],
            gpu_layers=request["gpu_layers"],
            extra_buffers=request["extra_buffers"],
            progress=progress,
            should_stop=self._should_stop,
        )
        self._engine.between = self._judge_those_that_wait
        self._setup = [
            BUILD,
            identity(Path(request["path"])),
            request["gpu_layers"],
            request["extra_buffers"],
        ]
        return {
            "chat_template": self._engine.metadata(_TEMPLATE),
            "description": self._engine.description(),
        }

    def _open(self, request: Request) -> dict[str, Any]:
        self._engine.open(
            request["context"],
            threads=request["threads"],
            cache_type=request["cache_type"],
            flash_attention=request["flash_attention"],
            repeatable=request["repeatable"],
        )
        self._repeatable = request["repeatable"]
        self._setup += [self._engine.context, request["cache_type"], request["flash_attention"]]
        if self._repeatable:
            self._setup.append("repeatable")
        self._try()
        return {"context": self._engine.context}

    def _adapt(self, request: Request) -> dict[str, Any]:
        self._engine.adapt(request["path"], request["scale"])
        self._setup += [identity(Path(request["path"])), request["scale"]]
        self._try()
        return {}

    def _try(self) -> None:
        """What crashes at its first evaluation (a build for another processor does) had better do so now."""
        self._engine.prepare(self._engine.tokenizer.tokenize("This is how a day begins: " * 4, control=False))
        self._engine.forget()

    def _learn(self, _request: Request) -> dict[str, Any]:
        # Only this process needs them, and Jinja is loaded with llama_cpp.
        from vtuber.brain.templates.jinja import HostileError, Jinja, UnfitError  # noqa: PLC0415  # see _load
        from vtuber.brain.templates.learning import learn  # noqa: PLC0415  # see _load

        tokenizer = self._engine.tokenizer
        if not (source := self._engine.metadata(_TEMPLATE)):
            return {"unfit": "the GGUF file contains no chat template"}
        try:
            jinja = Jinja(source, eos=tokenizer.name("eos"))
            template = learn(jinja, bos=tokenizer.name("bos"), adds_bos=bool(tokenizer.begins))
        except HostileError as error:
            return {"hostile": str(error)}
        except UnfitError as error:
            return {"unfit": str(error)}
        return {"template": asdict(template)}

    def _prefill(self, request: Request) -> dict[str, Any]:
        from vtuber.brain.llama.engine import Stopped  # noqa: PLC0415  # see _load

        tokens = self._tokenized(request["pieces"])
        if self._engine.cached[: len(tokens)] == tokens:  # what it has read beyond them is of use yet
            restored = min(self._engine.restored, len(tokens))
            return {"prompt": len(tokens), "reused": len(tokens), "restored": restored}
        cache = PromptCache(Path(request["folder"]), self._setup) if request["folder"] else None
        if cache and request["trusted"] and not self._engine.cached and (state := cache.load(tokens)):
            self._engine.restore(state, tokens)
        reused = self._engine.restored
        try:
            if reused < len(tokens):
                reused = self._engine.prepare(tokens)
            if cache and reused < len(tokens) - 1:  # it was not read before
                cache.save(tokens, self._engine.state())
        except Stopped:
            reused = 0
        return {"prompt": len(tokens), "reused": reused, "restored": self._engine.restored}

    def _count(self, request: Request) -> dict[str, Any]:
        return {"tokens": len(self._tokenized(request["pieces"])) - len(self._engine.tokenizer.begins)}

    def _judge(self, request: Request) -> dict[str, Any]:
        tokenizer = self._engine.tokenizer
        yes, no = (
            _likeliest([tokenizer.tokenize(word, control=False) for word in request[side]])
            for side in ("yes", "no")
        )
        tokens = self._tokenized(request["pieces"])
        return {"yes": self._engine.share(tokens, yes, no, lambda: self._withdrawn == request["id"])}

    def _generate(self, request: Request) -> dict[str, Any]:
        from vtuber.brain.llama.engine import Stopped  # noqa: PLC0415  # see _load
        from vtuber.brain.llama.sampling import Sampling  # noqa: PLC0415  # the same

        tokens = self._tokenized(request["pieces"])
        said = self._tokenized([piece for piece in request["pieces"] if piece[1] == "own"])
        usage = {"prompt": len(tokens), "reused": 0, "restored": 0, "reply": 0}
        room = self._engine.context - len(tokens)
        if room < 1:
            raise ValueError(
                f"the prompt ({len(tokens)} tokens) does not fit into the context ({self._engine.context})"
            )
        # The filter sees a marker itself: it may only end a thought.
        text = ReplyDecoder([stop for stop in request["stop"] if not is_marker(stop)])
        habits = None if self._repeatable else self._habits
        reply = ReplyFilter(request["names"], request["asker"], goes_on=request["goes_on"], habits=habits)
        made: list[int] = []
        tokenizer = self._engine.tokenizer
        try:
            usage["reused"] = self._engine.prepare(tokens)
            usage["restored"] = self._engine.restored
            for token in self._engine.generate(Sampling(**request["sampling"]), said):
                if self._should_stop():
                    break
                made.append(token)
                usage["reply"] = len(made)
                self._tell(request, reply.add(text.add(tokenizer.marker(token) or tokenizer.spell(token))))
                if text.ended or reply.ended or len(made) >= min(request["max_tokens"], room):
                    break
        except Stopped:
            pass
        if not self._should_stop():
            self._tell(request, reply.add(text.finish()) + reply.finish())
        if not self._repeatable:
            self._remember(reply.said, made)
        return usage

    def _tell(self, request: Request, text: str) -> None:
        if text:
            self._send({"id": request["id"], "text": text})

    def _tokenized(self, pieces: list[tuple[str, str]]) -> list[int]:
        tokens: list[int] = list(self._engine.tokenizer.begins)
        for text, kind in pieces:
            own = self._own.get(_bare(text)) if kind == "own" else None
            tokens += own if own is not None else self._piece(text, control=kind == "control")
        return tokens

    def _piece(self, text: str, *, control: bool) -> list[int]:
        key = (text, control)
        known = self._tokens.get(key)
        if known is None:
            known = self._tokens[key] = self._engine.tokenizer.tokenize(text, control=control)
            while len(self._tokens) > _REMEMBERED:
                self._tokens.popitem(last=False)
        return known

    def _remember(self, said: str, made: list[int]) -> None:
        """Text can be spelled with other tokens than it was made of; keep those that the cache holds."""
        bare = _bare(said)
        kept = list(made)
        while kept and len(_bare(self._spelled(kept))) > len(bare):
            kept.pop()
        if bare and _bare(self._spelled(kept)) == bare:
            self._own[bare] = kept
            while len(self._own) > _OWN_REMEMBERED:
                self._own.popitem(last=False)

    def _spelled(self, tokens: list[int]) -> str:
        return b"".join(map(self._engine.tokenizer.spell, tokens)).decode("utf-8", "replace")


def _likeliest(words: list[list[int]]) -> list[int]:
    """Tokens that mean a word by themselves; else what the first word begins with."""
    return [tokens[0] for tokens in words if len(tokens) == 1] or words[0][:1]


def _bare(text: str) -> str:
    """Without white space: sentences are cut, spoken and joined again on their way back here."""
    return "".join(text.split())


def _read(stream: IO[bytes], worker: Worker) -> None:
    for line in stream:
        worker.take(json.loads(line))
    os._exit(0)  # the show is gone; an evaluation under way is of no use to anybody


def main() -> None:
    """Serves requests until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the show's to answer
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    lock = threading.Lock()

    def send(frame: dict[str, Any]) -> None:
        with lock:
            out.write(json.dumps(frame).encode("ascii") + b"\n")
            out.flush()
        _let_others_first()

    worker = Worker(send)
    threading.Thread(target=_read, args=(sys.stdin.buffer, worker), daemon=True).start()
    _give_way()  # after the reader was begun: it has to hear at once that it is to stop
    worker.work()


def _give_way() -> None:
    """Has this thread, and those that it will compute with, stand back where all cores are taken.

    The show, and OBS beside it, have to be in time; a reply is only a little later. On Linux they also take
    no core from another in its time slice: the show would lose it in the middle of a token that it was told.
    """
    with suppress(OSError):  # a container may forbid it; she is a little less prompt there
        if sys.platform != "win32":  # there, a game that takes all cores would leave nothing to her
            os.nice(_NICENESS)
        if sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _let_others_first() -> None:
    """The show, woken on this thread's core, has it before the next token is begun, and not a slice later."""
    if hasattr(os, "sched_yield"):
        os.sched_yield()


if __name__ == "__main__":
    main()
