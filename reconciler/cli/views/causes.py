"""Writes each cause of failures once, with the clients or instances that it affects."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from reconciler.apply.events import Cause
from reconciler.cli.views.console import Console
from reconciler.model.alike import Failure, Group, grouped
from reconciler.model.errors import CredentialUnavailable
from reconciler.model.instance import Instance
from reconciler.model.strings import join_limited, plural, printable

NAMED: Final = 3
FEW: Final = 5
"""Up to this many names are all shown; of more, the first three."""


def show(console: Console, failures: Iterable[Failure]) -> None:
    """Write each cause as one error; `-v` names everything that it affects."""
    for each in grouped(failures):
        text = message(each, verbose=console.verbosity > 0)
        console.problem(text, hint=each.hint, code=each.code, request=each.request)


def show_left(
    console: Console, left: Mapping[str, str], instances: Mapping[str, Instance], code: str
) -> None:
    """Write once each reason why instances or addresses were left out."""
    failures = [
        Failure(
            code=code,
            message=why,
            hint=None,
            name=what,
            noun="client" if "/" in what else "instance",
            instance=instances.get(what.partition("/")[0]),
        )
        for what, why in sorted(left.items())
    ]
    show(console, failures)


def failure(cause: Cause, name: str, noun: str, instance: Instance | None) -> Failure:
    """Return a cause with the `noun` of that name, which it affects."""
    return Failure(
        code=cause.code,
        message=cause.message,
        hint=cause.hint,
        name=name,
        noun=noun,
        instance=instance,
        request=cause.request,
    )


def message(group: Group, *, verbose: bool) -> str:
    """Return the message of a group, with what it is about.

    The names are on a line of their own. A credential without a value reads as one sentence: "is
    not set for 40 instances: a, b, c and 37 more".
    """
    count = len(group.names)
    if count == 1:
        return f"{group.message}\n  {printable(group.names[0])}"
    hit = f"{plural(count, group.noun)}: {some(group.names, verbose=verbose)}"
    if group.code == CredentialUnavailable.code and not {":", ";"} & {*group.message}:
        return f"{group.message} for {hit}"
    return f"{group.message}\n  {hit}"


def some(names: Sequence[str], *, verbose: bool) -> str:
    """Return the names if they are few, or the first of them and how many more there are."""
    limit = len(names) if verbose or len(names) <= FEW else NAMED
    return join_limited(names, limit, printable)
