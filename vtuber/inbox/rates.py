"""What was paid, about, in one currency: so that a hundred yen and a hundred euros do not rank alike."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from vtuber import config
from vtuber.core.events import Money


class Rates:
    """The table ``chat.rates``. Nothing is asked of anybody."""

    def __init__(self, rates: config.Rates) -> None:
        self._dollars = {code: Decimal(str(worth)) for code, worth in rates.model_dump().items()}

    def valued(self, money: Money) -> Money:
        """The same money, with its worth in dollars; None where the amount or the currency is not known."""
        worth = self._dollars.get(money.currency)
        if money.amount is None or worth is None:
            return replace(money, dollars=None)
        return replace(money, dollars=money.amount * worth)
