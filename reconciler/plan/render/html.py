"""A plan as one page: counts, what changes and why, and the fleet as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.model.strings import join_limited, plural, printable
from reconciler.plan.action import Kind, Plan, Problem
from reconciler.plan.render.fleet_table import NO_ATTENTION, Cell, FleetTable
from reconciler.plan.render.grouping import (
    FEW,
    SUMMARY,
    Group,
    count_changes,
    describe_drift,
    describe_instances,
    describe_selection,
    group_actions,
    group_notices,
    group_problems,
    old_client_of,
)
from reconciler.plan.render.html_page import Listing, Sign, Tile, page
from reconciler.plan.render.markdown_escape import place_url
from reconciler.plan.render.root_causes import RootCause, root_causes

if TYPE_CHECKING:
    from reconciler.model.source_location import SourceLocation

MOST: Final = 2_000
"""So many changes are listed; of more, the page says how many are not."""


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


def render_html(plan: Plan, matrix: FleetTable | None = None, *, links: str | None = None) -> str:
    """Return the page; without a `matrix`, as from a saved plan, it has no table.

    `links` is the base URL below which the manifest's files can be looked at; without it lines are
    named and not linked.
    """
    groups = group_actions(plan.actions)
    shown = groups[:MOST]
    return page(
        "plan.html",
        name="plan",
        title=_title(plan),
        listing=Listing(
            noun="change",
            subjects=sorted({each for group in shown for each in group.instances}),
            entries=[group.instances for group in shown],
        ),
        matrix=matrix,
        cells=CELLS,
        skip=("changes", "changes"),
        plan=plan,
        tiles=_tiles(plan),
        touched=len({each.address.instance for each in plan.actions}),
        changes=[_change(each, plan, links) for each in shown],
        left_out=sum(len(each.instances) for each in groups[MOST:]),
        problems=[(each, _problem_line(each, links)) for each in group_problems(plan.problems)],
        refused=any(each.override is None for each in plan.problems),
        roots=[(_root(each), _line(each.place, links)) for each in root_causes(plan.actions)[:20]],
        notices=[
            (each.before(), printable(each.message), each.after())
            for each in group_notices(plan.notices)[:500]
        ],
        endpoints=_endpoints(plan),
        narrowed=describe_selection(plan),
    )


def _sign(cell: Cell, sign: str, says: str) -> Sign:
    return Sign(
        letter=cell.value, sign=sign, says=says, name=cell.name.lower(), calm=cell in NO_ATTENTION
    )


CELLS: Final = (
    *(_sign(Cell[kind.name], kind.symbol.replace("-", "−"), kind.value) for kind in Kind),
    _sign(Cell.RETIRE, "○", "its old client is revoked"),
    _sign(Cell.HELD, "?", "held up"),
    _sign(Cell.GONE, "×", "gone from the instance"),
    _sign(Cell.CHANGED, "≠", "changed at Domo"),
    _sign(Cell.KEPT, "k", "left the manifest, kept"),
    _sign(Cell.UNCHANGED, "", "unchanged"),
    _sign(Cell.ABSENT, "", "not wanted"),
)
"""Each condition of an address: its sign, and what it is called."""


def _title(plan: Plan) -> str:
    counts = count_changes(plan)
    if counts:
        return ", ".join(counts)
    if plan.drift is not None:
        found = describe_drift(plan.drift)
        return f"Drift: {found}" if found else "No drift"
    if any(each.override is None for each in plan.problems):
        return "Held up by errors"
    return "No changes"


def _tiles(plan: Plan) -> Sequence[Tile]:
    touched: dict[Kind, set[str]] = {kind: set() for kind in SUMMARY}
    for each in plan.actions:
        touched[each.kind].add(each.address.instance)
    return [
        Tile(
            kind=kind.value,
            sign=kind.symbol.replace("-", "−"),
            says=kind.value,
            count=plan.count(kind),
            instances=len(found),
        )
        for kind, found in touched.items()
    ]


def _change(group: Group, plan: Plan, links: str | None) -> Change:
    where = describe_instances(group, plan.fleet).removesuffix(",")
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
        title=old_client_of(group) + printable(group.first.address.client),
        where=where,
        named=len(group.instances) <= FEW,
        line=line,
        more=more,
    )


def _line(place: "SourceLocation", links: str | None) -> Line:
    url = None if links is None else place_url(place, links)
    return Line(text=f"{printable(place.file)}:{place.line}", url=url)


def _problem_line(problem: Problem, links: str | None) -> Line | None:
    return _line(problem.place, links) if problem.place else None


def _root(root: RootCause) -> str:
    where = plural(len(root.instances), "instance")
    what = f"{root.setting}: " if root.setting else ""
    if root.client_set is not None:
        what = f"client set {printable(root.client_set)}: "
    return f"{what}{root.counts} on {where}"


def _endpoints(plan: Plan) -> Sequence[tuple[str, str]]:
    urls = sorted(plan.endpoints.items(), key=lambda each: (-len(each[1]), each[0]))
    return [
        (printable(url), join_limited(instances, FEW, printable)) for url, instances in urls[:50]
    ]
