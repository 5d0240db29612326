"""A fleet as a table: each instance a row, each client name a column, each cell what becomes of it.

Only a plan and its manifest together can say it: the plan alone does not know what stays as it is.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reconciler.model.address import Address
from reconciler.model.manifest import Manifest
from reconciler.plan.action import Action, Plan
from reconciler.plan.selection import Selection

COLUMNS: Final = 100
"""So many client names have a column of their own: those that change, then the most common."""


class Cell(StrEnum):
    """What becomes of one address, as one character; a table of them is compact."""

    ABSENT = "."
    UNCHANGED = "="
    REVOKE = "-"
    REPLACE = "~"
    ROTATE = "r"
    CREATE = "+"
    DELIVER = "d"
    FORGET = "!"
    RETIRE = "o"
    KEPT = "k"
    HELD = "?"
    GONE = "x"
    CHANGED = "c"


_NOTED: Final = {
    "kept": Cell.KEPT,
    "conflict": Cell.HELD,
    "gone": Cell.GONE,
    "changed": Cell.CHANGED,
}
NO_ATTENTION: Final = frozenset((Cell.ABSENT, Cell.UNCHANGED, Cell.KEPT))
"""What a reader need not look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetTable:
    """The table. `rows` has a text for each instance, of one character for each of `clients`.

    `others` counts, for each instance, its clients whose names have no column; `left_out` is the
    number of these names. `remarks` has what more there is to say of each cell, or nothing at all.
    """

    instances: tuple[str, ...]
    clients: tuple[str, ...]
    rows: tuple[str, ...]
    others: tuple[int, ...]
    left_out: int
    remarks: tuple[tuple[str, ...], ...] = ()


def create_table(desired: Manifest, plan: Plan) -> FleetTable:
    """Return the table of the addresses that the plan is about."""
    return build_table(_cells(desired, plan), NO_ATTENTION)


def build_table(
    cells: Mapping[Address, str],
    calm: Collection[str],
    remarks: Mapping[Address, str] | None = None,
) -> FleetTable:
    """Return the table of these cells, each of them one character, `Cell.ABSENT` between them."""
    counts = Counter(each.client for each in cells)
    changing = {address.client for address, cell in cells.items() if cell not in calm}
    names = sorted(counts, key=lambda name: (name not in changing, -counts[name], name))
    columns = {name: number for number, name in enumerate(names[:COLUMNS])}
    rows: dict[str, list[str]] = {}
    others: Counter[str] = Counter()
    for address, cell in cells.items():
        row = rows.setdefault(address.instance, [Cell.ABSENT.value] * len(columns))
        if address.client in columns:
            row[columns[address.client]] = str(cell)
        else:
            others[address.instance] += 1
    keys = sorted(rows)
    return FleetTable(
        instances=tuple(keys),
        clients=tuple(columns),
        rows=tuple("".join(rows[key]) for key in keys),
        others=tuple(others[key] for key in keys),
        left_out=len(names) - len(columns),
        remarks=tuple(
            tuple(remarks.get(Address(key, name), "") for name in columns) for key in keys
        )
        if remarks
        else (),
    )


def _cells(desired: Manifest, plan: Plan) -> Mapping[Address, Cell]:
    cells = dict.fromkeys(_meant(desired, plan), Cell.UNCHANGED)
    unreachable = {each.place for each in plan.problems if each.code == "domain"}
    for address in cells:
        if desired.instances[address.instance].place in unreachable:
            cells[address] = Cell.HELD
    for notice in plan.notices:
        if notice.address is not None and notice.code in _NOTED:
            cells[notice.address] = _NOTED[notice.code]
    for action in plan.actions:
        if not action.retires or cells.get(action.address) is Cell.UNCHANGED:
            cells[action.address] = _cell(action)
    for problem in plan.problems:
        if problem.address is not None:
            cells[problem.address] = Cell.HELD
    return cells


def _meant(desired: Manifest, plan: Plan) -> Iterator[Address]:
    """Yield the addresses of the manifest that the plan's selection means."""
    chosen = Selection(targets=plan.targets, excludes=plan.excludes, labels=plan.labels)
    for address in desired.clients:
        if chosen.matches(address, desired.instances[address.instance].labels):
            yield address


def _cell(action: Action) -> Cell:
    return Cell.RETIRE if action.retires else Cell[action.kind.name]
