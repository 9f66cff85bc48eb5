"""/metrics, as Prometheus reads it."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from rehearsal_room import Room

from vtuber.core import files
from vtuber.core.clock import outside
from vtuber.core.events import Money
from vtuber.core.health import Contact, Health, State
from vtuber.record.exporter import Exporter
from vtuber.record.metrics import Metrics

GRAFANA = files.SHIPPED / "docs" / "grafana"


async def figures(room: Room) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every figure by its name and labels."""
    url = room.show.server.url.partition("?")[0]
    with outside():
        async with aiohttp.ClientSession() as session, session.get(f"{url}metrics") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith("text/plain")
            text = await answer.text()
    families = text_string_to_metric_families(text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_show_is_counted(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        room.types("for pizza", name="lou", money=Money(Decimal(5), "USD", Decimal(5)))
        room.commands("!status")
        await room.until_idle()
        room.commands("!pause")
        room.types("and tea?")
        await asyncio.sleep(3)
        found = await figures(room)
        assert found["banban_messages_total", (("platform", "twitch"),)] == 5
        assert found["banban_paid_total", (("kind", "super_chat"),)] == 1
        assert found["banban_paid_answered_total", ()] == 1
        assert found["banban_dropped_total", (("reason", "command"),)] == 2
        assert found["banban_replies_total", (("result", "answered"),)] == room.show.metrics.turns
        assert found["banban_delay_seconds_count", (("part", "total"),)] == room.show.metrics.turns
        assert found["banban_waiting", (("kind", "chat"),)] == 1
        assert found["banban_waiting_oldest_seconds", (("kind", "chat"),)] >= 3
        assert found["banban_part", (("part", "brain"), ("state", "ok"))] == 1
        assert found["banban_part", (("part", "brain"), ("state", "down"))] == 0
        assert found["banban_memory_bytes", ()] > 2**20

    play(scene)


def test_what_the_guard_stopped_is_counted_and_never_told(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("is the quark good?")
        room.types("hello there")
        await room.until_idle()
        found = await figures(room)
        assert found["banban_dropped_total", (("reason", "filtered"),)] == 1
        assert "quark" not in repr(found)

    play(scene, gate={"words": ["quark"]})


def test_series_do_not_grow_with_chat(play: Any) -> None:
    async def scene(room: Room) -> None:
        room.types("hello")
        await room.until_idle()
        before = len(await figures(room))
        for index in range(300):
            room.types(f"line {index} <b>", name=f"viewer{index}")
        await asyncio.sleep(20)
        assert len(await figures(room)) <= before + 5

    play(scene)


def test_a_part_that_is_no_more_is_not_down_for_ever() -> None:
    exporter = Exporter(Metrics())
    part = Health("show.chat", State.DOWN, "it failed", contact=Contact(None, None, 3))
    assert b'part="show.chat"' in exporter.page([part], [], 0.0)
    assert b'part="show.chat"' not in exporter.page([], [], 0.0)


def expressions(value: Any) -> list[str]:
    """Every query in a dashboard."""
    if isinstance(value, dict):
        own = [value["expr"]] if isinstance(value.get("expr"), str) else []
        return own + [found for inner in value.values() for found in expressions(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in expressions(inner)]
    return []


def test_dashboard_and_alerts_ask_only_for_figures_that_there_are(play: Any) -> None:
    known: set[str] = set()

    async def scene(room: Room) -> None:
        room.types("is pizza good?")
        await room.until_idle()
        known.update(name for name, _ in await figures(room))
        known.update(
            f"banban_{name}_total"
            for name in ("paid", "dropped", "replies", "verdicts", "failures", "tokens")
        )
        known.add("banban_reconnects")

    play(scene)
    asked = expressions(json.loads((GRAFANA / "dashboard.json").read_text(encoding="utf-8")))
    asked.append((GRAFANA / "alerts.yml").read_text(encoding="utf-8"))
    assert len(asked) > 10
    for expression in asked:
        names = {word for word in _words(expression) if word.startswith("banban_")}
        assert names, expression
        assert names <= known, expression


def _words(expression: str) -> list[str]:
    return "".join(char if char.isalnum() or char == "_" else " " for char in expression).split()
