"""Which prompt format a loaded model gets: by config, learned from its own chat template, or guessed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from vtuber.brain.templates import Around, Template
from vtuber.brain.templates.formats import FORMATS, JINJA, nearest, recognised
from vtuber.core.errors import ConfigError
from vtuber.core.text import escaped

CURE = f"set brain.template to what the model's card says: one of {', '.join(FORMATS)}"
_WORDS = 200
"""Characters of what the template itself gave as a reason."""


class Fit(NamedTuple):
    template: Template
    doubt: str = ""
    """Why it is only a guess."""


def fit(wanted: str, path: Path, chat_template: str, learned: Mapping[str, Any]) -> Fit:
    """The format for the model at ``path``, after its process ``learned`` what its chat template does.

    Raises ConfigError for a hostile template; for one that cannot be learned only when it is ``wanted``.
    """
    if "hostile" in learned:
        raise ConfigError(
            f"the model's chat template is hostile: {_told(learned['hostile'])}",
            where=f"brain.model: {path}",
            hint=f"get the model from somebody you trust, or {CURE}",
        )
    if "unfit" in learned:
        doubt = f"the model's chat template cannot be used: {_told(learned['unfit'])}"
        if wanted == JINJA:
            raise ConfigError(doubt, where="brain.template", hint=CURE)
        return Fit(nearest(chat_template), doubt)
    template = _received(learned["template"])
    return Fit(template if wanted == JINJA else recognised(template))


def _told(reason: str) -> str:
    return escaped(reason)[:_WORDS]


def _received(fields: Mapping[str, Any]) -> Template:
    """A Template that came as JSON, where its tuples are lists."""
    read: dict[str, Any] = {
        key: Around(*value) if isinstance(value, list) else value for key, value in fields.items()
    }
    return Template(**read)
