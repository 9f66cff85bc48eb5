"""What is stored in Redis (or Valkey), and how it is written, read and removed.

All keys begin with ``banban:``; in cluster mode with ``{banban}:``, so that all are on one node and a script
may touch several of them. ("banban" is ``memory.name``.) WHO is ``profile.key_of``; all text is plain UTF-8.

- ``banban:schema``: the version of this list
- ``banban:seen``: sorted set of WHO by when they were last heard (seconds since 1970); it bounds the rest
- ``banban:viewer:WHO``: hash of name and messages (their count); of those who have come back also back
  (when) and, until they are answered, away (after how many seconds)
- ``banban:said:WHO``: list of their last messages, oldest first
- ``banban:answered:WHO``: hash of what each speaker last said to them, as JSON lists, oldest first
- ``banban:answers:WHO``: the same by an earlier version, which did not note the speaker: only ever removed
- ``banban:heard``: list of all that was heard, as JSON (at, speaker, who, name, said, heard), oldest first
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import ResponseError

from vtuber.config import Memory as MemorySettings
from vtuber.core import clock
from vtuber.core.errors import RecallError
from vtuber.core.events import Batch
from vtuber.core.text import clean, clean_name, escaped
from vtuber.memory import redis_scripts, store
from vtuber.memory.profile import ANSWERS_KEPT, WORDS_KEPT, Answer, Bundle, Profile, called, key_of, lead_key
from vtuber.memory.purge import Purge
from vtuber.memory.server import FAILURES, Server, is_wrong_type
from vtuber.memory.store import ABSENCE, SCHEMA, Known, Record

_OWN = {"schema": "get", "seen": "zcard", "heard": "llen"}
"""Keys that all of memory needs, and a command that only their own kind of value understands."""


class RedisStore:
    """Each method is one round trip, or a few."""

    failures: tuple[type[Exception], ...] = FAILURES

    def __init__(self, server: Server, settings: MemorySettings) -> None:
        self._server = server
        self._settings = settings
        self._blocked: dict[str, None] = {}
        self._redis: Redis | RedisCluster | None = None
        self._base = ""

    @property
    def kind(self) -> str:
        return self._server.kind

    @property
    def place(self) -> str:
        return self._server.place

    @property
    def remark(self) -> str:
        if not self._blocked:
            return self._server.remark
        first, others = next(iter(self._blocked)), len(self._blocked) - 1
        if others:
            held = f"{first} and {others} more keys hold something that is not banban's"
        else:
            held = f"{first} holds something that is not banban's"
        return f"{held}: those viewers are not remembered"

    async def open(self) -> None:
        """Starts the server if it is ours, and tries whether it can be written."""
        self._redis = await self._server.connect()
        name = self._settings.name
        self._base = "{" + name + "}" if isinstance(self._redis, RedisCluster) else name
        await self._look()
        with clock.outside():
            await self._redis.set(self._key("schema"), SCHEMA)

    async def _look(self) -> None:
        """Raises RecallError when what is there is not ours, or of another version."""
        ask = self._client.pipeline(transaction=False)
        for key, command in _OWN.items():
            ask.execute_command(command.upper(), self._key(key))
        with clock.outside():
            found = await ask.execute(raise_on_error=False)
        for key, reply in zip(_OWN, found, strict=True):
            if is_wrong_type(reply):
                raise self._in_the_way(self._key(key))
            if isinstance(reply, Exception):
                raise reply
        if (schema := found[0]) not in (None, str(SCHEMA)):
            raise RecallError(
                f"memory comes from another version: {escaped(clean(schema, 20))} ({self.place})",
                hint="use another folder or database, or the version of banban that wrote it",
            )

    async def read(self, batch: Batch) -> tuple[dict[str, Profile], list[str]]:
        whos = list(dict.fromkeys(key_of(event.platform, event.author.id) for event in batch.events))
        ask = self._client.pipeline(transaction=False)
        for who in whos:
            self._ask_for(ask, who)
        ask.hget(self._key("answered", lead_key(batch)), batch.speaker)
        ask.zrange(self._key("seen"), 0, 0, withscores=True)
        with clock.outside():
            *rows, answers, oldest = await ask.execute(raise_on_error=False)
        known = {one.who: one for one in _known(whos, rows)}
        if is_wrong_type(oldest):
            await self._look()  # and say so
        for reply in (oldest, answers):
            if isinstance(reply, Exception) and not (reply is answers and is_wrong_type(reply)):
                raise reply
        began = min((seen for _, seen in oldest), default=None)
        return store.profiles(batch, known, began), _texts(answers)

    async def write(self, bundle: Bundle) -> None:
        settings = self._settings
        keep = (settings.keep_viewers, settings.keep_heard, WORDS_KEPT, ANSWERS_KEPT)
        blocked = await self._run(
            redis_scripts.WRITE, *keep, f"{store.today():.3f}", int(ABSENCE), _packed(bundle)
        )
        if len(self._blocked) < store.PIECE:
            self._blocked.update(dict.fromkeys(map(str, blocked)))

    async def named(self, purge: Purge, cursor: str) -> tuple[str, list[str]]:
        wanted = _json({name: True for _, name in purge.names})
        cursor, *found = await self._run(redis_scripts.NAMED, wanted, cursor, store.PIECE)
        pairs = zip(found[::2], found[1::2], strict=True)
        return cursor, [who for who, name in pairs if purge.whole(who, called(name))]

    async def remove(self, purge: Purge) -> None:
        await self._run(redis_scripts.REMOVE, _listed(purge))

    async def remove_heard(self, purge: Purge, behind: int) -> int | None:
        looked_at, removed = await self._run(redis_scripts.REMOVE_HEARD, _listed(purge), behind, store.PIECE)
        return behind + looked_at - removed if looked_at == store.PIECE else None

    async def records(self, cursor: str) -> tuple[str, list[Record]]:
        kind, _, place = (cursor or "viewers:0").partition(":")
        first = int(place)
        with clock.outside():
            if kind == "heard":
                last = first + store.PIECE - 1
                lines: list[str] = await self._client.execute_command(
                    "LRANGE", self._key("heard"), first, last
                )
                following = f"heard:{last + 1}" if len(lines) == store.PIECE else ""
                return following, [answer for line in lines if (answer := _answer(line))]
            # Not by their order, in which whoever writes meanwhile moves, and others are missed.
            scanned, seen = await self._client.zscan(self._key("seen"), first, count=store.PIECE)
            whos = [str(who) for who, _ in seen]
            ask = self._client.pipeline(transaction=False)
            for who in whos:
                self._ask_for(ask, who)
                ask.hgetall(self._key("answered", who))
            rows = await ask.execute(raise_on_error=False) if whos else []
        width = len(_VIEWER) + 1
        known: list[Record] = []
        for number, who in enumerate(whos):
            *parts, answered = rows[number * width : (number + 1) * width]
            for one in _known([who], parts):
                if isinstance(answered, dict):
                    one.answered = {speaker: _texts(given) for speaker, given in answered.items()}
                known.append(one)
        return (f"viewers:{scanned}" if int(scanned) else "heard:0"), known

    async def load(self, records: Sequence[Record]) -> None:
        viewers = [_unpacked(one) for one in records if isinstance(one, Known)]
        heard = [_whole(one) for one in records if isinstance(one, Answer)]
        await self._run(redis_scripts.LOAD, _json(viewers), _json(heard))

    async def clear(self) -> None:
        while await self._run(redis_scripts.CLEAR, store.PIECE):
            pass

    async def close(self) -> None:
        self._redis = None
        await self._server.close()

    def explained(self, failure: Exception) -> tuple[str, str]:
        return self._server.explained(failure)

    @property
    def _client(self) -> Redis | RedisCluster:
        if self._redis is None:
            raise RecallError(f"memory is not open ({self.place})")
        return self._redis

    def _key(self, kind: str, who: str = "") -> str:
        return f"{self._base}:{kind}:{who}" if who else f"{self._base}:{kind}"

    def _ask_for(self, ask: Any, who: str) -> None:
        """As many questions as there are parts in ``_VIEWER``."""
        ask.hmget(self._key("viewer", who), "name", "messages", "away", "back")
        ask.lrange(self._key("said", who), 0, -1)
        ask.zscore(self._key("seen"), who)

    def _in_the_way(self, key: str) -> RecallError:
        return RecallError(
            f"memory cannot be used: {key} holds something that is not banban's ({self.place})",
            hint="another program uses that name: rename the key, or set memory.name to another name",
        )

    async def _run(self, script: str, *arguments: str | bytes | float) -> Any:
        try:
            with clock.outside():
                return await self._client.eval(script, 1, self._key("schema"), *arguments)
        except ResponseError as error:
            if is_wrong_type(error):
                await self._look()  # and say which key it is
            raise


_TEXTS = ("speaker", "who", "name", "said", "heard")
_VIEWER = ("viewer", "said", "seen")


def _known(whos: Sequence[str], rows: Sequence[Any]) -> Iterable[Known]:
    """Those who are known. What is not ours, or cannot be read as what it should be, counts as nothing."""
    width = len(_VIEWER)
    for number, who in enumerate(whos):
        parts = rows[number * width : (number + 1) * width]
        for part in parts:
            if isinstance(part, Exception) and not is_wrong_type(part):
                raise part
        viewer, said, seen = parts
        if isinstance(viewer, ResponseError) or isinstance(said, ResponseError) or viewer[0] is None:
            continue
        name, messages, away, back = viewer
        seen = store.today() if seen is None else seen
        yield Known(who, name, int(_number(messages)), seen, _number(away), _number(back), said)


def _number(text: str | None) -> float:
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _texts(listed: object) -> list[str]:
    """A JSON list of texts; nothing for anything else."""
    try:
        found = json.loads(listed) if isinstance(listed, str) else []
    except ValueError:
        return []
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _answer(line: str) -> Answer | None:
    try:
        entry = json.loads(line)
        speaker, who, name, said, heard = (str(entry.get(key, "")) for key in _TEXTS)
        return Answer(speaker, who, name, said, heard, float(entry.get("at", 0)))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None  # not ours


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _listed(purge: Purge) -> bytes:
    return _json({"people": [*purge.people], "words": [*purge.words], "answers": [*purge.answers]})


def _whole(answer: Answer) -> str:
    whole = {"at": round(answer.at), "speaker": answer.speaker, "who": answer.key, "name": answer.name}
    return json.dumps(whole | {"said": answer.said, "heard": answer.heard}, ensure_ascii=False)


def _unpacked(one: Known) -> dict[str, object]:
    answered = {speaker: json.dumps(said, ensure_ascii=False) for speaker, said in one.answered.items()}
    found = {"who": one.who, "name": one.name, "messages": one.messages, "seen": one.seen}
    times = {key: f"{value:.3f}" for key, value in (("away", one.away), ("back", one.back)) if value}
    return found | times | {"said": [*one.said], "answered": answered}


def _packed(bundle: Bundle) -> bytes:
    viewers = [(key, clean_name(one.name), one.messages, one.words) for key, one in bundle.viewers.items()]
    answers = [(one.speaker, one.key, one.name, one.heard, _whole(one)) for one in bundle.answers]
    return _json({"viewers": viewers, "answers": answers})
