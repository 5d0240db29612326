"""Tables on a narrow terminal: no cell is cut, and no word is broken."""

from collections.abc import Callable

import pytest

from reconciler.apply.verify import Finding, SecretCheckResult
from reconciler.cli.views import verify
from reconciler.cli.views.console import Console
from reconciler.cli.views.table import columns, fold
from reconciler.model.address import Address

Make = Callable[..., Console]

ROWS = (
    ("refused", "acme-prod/Reporting", "json file out/acme-prod.json", "3 days"),
    ("works", "globex/ETL", "state", "12 days"),
)


def test_a_table_that_fits_has_a_line_for_each_row() -> None:
    """Nothing is folded that need not be."""
    assert list(columns(ROWS, 67)) == list(columns(ROWS))
    assert len(list(columns(ROWS))) == 2


def test_a_wide_table_goes_on_below_its_first_columns() -> None:
    """The rest of a row is indented, and stands in line with that of the other rows."""
    assert list(columns(ROWS, 44)) == [
        "refused  acme-prod/Reporting",
        "    json file out/acme-prod.json  3 days",
        "works    globex/ETL",
        "    state                         12 days",
    ]


@pytest.mark.parametrize("room", range(22, 70))
def test_no_line_is_wider_than_the_room(room: int) -> None:
    """Whatever the width, each word is there whole and in its place."""
    lines = list(columns(ROWS, room))
    assert max(map(len, lines)) <= room
    assert " ".join(lines).split() == " ".join(" ".join(row) for row in ROWS).split()


def test_a_long_line_is_broken_between_words_only() -> None:
    """A word that is longer than the room stays whole, as it may be a path."""
    path = "out/a-very-long-path/of-a-file.json"
    lines = list(fold(f"sinks  files: {path}, today", 20, " " * 7))
    assert lines == ["sinks  files:", f"       {path},", "       today"]


def test_the_table_of_secrets_fits_the_terminal(
    make_console: Make,
    written: Callable[[Console], tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At 60 columns the ages and rotations are on a line of their own."""
    monkeypatch.setenv("COLUMNS", "60")
    console = make_console(terminal=True)
    answer = SecretCheckResult(
        address=Address("acme-prod", "Reporting"),
        place="json file out/acme-prod/reporting.json",
        finding=Finding.WORKS,
    )
    verify.show(console, [verify.Row(answer=answer, age=3, due=87)])
    assert written(console)[0].splitlines()[:3] == [
        "works  acme-prod/Reporting",
        "    json file out/acme-prod/reporting.json  3 days",
        "    rotation in 87 days",
    ]
