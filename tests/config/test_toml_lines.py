"""Line numbers of TOML keys, against the standard library's parser."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vtuber.config import lines as toml_lines
from vtuber.config.lines import Place

TRICKY = r'''# port = 1
top = 1
"quo.ted" = 'x'
[stage] # [voice]
port = 5
obs.host = "a # b"
text = """
port = 7
[voice]
\""" """""
raw = \'\'\'
[x]
it's\'\'\'\'
after = 12
list = [ 13, # ]
  "]", { a = 14, b = [14] },
]
[[many]]
a = 17
[[many]]
a = 19
[many.sub]
z = 21
[[many.sub2]]
q = 1979-05-27T07:32:00Z
["odd key".'b']
e = {x.y = 25, "z" = 25}'''.replace(r"\'", "'")


def places(value: Any, here: Place = ()) -> set[Place]:
    found = {here} if here else set()
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        found |= places(item, (*here, key))
    return found


def test_finds_exactly_the_places_that_the_parser_finds() -> None:
    assert set(toml_lines.find(TRICKY)) == places(tomllib.loads(TRICKY))


def test_is_not_fooled_by_texts_and_remarks() -> None:
    found = toml_lines.find(TRICKY)
    lines = TRICKY.split("\n")
    assert found["stage", "port"] == 5
    assert found["stage", "after"] == lines.index("after = 12") + 1
    assert found["stage", "list", 2, "a"] == lines.index('  "]", { a = 14, b = [14] },') + 1
    assert found["many", 1, "a"] == lines.index("a = 19") + 1
    assert found["many", 1, "sub", "z"] == lines.index("z = 21") + 1
    assert found["odd key", "b", "e", "x", "y"] == len(lines)


def test_counts_lines_of_windows_alike() -> None:
    assert toml_lines.find(TRICKY.replace("\n", "\r\n")) == toml_lines.find(TRICKY)


strings = st.text(alphabet="a\"'\\\n\r\t#[]{}=.,é板 ", max_size=12)


def written(text: str, style: int) -> str:
    """A text in one of TOML's four notations, where it can be; the first can hold anything."""
    basic = json.dumps(text, ensure_ascii=False)
    if style == 1 and not set(text) & set("'\n\r"):
        return f"'{text}'"
    if style == 2 and "'''" not in text and "\r" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    if style == 3 and "\r" not in text:
        escaped = text.replace("\\", "\\\\").replace('"""', '""\\"')
        return f'"""\n{escaped[:-1]}\\""""' if escaped.endswith('"') else f'"""\n{escaped}"""'
    return basic


values = st.recursive(
    st.tuples(strings, st.integers(0, 3)).map(lambda drawn: written(*drawn))
    | st.sampled_from(["1", "-2.5", "true", "inf", "0x1F", "2020-01-01 10:00:00"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: "[" + ", # ]\n".join(items) + "\n]"),
    max_leaves=4,
)


@given(st.lists(st.tuples(st.sampled_from(["key", "title", "list"]), strings, values), max_size=8))
def test_every_key_is_on_the_line_that_holds_its_name(rows: list[tuple[str, str, str]]) -> None:
    lines, expected = [], {}
    count, table = 1, ""
    for number, (kind, name, value) in enumerate(rows):
        key = f"{written(name, 0)}.k{number}"
        if kind == "key":
            lines.append(f"{key} = {value}")
            expected[table, name, number] = count
        else:
            lines.append(f"[t{number}]" if kind == "title" else f"[[t{number}]]")
            table = f"t{number}" + ("" if kind == "title" else "[]")
        count += lines[-1].count("\n") + 1
    text = "\n".join(lines)
    found = toml_lines.find(text)
    assert set(found) == places(tomllib.loads(text))
    for (title, name, number), line in expected.items():
        above: Place = (title[:-2], 0) if title.endswith("[]") else (title,) if title else ()
        assert found[*above, name, f"k{number}"] == line
