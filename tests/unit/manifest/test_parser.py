"""YAML → values: what is read, what is refused, and where it says so."""

import gc
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.manifest.error_collector import ErrorCollector
from reconciler.manifest.yaml.parser import parse
from reconciler.manifest.yaml.source_map import SourceMap
from reconciler.model.diagnostic import Diagnostic

Mistake = Callable[..., Diagnostic]
Mistakes = Callable[..., tuple[Diagnostic, ...]]


def value_of(text: str) -> Any:
    """Parse a text that has no mistakes."""
    source_map, report = SourceMap(), ErrorCollector()
    parsed = parse(text, base=source_map.add("t", text), source_map=source_map, report=report)
    assert parsed is not None
    assert not report
    return parsed.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("22:30", "22:30"),
        ("2026-01-31", "2026-01-31"),
        ("007", 7),
        ("-12", -12),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("-.5e1", -5.0),
        ("1_000", "1_000"),
        ("-x", "-x"),
        (".nan", ".nan"),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ('"true"', "true"),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("9" * 30, 10**18),
        ("-" + "9" * 30, -(10**18)),
        ("1e999", 1e18),
    ],
)
def test_scalars_are_read_as_yaml_1_2_reads_them(text: str, value: object) -> None:
    """Only true, false, null and numbers are not text, and a number has a bound."""
    (read,) = value_of(f"- {text}\n")
    assert read == value
    assert type(read) is type(value)


def test_anchors_and_aliases_share_a_value() -> None:
    """An alias is the value of its anchor, for scalars, lists and mappings."""
    value = value_of("x: &a [1]\ny: *a\nz: &b t\nk: *b\n")
    assert value["y"] is value["x"]
    assert value["k"] == "t"


def test_a_tag_that_says_what_is_so_is_taken() -> None:
    """`!!map` and `!!seq` on a mapping and a list mean nothing, and are allowed."""
    assert value_of("a: !!seq [1]\nb: !!map {c: 1}\n") == {"a": [1], "b": {"c": 1}}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("duplicate-key", "version: 1\nx-a: {b: 1, §b: 2}\n"),
        ("duplicate-key", "version: 1\nx-a:\n- c:\n    b: 1\n    §b: [2]\n"),
        ("key-not-text", "version: 1\ninstances:\n  §123: {}\n"),
        ("key-not-text", "version: 1\nx-a: {§true: 1}\n"),
        ("key-not-text", "version: 1\nx-a: {§[a]: 1}\n"),
        ("key-not-text", "version: 1\nx-a: &n 1\nx-b: {§*n : 1}\n"),
        ("unknown-tag", "version: 1\nx-a: §!!python/object/apply:os.system [ls]\n"),
        ("unknown-tag", "version: 1\nx-a: §!!int 3\n"),
        ("unknown-alias", "version: 1\nx-a: §*nope\n"),
        ("recursive-alias", "version: 1\nx-a: &a [§*a]\n"),
        ("several-documents", "version: 1\n§---\nversion: 1\n"),
        ("empty-file", "§"),
        ("empty-file", "§# only words\n"),
        ("empty-file", "§---\n...\n"),
        ("too-deep", "version: 1\nx-a: " + "[" * 63 + "§[" + "]" * 64 + "\n"),
        ("syntax", "version: 1\ninstances:\n§\ta: {}\n"),
        ("syntax", 'version: §"1\n'),
        ("syntax", "version: §@1\n"),
        ("syntax", "version: 1\na: b§: c\n"),
        ("syntax", "version: 1\n§foo\n"),
        ("syntax", "version: [1\nfoo§: 2\n"),
        ("syntax", "version: 1\nstate:\n  path: x\n  §- a\n"),
        ("syntax", '§%YAML 3.0\n---\nversion: "\\ud800"\n'),
    ],
)
def test_broken_yaml_is_refused_at_its_place(code: str, text: str, mistake: Mistake) -> None:
    """Each kind of bad YAML has one clear mistake, where it is."""
    found = mistake(text)
    assert found.code == code
    assert "Traceback" not in found.message


def test_a_tab_is_named(mistake: Mistake) -> None:
    """A tab in the indentation is called a tab."""
    found = mistake("version: 1\ninstances:\n§\ta: {}\n")
    assert "tab" in found.message
    assert found.hint == "indent with spaces"


