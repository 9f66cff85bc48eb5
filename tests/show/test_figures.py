"""/metrics, as Prometheus reads it."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from rehearsal_room import Chat, Room

from vtuber.core import files
from vtuber.core.clock import outside
from vtuber.core.events import Money
from vtuber.core.health import Contact, Health, State
from vtuber.record.exporter import Exporter
from vtuber.record.metrics import Metrics
from vtuber.show.alarms import ANSWERS, DELAY, MEMORY

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


class Connected(Chat):
    """Its connection came back once."""

    def health(self) -> Health:
        return Health("chat.test", State.OK, "listening", contact=Contact(1.0, 1.0, 1))


@pytest.fixture
def scraped(play: Any) -> dict[str, dict[str, set[str]]]:
    """By each figure's name, its labels with their values, from a show in which much happens."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    async def scene(room: Room) -> None:
        room.types("for pizza", name="lou", money=Money(Decimal(5), "USD", Decimal(5)))
        room.commands("!status")
        await room.until_idle()
        for name, labels in await figures(room):
            for label, value in labels or (("", ""),):
                found[name][label].add(value)

    play(scene, reply="The quark is.", listeners=[Connected("banban")], gate={"words": ["quark"]})
    found["banban_part"]["part"] |= {ANSWERS, DELAY, MEMORY}  # from when they are first raised
    return found


def asked(value: Any) -> Iterator[tuple[str, str]]:
    """Every query in a dashboard, with how its lines are called."""
    if isinstance(value, dict):
        if "expr" in value:
            yield value["expr"], value["legendFormat"]
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from asked(inner)


def is_answered(query: str, told: str, scraped: Mapping[str, Mapping[str, set[str]]]) -> None:
    """Each figure in the query exists, and has the labels that are asked for, grouped by or told."""
    chosen = re.findall(r"(banban_\w+)(?:{([^}]*)})?", query)
    assert chosen, query
    known: set[str] = set()
    for name, labels in chosen:
        assert name in scraped, query
        known |= scraped[name].keys()
        for label, equals, wanted in re.findall(r'(\w+)(=~|!=|!~|=)"([^"]*)"', labels):
            assert label in scraped[name], query
            for one in wanted.split("|") if equals[-1] == "~" else [re.escape(wanted)]:
                assert any(re.fullmatch(one, value) for value in scraped[name][label]), (query, one)
    grouped = re.findall(r"by \(([^)]*)\)", query)
    shown = {label.strip() for group in grouped for label in group.split(",")}
    assert shown <= known, query
    named = set(re.findall(r"{{ ?(?:\$labels\.)?(\w+) ?}}", told))
    assert named <= (shown if grouped else known), told


def test_a_dashboard_asks_only_for_figures_that_there_are(scraped: Any) -> None:
    queries = list(asked(json.loads((GRAFANA / "dashboard.json").read_text(encoding="utf-8"))))
    assert len(queries) > 10
    for query, told in queries:
        is_answered(query, told, scraped)


def test_alerts_ask_only_for_figures_that_there_are(scraped: Any) -> None:
    rules = (GRAFANA / "alerts.yml").read_text(encoding="utf-8").split("- alert: ")[1:]
    assert len(rules) > 5
    for rule in rules:
        query = re.search(r"expr: (.+)", rule)
        summary = re.search(r'summary: "(.+)"', rule)
        assert query, rule
        assert summary, rule
        is_answered(query[1], summary[1], scraped)
