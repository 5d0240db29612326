"""What pages share: one file that asks nothing of anybody, and a fleet as a table in it.

A page's style and script stand in it, and its policy allows these two, by their hashes, and nothing
else. The templates escape whatever stands in them; what the script shows it shows as text.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from reconciler.model.strings import plural, printable
from reconciler.plan.render.fleet_table import FleetTable
from reconciler.plan.render.markdown_escape import QUOTED

if TYPE_CHECKING:
    from jinja2 import Environment

PAGES: Final = "reconciler.plan.render"
"""The package in whose folder `page` the shared templates are, and those of a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One count on top of the page; it shows only the entries of its `kind` when it is pressed."""

    kind: str
    sign: str
    says: str
    count: int
    instances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What one character of a matrix's rows stands for; `name` is that of its style.

    A `calm` one is what a reader need not look at.
    """

    letter: str
    sign: str
    says: str
    name: str
    calm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The page's list, in the form that its script filters.

    `noun` is what an entry is called, `subjects` are what entries are about, sorted, and `entries`
    has those of each entry.
    """

    noun: str
    subjects: Sequence[str]
    entries: Sequence[Iterable[str]]


def page(  # noqa: PLR0913 (a page has these parts)
    template: str,
    *,
    name: str,
    title: str,
    listing: Listing,
    matrix: FleetTable | None,
    cells: Sequence[Sign],
    package: str = PAGES,
    **terms: object,
) -> str:
    """Return the page that a template of a package makes of its `terms`."""
    environment = _environment(package)
    style, script = (_asset(environment, each) for each in ("page.css", "page.js"))
    return environment.get_template(template).render(
        name=name,
        title=title,
        matrix=matrix,
        cells=cells,
        data=_data(listing, matrix, cells),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        **terms,
    )


def _environment(package: str) -> "Environment":
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    packages = dict.fromkeys((package, PAGES))
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(each, "page") for each in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printable"] = printable
    environment.filters["plural"] = plural
    environment.filters["quoted"] = _quoted
    return environment


def _asset(environment: "Environment", name: str) -> str:
    """Return a file of the page's own as markup; nothing of the plan is in it."""
    from markupsafe import Markup

    assert environment.loader is not None  # noqa: S101 (it is made with one)
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704 (our own file)


def _quoted(sentence: str) -> str:
    """Return a sentence with what stands in back-ticks as code; all of it is escaped."""
    from markupsafe import Markup, escape

    parts = [escape(each) for each in QUOTED.split(printable(sentence))]
    return Markup("").join(
        Markup("<code>{}</code>").format(each) if number % 2 else each
        for number, each in enumerate(parts)
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(listing: Listing, matrix: FleetTable | None, cells: Sequence[Sign]) -> str:
    """Return what the script reads, as JSON that cannot end the element that it stands in."""
    from markupsafe import Markup

    numbers = {name: number for number, name in enumerate(listing.subjects)}
    document = {
        "noun": listing.noun,
        "subjects": [printable(each) for each in listing.subjects],
        "entries": [_ranges(numbers[each] for each in entry) for entry in listing.entries],
        "cells": [asdict(each) for each in cells],
        "matrix": None if matrix is None else _table(matrix),
    }
    text = orjson.dumps(document).decode()
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 (no character of it means anything to HTML)


def _table(matrix: FleetTable) -> Mapping[str, Any]:
    remarks = sorted({each for row in matrix.remarks for each in row})
    numbers = {remark: number for number, remark in enumerate(remarks)}
    return {
        "instances": [printable(each) for each in matrix.instances],
        "clients": [printable(each) for each in matrix.clients],
        "rows": matrix.rows,
        "remarks": [printable(each) for each in remarks],
        "remarked": [[numbers[each] for each in row] for row in matrix.remarks],
        "others": matrix.others,
        "leftOut": matrix.left_out,
    }


def _ranges(numbers: Iterable[int]) -> Sequence[tuple[int, int]]:
    """Return ascending numbers as runs, each from and to: a whole fleet is one of them."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
