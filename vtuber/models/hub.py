"""The model hub, through its own client: what a repository holds, and its files.

Where the hub is, and who asks, is the client's business (HF_ENDPOINT, HF_TOKEN, `hf auth login`). Only the
bytes are asked for here, in the client's session: its own download begins anew each time that it is called
(https://github.com/huggingface/huggingface_hub/pull/4228). They come by plain HTTP; hf_xet, which the client
brings along, is never loaded.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import httpx2
from huggingface_hub import HfApi, get_session, hf_hub_url, hf_raise_for_status
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # by its __all__ it is public

from vtuber.core.errors import BanbanError
from vtuber.core.masking import without_secret
from vtuber.models import gguf

_OTHERWISE = (
    "connect to the internet, set HF_ENDPOINT to a hub that you can reach, or name a GGUF that you have with "
    "--model"
)
_PATIENCE = 30.0
"""Seconds for the hub to answer, and for the next bytes to come."""
_TRIES = 5
"""So often in a row a connection may bring nothing."""
_PAUSE = 1.0
"""Seconds before the next try."""

_SAFE = re.compile(r"(?:\w[\w .,+=()@-]*/)*\w[\w .,+=()@-]*\.\w+", re.IGNORECASE)
"""Names that are a path below a folder on every system, and nothing else."""
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class File:
    """A file in a repository."""

    repo: str
    revision: str
    """The commit in which it was seen."""
    path: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Weights:
    """A model in a repository: one file, or all the parts of one that is split."""

    files: tuple[File, ...]

    @property
    def name(self) -> str:
        return self.files[0].path

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


class Hub:
    """Raises BanbanError in a streamer's words, whatever goes wrong with the hub."""

    def __init__(self, otherwise: str = _OTHERWISE) -> None:
        """``otherwise``: what to do when no hub can be reached."""
        self._api = HfApi()
        self._otherwise = otherwise

    def models(self, repo: str) -> list[Weights]:
        """The models of a repository ("owner/name"), the smallest first. None of them lacks a part."""
        known = {file.path: file for file in self.files(repo)}
        models = []
        for path in known:
            at = PurePosixPath(path)
            parts = [str(at.with_name(name)) for name in gguf.parts_of(at.name)]
            if path == parts[0] and all(part in known for part in parts):
                models.append(Weights(tuple(known[part] for part in parts)))
        return sorted(models, key=lambda weights: weights.size)

    def files(self, repo: str, suffixes: tuple[str, ...] = (".gguf",)) -> list[File]:
        """The files of a repository that end so, and whose checksum the hub knows."""
        with self._in_words(repo):
            found = self._api.model_info(repo, files_metadata=True, timeout=_PATIENCE)
            return [
                File(repo, found.sha or "main", one.rfilename, lfs.size, lfs.sha256)
                for one in found.siblings or ()
                if (lfs := one.lfs) and lfs.size > 0 and _SHA256.fullmatch(lfs.sha256)
                if _SAFE.fullmatch(one.rfilename) and one.rfilename.lower().endswith(suffixes)
            ]

    def bring(self, file: File, part: Path, advance: Callable[[int], None]) -> None:
        """Appends to ``part`` what it lacks of the file. ``advance`` hears how many bytes each piece is.

        A connection that breaks off is made again as long as that brings more. Raises OSError for the disk.
        """
        idle = 0
        while (have := _size(part)) < file.size:
            with self._in_words(file.repo):
                broken = self._stream(file, part, have, advance)
            idle = 0 if _size(part) > have else idle + 1
            if idle == _TRIES:
                raise BanbanError(
                    f"the connection to the model hub was lost ({broken or 'no data arrived'})",
                    where=file.path,
                    hint="run the same command again: it goes on where it stopped",
                )
            if broken:
                time.sleep(_PAUSE)

    def _stream(self, file: File, part: Path, have: int, advance: Callable[[int], None]) -> str:
        """Brings what comes over one connection. Returns why that broke off, or ""."""
        url = hf_hub_url(file.repo, file.path, revision=file.revision, endpoint=self._api.endpoint)
        headers = build_hf_headers() | {"Accept-Encoding": "identity", "Range": f"bytes={have}-"}
        try:
            with get_session().stream("GET", url, headers=headers, timeout=_PATIENCE) as answer:
                hf_raise_for_status(answer)
                with part.open("ab") as out:
                    if answer.status_code != httpx2.codes.PARTIAL_CONTENT:  # all of it, whatever was asked
                        advance(-have)
                        have = out.truncate(0)
                    for piece in answer.iter_raw():
                        have += out.write(piece)
                        advance(len(piece))
                        if have > file.size:  # its checksum will tell
                            break
        except httpx2.TransportError as error:
            return str(error) or type(error).__name__
        return ""

    @contextmanager
    def _in_words(self, repo: str) -> Iterator[None]:
        at = without_secret(self._api.endpoint)
        try:
            yield
        except OfflineModeIsEnabled:
            problem = BanbanError(
                "downloads from the model hub are switched off", where=repo, hint="unset HF_HUB_OFFLINE"
            )
        except HfHubHTTPError as error:
            what, hint = _refused(error, at, repo)
            problem = BanbanError(what, where=repo, hint=hint)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            problem = BanbanError(f"no model hub can be reached at {at}: {self._otherwise}")
        except HFValidationError:
            problem = BanbanError(
                "this is not a valid name of a repository", where=repo, hint=f"look for it at {at}"
            )
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            hint = "check HF_ENDPOINT, and check in a browser whether the network asks you to log in first"
            problem = BanbanError("the server at this address is not a model hub", where=at, hint=hint)
        else:
            return
        raise problem


def _refused(error: HfHubHTTPError, at: str, repo: str) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    status, wait = error.response.status_code, error.response.headers.get("Retry-After", "")
    if isinstance(error, GatedRepoError):
        hint = f"ask at {at}/{repo}, and set HF_TOKEN to a token from {at}/settings/tokens"
        return "its owner gives it only to people who ask for access", hint
    if isinstance(error, RemoteEntryNotFoundError):
        return "the file is gone from the hub", "run the same command again to get the current file"
    unknown = status == httpx2.codes.UNAUTHORIZED and "Authorization" not in error.response.request.headers
    if unknown or isinstance(error, RepositoryNotFoundError):
        hint = f"look for it at {at}; if it is private, set HF_TOKEN to a token that may read it"
        return "there is no such repository", hint
    if status in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}:
        return (
            "the model hub refuses access",
            "set HF_TOKEN to a token that may read it, or unset an expired one",
        )
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        when = f"in {wait} seconds" if wait.isdecimal() and len(wait) < 6 else "in some minutes"
        return (
            "the model hub received too many requests",
            f"run the same command again {when}, or set HF_TOKEN, which allows more requests",
        )
    return f"the model hub answers with an error ({status})", "run the same command again later"


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
