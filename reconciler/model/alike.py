"""Groups failures with the same cause, so that a fleet of any size reads one message for each.

Messages with the same cause differ in the values of one instance: the name of its variable, its
domain, its key. They also differ in the ids that a server gives to each answer. The message of a
group shows the manifest's placeholders instead of the values.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.model.instance import Instance
from reconciler.model.placeholders import parts
from reconciler.model.reference import CredentialRef

SEVERAL: Final = 3
"""Of more groups than this, those that differ only in the references' names become one."""

_ID: Final = re.compile(
    r"(?<=\btoe )[\w-]+"
    r"|(?<![\w-])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![\w-])"
    r"|(?<![\w-])(?=[0-9A-Fa-f]*\d)[0-9A-Fa-f]{12,}(?![\w-])"
    r"|(?<![\w.:-])\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|(?<![\w.:-])\d+(?:\.\d+)? ?(?:ms|s|sec|seconds?|minutes?)\b"
)
"""The ids, times and durations of one answer: `toe`, a UUID, a request id."""
_OWN: Final = re.compile("\x00([^\x00]*)\x00")
"""A marked value. Messages are printable, so the mark cannot be in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why something was not done; `name` is the `noun` that it was not done for.

    `request` is the method, host and path of the request that failed, if there was one.
    """

    code: str
    message: str
    hint: str | None
    name: str
    noun: str = "instance"
    instance: Instance | None = None
    request: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Failures with the same cause; the names are sorted. `request` is set if all share it."""

    code: str
    message: str
    hint: str | None
    names: tuple[str, ...]
    noun: str
    request: str = ""


Change = Callable[[str, Instance | None], str]


def grouped(failures: Iterable[Failure]) -> list[Group]:
    """Return each cause once, in the order in which the failures have them."""
    sets = [[each] for each in failures]
    sets = list(_together(sets, _templated))
    # Equal messages of several instances contain no key: a key may also be an ordinary word.
    sets = list(_together(sets, _nameless, among=_is_of_one_instance))
    sets = list(_together(sets, _without_references, least=SEVERAL + 1))
    return [_group(each) for each in sets]


def _together(
    sets: Iterable[list[Failure]],
    change: Change,
    *,
    least: int = 2,
    among: Callable[[list[Failure]], bool] = bool,
) -> Iterator[list[Failure]]:
    """Yield the sets; those that are equal after a change as one, if there are at least so many."""
    buckets: dict[tuple[object, ...], list[list[Failure]]] = {}
    for each in sets:
        key = _key(each[0], change) if among(each) else (id(each),)
        buckets.setdefault(key, []).append(each)
    for alike in buckets.values():
        if len(alike) < least:
            yield from alike
        else:
            yield [failure for each in alike for failure in each]


def _key(failure: Failure, change: Change) -> tuple[object, ...]:
    auth = failure.instance.auth if failure.instance is not None else None
    text = _compared(change(failure.message, failure.instance))
    return failure.code, failure.noun, auth.method if auth is not None else "", text


def _is_of_one_instance(failures: list[Failure]) -> bool:
    return len({each.instance.key for each in failures if each.instance is not None}) == 1


def _group(failures: list[Failure]) -> Group:
    first = failures[0]
    requests = {each.request for each in failures}
    hints = [(each.hint, each.instance) for each in failures if each.hint is not None]
    return Group(
        code=first.code,
        message=_common([(each.message, each.instance) for each in failures]),
        hint=_common(hints) if hints else None,
        names=tuple(sorted({each.name for each in failures})),
        noun=first.noun,
        request=first.request if len(requests) == 1 else "",
    )


def _common(texts: list[tuple[str, Instance | None]]) -> str:
    """Return what all the texts say: as it is, or with the least that makes them equal."""
    found: list[str] = []
    for change in (_as_it_is, _templated, _nameless, _without_references):
        found = list(dict.fromkeys(change(text, instance) for text, instance in texts))
        if len(found) == 1:
            return _OWN.sub(r"\1", found[0])
        if len({_compared(each) for each in found}) == 1:
            break
    return _OWN.sub(r"\1 and others", found[0])


def _compared(text: str) -> str:
    return _OWN.sub("…", text)


def _as_it_is(text: str, _instance: Instance | None) -> str:
    return _ID.sub(_marked, text)


def _templated(text: str, instance: Instance | None) -> str:
    """Show the templates of the instance's references, and `{domain}`."""
    text = _ID.sub(_marked, text)
    if instance is None:
        return text
    for reference in _references(instance):
        for value, template in reference.texts():
            if template != value and template:
                text = _replaced(text, value, template)
    return _replaced(text, instance.domain, "{domain}")


def _nameless(text: str, instance: Instance | None) -> str:
    """Show placeholders for the instance's key, and for the first part of its domain."""
    text = _templated(text, instance)
    if instance is None:
        return text
    text = _replaced(text, instance.key, "{instance}")
    text = _replaced(text, instance.key.upper().replace("-", "_"), "{INSTANCE}")
    return _replaced(text, instance.domain.partition(".")[0], "{domain}")


def _without_references(text: str, instance: Instance | None) -> str:
    """Mark the references that the manifest writes out for each instance."""
    text = _nameless(text, instance)
    for reference in _references(instance) if instance is not None else ():
        for value, template in reference.texts():
            if len(parts(template)) == 1:
                text = re.sub(f"`?{_bounded(value)}`?", _marked, text)
    return text


def _references(instance: Instance) -> Iterator[CredentialRef]:
    if instance.auth is not None:
        yield from instance.auth.references()


def _replaced(text: str, value: str, placeholder: str) -> str:
    if value not in text:  # the usual case, and cheaper than a pattern
        return text
    return re.sub(_bounded(value), lambda _: placeholder, text)


def _bounded(value: str) -> str:
    return f"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])"


def _marked(found: re.Match[str]) -> str:
    return f"\x00{found[0]}\x00"
