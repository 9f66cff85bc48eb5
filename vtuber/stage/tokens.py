"""The tokens that open the show's pages to other machines, and the panel to whoever runs the show."""

from __future__ import annotations

import hmac
import json
import logging
import os
import secrets
import stat
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any

import platformdirs

from vtuber.core import files
from vtuber.core.errors import ConfigError
from vtuber.core.masking import keep_secret

log = logging.getLogger(__name__)

SHORTEST = 12
"""A token with fewer characters can be guessed."""


class Role(IntEnum):
    """Who asks; each may do all that those before may."""

    PAGE = 0
    """Sees what the audience sees."""
    MODERATOR = 1
    STREAMER = 2


VARIABLES = {
    Role.PAGE: "BANBAN_STAGE_TOKEN",
    Role.MODERATOR: "BANBAN_MODERATOR_TOKEN",
    Role.STREAMER: "BANBAN_CONTROL_TOKEN",
}
"""Where a streamer may set a token of their own."""


class Tokens:
    """One for each role: from the environment, else kept in ``path``, else made for this show.

    They are the same in every show, so that what was set up once (OBS, a Stream Deck) works in the next.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Raises ConfigError when a token in the environment protects nothing."""
        given = {role: os.environ.get(name, "").strip() for role, name in VARIABLES.items()}
        _check(given)
        kept = given if all(given.values()) else _kept(path or default_path())
        self._tokens = {role: given[role] or kept[role] for role in Role}
        for token in self._tokens.values():
            keep_secret(token)

    def of(self, role: Role) -> str:
        """The token that gives that role."""
        return self._tokens[role]

    def role(self, given: str) -> Role | None:
        """What ``given`` gives; None when it is no token of ours. Takes as long for any as for another."""
        secret = given.encode("utf-8", "surrogatepass")
        found = [role for role in Role if hmac.compare_digest(secret, self._tokens[role].encode())]
        return found[0] if found else None


def default_path() -> Path:
    """The file with the tokens that are kept, readable by its owner alone."""
    return platformdirs.user_data_path("banban", appauthor=False) / "control-tokens.json"


def _new() -> str:
    return secrets.token_urlsafe(16)


def _check(given: dict[Role, str]) -> None:
    for role, token in given.items():
        if token and len(token) < SHORTEST:
            raise ConfigError(
                f"the token in {VARIABLES[role]} has fewer than {SHORTEST} characters and could be guessed",
                hint="choose a longer one, or remove the variable: then banban makes one",
            )
        if not (token.isascii() and token.isprintable()):
            raise ConfigError(
                f"the token in {VARIABLES[role]} has characters that no browser sends in a header",
                hint="use letters of English, digits and signs; or remove the variable, and banban makes one",
            )
        same = [other for other in Role if other < role and token and given[other] == token]
        if same:
            raise ConfigError(
                f"{VARIABLES[same[0]]} and {VARIABLES[role]} are the same token",
                hint="choose another for one of them: each opens something else",
            )


def _kept(path: Path) -> dict[Role, str]:
    """The tokens in that file, which is written when one is missing. If it cannot be, for this show alone."""
    found = _read(path)
    if len(found) == len(Role):
        return found
    tokens = {role: found.get(role) or _new() for role in Role}
    row = {role.name.lower(): token for role, token in tokens.items()}
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write_whole(path, [json.dumps(row).encode() + b"\n"])
    except OSError as error:
        log.warning(
            "the tokens cannot be kept in %s (%s): the addresses are others in the next show",
            path,
            error.strerror,
        )
    return tokens


def _read(path: Path) -> dict[Role, str]:
    """What is kept there; nothing when it cannot be read, or when others may have read it."""
    try:
        with files.open_regular(path) as file:
            if sys.platform != "win32" and _is_open(os.fstat(file.fileno())):
                log.warning("other users could read %s: there are new tokens, and new addresses", path)
                return {}
            row: Any = json.loads(file.read(4096))
        tokens = {role: row[role.name.lower()] for role in Role if role.name.lower() in row}
    except (OSError, ValueError, TypeError, RecursionError):
        return {}
    whole = all(isinstance(token, str) and len(token) >= SHORTEST for token in tokens.values())
    return tokens if whole and len(set(tokens.values())) == len(tokens) else {}


def _is_open(status: os.stat_result) -> bool:
    """Whether others than its owner, or another owner, can read the file."""
    if sys.platform == "win32":  # there, a user's own folder is closed to others
        return False
    return status.st_uid != os.getuid() or bool(stat.S_IMODE(status.st_mode) & 0o077)
