"""A model hub on this machine, as huggingface_hub's client knows it: an API, redirects, and a store of files.

The store is a server of its own, as the hub's is: what it is sent and what it sends is noted.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "5f1c" * 10


@dataclass
class Stored:
    """A file of a repository. The hub may declare another size or checksum than it has."""

    content: bytes = b""
    size: int | None = None
    sha256: str = ""

    def declared(self) -> dict[str, Any]:
        size = len(self.content) if self.size is None else self.size
        return {
            "size": size,
            "sha256": self.sha256 or hashlib.sha256(self.content).hexdigest(),
            "pointerSize": 135,
        }


@dataclass
class Refusal:
    status: int
    headers: dict[str, str] = field(default_factory=dict)


class HubServer:
    """Runs in threads of its own until ``close``."""

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, Stored]] = {}
        self.refuse_api: Refusal | None = None
        self.refuse_files: Refusal | None = None
        self.refuse_store: Refusal | None = None
        self.answer: bytes | None = None
        """Sent in place of all that the API says."""
        self.drops: list[int] = []
        """After how many bytes the next connections of the store break off."""
        self.stall_after: int | None = None
        """After how many bytes the store sends nothing more, and waits for ``resume``."""
        self.resume = threading.Event()
        self.ignores_ranges = False
        self.sent: Counter[str] = Counter()
        """Bytes of each file that left the store."""
        self.ranges: list[str | None] = []
        self.tokens: dict[str, set[str | None]] = {"hub": set(), "store": set()}
        self._servers = [
            ThreadingHTTPServer(("127.0.0.1", 0), self._handler(kind)) for kind in (_Hub, _Store)
        ]
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.01,)) for server in self._servers
        ]
        for thread in self._threads:
            thread.start()
        self.url, self.store_url = (
            f"http://127.0.0.1:{server.server_address[1]}" for server in self._servers
        )

    def close(self) -> None:
        self.resume.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    def _handler(self, kind: type[_Handler]) -> type[_Handler]:
        return type(kind.__name__, (kind,), {"hub": self})


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client may hang up."""


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None: ...

    def send(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, refusal: Refusal) -> None:
        self.send(refusal.status, refusal.headers, b'{"error": "no"}')


class _Hub(_Handler):
    def do_GET(self) -> None:
        self.hub.tokens["hub"].add(self.headers["Authorization"])
        path = unquote(urlsplit(self.path).path).lstrip("/")
        if path.startswith("api/models/"):
            self._info(path.removeprefix("api/models/"))
        else:
            repo, _, rest = path.partition("/resolve/")
            self._resolve(repo, rest.partition("/")[2])

    def _info(self, repo: str) -> None:
        hub = self.hub
        if hub.refuse_api:
            self.refuse(hub.refuse_api)
        elif hub.answer is not None:
            self.send(200, {}, hub.answer)
        elif repo not in hub.repos:  # what it says to those it does not know
            self.send(401, {"X-Error-Message": "Invalid username or password."})
        else:
            siblings: list[dict[str, Any]] = [{"rfilename": "README.md", "size": 12, "blobId": "00"}]
            for name, stored in hub.repos[repo].items():
                lfs = stored.declared()
                siblings.append({"rfilename": name, "size": lfs["size"], "blobId": "00", "lfs": lfs})
            info = {"id": repo, "modelId": repo, "sha": COMMIT, "gated": False, "siblings": siblings}
            self.send(200, {"Content-Type": "application/json"}, json.dumps(info).encode())

    def _resolve(self, repo: str, name: str) -> None:
        stored = self.hub.repos.get(repo, {}).get(name)
        if self.hub.refuse_files:
            self.refuse(self.hub.refuse_files)
        elif stored is None:
            self.send(404, {"X-Error-Code": "EntryNotFound"})
        else:
            lfs = stored.declared()
            place = {"Location": f"{self.hub.store_url}/{repo}/{name}", "X-Repo-Commit": COMMIT}
            linked = {"X-Linked-Size": str(lfs["size"]), "X-Linked-Etag": f'"{lfs["sha256"]}"'}
            self.send(302, place | linked | {"X-Xet-Hash": "0" * 64})


class _Store(_Handler):
    def do_GET(self) -> None:
        hub = self.hub
        hub.tokens["store"].add(self.headers["Authorization"])
        asked = self.headers["Range"]
        hub.ranges.append(asked)
        if hub.refuse_store:
            self.refuse(hub.refuse_store)
            return
        owner, name, path = unquote(self.path).lstrip("/").split("/", 2)
        content = hub.repos[f"{owner}/{name}"][path].content
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and not hub.ignores_ranges else 0
        self.send_response(206 if asked and not hub.ignores_ranges else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self._send_body(path, content[start:])

    def _send_body(self, path: str, body: bytes) -> None:
        hub = self.hub
        if hub.drops:
            body = body[: hub.drops.pop(0)]
            self.close_connection = True
        first = body if hub.stall_after is None else body[: hub.stall_after]
        self._write(path, first)
        if first != body:
            hub.resume.wait()
            self.close_connection = True

    def _write(self, path: str, body: bytes) -> None:
        self.hub.sent[path] += len(body)
        self.wfile.write(body)
