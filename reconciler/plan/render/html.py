"""A plan as one page: counts, what changes and why, and the fleet as a table.

The page asks nothing of anybody: its style and its script stand in it, and its policy allows these
two, by their hashes, and nothing else. The template escapes whatever stands in it; what the script
shows it shows as text.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from reconciler.model.text import plural, printable
from reconciler.plan.action import Kind, Plan, Problem
from reconciler.plan.matrix import Cell, Matrix
from reconciler.plan.render.causes import Root, roots
from reconciler.plan.render.group import FEW, Group, drift, grouped, listing, said, whereabouts
from reconciler.plan.render.markup import QUOTED, place_url

if TYPE_CHECKING:
    from jinja2 import Environment

    from reconciler.model.place import Place

MOST: Final = 2_000
"""So many changes are listed; of more, the page says how many are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One count on top of the page."""

    kind: Kind
    count: int
    instances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the manifest: how it reads, and where it can be looked at, if that is known."""

    text: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the list. `named` says that its headline names or implies every instance."""

    group: Group
    title: str
    where: str
    named: bool
    line: Line | None
    more: str


def render_html(plan: Plan, matrix: Matrix | None = None, *, links: str | None = None) -> str:
    """Return the page; without a `matrix`, as from a saved plan, it has no table.

    `links` is the base URL below which the manifest's files can be looked at; without it lines are
    named and not linked.
    """
    groups = grouped(plan.actions)
    shown = groups[:MOST]
    environment = _environment()
    style, script = (_asset(environment, name) for name in ("page.css", "page.js"))
    return environment.get_template("page.html").render(
        plan=plan,
        title=_title(plan),
        tiles=_tiles(plan),
        touched=len({each.address.instance for each in plan.actions}),
        changes=[_change(each, plan, links) for each in shown],
        left_out=sum(len(each.instances) for each in groups[MOST:]),
        problems=[(each, _problem_line(each, links)) for each in plan.problems],
        refused=any(each.override is None for each in plan.problems),
        roots=[(_root(each), _line(each.place, links)) for each in roots(plan.actions)[:20]],
        notices=[
            (each.before(), printable(each.message), each.after())
            for each in said(plan.notices)[:500]
        ],
        endpoints=_endpoints(plan),
        matrix=matrix,
        cells=_CELLS,
        data=_data(shown, matrix),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


_CELLS: Final[Sequence[tuple[Cell, str, str]]] = (
    (Cell.REVOKE, "−", "revoke"),
    (Cell.REPLACE, "±", "replace"),
    (Cell.ROTATE, "↻", "rotate"),
    (Cell.CREATE, "+", "create"),
    (Cell.DELIVER, "→", "deliver"),
    (Cell.FORGET, "!", "forget"),
    (Cell.RETIRE, "○", "its predecessor ends"),
    (Cell.HELD, "?", "held up"),
    (Cell.GONE, "×", "gone from the instance"),
    (Cell.CHANGED, "≠", "changed at Domo"),
    (Cell.KEPT, "k", "left the manifest, kept"),
    (Cell.UNCHANGED, "", "unchanged"),
    (Cell.ABSENT, "", "not wanted"),
)
"""Each condition of an address: its sign, and what it is called."""


def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("reconciler.plan.render", "page"),
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


def _data(groups: Sequence[Group], matrix: Matrix | None) -> str:
    """Return what the script reads, as JSON that cannot end the element that it stands in."""
    from markupsafe import Markup

    names = sorted({each for group in groups for each in group.instances})
    numbers = {name: number for number, name in enumerate(names)}
    document = {
        "instances": [printable(each) for each in names],
        "changes": [_ranges(numbers[each] for each in group.instances) for group in groups],
        "cells": [(cell.value, sign, says, cell.name.lower()) for cell, sign, says in _CELLS],
        "matrix": None if matrix is None else _table(matrix),
    }
    text = orjson.dumps(document).decode()
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 (no character of it means anything to HTML)


def _table(matrix: Matrix) -> Mapping[str, object]:
    return {
        "instances": [printable(each) for each in matrix.instances],
        "clients": [printable(each) for each in matrix.clients],
        "rows": matrix.rows,
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


def _title(plan: Plan) -> str:
    counts = [f"{plan.count(kind):,} to {kind.value}" for kind in Kind if plan.count(kind)]
    if counts:
        return ", ".join(counts)
    if plan.drift is not None:
        found = drift(plan.drift)
        return f"Drift: {found}" if found else "No drift"
    if any(each.override is None for each in plan.problems):
        return "Held up by errors"
    return "No changes"


def _tiles(plan: Plan) -> Sequence[Tile]:
    touched: dict[Kind, set[str]] = {kind: set() for kind in Kind}
    for each in plan.actions:
        touched[each.kind].add(each.address.instance)
    return [
        Tile(kind=kind, count=plan.count(kind), instances=len(found))
        for kind, found in touched.items()
    ]


def _change(group: Group, plan: Plan, links: str | None) -> Change:
    where = whereabouts(group, plan.fleet).removesuffix(",")
    if len(group.instances) == 1:
        where = printable(group.instances[0])
    origin = group.first.origin
    more = f" and {plural(group.places - 1, 'more line')}" if group.places > 1 else ""
    line = None
    if origin is not None:
        line = _line(origin.cause.place if origin.cause else origin.place, links)
        more = f" ({origin.cause.setting})" if origin.cause else more
    return Change(
        group=group,
        title=printable(group.first.address.client),
        where=where,
        named=len(group.instances) <= FEW,
        line=line,
        more=more,
    )


def _line(place: "Place", links: str | None) -> Line:
    url = None if links is None else place_url(place, links)
    return Line(text=f"{printable(place.file)}:{place.line}", url=url)


def _problem_line(problem: Problem, links: str | None) -> Line | None:
    return _line(problem.place, links) if problem.place else None


def _root(root: Root) -> str:
    counts = ", ".join(f"{root.kinds[kind]:,} to {kind.value}" for kind in Kind if root.kinds[kind])
    where = plural(len(root.instances), "instance")
    what = f"{root.setting}: " if root.setting else ""
    if root.client_set is not None:
        what = f"client set {printable(root.client_set)}: "
    return f"{what}{counts} on {where}"


def _endpoints(plan: Plan) -> Sequence[tuple[str, str]]:
    urls = sorted(plan.endpoints.items(), key=lambda each: (-len(each[1]), each[0]))
    return [(printable(url), listing(instances)) for url, instances in urls[:50]]
