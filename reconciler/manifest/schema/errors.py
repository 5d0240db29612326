"""Turn schema violations into errors that name the user's keys and values."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from reconciler.manifest.credential_patterns import is_auth_setting
from reconciler.manifest.error_collector import ErrorCollector, ManifestError, quoted
from reconciler.manifest.schema.valid_subset import Path, stand_in, unit
from reconciler.manifest.schema.validator import Violation
from reconciler.manifest.yaml.source_map import SourceMap
from reconciler.model.strings import nearest, slug

LIMIT: Final = 10_000
"""The number of violations of one file that are examined; explaining is slow."""
_UNKNOWN: Final = 200
"""The number of unknown keys of one mapping that are reported one by one."""
_HOST: Final = re.compile(
    r"\s*(?:[a-z]+:)?(?://)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)\.?(?::\d+)?(?:[/?\#].*)?\s*",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_LABEL: Final = 63


class ViolationReporter:
    """Reports the violations of one file and records which parts of it are invalid.

    `invalid` are the paths of values to drop before the rest can be checked. `dropped` are the
    paths that may then seem to be missing: the invalid ones, and the intended key of a misspelled
    one. `nameless` are clients that are dropped because of their names; their sinks can be checked
    nevertheless. `root_at` is the position of the document.
    """

    def __init__(
        self, root: Any, root_at: int, source_map: SourceMap, report: ErrorCollector
    ) -> None:
        self.invalid: set[Path] = set()
        self._meant: set[Path] = set()
        self._nameless: set[Path] = set()
        self._root = root
        self._root_at = root_at
        self._source_map = source_map
        self._report = report

    def explain(self, violations: Iterable[Violation]) -> bool:
        """Report the violations; return False if there were too many."""
        looked = 0
        for violation in islice(violations, LIMIT):
            looked += 1
            self._one(violation)
        if looked == LIMIT:
            self._report.unfinished = True
        return looked < LIMIT

    @property
    def dropped(self) -> set[Path]:
        """Return the paths of values that may seem to be missing."""
        replaced = {path for path in self.invalid if path[4:5] == ("scope",)}
        return (self.invalid | self._meant) - replaced

    @property
    def nameless(self) -> list[Mapping[str, Any]]:
        """Return the clients that have no valid name but a valid `sink`."""
        wrong = {path[:4] for path in self.invalid if path[4:5] == ("sink",)}
        found = [self._at(path) for path in sorted(self._nameless - wrong, key=str)]
        return [each for each in found if isinstance(each, dict) and "sink" in each]

    def _one(self, it: Violation) -> None:
        names = it.keyword.startswith("propertyNames")
        if in_credential(it.path) and not names and not isinstance(it.value, dict):
            self._report.hide(self._value_at(it.path))
        if it.keyword == "required":
            self._missing(it)
        elif it.keyword in ("additionalProperties", "propertyNames/enum"):
            self._unknown_keys(it)
        elif it.keyword.startswith("propertyNames/"):
            self._bad_key(it)
        elif it.keyword == "uniqueItems":
            self._repeated(it)
        else:
            self._drop(it.path)
            self._report.add(self._wrong_value(it))

    def _missing(self, it: Violation) -> None:
        if it.path and any(stand_in((*it.path, name)) is None for name in it.names):
            self._drop(it.path)
        what = f"the {it.schema['title']}" if "title" in it.schema else _subject(it.path)
        for name in it.names:
            self._drop((*it.path, name))
            if any(nearest(key[:100], [name]) for key in islice(it.value, _UNKNOWN)):
                continue  # it is there, misspelt: that is said at the key
            self._report.add(
                ManifestError(
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
            self._drop((*it.path, name))
        for name in it.names[:_UNKNOWN]:
            self._unknown_key(mapping, name, known, what)
            if near := nearest(name[:100], known):
                self._meant.add(unit((*it.path, near)))
            if in_credential((*it.path, name)) and isinstance(mapping[name], str):
                self._report.hide(self._source_map.value(mapping, name))
        if len(it.names) > _UNKNOWN:
            self._report.more("unknown-key", len(it.names) - _UNKNOWN)

    def _unknown_key(self, mapping: dict[str, Any], name: str, known: list[str], what: str) -> None:
        at = self._source_map.key(mapping, name)
        if self._report.told(at):  # twice the same key, or it was no text to begin with
            return
        self._report.add(
            ManifestError(
                code="unknown-key",
                message=lambda word: f"{what} has no key {word}" if what else f"unknown key {word}",
                at=at,
                word=name,
                known=known,
                hint=_key_hint(name, known),
            )
        )

    def _bad_key(self, it: Violation) -> None:
        name = it.names[0]
        self._drop((*it.path, name))
        at = self._source_map.key(self._at(it.path), name)
        if self._report.told(at):
            return
        what = it.schema.get("title", "key")
        self._report.add(
            ManifestError(
                code=f"invalid-{slug(what)}",
                message=lambda word: f"the {what} {word} {it.schema['errorMessage']}",
                at=at,
                word=name,
            )
        )

    def _repeated(self, it: Violation) -> None:
        title = str(it.schema.get("title", ""))
        spots = self._source_map.spans[id(it.value)]
        for number, first in _repeats(it.value):
            self._drop((*it.path, number))
            self._report.add(
                ManifestError(
                    code="duplicate-item",
                    message=lambda word: f"the {title} {word} is already in this list",
                    at=spots[number],
                    word=str(it.value[number]),
                    also=((spots[first], "first written here"),),
                )
            )

    def _wrong_value(self, it: Violation) -> ManifestError:
        at = self._value_at(it.path)
        title = str(it.schema.get("title", ""))
        if title == "credential reference" and not isinstance(it.value, dict):
            return _literal(str(it.path[-1]), at)
        if it.keyword == "type":
            return _wrong_type(it, at)
        if it.keyword in ("enum", "const"):
            return _wrong_choice(it, at, self._source_map.written(at) or str(it.value))
        message = f"{_subject(it.path)} {it.schema.get('errorMessage', 'is not right')}"
        hint = _domain_line(it.value) if title == "domain" else None
        return ManifestError(
            code=f"invalid-{slug(title or 'value')}", message=message, at=at, hint=hint
        )

    def _drop(self, path: Path) -> None:
        self.invalid.add(unit(path))
        if path[2:3] == ("clients",) and path[4:5] == ("name",):
            self._nameless.add(path[:4])

    def _at(self, path: Path) -> Any:
        value = self._root
        for step in path:
            value = value[step]
        return value

    def _value_at(self, path: Path) -> int:
        return self._source_map.value(self._at(path[:-1]), path[-1]) if path else self._root_at

    def _key_at(self, path: Path) -> int:
        """Return the position of a value's key, or of a list item."""
        if not path:
            return self._root_at
        parent = self._at(path[:-1])
        if isinstance(parent, dict):
            return self._source_map.key(parent, str(path[-1]))
        return self._source_map.value(parent, path[-1])


