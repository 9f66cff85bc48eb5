"""A GGUF in this very process: tokens in, tokens out, through llama.cpp's C interface.

Only the model's own process imports this (``process``): a crash in here ends the process it is in.
The C interface and not the package's ``Llama`` class, because only there can an evaluation be stopped
half-way, the loading be watched, and the buffers that crash some processors be left out.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import llama_cpp as c

from vtuber.brain.llama import aside
from vtuber.brain.llama.aside import whole
from vtuber.brain.llama.sampling import Sampling, sampler
from vtuber.brain.llama.tokenizer import Tokenizer

BUILD = f"{c.__version__} {c.llama_print_system_info().decode('utf-8', 'replace')}"
"""Which llama.cpp this is, and what it was built for."""
CHUNK = 128
"""Tokens evaluated at once: short enough to stop soon where a graphics card cannot be interrupted."""
SHIFT_RUN = 24
"""So many equal tokens in a row make a piece of the cache worth moving."""
_CACHE_TYPES = {"f16": c.GGML_TYPE_F16, "q8_0": c.GGML_TYPE_Q8_0, "q4_0": c.GGML_TYPE_Q4_0}
_FLASH_ATTENTION = {
    "auto": c.LLAMA_FLASH_ATTN_TYPE_AUTO,
    "on": c.LLAMA_FLASH_ATTN_TYPE_ENABLED,
    "off": c.LLAMA_FLASH_ATTN_TYPE_DISABLED,
}
_WARNING = 3
_ERROR = 4
_CONTINUED = 5


class EngineError(Exception):
    """The model cannot be loaded or evaluated; the message says why, as far as llama.cpp says."""


class Stopped(Exception):  # noqa: N818 - it is asked for, and no error
    """``should_stop`` said so in the middle of an evaluation."""


class Log:
    """What llama.cpp says of warnings and errors goes to stderr; the first and the last error are kept.

    llama.cpp calls back for as long as the process lives, so there is one that does too.
    """

    def __init__(self) -> None:
        self.forget()
        self._level = 0
        self._callback = c.llama_log_callback(self._said)
        c.llama_log_set(self._callback, ctypes.c_void_p(0))

    def forget(self) -> None:
        self.first_error = self.last_error = ""

    def _said(self, level: int, text: bytes, _user_data: object) -> None:
        if level != _CONTINUED:
            self._level = level
        if self._level not in (_WARNING, _ERROR):
            return
        line = text.decode("utf-8", "replace")
        if self._level == _ERROR and line.strip():
            self.last_error = line.strip()
            self.first_error = self.first_error or self.last_error
        sys.stderr.write(line)


_the_log = cache(Log)


class Engine:
    """One model with one context, and the tokens whose state that context holds. ``open`` it first.

    Raises EngineError when the file cannot be loaded. ``should_stop`` is asked often during evaluations,
    from this thread. ``progress`` hears how much is loaded (0..1).
    """

    def __init__(
        self,
        path: str,
        *,
        gpu_layers: int,
        extra_buffers: bool,
        progress: Callable[[float], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self._log = _the_log()
        self._log.forget()
        c.llama_backend_init()
        self._should_stop = should_stop
        self._gpu_layers = gpu_layers
        self._model = self._load(path, progress, extra_buffers=extra_buffers)
        self.tokenizer = Tokenizer(self._model)
        self._abort = c.ggml_abort_callback(lambda _data: should_stop())
        self._no_abort = c.ggml_abort_callback(0)
        self._context: Any = None
        self._adapters: list[tuple[Any, float]] = []
        self._aside: aside.Aside | None = None
        self.between: Callable[[], None] = lambda: None
        """Called before each evaluation: what else there is to do in this thread is let in here."""
        self.context = 0
        self.cached: list[int] = []
        """The tokens whose state is in the context."""
        self.restored = 0
        """How many of the first of them it was given, and has not read."""
        self._repeatable = False
        self._whole = 0
        """How many of the first of them were evaluated in whole chunks."""

    def _load(self, path: str, progress: Callable[[float], None], *, extra_buffers: bool) -> Any:
        def loaded(share: float, _data: object) -> bool:
            progress(share)
            return True

        params = c.llama_model_default_params()
        params.n_gpu_layers = self._gpu_layers if self._gpu_layers >= 0 else 0x7FFFFFFF
        params.use_extra_bufts = extra_buffers
        params.progress_callback = c.llama_progress_callback(loaded)
        model = c.llama_model_load_from_file(path.encode("utf-8"), params)
        if not model:
            raise EngineError(self._log.first_error or "the model cannot be loaded")
        return model

    def open(
        self,
        context: int,
        *,
        threads: int,
        cache_type: str,
        flash_attention: str,
        repeatable: bool = False,
    ) -> None:
        """Makes room for ``context`` tokens, or as many as the model was trained for. Raises EngineError.

        ``repeatable``: what it makes of tokens depends on nothing else. Sums of floats come out a little
        otherwise where tokens were evaluated in other portions, so only whole chunks are used again.
        """
        self._repeatable = repeatable
        trained = int(c.llama_model_n_ctx_train(self._model))
        self.context = min(context, trained) if trained > 0 else context
        params = c.llama_context_default_params()
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        params.type_k = params.type_v = _CACHE_TYPES[cache_type]
        params.flash_attn_type = _FLASH_ATTENTION[flash_attention]
        if flash_attention == "auto" and cache_type == "f16" and not self._gpu_layers:
            # On a processor it makes short prompts a tenth slower.
            params.flash_attn_type = c.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._params = params
        self._context = self._new_context(self.context, CHUNK)
        self._memory = c.llama_get_memory(self._context)

    def adapt(self, path: str, scale: float) -> None:
        """Adds a LoRA adapter to those in use. Raises EngineError for one that does not fit the model."""
        self._log.forget()
        adapter = c.llama_adapter_lora_init(self._model, path.encode("utf-8"))
        if not adapter:
            raise EngineError(self._log.last_error or "the adapter cannot be loaded")
        self._adapters.append((adapter, scale))
        self._use_adapters(self._context)
        self.forget()

    def _new_context(self, tokens: int, batch: int) -> Any:
        params = self._params
        params.n_ctx = tokens
        params.n_batch = params.n_ubatch = min(batch, tokens)
        self._log.forget()
        context = c.llama_init_from_model(self._model, params)
        if not context:
            raise EngineError(self._log.first_error or "there is not enough memory")
        return context

    def _use_adapters(self, context: Any) -> None:
        count = len(self._adapters)
        adapters, scales = zip(*self._adapters, strict=True) if count else ((), ())
        c.llama_set_adapters_lora(
            context,
            (c.llama_adapter_lora_p_ctypes * count)(*adapters),
            count,
            (ctypes.c_float * count)(*scales),
        )

    def metadata(self, key: str) -> str:
        """A value of the GGUF's header; "" when it is absent."""
        buffer = ctypes.create_string_buffer(1 << 18)
        size = c.llama_model_meta_val_str(self._model, key.encode("utf-8"), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if size >= 0 else ""

    def description(self) -> str:
        buffer = ctypes.create_string_buffer(256)
        c.llama_model_desc(self._model, buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace")

    def prepare(self, tokens: Sequence[int]) -> int:
        """Brings the context to hold ``tokens``; returns how many of them it held already.

        Raises Stopped (what was evaluated stays) or EngineError.
        """
        reused = self._keep(tokens)
        self.restored = min(self.restored, reused)
        c.llama_set_abort_callback(self._context, self._abort, None)
        try:
            for begin in range(reused, len(tokens), CHUNK):
                chunk = tokens[begin : begin + CHUNK]
                self._evaluate(chunk)
                if self._whole == begin and len(chunk) == CHUNK:
                    self._whole += CHUNK
        finally:
            c.llama_set_abort_callback(self._context, self._no_abort, None)
        return reused

    def generate(self, sampling: Sampling, said: Sequence[int] = ()) -> Iterator[int]:
        """Tokens that go on from what ``prepare`` left, each as it is made; ends before a control token.

        One that only marks a part of the reply, such as a thought, is given (``Tokenizer.marker``).

        Long runs of ``said`` become unlikely: small models would repeat their own sentences for ever.
        """
        chain = sampler(sampling, self.tokenizer.vocab, said)
        try:
            while True:
                token = int(c.llama_sampler_sample(chain, self._context, -1))
                if self.tokenizer.is_control(token) and not self.tokenizer.marker(token):
                    return
                yield token
                if len(self.cached) >= self.context:
                    return
                self._evaluate([token])
        finally:
            c.llama_sampler_free(chain)

    def share(
        self,
        tokens: Sequence[int],
        these: Sequence[int],
        those: Sequence[int],
        should_stop: Callable[[], bool] = lambda: False,
    ) -> float:
        """See ``Aside.share``; what the context holds stays as it is. Raises EngineError too."""
        if self._aside is None:  # it takes memory, and not everybody asks
            context = self._new_context(min(aside.CONTEXT, self.context), aside.BATCH)
            self._use_adapters(context)
            self._aside = aside.Aside(context, repeatable=self._repeatable)
        return self._aside.share(tokens, these, those, should_stop)

    def close(self) -> None:
        """Gives back its memory; of no more use after that."""
        if self._aside:
            self._aside.close()
        c.llama_free(self._context)
        c.llama_model_free(self._model)

    def state(self) -> bytearray:
        """What the context holds of ``cached``, for ``restore``."""
        size = c.llama_state_seq_get_size(self._context, 0)
        state = bytearray(size)
        written = c.llama_state_seq_get_data(self._context, _bytes(state), size, 0)
        return state if written == size else bytearray()

    def restore(self, state: bytearray, tokens: Sequence[int]) -> bool:
        """Holds what ``state`` tells of ``tokens``, as if it had read them; False when llama.cpp will not."""
        self.forget()
        taken = c.llama_state_seq_set_data(self._context, _bytes(state), len(state), 0)
        if taken != len(state) or c.llama_memory_seq_pos_max(self._memory, 0) != len(tokens) - 1:
            self.forget()
            return False
        self.cached.extend(tokens)
        self.restored = len(tokens)
        self._whole = whole(len(tokens), CHUNK)
        return True

    def forget(self) -> None:
        c.llama_memory_clear(self._memory, True)  # noqa: FBT003  # C
        self.cached.clear()
        self.restored = self._whole = 0

    def _keep(self, tokens: Sequence[int]) -> int:
        """Makes the context hold the longest possible beginning of ``tokens``; returns its length.

        One token at least is left to evaluate, for its outcome is what the next is drawn from.
        """
        same = _common(self.cached, tokens)
        if not self._repeatable:
            moved_from = _run_later(self.cached, tokens, same)
            if moved_from and self._close_gap(same, moved_from):
                same = _common(self.cached, tokens)
        same = min(same, len(tokens) - 1)
        if self._repeatable:
            same = whole(min(same, self._whole), CHUNK)
        self._whole = min(self._whole, whole(same, CHUNK))
        if same < len(self.cached):
            if c.llama_memory_seq_rm(self._memory, 0, same, -1):
                del self.cached[same:]
            else:  # a recurrent model cannot forget its last words only
                self.forget()
                same = 0
        return same

    def _close_gap(self, begin: int, end: int) -> bool:
        """Older lines were dropped from the middle: move what follows instead of evaluating it again."""
        if not c.llama_memory_can_shift(self._memory):
            return False
        if not c.llama_memory_seq_rm(self._memory, 0, begin, end):
            return False
        c.llama_memory_seq_add(self._memory, 0, end, -1, begin - end)
        del self.cached[begin:end]
        return True

    def _evaluate(self, tokens: Sequence[int]) -> None:
        self.between()
        if self._should_stop():
            raise Stopped
        array = (c.llama_token * len(tokens))(*tokens)
        outcome = c.llama_decode(self._context, c.llama_batch_get_one(array, len(tokens)))
        if outcome == 0:
            self.cached.extend(tokens)
            return
        if not c.llama_memory_seq_rm(self._memory, 0, len(self.cached), -1):
            self.forget()
        if self._should_stop():
            raise Stopped
        raise EngineError(self._log.last_error or f"llama.cpp failed to compute the reply ({outcome})")


def _bytes(memory: bytearray) -> Any:
    return (ctypes.c_uint8 * len(memory)).from_buffer(memory)


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    """The length of the common beginning."""
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return index
    return min(len(left), len(right))


def _run_later(cached: Sequence[int], tokens: Sequence[int], same: int) -> int:
    """Where, after a gap, the cache goes on as ``tokens`` do after ``same``; 0 when it does not."""
    run = list(tokens[same : same + SHIFT_RUN])
    if len(run) < SHIFT_RUN:
        return 0
    for begin in range(same + 1, len(cached) - SHIFT_RUN + 1):
        if cached[begin] == run[0] and list(cached[begin : begin + SHIFT_RUN]) == run:
            return begin
    return 0
