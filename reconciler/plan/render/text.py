"""A plan for a terminal or a CI log: only what changes, then one line for the rest.

The headlines and the last line are worded as Terraform words them, so that tools which read its
output (tfcmt and its kin) read this one too. Problems are not in it: they are errors, and go where
errors go.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

from reconciler.model.strings import join_limited, plural, printable
from reconciler.plan.action import Action, Kind, Plan
from reconciler.plan.render.grouping import (
    FEW,
    Group,
    count_changes,
    describe_drift,
    describe_selection,
    group_actions,
    group_notices,
    subject,
)

WIDTH: Final = 100
MANY: Final = 20

Paint = Callable[[str, Kind], str]

_GLUE: Final = "\0"
"""Stands for a blank at which no line is broken; `printable` leaves no such character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """How the user wants it: `width` is in columns; `verbose` ends no list early."""

    paint: Paint
    width: int
    verbose: bool


def render_text(
    plan: Plan,
    *,
    colour: bool = False,
    width: int = WIDTH,
    verbose: bool = False,
) -> str:
    """Return the plan as text, `width` columns wide unless a name is longer.

    `verbose` names every instance and ends no list early.
    """
    style = _Style(paint=_painted if colour else _plain, width=width, verbose=verbose)
    lines = [*_entries(plan, style), *_remarks(plan, style), *_end(plan)]
    return "\n".join(lines) + "\n"


def summary(plan: Plan) -> str:
    """Return the line that a plan ends in."""
    parts = count_changes(plan)
    if parts:
        return f"Plan: {', '.join(parts)}."
    if plan.drift is not None:
        found = describe_drift(plan.drift)
        return f"Drift: {found}." if found else "No changes."
    if any(each.override is None for each in plan.problems):
        return "Nothing is planned: what would change is held up by errors."
    return "No changes."


def _entries(plan: Plan, style: _Style) -> Iterator[str]:
    for group in group_actions(plan.actions):
        headline = f"# {subject(group, plan)} {group.first.kind.future}"
        # One line for tools that read it, as Terraform's is; only a narrow terminal divides it.
        divided = style.width < WIDTH
        yield from _wrapped(headline, style, "  ", "    ") if divided else (f"  {headline}",)
        yield from _body(group, style)
        if len(group.instances) > FEW and (style.verbose or len(group.instances) <= MANY):
            yield from _wrapped("on " + ", ".join(map(printable, group.instances)), style)
        yield ""


def _body(group: Group, style: _Style) -> Iterator[str]:
    action = group.first
    head = f"{action.kind.symbol} {printable(action.live_name)}"
    rest, origin = _scope(action) + _sinks(action), _origin(group)
    fits = len(f"  {head}{rest}{origin}") <= style.width
    yield f"  {style.paint(head, action.kind)}{rest}{origin if fits else ''}"
    if not fits:
        yield from _wrapped(origin.strip(), style)
    if action.reason:
        yield from _wrapped(printable(action.reason), style)
    if action.description:
        yield from _wrapped(f"“{printable(action.description)}”", style)


def _scope(action: Action) -> str:
    return f" [{printable(' '.join(action.scope))}]" if action.scope else ""


def _sinks(action: Action) -> str:
    return f" → {printable(', '.join(action.sinks))}" if action.sinks else ""


def _origin(group: Group) -> str:
    origin = group.first.origin
    if origin is None:
        return ""
    if origin.cause is not None:
        setting, place = origin.cause
        return f"  ({printable(place.file)}:{place.line}, {setting})"
    more = f" and {group.places - 1:,} more" if group.places > 1 else ""
    client_set = f", client set {printable(origin.client_set)}" if origin.client_set else ""
    return f"  ({printable(origin.place.file)}:{origin.place.line}{more}{client_set})"


def _wrapped(
    text: str, style: _Style, indent: str = "      ", hanging: str | None = None
) -> list[str]:
    lines = wrap(
        text,
        style.width,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [each.replace(_GLUE, " ") for each in lines]


def _remarks(plan: Plan, style: _Style) -> Iterator[str]:
    """Yield what is worth knowing and changes nothing."""
    lines: list[str] = []
    most = sys.maxsize if style.verbose else FEW
    for each in group_notices(plan.notices):
        message = printable(each.message)
        text = each.before(most=most) + message + each.after(quoted=_quoted, most=most)
        at = f" ({printable(each.place.file)}:{each.place.line})" if each.place else ""
        lines += _remark(text + at, style)
        if each.hint:
            lines += _wrapped(f"hint: {printable(each.hint)}", style, indent="    ")
    if part := describe_selection(plan):
        lines += _remark(part, style)
    urls = sorted(plan.endpoints.items(), key=lambda each: (-len(each[1]), each[0]))
    shown = urls if style.verbose else urls[:FEW]
    for url, instances in shown:
        many = len(instances) > most
        whom = (
            plural(len(instances), "instance") if many else join_limited(instances, most, printable)
        )
        lines += _remark(f"not Domo's: {printable(url)} serves {whom}", style)
    if len(shown) < len(urls):
        lines += _remark(f"not Domo's: {len(urls) - len(shown):,} more endpoints", style)
    if not plan.encrypted:
        lines += _remark("secrets are kept in plain: the manifest asks for no `encryption`", style)
    if lines:
        yield from ("Notes:", *lines, "")


def _remark(text: str, style: _Style) -> list[str]:
    return _wrapped(f"• {text}", style, indent="  ", hanging="    ")


def _quoted(name: str) -> str:
    # A name, and a command to be copied, stays on one line.
    return f"`{printable(name)}`".replace(" ", _GLUE)


def _end(plan: Plan) -> Iterator[str]:
    if plan.unchanged:
        yield f"{plural(plan.unchanged, 'client')} unchanged."
    if plan.actions:
        yield f"Plan id {plan.id}"
    yield summary(plan)


def _plain(text: str, _kind: Kind) -> str:
    return text


def _painted(text: str, kind: Kind) -> str:
    return f"\x1b[{kind.colour}m{text}\x1b[0m"
