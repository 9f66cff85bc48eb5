"""Whether an SVG may be shown: it draws something, needs nothing from outside, and nothing in it can run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

_SVG = "http://www.w3.org/2000/svg"
_DRAWN = frozenset("path rect circle ellipse line polyline polygon text image use".split())  # noqa: SIM905
_REFUSED = frozenset("script foreignObject iframe embed object audio video canvas handler listener".split())  # noqa: SIM905
_MOVES = frozenset("body head tail eye lid iris hand".split())  # noqa: SIM905  # as overlays/avatars/svg has them
_SHAPES = frozenset("closed half open A I U E O".split())  # noqa: SIM905  # of the mouth

MOST_PARTS = 50_000
"""More than a browser draws in time, those that <use> repeats counted each time."""
_DEEPEST = 200

_URL = re.compile(r"url\(\s*['\"]?\s*([^)'\"]*)", re.IGNORECASE)
_INSIDE = re.compile(
    r"\s*(?:#|$|data:(?:image/(?:png|jpe?g|webp|gif)|(?:application/(?:x-)?)?font))", re.IGNORECASE
)

AS_PNG = "export the picture as PNG, or remove that part"


class UnfitError(Exception):
    """Why it must not be shown, and on which ``line``; ``hint`` is what to do."""

    def __init__(self, why: str, line: int = 0, hint: str = AS_PNG) -> None:
        super().__init__(why)
        self.line = line
        self.hint = hint


@dataclass(slots=True)
class _Part:
    repeats: str = ""
    """The id of the part that a <use> shows once more."""
    parts: list[_Part] = field(default_factory=list)
    size: int = 0


def check(body: bytes) -> bool:
    """Whether the overlay can move its parts by their names. Raises UnfitError."""
    reader = _Reader()
    try:
        body.decode("utf-8")
        reader.parser.Parse(body, True)  # noqa: FBT003  # the last piece
    except UnicodeDecodeError:
        raise UnfitError("it is not saved as UTF-8", hint="save it as UTF-8, or export it as PNG") from None
    except expat.ExpatError as error:
        raise UnfitError(
            f"it is not a whole SVG ({expat.ErrorString(error.code)})",
            error.lineno,
            "export the picture again, as SVG or as PNG",
        ) from None
    reader.finish()
    return reader.is_rigged


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.ProcessingInstructionHandler = self.instruction
        self.is_rigged = False
        self._root: _Part | None = None
        self._open: list[tuple[str, _Part]] = []
        self._by_id: dict[str, _Part] = {}
        self._names: set[str] = set()
        self._count = 0
        self._draws = False

    def refuse(self, why: str) -> UnfitError:
        return UnfitError(why, self.parser.CurrentLineNumber)

    def doctype(self, _name: str, _system: str | None, _public: str | None, own: int) -> None:
        if own:
            raise self.refuse("it has definitions of its own (<!DOCTYPE … [ … ]>)")

    def instruction(self, target: str, _: str) -> None:
        if target == "xml-stylesheet":
            raise self.refuse("it takes its style from another file (<?xml-stylesheet …?>)")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if self._root is None:
            self.check_root(space, tag, attributes)
        if tag in _REFUSED or space == "http://www.w3.org/1999/xhtml":
            raise self.refuse(f"it holds a <{tag}>")
        part = _Part()
        for key, value in attributes.items():
            self.check_attribute(tag, key, value)
            if tag == "use" and key.rpartition(" ")[2] == "href":
                part.repeats = value.strip().removeprefix("#")
        self._count += 1
        if self._count > MOST_PARTS or len(self._open) >= _DEEPEST:
            raise self.refuse("it has too many parts, or too many inside each other")
        if space == _SVG:
            self._draws = self._draws or tag in _DRAWN
            self._names |= {f"#{attributes.get('id', '')}", *attributes.get("class", "").split()}
            self.is_rigged = self.is_rigged or bool({"data-moods", "data-gestures"} & attributes.keys())
        if "id" in attributes:
            self._by_id.setdefault(attributes["id"], part)
        if self._open:
            self._open[-1][1].parts.append(part)
        self._root = self._root or part
        self._open.append((tag, part))

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, words: str) -> None:
        if self._open and self._open[-1][0] == "style":
            self.check_style(words)

    def check_root(self, space: str, tag: str, attributes: dict[str, str]) -> None:
        if tag != "svg":
            raise self.refuse(f"it is not an SVG: it begins with <{tag}>")
        if space != _SVG:
            raise UnfitError(
                "browsers would show nothing: its <svg> lacks the name of the format",
                self.parser.CurrentLineNumber,
                f'write xmlns="{_SVG}" into its <svg …>, or export it again',
            )
        if "viewBox" not in attributes and not {"width", "height"} <= attributes.keys():
            raise UnfitError(
                "nobody knows how large it is: its <svg> has neither viewBox nor width and height",
                self.parser.CurrentLineNumber,
                'write the size of the drawing into its <svg …>, such as viewBox="0 0 800 880"',
            )

    def check_attribute(self, tag: str, key: str, value: str) -> None:
        space, _, name = key.rpartition(" ")
        if not space and name.lower().startswith("on"):
            raise self.refuse(f"it runs a script ({name})")
        if (
            tag in ("animate", "set")
            and name == "attributeName"
            and value.lower().rpartition(":")[2] == "href"
        ):
            raise self.refuse("it changes an address while it is shown")
        if name in ("href", "src") and not _INSIDE.match(value):
            raise self.refuse(f'it needs something outside of its file ({name}="{value.strip()[:60]}")')
        if name == "base":
            raise self.refuse("it needs something outside of its file (xml:base)")
        if not space:
            self.check_style(value)

    def check_style(self, style: str) -> None:
        if "@import" in style.lower():
            raise self.refuse("it takes its style from another file (@import)")
        for match in _URL.finditer(style):
            if not _INSIDE.match(match[1]):
                raise self.refuse(f"it needs something outside of its file (url({match[1][:60]}))")

    def finish(self) -> None:
        """Raises UnfitError for what only the whole of it shows."""
        if not self._draws or self._root is None:
            raise UnfitError("there is nothing drawn in it", hint="draw something, or export it again")
        if self._size(self._root, 0) > MOST_PARTS:
            raise UnfitError("it shows its parts too often (<use>)")
        speaks = "#mouth" in self._names and bool(_SHAPES & self._names)
        self.is_rigged = self.is_rigged or speaks or bool(_MOVES & self._names)

    def _size(self, part: _Part, depth: int) -> int:
        """How many parts are drawn for this one."""
        if depth > 2 * _DEEPEST:
            raise UnfitError("its parts show each other in a circle (<use>)")
        if not part.size:
            inner = sum(self._size(one, depth + 1) for one in part.parts)
            shown = self._by_id.get(part.repeats)
            part.size = min(1 + inner + (self._size(shown, depth + 1) if shown else 0), MOST_PARTS + 1)
        return part.size
