"""How a mistake in a manifest is shown."""

from typing import Literal

from reconciler.cli.views.diagnostics import record, render
from reconciler.model.diagnostic import Diagnostic, Excerpt, Related
from reconciler.model.source_location import SourceLocation


def diagnostic(
    text: str = "scope: [dta]",
    *,
    start: int = 8,
    width: int = 3,
    severity: Literal["error", "warning"] = "error",
) -> Diagnostic:
    """Return a mistake in the third line of a file."""
    return Diagnostic(
        code="unknown-scope",
        message="unknown scope `dta`",
        place=SourceLocation("fleet/a.yaml", 3, start + 1),
        severity=severity,
        excerpt=Excerpt(text=text, start=start, width=width),
        hint="did you mean `data`?",
    )


def test_a_mistake_is_shown_with_its_line_and_a_caret() -> None:
    """The report has the place, the message, the source line, a caret under it and the hint."""
    assert render([diagnostic()]) == (
        "fleet/a.yaml:3:9: error: unknown scope `dta`\n"
        "    3 | scope: [dta]\n"
        "      |         ^^^\n"
        "hint: did you mean `data`?\n\n"
    )


def test_a_related_place_is_a_note() -> None:
    """The second place of a clash is shown in the same way, as a note."""
    related = Related(
        place=SourceLocation("b.yaml", 1, 1),
        message="first defined here",
        excerpt=Excerpt(text="acme:", start=0, width=4),
    )
    clash = Diagnostic(
        code="duplicate",
        message="defined twice",
        place=SourceLocation("b.yaml", 9, 1),
        related=(related,),
    )
    assert render([clash]) == (
        "b.yaml:9:1: error: defined twice\n"
        "b.yaml:1:1: note: first defined here\n"
        "    1 | acme:\n"
        "      | ^^^^\n\n"
    )


def test_a_mistake_without_a_place_is_still_said() -> None:
    """A mistake that belongs to no line has neither a place nor a source line."""
    unplaced = Diagnostic(code="x", message="no files", excerpt=Excerpt(text="", start=0))
    assert render([unplaced]) == "error: no files\n      |\n      | ^\n\n"


def test_the_caret_stands_under_wide_characters() -> None:
    """East Asian characters take two cells and combining marks none, and the caret knows."""
    text = "- {name: 報告e\u0301, x}"
    assert (
        render([diagnostic(text, start=13, width=2)]).splitlines()[2]
        == "      | " + " " * 14 + "^^"
    )
    wide = render([diagnostic(text, start=9, width=2)]).splitlines()[2]
    assert wide == "      | " + " " * 9 + "^^^^"


def test_a_warning_is_called_one() -> None:
    """The severity is said in the first line."""
    assert "warning: unknown scope" in render([diagnostic(severity="warning")])


def test_colour_is_only_in_the_label() -> None:
    """Colour marks the label and leaves the place to be clicked."""
    assert render([diagnostic()], colour=True).startswith(
        "fleet/a.yaml:3:9: \x1b[1;31merror:\x1b[0m unknown scope"
    )


def test_nothing_in_a_file_reaches_the_terminal_raw() -> None:
    """An escape sequence in a name, a message or a source line is shown as text."""
    hostile = Diagnostic(
        code="x",
        message="bad \x1b[2J",
        place=SourceLocation("\x1b]0;t", 1, 1),
        excerpt=Excerpt(text="a\u202eb", start=0),
        hint="\x9b",
    )
    shown = render([hostile])
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\x9b" not in shown


def test_a_program_gets_the_same_facts() -> None:
    """The record of a mistake holds its code, place, hint and related places."""
    related = Related(place=SourceLocation("b.yaml", 1, 2), message="here")
    known = Diagnostic(code="c", message="m", place=None, related=(related,))
    assert record(known) == {
        "level": "error",
        "code": "c",
        "message": "m",
        "count": 1,
        "file": None,
        "line": None,
        "column": None,
        "hint": None,
        "related": [{"message": "here", "file": "b.yaml", "line": 1, "column": 2}],
    }