def test_a_duplicate_key_shows_both_places(mistake: Mistake) -> None:
    """The mistake is at the second of the two and points at the first."""
    found = mistake("version: 1\nx-a:\n  b: 1\n  §b: 2\n")
    (first,) = found.related
    assert (first.place.line, first.place.column) == (3, 3)


def test_an_unclosed_list_shows_where_it_begins(mistake: Mistake) -> None:
    """A bracket that is not closed is shown beside the place where that is noticed."""
    (begin,) = mistake("version: [1\nfoo§: 2\n").related
    assert (begin.place.line, begin.place.column) == (1, 10)


def test_a_thousand_duplicates_are_counted(mistakes: Mistakes) -> None:
    """Each duplicate counts; those that are not shown are in the last line."""
    found = mistakes("version: 1\n" + "x-a: 1\n" * 1_001)
    assert sum(each.count for each in found) == 1_000
    assert found[-1].message == "900 more errors not shown: 900 duplicate-key"


def test_an_alias_bomb_goes_off_nowhere(mistakes: Mistakes) -> None:
    """Aliases of aliases that would be a thousand million values are refused."""
    lines = ["version: 1", "x-a: &a [l, l, l, l, l, l, l, l, l, l]"]
    for number in range(9):
        one, two = chr(97 + number), chr(98 + number)
        lines.append(f"x-{two}: &{two} [{', '.join([f'*{one}'] * 10)}]")
    (found,) = mistakes("\n".join(lines))
    assert found.code == "alias-bomb"


def test_aliases_cannot_get_around_the_depth(mistakes: Mistakes) -> None:
    """An alias counts as deep as what it means."""
    deep = "[" * 40 + "]" * 40
    (found,) = mistakes(f"version: 1\nx-a: &a {deep}\nx-b: {'[' * 40}*a{']' * 40}\n")
    assert found.code == "alias-bomb"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_ten_thousand_levels_are_refused(opening: str, mistakes: Mistakes) -> None:
    """Nesting without end is one mistake, whatever it is made of."""
    (found,) = mistakes(opening * 10_000)
    assert found.code == "too-deep"


def test_the_collector_is_left_as_it_was(mistakes: Mistakes) -> None:
    """The cyclic collector is on again after a load that failed, and stays off where it was."""
    mistakes("version: 2")
    assert gc.isenabled()
    gc.disable()
    try:
        mistakes("version: 2")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_places_count_characters_and_lines_of_windows(mistake: Mistake) -> None:
    """Columns count characters, not bytes, and CRLF ends one line."""
    found = mistake("version: 1\r\nx-ä😀: {a: 1}\r\n§foo: 2\r\n")
    assert found.excerpt is not None
    assert found.excerpt.text == "foo: 2"


@pytest.mark.parametrize(
    ("code", "data", "line", "column"),
    [
        ("not-utf-8", b"version: 1\n# caf\xe9\n", 2, 6),
        ("not-utf-8", "version: 1\n".encode("utf-16"), 1, 1),
        ("control-character", b"version: 1\n#\0\n", 2, 2),
        ("control-character", b"version: 1\nx-a: \x1b[31m\n", 2, 6),
        ("control-character", "version: 1\n\ufeff".encode(), 2, 1),
    ],
)
def test_bad_bytes_are_refused_at_their_place(
    code: str, data: bytes, line: int, column: int, mistakes: Mistakes
) -> None:
    """A byte or character that no manifest may hold is shown where it stands."""
    (found,) = mistakes(data)
    assert found.code == code
    assert found.place is not None
    assert (found.place.line, found.place.column) == (line, column)


def test_a_byte_order_mark_of_utf_8_is_no_mistake(mistakes: Mistakes) -> None:
    """Editors that write it are forgiven."""
    assert mistakes(b"\xef\xbb\xbfversion: 1\n") == ()


def test_utf_16_without_its_mark_is_one_mistake(mistakes: Mistakes) -> None:
    """Not one for each of its NULs."""
    (found,) = mistakes("version: 1\n".encode("utf-16-le") * 50)
    assert (found.code, found.hint) == (
        "control-character",
        "the file looks like UTF-16 or UTF-32: save it as UTF-8",
    )


def test_many_control_characters_are_counted(mistakes: Mistakes) -> None:
    """A binary file does not fill the screen."""
    found = mistakes(b"\x01" * 5_000)
    assert len(found) == 101
    assert sum(each.count for each in found) == 5_000
