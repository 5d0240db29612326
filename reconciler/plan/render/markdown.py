"""A plan for a pull request: what ends or is replaced first, the causes, the rest folded.

The comment is bounded whatever the fleet is, and says how much it leaves out. Its first line is a
mark that no reader sees, by which one comment is found again and updated.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.model.strings import join_limited, plural
from reconciler.plan.action import Kind, Plan, Problem
from reconciler.plan.render.grouping import (
    FEW,
    SUMMARY,
    Group,
    NoticeGroup,
    count_changes,
    describe_drift,
    describe_instances,
    describe_selection,
    group_actions,
    group_notices,
    group_problems,
    old_client_of,
)
from reconciler.plan.render.markdown_escape import code, place_link, prose
from reconciler.plan.render.root_causes import RootCause, root_causes

MARKER: Final = "<!-- reconciler:plan -->"
LIMIT: Final = 60_000
"""Bytes, and so characters; GitHub refuses a comment of more than 65,536 characters."""

_OPEN: Final = 10
"""So many revokes, and so many replacements, stand unfolded."""

_NAMED: Final = 12
"""So many instances of one change are named below it."""

_PROBLEMS: Final = 9_000
_ROOTS: Final = 4_000
_NOTES: Final = 9_000
_HEADING: Final = 400
"""Bytes that each part may take; a heading with its counts is always less than the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    """The items that had room, and how many had not."""

    items: Sequence[str]
    left: int


def render_markdown(plan: Plan, *, links: str | None = None) -> str:
    """Return the plan as GitHub-flavoured Markdown of at most `LIMIT` bytes.

    `links` is the base URL below which the manifest's files can be looked at; without it the
    links are relative.
    """
    top = [MARKER, _title(plan), _extent(plan), *_table(plan), *_problems(plan, links)]
    top += _roots(plan, links)
    bottom = [*_notes(plan, links), _foot(plan)]
    room = LIMIT - sum(size(each) + 2 for each in (*top, *bottom)) - 2
    return "\n\n".join([*top, *_changes(plan, links, room), *bottom]) + "\n"


def size(text: str) -> int:
    """Return the length in bytes."""
    return len(text.encode())


def _title(plan: Plan) -> str:
    counts = count_changes(plan)
    if counts:
        return f"### domo-reconciler plan: {', '.join(counts)}"
    if plan.drift is not None:
        found = describe_drift(plan.drift)
        if found:
            return f"### domo-reconciler drift: {found}"
        return "### domo-reconciler: no drift, the instances are as the state records"
    if any(each.override is None for each in plan.problems):
        return "### domo-reconciler: nothing is planned, because errors hold up the changes"
    return "### domo-reconciler: no changes, every client is as the manifest wants it"


def _extent(plan: Plan) -> str:
    touched = len({each.address.instance for each in plan.actions})
    part = f" **{code(describe_selection(plan))}.**" if describe_selection(plan) else ""
    parts = [f"on {touched:,} of {plural(plan.instances, 'instance')}"] if touched else []
    if plan.unchanged or not parts:
        parts.append(f"{plural(plan.unchanged, 'client')} unchanged")
    return ", ".join(parts).capitalize() + "." + part


def _table(plan: Plan) -> Iterator[str]:
    rows = []
    for kind in SUMMARY:
        actions = [each for each in plan.actions if each.kind is kind]
        if actions:
            instances = len({each.address.instance for each in actions})
            rows.append(
                f"| `{kind.symbol}` | **{kind.value}** | {len(actions):,} | {instances:,} "
                f"| {kind.effect} |"
            )
    if rows:
        head = "| | action | clients | instances | |\n| :-: | :-- | --: | --: | :-- |"
        yield "\n".join([head, *rows])


def _problems(plan: Plan, links: str | None) -> Iterator[str]:
    if not plan.problems:
        return
    refused = any(each.override is None for each in plan.problems)
    problems = group_problems(plan.problems)
    items = (f"> - {_problem(each, links)}" for each in problems)
    kept = fit_items(items, len(problems), _PROBLEMS)
    head = "This plan cannot be applied." if refused else "Apply needs leave for this plan."
    lines = ["> [!CAUTION]" if refused else "> [!WARNING]", f"> **{head}**", ">", *kept.items]
    if kept.left:
        lines.append(f"> - and {plural(kept.left, 'more problem')}")
    yield "\n".join(lines)


def _problem(problem: Problem, links: str | None) -> str:
    parts = [prose(problem.message)]
    hint = problem.hint or (f"apply needs `{problem.override}`" if problem.override else None)
    if hint:
        parts.append(f"*Hint:* {prose(hint)}")
    if problem.place:
        parts.append(place_link(problem.place, links))
    return " · ".join(parts)


def _roots(plan: Plan, links: str | None) -> Iterator[str]:
    found = root_causes(plan.actions)
    kept = fit_items((f"- {_root(each, links)}" for each in found), len(found), _ROOTS)
    if kept.items:
        more = [f"- and {plural(kept.left, 'more line')}"] if kept.left else []
        yield "\n".join(["**Caused by**\n", *kept.items, *more])