def _literal(name: str, at: int) -> ManifestError:
    return ManifestError(
        code="literal-credential",
        message=f"a credential is never written in the manifest: `{name}` is a reference",
        at=at,
        hint=f"write `{name}: {{env: NAME}}`, `{name}: {{file: PATH}}` or "
        f"`{name}: {{command: [PROGRAM, ARGUMENT]}}`",
        hide=(at,),
    )


def _wrong_type(it: Violation, at: int) -> ManifestError:
    wanted = it.schema["type"]
    kinds = [wanted] if isinstance(wanted, str) else wanted
    expected = it.schema.get("errorMessage") if len(kinds) > 1 or kinds[0] == "integer" else None
    expected = expected or "must be " + " or ".join(_KINDS[kind] for kind in kinds)
    return ManifestError(
        code="wrong-type",
        message=f"{_subject(it.path)} {expected}, and is {_kind(it.value)}",
        at=at,
        hint=_type_hint(it, kinds) if it.path else "a manifest contains at least `version: 1`",
    )


def _type_hint(it: Violation, kinds: list[str]) -> str | None:
    value = it.value
    if value is None and kinds == ["object"]:
        return _empty_hint(it)
    if isinstance(value, str) and kinds == ["boolean"]:
        return "write `true` or `false`"
    if isinstance(value, bool | int | float) and kinds == ["string"]:
        if it.schema.get("title") == "duration":
            return f"write a number and a unit: `{_as_duration(it)}`"
        return "quote it to make it text"
    if not isinstance(value, list) and kinds == ["array"]:
        return "write it in [ ], or each item on a line of its own after `- `"
    return None


