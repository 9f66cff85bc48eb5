"""Parts by their names: ours, and real distributions installed beside us."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from vtuber.core import registry
from vtuber.core.errors import ConfigError

OWN = {"ordered": "collections:OrderedDict", "counter": "collections:Counter"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where distributions can be installed."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def install(site: Path, name: str, entry: str, code: str = "class Part:\n    pass\n") -> None:
    (site / f"{name}.py").write_text(code, encoding="utf-8")
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[banban.toys]\n{entry}\n", encoding="utf-8")
    importlib.invalidate_caches()


def test_a_part_is_found_by_its_name() -> None:
    assert registry.load("toys", OWN, "counter").__name__ == "Counter"


def test_nothing_is_imported_before_it_is_used(site: Path) -> None:
    install(site, "lazy_toy", "lazy = lazy_toy:Part")
    assert registry.names("toys", OWN) == {**OWN, "lazy": "lazy_toy:Part"}
    assert "lazy_toy" not in sys.modules
    assert registry.load("toys", OWN, "lazy").__module__ == "lazy_toy"


def test_other_packages_parts_are_not_ours(site: Path) -> None:
    install(site, "one_toy", "one = one_toy:Part")
    assert registry.names("tools", OWN) == OWN


def test_a_misspelt_name_is_told_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no toy called 'countr'") as caught:
        registry.load("toys", OWN, "countr")
    assert caught.value.hint == "did you mean 'counter'?"
    with pytest.raises(ConfigError) as caught:
        registry.load("toys", OWN, "xyz", "room.toys")
    assert caught.value.hint == "choose one of counter, ordered"
    assert caught.value.where == "room.toys"


def test_two_parts_of_one_name_are_an_error_that_names_both(site: Path) -> None:
    install(site, "thief_toy", "counter = thief_toy:Part")
    with pytest.raises(ConfigError, match="two parts are called 'counter'") as caught:
        registry.load("toys", OWN, "ordered")
    assert "collections:Counter" in caught.value.where
    assert "thief_toy:Part" in caught.value.where


def test_two_others_of_one_name_are_an_error_too(site: Path) -> None:
    install(site, "first_toy", "same = first_toy:Part")
    install(site, "second_toy", "same = second_toy:Part")
    with pytest.raises(ConfigError, match="'same'"):
        registry.names("toys", OWN)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("bad = bad_toy:NoSuchClass", "x = 1\n"),
        ("bad = bad_toy", "x = 1\n"),
        ("bad = no_such_module_at_all:Part", "x = 1\n"),
        ("bad = bad_toy:Part", "import what_it_needs_is_missing\n"),
        ("bad = bad_toy:Part", "class Part(:\n"),
        ("bad = bad_toy:Part", "1 / 0\n"),
    ],
)
def test_a_part_that_cannot_be_loaded_is_one_clear_message(site: Path, entry: str, code: str) -> None:
    sys.modules.pop("bad_toy", None)
    install(site, "bad_toy", entry, code)
    with pytest.raises(ConfigError, match="toy 'bad' cannot be loaded") as caught:
        registry.load("toys", OWN, "bad", "room.toys")
    assert caught.value.where == "room.toys"
    assert caught.value.hint


def test_spaces_around_the_colon_are_nothing(site: Path) -> None:
    install(site, "spaced_toy", "spaced = spaced_toy : Part")
    assert registry.load("toys", OWN, "spaced").__name__ == "Part"


def test_a_part_from_elsewhere_that_fails_is_named(site: Path) -> None:
    code = "class Part:\n    def __init__(self, options):\n        self.size = options['size']\n"
    install(site, "sad_toy", "sad = sad_toy:Part", code)
    assert registry.make("toys", OWN, "sad", {"size": 3}).size == 3
    with pytest.raises(ConfigError, match=r"failed \(KeyError: 'size'\)") as caught:
        registry.make("toys", OWN, "sad", {})
    assert caught.value.where == "sad_toy.Part"
    assert caught.value.hint.startswith("report that to whoever made it")


def test_what_a_part_says_itself_and_our_own_defects_are_left_as_they_are() -> None:
    class Part: ...

    Part.__module__ = "elsewhere"
    with pytest.raises(ConfigError, match="no such port"), registry.named(Part()):
        raise ConfigError("no such port")
    Part.__module__ = "vtuber.voice"
    with pytest.raises(KeyError), registry.named(Part()):
        raise KeyError("size")
