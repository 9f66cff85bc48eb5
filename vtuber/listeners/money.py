"""Reads a price as a platform prints it: "$5.00", "5,00 €", "NT$75.00", "¥1,000"."""

from __future__ import annotations

import re
from decimal import Decimal

from vtuber.core.events import Money

_SYMBOLS = {
    "$": "USD", "US$": "USD", "$US": "USD", "A$": "AUD", "AU$": "AUD", "$AU": "AUD", "C$": "CAD",
    "CA$": "CAD", "$CA": "CAD", "HK$": "HKD", "$HK": "HKD", "MX$": "MXN", "$MX": "MXN", "NT$": "TWD",
    "NZ$": "NZD", "$NZ": "NZD", "S$": "SGD", "SG$": "SGD", "$SG": "SGD", "R$": "BRL", "AR$": "ARS",
    "$AR": "ARS", "CL$": "CLP", "CLP$": "CLP", "$CL": "CLP", "CO$": "COP", "COP$": "COP", "$CO": "COP",
    "RD$": "DOP", "$U": "UYU", "€": "EUR", "£": "GBP", "E£": "EGP", "¥": "JPY", "￥": "JPY", "JP¥": "JPY",
    "円": "JPY", "CN¥": "CNY", "元": "CNY", "₩": "KRW", "￦": "KRW", "원": "KRW", "₹": "INR", "₽": "RUB",
    "руб": "RUB", "₱": "PHP", "₫": "VND", "đ": "VND", "₪": "ILS", "₺": "TRY", "TL": "TRY", "฿": "THB",
    "₴": "UAH", "грн": "UAH", "₦": "NGN", "₸": "KZT", "₾": "GEL", "₼": "AZN", "֏": "AMD", "৳": "BDT",
    "₡": "CRC", "₲": "PYG", "៛": "KHR", "₭": "LAK", "₮": "MNT", "zł": "PLN", "Kč": "CZK", "Ft": "HUF",
    "lei": "RON", "лв": "BGN", "ден": "MKD", "KM": "BAM", "RM": "MYR", "Rp": "IDR", "R": "ZAR", "S/": "PEN",
    "B/": "PAB", "ر.س": "SAR", "د.إ": "AED", "ر.ق": "QAR", "د.ك": "KWD", "د.ب": "BHD", "ر.ع": "OMR",
    "د.أ": "JOD", "ج.م": "EGP", "د.م": "MAD", "د.ج": "DZD", "د.ت": "TND", "ع.د": "IQD", "ل.ل": "LBP",
}  # fmt: skip
"""Without a dot at the end. A symbol of several currencies ("kr", "Rs", "Bs") is not here."""

CODES = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
    LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
    NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD
    XOF XPF YER ZAR ZMW ZWG""".split()  # noqa: SIM905 - a list of 150 lines is no clearer
)
"""ISO 4217 codes in use."""

_THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "LYD", "OMR", "TND"))  # IQD has them and prints none
_AMOUNT = re.compile(r"\d(?:[\d.,'’\s]*\d)?")
_GROUPING = re.compile(r"[\s'’]")
_SAME = str.maketrans("٫٬，．", ".',.", "\u061c\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069")
"""Marks of other scripts become ours; the invisible ones for the direction of reading are dropped."""
LIMIT = 40
"""A price is no longer than this many characters."""


def read(text: str) -> Money:
    """The amount and the currency of a printed price; None and "" for what is not known."""
    text = text[:LIMIT].translate(_SAME)
    number = _AMOUNT.search(text)
    if number is None:
        return Money(None, currency(text))
    unit = currency(text[: number.start()] + " " + text[number.end() :])
    return Money(_amount(number.group(), unit), unit)


def currency(symbol: str) -> str:
    """The ISO code of a symbol or code, "" when it is neither or could be several."""
    symbol = "".join(symbol.split()).rstrip(".")
    return symbol if symbol in CODES else _SYMBOLS.get(symbol, "")


def _amount(printed: str, unit: str) -> Decimal:
    printed = _GROUPING.sub("", printed)
    *head, tail = re.split("[.,]", printed)
    if not head:
        return Decimal(tail)
    marks = re.findall("[.,]", printed)
    repeated = marks.count(marks[-1]) > 1
    thousands = len(marks) == 1 and len(tail) == 3 and int(head[0]) > 0 and unit not in _THREE_DECIMALS
    if repeated or thousands:
        return Decimal("".join(head) + tail)
    return Decimal("".join(head) + "." + tail)
