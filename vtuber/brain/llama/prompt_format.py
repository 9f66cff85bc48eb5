"""Which prompt format a loaded model gets: by config, learned from its own chat template, or guessed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from vtuber.brain.llama.process import WorkerProcess
from vtuber.brain.templates import RoleFormat, Template
from vtuber.brain.templates.formats import FORMATS, JINJA, by_name, nearest, recognised
from vtuber.config import Brain
from vtuber.core.errors import BrainError, ConfigError
from vtuber.core.text import escaped

log = logging.getLogger(__name__)

HINT = f"set brain.template to the format that the model's page names: one of {', '.join(FORMATS)}"
_LEARN_SECONDS = 10.0
"""What a chat template does is learned in a hundredth of that."""
_WORDS = 200
"""Characters of what the template itself gave as a reason."""


class PromptFormat(NamedTuple):
    template: Template
    doubt: str = ""
    """Why it is only a guess."""


async def learn(process: WorkerProcess, path: Path, settings: Brain, chat_template: str) -> PromptFormat:
    """How this model wants to be asked. Raises ConfigError for a chat template that will not end."""
    wanted = settings.template
    if known := by_name(wanted):
        return PromptFormat(known)
    try:
        learned = await process.answer_to(process.ask("learn"), _LEARN_SECONDS)
    except BrainError as error:
        learned = {"hostile": error.what}
    chosen = _choose(wanted, path, chat_template, learned)
    if chosen.doubt:
        log.warning(
            "%s; banban uses the prompt format %s, which is a guess", chosen.doubt, chosen.template.name
        )
    return chosen


def _choose(wanted: str, path: Path, chat_template: str, learned: Mapping[str, Any]) -> PromptFormat:
    """The format for the model at ``path``, after its process ``learned`` what its chat template does.

    Raises ConfigError for a hostile template; for one that cannot be learned only when it is ``wanted``.
    """
    if "hostile" in learned:
        raise ConfigError(
            f"the model's chat template is dangerous: {_told(learned['hostile'])}",
            where=f"brain.model: {path}",
            hint=f"get the model from a source that you trust, or {HINT}",
        )
    if "unfit" in learned:
        doubt = f"the model's chat template cannot be used: {_told(learned['unfit'])}"
        if wanted == JINJA:
            raise ConfigError(doubt, where="brain.template", hint=HINT)
        return PromptFormat(nearest(chat_template), doubt)
    template = _received(learned["template"])
    return PromptFormat(template if wanted == JINJA else recognised(template))


def _told(reason: str) -> str:
    return escaped(reason)[:_WORDS]


def _received(fields: Mapping[str, Any]) -> Template:
    """A Template that came as JSON, where its tuples are lists."""
    read: dict[str, Any] = {
        key: RoleFormat(*value) if isinstance(value, list) else value for key, value in fields.items()
    }
    return Template(**read)
