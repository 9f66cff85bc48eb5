from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.events import Money
from vtuber.listeners import money


@pytest.mark.parametrize(
    ("printed", "amount", "currency"),
    [
        ("$5.00", "5.00", "USD"),
        ("US$5", "5", "USD"),
        ("€2.00", "2.00", "EUR"),
        ("5,00 €", "5.00", "EUR"),
        ("5,00\xa0€", "5.00", "EUR"),
        ("1.234,56 €", "1234.56", "EUR"),
        ("¥1,000", "1000", "JPY"),
        ("￥10,000", "10000", "JPY"),
        ("NT$75.00", "75.00", "TWD"),
        ("CA$10.00", "10.00", "CAD"),
        ("R$ 20,00", "20.00", "BRL"),
        ("₹40.00", "40.00", "INR"),
        ("₹1,00,000.00", "100000.00", "INR"),
        ("CLP\xa02,500", "2500", "CLP"),
        ("RUB\xa0100.00", "100.00", "RUB"),
        ("1 234,50 ₽", "1234.50", "RUB"),
        ("CHF 1'000.50", "1000.50", "CHF"),
        ("1.000.000 ₫", "1000000", "VND"),
        ("$1,234.567", "1234.567", "USD"),
        ("KWD 1.500", "1.500", "KWD"),
        ("$0.500", "0.500", "USD"),
        ("٥٫٠٠ €", "5.00", "EUR"),
        ("kr 50,00", "50.00", ""),
        ("XYZ 3", "3", ""),
        ("12", "12", ""),
        ("$", "", "USD"),
        ("free", "", ""),
        ("", "", ""),
    ],
)
def test_prices(printed: str, amount: str, currency: str) -> None:
    assert money.read(printed) == Money(Decimal(amount) if amount else None, currency)


@given(st.text() | st.text("0123456789.,'  $€kr\u0664\u00b2"))
def test_any_text_is_some_amount(printed: str) -> None:
    found = money.read(printed)
    assert found.amount is None or (found.amount.is_finite() and found.amount >= 0)
    assert found.currency == "" or found.currency in money.CODES
