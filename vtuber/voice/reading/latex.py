"""Formulas in LaTeX, as one says them: "the square root of sixteen", 「二分之一」."""

from __future__ import annotations

import re

from vtuber.voice.reading.line import Line, rule, table
from vtuber.voice.reading.numbers import number

MOST = 400
"""Characters of a formula that are read. A longer one is left as it is."""
_WORDS = table(
    "times=times=乘以; cdot=times=乘以; div=divided by=除以; pm=plus or minus=正負; "
    "leq=is at most=小於等於; le=is at most=小於等於; geq=is at least=大於等於; "
    "ge=is at least=大於等於; neq=is not=不等於; ne=is not=不等於; approx=is about=約等於; "
    "infty=infinity=無限大; to=to=到; rightarrow=to=到; sum=the sum of=總和; prod=the product of=乘積; "
    "int=the integral of=積分; lim=the limit of=極限; sin=sine=sine; cos=cosine=cosine; "
    "tan=tangent=tangent; log=log=log; ln=L N=L N; percent=percent=%; ldots=and so on=等等; "
    "cdots=and so on=等等; circ=degrees=度; %=percent=百分比; in=in=屬於; cup=union=聯集; "
    "cap=intersection=交集"
)
_SIGNS = {
    "+": ("plus", "加"),
    "-": ("minus", "減"),
    "=": ("equals", "等於"),
    "<": ("is less than", "小於"),
    ">": ("is greater than", "大於"),
    "*": ("times", "乘以"),
    "/": ("over", "除以"),
    "!": ("factorial", "階乘"),
    "×": ("times", "乘以"),
    "÷": ("divided by", "除以"),
    "±": ("plus or minus", "正負"),
    "of": ("of", ""),
}
_OPENING = frozenset("=(<>{,[")
"""Behind these a minus is the sign of what follows."""
_FUNCTIONS = frozenset("fghFGHP")
_OVER = frozenset(["sum", "prod", "int", "lim"])
"""Commands that may tell from where to where."""
_ROOTS = {"": "square", "three": "cube", "two": "square"}
_HALVES = {("one", "two"): "one half", ("one", "four"): "one quarter", ("one", "three"): "one third"}
_SILENT = frozenset(
    [
        "left",
        "right",
        "mathrm",
        "mathbf",
        "text",
        "operatorname",
        "displaystyle",
        "quad",
        "qquad",
        "big",
        "Big",
        "mathbb",
    ]
)
_TOKEN = re.compile(
    r"\\([A-Za-z]+|[%,;! ])|(\d+(?:\.\d+)?)|([A-Za-z]+)|([\[\]{}^_])|([^\s\w])|([^\W\d_])|\s+"
)
_DEEP = 12


class _Formula:
    """Reads a formula from left to right."""

    def __init__(self, source: str, *, chinese: bool) -> None:
        self._tokens = [found for found in _TOKEN.finditer(source) if not found.group().isspace()]
        self._at = 0
        self._chinese = chinese

    def read(self, until: str = "", depth: int = 0) -> str:
        parts: list[str] = []
        while self._at < len(self._tokens):
            if until and self._tokens[self._at].group() == until:
                self._at += 1
                break
            parts.append(self._next(depth, first=not parts))
        return ("" if self._chinese else " ").join(filter(None, parts))

    def _argument(self, depth: int) -> str:
        if self._at >= len(self._tokens) or depth > _DEEP:
            return ""
        if self._tokens[self._at].group() == "{":
            self._at += 1
            return self.read("}", depth + 1)
        return self._next(depth + 1)

    def _next(self, depth: int, *, first: bool = False) -> str:
        token = self._tokens[self._at]
        before = self._tokens[self._at - 1].group() if self._at else ""
        self._at += 1
        command, digits, letters, mark, sign, other = token.groups()
        if depth > _DEEP:
            said = ""
        elif command:
            said = self._command(command, depth)
        elif mark == "{":
            said = self.read("}", depth + 1)
        elif mark == "^":
            said = self._power(self._argument(depth))
        elif letters:
            said = letters if len(letters) > 3 or letters in _WORDS else " ".join(letters)
        elif digits:
            said = number(digits, chinese=self._chinese)
        elif sign == "-" and (first or before in _OPENING):
            said = "負" if self._chinese else "minus"
        elif sign == "(" and (before.isdigit() or (len(before) == 1 and before.isalpha())):
            said = _SIGNS["of" if before in _FUNCTIONS else "*"][self._chinese]
        else:
            said = _SIGNS.get(sign, ("", ""))[self._chinese] or other or ""
        return said

    def _power(self, power: str) -> str:
        if power in ("degrees", "度"):
            return power
        if self._chinese:
            return {"二": "平方", "三": "立方"}.get(power, f"的{power}次方")
        return {"two": "squared", "three": "cubed"}.get(power, f"to the power of {power}")

    def _command(self, name: str, depth: int) -> str:
        if name in ("frac", "dfrac", "tfrac"):
            above, below = self._argument(depth), self._argument(depth)
            return (
                f"{below}分之{above}"
                if self._chinese
                else _HALVES.get((above, below), f"{above} over {below}")
            )
        if name == "sqrt":
            return self._root(depth)
        if name in _OVER:
            return self._over(name, depth)
        if name in _SILENT or name in ",;! ":
            return ""
        return _WORDS.get(name, (name, name))[self._chinese]

    def _over(self, name: str, depth: int) -> str:
        """A sum or the like, with where it begins and ends."""
        limits = {"_": "", "^": ""}
        while self._at < len(self._tokens) and (mark := self._tokens[self._at].group()) in limits:
            self._at += 1
            limits[mark] = self._argument(depth)
        begin, end = limits["_"], limits["^"]
        said = _WORDS[name][self._chinese]
        if self._chinese:
            return (begin and f"{begin}") + (end and f"到{end}") + ("的" if begin or end else "") + said
        if name == "lim":
            return f"the limit as {begin} of" if begin else said
        head = said.removesuffix(" of")
        return f"{head}{begin and f' from {begin}'}{end and f' to {end}'} of"

    def _root(self, depth: int) -> str:
        root = ""
        if self._at < len(self._tokens) and self._tokens[self._at].group() == "[":
            self._at += 1
            root = self.read("]", depth + 1)
        inside = self._argument(depth)
        if self._chinese:
            return f"{root}次方根{inside}" if root else f"根號{inside}"
        return f"the {_ROOTS.get(root, root)} root of {inside}"


def formula(source: str, *, chinese: bool) -> str:
    """In words. Braces and commands nested too deep are left out."""
    return _Formula(source, chinese=chinese).read()


def _say(found: re.Match[str], line: Line) -> str | None:
    inside = next(filter(None, found.groups()), "")
    if found[1] and not re.search(r"[\\^_={}+]|^\w$", inside):
        return None  # two sums of money
    return formula(inside, chinese=line.chinese)


RULES = (
    rule(
        rf"\$\$?([^$\n\u3000-\u9fff]{{1,{MOST}}})\$\$?(?!\d)|\\\((.{{1,{MOST}}}?)\\\)|\\\[(.{{1,{MOST}}}?)\\\]",
        _say,
        "$\\",
    ),
    rule(
        r"\\(?:d?frac\{[^{}\n]{1,60}\}\{[^{}\n]{1,60}\}|sqrt\{[^{}\n]{1,60}\}|(?:times|cdot|div|pm|leq|geq|neq|approx|infty)(?![A-Za-z]))",
        lambda found, line: formula(found.group(), chinese=line.chinese),
        "\\",
    ),
)