def _root(root: RootCause, links: str | None) -> str:
    what = f" `{root.setting}`" if root.setting else ""
    if root.client_set is not None:
        what = f" client set {code(root.client_set)}"
    where = plural(len(root.instances), "instance")
    return f"{place_link(root.place, links)}{what}: {root.counts} on {where}"


def _changes(plan: Plan, links: str | None, room: int) -> Iterator[str]:
    """Yield the changes by kind; `room` bytes are left for them all."""
    groups = group_actions(plan.actions)
    kinds = [kind for kind in Kind if plan.count(kind)]
    room -= _HEADING * len(kinds)
    for kind in kinds:
        own = [each for each in groups if each.first.kind is kind]
        items = fit_items((_change(each, plan, links) for each in own), len(own), room)
        room -= sum(size(each) + 1 for each in items.items)
        yield from _section(kind, own, items)


def _section(kind: Kind, groups: Sequence[Group], kept: _Fitted) -> Iterator[str]:
    shown = list(kept.items)
    if kept.left:
        clients = sum(len(each.instances) for each in groups[len(shown) :])
        shown.append(f"- and {plural(kept.left, 'more change')} ({plural(clients, 'client')})")
    clients = sum(len(each.instances) for each in groups)
    title = f"{kind.value.capitalize()} {plural(clients, 'client')}"
    if kind in (Kind.REVOKE, Kind.REPLACE):
        yield f"#### {title}"
        yield "\n".join(shown[:_OPEN])
        shown, title = shown[_OPEN:], f"More of what is to {kind.value}"
    if shown:
        yield f"<details><summary>{title}</summary>"
        yield "\n".join(shown)
        yield "</details>"


def _change(group: Group, plan: Plan, links: str | None) -> str:
    action = group.first
    if len(group.instances) == 1:
        where = code(group.instances[0])
    else:
        where = describe_instances(group, plan.fleet, code).removesuffix(",")
    parts = [f"{old_client_of(group)}**{code(action.address.client)}** on {where}"]
    if action.live_name != action.address.client:
        named = "made as" if action.kind.makes else "at Domo"
        parts.append(f"{named} {code(action.live_name)}")
    if action.scope:
        parts.append(f"scope {code(' '.join(action.scope))}")
    if action.sinks:
        parts.append(f"secret to {code(', '.join(action.sinks))}")
    if action.reason:
        parts.append(prose(action.reason))
    if action.description:
        parts.append(f"“{prose(action.description)}”")
    parts += _origin(group, links)
    return f"- {' · '.join(parts)}{_instances(group, where)}"


def _origin(group: Group, links: str | None) -> Iterator[str]:
    origin = group.first.origin
    if origin is None:
        return
    if origin.cause is not None:
        yield f"`{origin.cause.setting}` in {place_link(origin.cause.place, links)}"
        return
    more = f" and {plural(group.places - 1, 'more line')}" if group.places > 1 else ""
    yield place_link(origin.place, links) + more


def _instances(group: Group, where: str) -> str:
    """Name the instances of a change whose line only counts them."""
    if len(group.instances) <= FEW or where.startswith("all ") or ", except " in where:
        return ""
    return f"\n  - {join_limited(group.instances, _NAMED, code)}"


def _notes(plan: Plan, links: str | None) -> Iterator[str]:
    """Yield what changes nothing; where secrets would go astray it is not folded."""
    if plan.endpoints:
        yield "\n".join(["> [!IMPORTANT]", "> **Not Domo's:**", ">", *_endpoints(plan)])
    if not plan.encrypted:
        yield "> [!NOTE]\n> Secrets are kept in plain: the manifest asks for no `encryption`."
    remarks = group_notices(plan.notices)
    kept = fit_items((f"- {_remark(each, links)}" for each in remarks), len(remarks), _NOTES)
    if remarks:
        yield f"<details{_opened(plan)}><summary>{plural(len(plan.notices), 'notice')}</summary>"
        rest = [f"- and {plural(kept.left, 'more kind')} of notice"] if kept.left else []
        yield "\n".join([*kept.items, *rest])
        yield "</details>"


def _opened(plan: Plan) -> str:
    """A plan that only looks is open because its findings are its content."""
    return " open" if plan.drift is not None else ""


def _endpoints(plan: Plan) -> Iterator[str]:
    urls = sorted(plan.endpoints.items(), key=lambda each: (-len(each[1]), each[0]))
    for url, instances in urls[:FEW]:
        yield f"> - {code(url)} serves {join_limited(instances, FEW, code)}"
    if len(urls) > FEW:
        yield f"> - and {plural(len(urls) - FEW, 'more endpoint')}"


def _remark(remark: NoticeGroup, links: str | None) -> str:
    at = f" · {place_link(remark.place, links)}" if remark.place else ""
    return remark.before(code) + prose(remark.message) + remark.after(code, code) + at


def _foot(plan: Plan) -> str:
    seen = "compared with what the instances have" if plan.refreshed else "made offline"
    return f"Plan id {code(plan.id)}  \nAs of {code(plan.as_of)}, {seen}."


def fit_items(items: Iterable[str], total: int, room: int) -> _Fitted:
    """Return the first of `total` items that fit into `room` bytes, each with a line end."""
    kept: list[str] = []
    for item in items:
        room -= size(item) + 1
        if room < 0:
            break
        kept.append(item)
    return _Fitted(items=kept, left=total - len(kept))
