"""The show's figures at ``/metrics``, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import web

from vtuber.core import clock
from vtuber.core.health import Health
from vtuber.inbox import Inbox
from vtuber.record.exporter import CONTENT_TYPE, Exporter
from vtuber.record.facts import Facts
from vtuber.record.metrics import Metrics


class Figures:
    """Counts what happens, and gives it to whoever may read the show's pages."""

    def __init__(
        self, facts: Facts, metrics: Metrics, inbox: Inbox, healths: Callable[[], Sequence[Health]]
    ) -> None:
        self._exporter = Exporter(metrics)
        self._inbox = inbox
        self._healths = healths
        facts.subscribe(self._exporter.note)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """What it answers."""
        return [web.get("/metrics", self._page)]

    async def _page(self, _: web.Request) -> web.Response:
        body = self._exporter.page(self._healths(), self._inbox.events(), clock.now())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})
