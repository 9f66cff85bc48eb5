"""What a platform prints as a price, understood: "$5.00", "5,00 €", "NT$75.00", "¥1,000"."""

from __future__ import annotations

import re
from decimal import Decimal

from vtuber.events import Money

_SYMBOLS = {
    "$": "USD", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "HK$": "HKD",
    "MX$": "MXN", "NT$": "TWD", "NZ$": "NZD", "R$": "BRL", "S$": "SGD", "SG$": "SGD", "CLP$": "CLP",
    "COP$": "COP", "€": "EUR", "£": "GBP", "¥": "JPY", "￥": "JPY", "円": "JPY", "CN¥": "CNY", "元": "CNY",
    "₩": "KRW", "￦": "KRW", "₹": "INR", "₽": "RUB", "₱": "PHP", "₫": "VND", "₪": "ILS", "₺": "TRY",
    "฿": "THB", "₴": "UAH", "₦": "NGN", "₸": "KZT", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "lei": "RON",
    "RM": "MYR", "Rp": "IDR", "S/": "PEN",
}  # fmt: skip

CODES = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
    LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
    NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD
    XOF XPF YER ZAR ZMW ZWG""".split()  # noqa: SIM905 - a list of 150 lines says no more
)
"""ISO 4217 codes in use."""

_THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_AMOUNT = re.compile(r"\d(?:[\d.,'’٫٬\s]*\d)?")
_GROUPING = re.compile(r"[\s'’٬]")
LIMIT = 40
"""A price is no longer than this many characters."""


def read(text: str) -> Money:
    """The amount and the currency of a printed price; None and "" for what is not understood."""
    number = _AMOUNT.search(text[:LIMIT])
    if number is None:
        return Money(None, currency(text[:LIMIT]))
    unit = currency(text[: number.start()] + " " + text[number.end() : LIMIT])
    return Money(_amount(number.group(), unit), unit)


def currency(symbol: str) -> str:
    """The ISO code of a symbol or code, "" when it is neither or could be several."""
    symbol = " ".join(symbol.split())
    if symbol in CODES:
        return symbol
    return _SYMBOLS.get(symbol, "")


def _amount(printed: str, unit: str) -> Decimal:
    printed = _GROUPING.sub("", printed).replace("٫", ".")
    *head, tail = re.split("[.,]", printed)
    if not head:
        return Decimal(tail)
    marks = re.findall("[.,]", printed)
    repeated = marks.count(marks[-1]) > 1
    thousands = len(marks) == 1 and len(tail) == 3 and int(head[0]) > 0 and unit not in _THREE_DECIMALS
    if repeated or thousands:
        return Decimal("".join(head) + tail)
    return Decimal("".join(head) + "." + tail)
