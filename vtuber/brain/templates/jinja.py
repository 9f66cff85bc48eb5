"""A GGUF's own chat template, rendered where it can do no harm.

A GGUF comes from strangers. The sandbox keeps its template from everything outside, and in here it is given
little memory; nothing in Python bounds its time, so whoever renders does it in a process that can be ended.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, NoReturn

import jinja2
import psutil
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MEMORY = 256 << 20
"""Bytes that a template may take."""
LENGTH = 100_000
"""Characters that it may have…"""
WRITTEN = 20_000
"""…and write of a short conversation."""

Message = dict[str, Any]


class HostileError(Exception):
    """The template tries what no template needs; the words say what."""


class UnfitError(Exception):
    """The template is broken, or will not render this; the words say why."""


class Jinja:
    """A compiled template. Raises HostileError or UnfitError, here and when it renders."""

    def __init__(self, source: str, *, eos: str) -> None:
        self._eos = eos
        if len(source) > LENGTH:
            raise HostileError(f"it has {len(source):,} characters")
        with _guarded():
            self._template = _Sandbox().from_string(source)

    def render(self, messages: Iterable[Message], *, opened: bool, bos: str) -> str:
        """The text of a conversation; ``opened``: with what makes the model go on."""
        given = {"bos_token": bos, "eos_token": self._eos, "add_generation_prompt": opened}
        aloud = {"enable_thinking": False, "thinking": False}  # she has to speak at once
        text = ""
        with _guarded():
            for part in self._template.generate(messages=list(messages), **given, **aloud):
                text += part
                if len(text) > WRITTEN:
                    raise HostileError("it never stops writing")
        return text


class _Generation(Extension):
    """``{% generation %}`` marks what is trained, and writes nothing."""

    tags = {"generation"}  # noqa: RUF012  # as the base class declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Sandbox(ImmutableSandboxedEnvironment):
    """What chat templates find where they are written for: Hugging Face's transformers."""

    intercepted_binops = frozenset(("*", "**"))

    def __init__(self) -> None:
        super().__init__(
            loader=jinja2.DictLoader({}),
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[_Generation, "jinja2.ext.loopcontrols"],
        )
        self.globals |= {"raise_exception": _refuse, "strftime_now": _now}
        self.filters["tojson"] = _to_json

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:
        raise SecurityError(f"it asks for {attribute!r} of a {type(obj).__name__}")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Where memory has no bound, these take all of it in one step."""
        if _size(operator, left, right) > WRITTEN:
            raise SecurityError(f"it builds a huge value with {operator}")
        return super().call_binop(context, operator, left, right)


def _refuse(message: str) -> NoReturn:
    raise UnfitError(f"it says: {message}")


def _now(form: str) -> str:
    """The month and no more: with each change the model must read the whole head again."""
    month = datetime.now().astimezone().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return month.strftime(form)


def _size(operator: str, left: Any, right: Any) -> int:
    """Of a product or a power: how many items, or how many bits of a number."""
    for many, times in ((left, right), (right, left)):
        if isinstance(many, Sized) and isinstance(times, int):
            return len(many) * times
    if not (isinstance(left, int) and isinstance(right, int)):
        return 0
    return left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()


def _to_json(value: Any, **how: Any) -> str:
    return json.dumps(value, ensure_ascii=how.pop("ensure_ascii", False), **how)


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        with _little_memory():
            yield
    except (HostileError, UnfitError):
        raise
    except (SecurityError, OverflowError, RecursionError) as error:
        raise HostileError(str(error)) from None
    except jinja2.TemplateNotFound as error:
        raise HostileError(f"it loads another file, {error.name!r}") from None
    except MemoryError:
        raise HostileError("it uses all memory") from None
    except Exception as error:  # noqa: BLE001  # a template can raise whatever Python can
        raise UnfitError(f"{type(error).__name__}: {error}") from None


@contextmanager
def _little_memory() -> Iterator[None]:
    """Allocations beyond MEMORY fail in here, on systems that bound it."""
    if sys.platform == "win32":
        yield
        return
    import resource  # noqa: PLC0415  # POSIX only

    before = resource.getrlimit(resource.RLIMIT_AS)
    limit = psutil.Process().memory_info().vms + MEMORY
    with suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
