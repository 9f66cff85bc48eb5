from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber.core.events import Money
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
        ("٥٫٠٠ ر.س.\u200f", "5.00", "SAR"),
        ("\u200f١٬٢٣٤٫٥٠٠\xa0د.ك.\u200f", "1234.500", "KWD"),
        ("\u200f5.00\xa0₪", "5.00", "ILS"),
        ("¥１，０００", "1000", "JPY"),
        ("JP¥500", "500", "JPY"),
        ("1,000円", "1000", "JPY"),
        ("₫50.000", "50000", "VND"),
        ("US$1,000", "1000", "USD"),
        ("10,00 $US", "10.00", "USD"),
        ("5,00 $ CA", "5.00", "CAD"),
        ("1\u202f234,50\xa0€", "1234.50", "EUR"),
        ("R 1\xa0000,00", "1000.00", "ZAR"),
        ("S/. 20.00", "20.00", "PEN"),
        ("10,00 лв.", "10.00", "BGN"),
        ("100,00 руб.", "100.00", "RUB"),
        ("PHP\xa050.00", "50.00", "PHP"),
        ("ARS\xa0100.00", "100.00", "ARS"),
        ("5,00 PLN", "5.00", "PLN"),
        ("100 Kč", "100", "CZK"),
        ("Rp50.000,00", "50000.00", "IDR"),
        ("kr 50,00", "50.00", ""),
        ("1.234,56 kr.", "1234.56", ""),
        ("Rs. 100", "100", ""),
        ("XYZ 3", "3", ""),
        ("12", "12", ""),
        ("$", "", "USD"),
        ("free", "", ""),
        ("", "", ""),
    ],
)
def test_prices(printed: str, amount: str, currency: str) -> None:
    assert money.read(printed) == Money(Decimal(amount) if amount else None, currency)


_DECIMALS = dict.fromkeys(("JPY", "KRW", "CLP", "VND", "PYG", "IQD"), 0) | dict.fromkeys(
    money._THREE_DECIMALS, 3
)
_UNITS = {code: code for code in money.CODES} | money._SYMBOLS
_SCRIPTS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "０１２３４５６７８９")
_SPACES = ("", " ", "\xa0", "\u202f")


def grouped(whole: str, mark: str, *, indian: bool) -> str:
    head, tail = whole[:-3], whole[-3:]
    size = 2 if indian else 3
    pieces = [head[max(0, end - size) : end] for end in range(len(head), 0, -size)]
    return mark.join([*reversed(pieces), tail])


@given(
    minor=st.integers(1, 10**9),
    unit=st.sampled_from(sorted(_UNITS)),
    marks=st.sampled_from((",.", ".,", "\xa0,", "\u202f,", " ,", "'.", "’.", "٬٫", "，．", "")),
    script=st.sampled_from(_SCRIPTS),
    indian=st.booleans(),
    space=st.sampled_from(_SPACES),
    before=st.booleans(),
    direction=st.sampled_from(("", "\u200f", "\u200e", "\u061c")),
)
def test_every_currency_in_every_notation(
    *, minor: int, unit: str, marks: str, script: str, indian: bool, space: str, before: bool, direction: str
) -> None:
    code = _UNITS[unit]
    decimals = _DECIMALS.get(code, 2)
    amount = Decimal(minor).scaleb(-decimals)
    whole, _, fraction = f"{amount:f}".partition(".")
    group, decimal = marks[:1], marks[1:] or "."
    number = grouped(whole, group, indian=indian) + (decimal + fraction if decimals else "")
    number = number.translate(str.maketrans("0123456789", script))
    printed = direction + (unit + space + number if before else number + space + unit) + direction
    assert money.read(printed) == Money(amount, code)


@given(st.text() | st.text("0123456789.,'  $€kr\u0664\u00b2"))
def test_any_text_is_some_amount(printed: str) -> None:
    found = money.read(printed)
    assert found.amount is None or (found.amount.is_finite() and found.amount >= 0)
    assert found.currency == "" or found.currency in money.CODES
