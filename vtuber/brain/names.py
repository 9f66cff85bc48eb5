"""What viewers go by in a prompt, whatever they call themselves."""

from __future__ import annotations

import unicodedata

_ROLES = frozenset(
    {"system", "user", "assistant", "model", "tool", "human", "developer", "function", "ipython"}
)


def viewer_name(name: str) -> str:
    """One line, and no role's, however that is written."""
    name = " ".join(name.split()).rstrip(" :：")  # "Assistant:" is a role too
    return f"viewer {name}".strip() if not name or is_role(name) else name


def is_role(name: str) -> bool:
    """Whether a model or a server might take it for who speaks in every talk."""
    seen = "".join(char for char in unicodedata.normalize("NFKC", name) if char.isalnum())
    return seen.casefold() in _ROLES
