"""Where a document leaves the shape → mistakes in the user's words, at the right place."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from reconciler.manifest.positions import Atlas
from reconciler.manifest.prune import Path, unit
from reconciler.manifest.report import Finding, Report, quoted
from reconciler.manifest.schema import Violation
from reconciler.model.text import nearest, slug

LIMIT: Final = 10_000
"""So many violations of one file are looked at."""
_UNKNOWN: Final = 200
"""So many unknown keys of one mapping are said one by one."""
_SAY_WHAT_IS: Final = (("instances",), ("defaults",), ("client_sets",))


class Explainer:
    """Reports the violations of one file and remembers which parts of it cannot be used.

    `spoilt` are the paths of values that have to go before the rest can be read further. `lost`
    says that something may then seem to be missing: an instance, a label, a default. `root_at` is
    where the document begins.
    """

    def __init__(self, root: Any, root_at: int, atlas: Atlas, report: Report) -> None:
        self.spoilt: set[Path] = set()
        self.lost = False
        self._unknown: set[int] = set()
        self._root = root
        self._root_at = root_at
        self._atlas = atlas
        self._report = report

    def explain(self, violations: Iterable[Violation]) -> bool:
        """Report them; false where there were too many to look at."""
        looked = 0
        for violation in islice(violations, LIMIT):
            looked += 1
            self._one(violation)
        if looked == LIMIT:
            self._report.unfinished = True
        return looked < LIMIT

    def _one(self, it: Violation) -> None:
        if _in_auth(it.path) and not isinstance(it.value, dict):
            self._report.hide(self._value_at(it.path))
        if it.keyword == "required":
            self._missing(it)
        elif it.keyword in ("additionalProperties", "propertyNames/enum"):
            self._unknown_keys(it)
        elif it.keyword.startswith("propertyNames/"):
            self._bad_key(it)
        else:
            self._spoil(it.path)
            self._report.add(self._wrong_value(it))

    def _missing(self, it: Violation) -> None:
        self._spoil(it.path)
        what = f"the {it.schema['title']}" if "title" in it.schema else _subject(it.path)
        for name in it.names:
            self._report.add(
                Finding(
                    code="missing-key",
                    message=f"{what} lacks {quoted(name)}",
                    at=self._key_at(it.path),
                    hint="a manifest begins with `version: 1`" if name == "version" else None,
                )
            )

    def _unknown_keys(self, it: Violation) -> None:
        mapping = self._at(it.path)
        known = it.schema.get("enum") or list(it.schema.get("properties", ()))
        what = str(it.schema.get("title", "")) if it.schema.get("enum") else ""
        for name in it.names:
            self._spoil((*it.path, name))
        for name in it.names[:_UNKNOWN]:
            self._unknown_key(mapping, name, known, what)
            if _in_auth(it.path):
                self._report.hide(self._atlas.value(mapping, name))
        if len(it.names) > _UNKNOWN:
            self._report.more("unknown-key", len(it.names) - _UNKNOWN)

    def _unknown_key(self, mapping: dict[str, Any], name: str, known: list[str], what: str) -> None:
        at = self._atlas.key(mapping, name)
        if at in self._unknown:
            return
        self._unknown.add(at)
        message = f"{what} has no key {quoted(name)}" if what else f"unknown key {quoted(name)}"
        self._report.add(
            Finding(
                code="unknown-key",
                message=message + _meant(name, known),
                at=at,
                hint=_key_hint(name, known),
            )
        )

    def _bad_key(self, it: Violation) -> None:
        name = it.names[0]
        self._spoil((*it.path, name))
        what = it.schema.get("title", "key")
        self._report.add(
            Finding(
                code=f"invalid-{slug(what)}",
                message=f"the {what} {quoted(name)} {it.schema['errorMessage']}",
                at=self._atlas.key(self._at(it.path), name),
            )
        )

    def _wrong_value(self, it: Violation) -> Finding:
        at = self._value_at(it.path)
        title = str(it.schema.get("title", ""))
        if title == "credential reference" and not isinstance(it.value, dict):
            return _literal(str(it.path[-1]), at)
        if it.keyword == "type":
            return _wrong_type(it, at)
        if it.keyword in ("enum", "const"):
            return _wrong_choice(it, at)
        if it.keyword == "uniqueItems":
            second, first = _twice(it.value)
            spots = self._atlas.spans[id(it.value)]
            message = f"the {title} {quoted(it.value[second])} is already in this list"
            also = ((spots[first], "first written here"),)
            return Finding(code="duplicate-item", message=message, at=spots[second], also=also)
        message = f"{_subject(it.path)} {it.schema.get('errorMessage', 'is not right')}"
        return Finding(code=f"invalid-{slug(title or 'value')}", message=message, at=at)

    def _spoil(self, path: Path) -> None:
        self.spoilt.add(unit(path))
        self.lost |= len(path) == 1 or path[:1] in _SAY_WHAT_IS

    def _at(self, path: Path) -> Any:
        value = self._root
        for step in path:
            value = value[step]
        return value

    def _value_at(self, path: Path) -> int:
        return self._atlas.value(self._at(path[:-1]), path[-1]) if path else self._root_at

    def _key_at(self, path: Path) -> int:
        """Return the place of the key that a value stands under, or of the item that it is."""
        if not path:
            return self._root_at
        parent = self._at(path[:-1])
        if isinstance(parent, dict):
            return self._atlas.key(parent, str(path[-1]))
        return self._atlas.value(parent, path[-1])


def _literal(name: str, at: int) -> Finding:
    return Finding(
        code="literal-credential",
        message=f"a credential is never written in the manifest: `{name}` is a reference",
        at=at,
        hint=f"write `{name}: {{env: NAME}}`, `{name}: {{file: PATH}}` or "
        f"`{name}: {{command: [PROGRAM, ARGUMENT]}}`",
        hide=(at,),
    )


def _wrong_type(it: Violation, at: int) -> Finding:
    wanted = it.schema["type"]
    kinds = [wanted] if isinstance(wanted, str) else wanted
    expected = it.schema.get("errorMessage") if len(kinds) > 1 or kinds[0] == "integer" else None
    expected = expected or "must be " + " or ".join(_KINDS[kind] for kind in kinds)
    return Finding(
        code="wrong-type",
        message=f"{_subject(it.path)} {expected}, and is {_kind(it.value)}",
        at=at,
        hint=_type_hint(it.value, kinds) if it.path else "a manifest has at least `version: 1`",
    )


def _type_hint(value: Any, kinds: list[str]) -> str | None:
    if value is None and kinds == ["object"]:
        return "write `{}` where there is nothing to say"
    if isinstance(value, str) and kinds == ["boolean"]:
        return "write `true` or `false`"
    if isinstance(value, bool | int | float) and "string" in kinds and "integer" not in kinds:
        return "quote it to make it text"
    if not isinstance(value, list) and kinds == ["array"]:
        return "write it in [ ], or each item on a line of its own after `- `"
    return None


def _wrong_choice(it: Violation, at: int) -> Finding:
    title = str(it.schema.get("title", "value"))
    known = it.schema.get("enum", [it.schema.get("const")])
    shown = [str(each).lower() if isinstance(each, bool) else str(each) for each in known]
    if not isinstance(it.value, str | int | float):
        message = f"{_subject(it.path)} must be one of {', '.join(shown)}, and is {_kind(it.value)}"
        return Finding(code="wrong-type", message=message, at=at)
    word = str(it.value)
    several = f"it is one of {', '.join(shown)}" if len(shown) > 1 else f"it is {shown[0]}"
    return Finding(
        code=f"unknown-{slug(title)}",
        message=f"unknown {title} {quoted(word)}{_meant(word, shown)}",
        at=at,
        hint=several,
    )


def _meant(word: str, known: Iterable[str]) -> str:
    near = nearest(word[:100], known)
    return f": did you mean `{near}`?" if near else ""


def _key_hint(name: str, known: Iterable[str]) -> str | None:
    if name == "<<":
        return "merge keys are not YAML 1.2: say what is shared in `defaults` or `client_sets`"
    known = list(known)
    return f"known here: {', '.join(known)}" if known else None


def _subject(path: Path) -> str:
    names = [each for each in path if isinstance(each, str)]
    if not names:
        return "the manifest"
    name = quoted(names[-1])
    return name if isinstance(path[-1], str) else f"an item of {name}"


def _twice(values: list[Any]) -> tuple[int, int]:
    """Return the numbers of the first item that repeats and of the one that it repeats."""
    seen: dict[str, int] = {}
    for number, value in enumerate(values):
        first = seen.setdefault(repr(value), number)
        if first != number:
            return number, first
    return len(values) - 1, 0


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    for kind, name in ((dict, "a mapping"), (list, "a list"), (str, "text")):
        if isinstance(value, kind):
            return name
    return "a number"


_KINDS: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}


def _in_auth(path: Path) -> bool:
    """Say whether a path leads to what may be a credential; the method is none."""
    return "auth" in path and path[-1] != "method"