def _empty_hint(it: Violation) -> str:
    needed = it.schema.get("required", ())
    if needed:
        keys = " and ".join(f"`{each}`" for each in needed)
        item = "" if isinstance(it.path[-1], str) else ", or remove the `- `"
        return f"write at least its {keys}{item}"
    if "minProperties" in it.schema:
        return f"write one of {', '.join(f'`{each}`' for each in it.schema['properties'])}"
    return "write `{}` if it is empty"


def _as_duration(it: Violation) -> str:
    number = it.value if type(it.value) is int and 0 < it.value < 10**9 else None
    if it.path[-1] == "timeout":
        return f"{number or 30}s"
    return f"{number or 90}d"


def _wrong_choice(it: Violation, at: int, raw: str) -> ManifestError:
    """Report a value that is not one of the allowed ones; `raw` is a number as it is written."""
    title = str(it.schema.get("title", "value"))
    known = it.schema.get("enum", [it.schema.get("const")])
    shown = [str(each).lower() if isinstance(each, bool) else str(each) for each in known]
    kind = _kind(it.value)
    if not isinstance(it.value, str | int | float):
        message = f"{_subject(it.path)} must be one of {', '.join(shown)}, and is {kind}"
        return ManifestError(code="wrong-type", message=message, at=at)
    word = it.value if isinstance(it.value, str) else raw
    if word in shown:
        expected = _kind(known[shown.index(word)])
        message = f"{_subject(it.path)} must be {expected}, and is {kind}"
        hint = f"write `{it.path[-1]}: {word}`, without quotes"
        return ManifestError(code="wrong-type", message=message, at=at, hint=hint)
    hint = f"it is one of {', '.join(shown)}" if len(shown) > 1 else f"it is {shown[0]}"
    if title == "scope":  # Domo adds scopes, and this version cannot know the next one
        hint += "; list a newer scope of Domo's under `allow_scopes`"
    return ManifestError(
        code=f"unknown-{slug(title)}",
        message=lambda said: f"unknown {title} {said}",
        at=at,
        word=word,
        known=shown if isinstance(it.value, str) else (),
        hint=hint,
    )


def _key_hint(name: str, known: Iterable[str]) -> str | None:
    if ":" in name.rstrip(":"):
        return "put a space after the `:` of a key"
    if name == "<<":
        return "merge keys are not YAML 1.2: write shared values in `defaults` or `client_sets`"
    known = list(known)
    return f"known here: {', '.join(known)}" if known else None


def _subject(path: Path) -> str:
    names = [each for each in path if isinstance(each, str)]
    if not names:
        return "the manifest"
    name = quoted(names[-1])
    return name if isinstance(path[-1], str) else f"an item of {name}"


def _repeats(values: list[Any]) -> Iterator[tuple[int, int]]:
    """Yield the index of each repeated item, with the index of its first occurrence."""
    seen: dict[str, int] = {}
    for number, value in enumerate(values):
        first = seen.setdefault(repr(value), number)
        if first != number:
            yield number, first


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


def _domain_line(text: str) -> str | None:
    """Return the line to write for a domain that is a URL or lacks `.domo.com`; None if unclear."""
    found = _HOST.fullmatch(text)
    if found is None or any(len(each) > _LABEL for each in found["host"].split(".")):
        return None
    host = found["host"].lower()
    return f"write `domain: {host if '.' in host else f'{host}.domo.com'}`"


def in_credential(path: Path) -> bool:
    """Return if the value at a path may be a credential: in `auth`, but not `method` or `email`."""
    match path:
        case ("defaults", "auth", *rest) | ("instances", _, "auth", *rest):
            return not rest or not is_auth_setting(str(rest[0]))
        case _:
            return False
