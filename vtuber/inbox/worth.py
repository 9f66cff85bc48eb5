"""What was paid, in about the same dollars, so that a hundred yen and a hundred euros do not rank alike."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from vtuber import config
from vtuber.core.events import Answerable, ChatMessage, Gift, Money, Redemption, Subscription

SUBSCRIPTION_DOLLARS = 5.0
TIERS = {"2": 2, "3": 5}
"""How many times as much Twitch's higher tiers cost."""
UNKNOWN_DOLLARS = 5.0
"""What an amount that could not be read counts for."""
POINT_DOLLARS = 0.001
"""What a channel point counts for."""
PATIENCE = 20.0
"""Seconds of waiting after which a paid event counts as if twice as much had been paid."""


class ExchangeRates:
    """The table ``chat.rates``. No service is asked for rates."""

    def __init__(self, rates: config.Rates) -> None:
        self._dollars = {code: Decimal(str(worth)) for code, worth in rates.model_dump().items()}

    def valued(self, money: Money) -> Money:
        """The same money, with its worth in dollars; None where the amount or the currency is not known."""
        worth = self._dollars.get(money.currency)
        if money.amount is None or worth is None:
            return replace(money, dollars=None)
        return replace(money, dollars=money.amount * worth)


def paid_score(event: Answerable, now: float) -> float:
    """Bigger amounts come first, and nobody waits for ever."""
    return math.log2(1 + dollars(event)) + (now - event.at) / PATIENCE


def dollars(event: Answerable) -> float:
    """About how much was paid."""
    match event:
        case ChatMessage(money=Money(dollars=worth)):
            return UNKNOWN_DOLLARS if worth is None else max(0.0, float(worth))
        case Redemption(cost=cost):
            return POINT_DOLLARS * cost
        case Gift():
            return SUBSCRIPTION_DOLLARS * event.count * event.months * TIERS.get(event.tier, 1)
        case Subscription():
            return SUBSCRIPTION_DOLLARS * TIERS.get(event.tier, 1)
        case _:
            return 0.0
