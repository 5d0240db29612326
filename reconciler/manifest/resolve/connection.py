"""Resolve each instance's credential references and base URLs."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from reconciler import plugins
from reconciler.manifest.error_collector import ErrorCollector, ManifestError
from reconciler.manifest.resolve.placeholders import INSTANCE, PlaceholderFiller, dash
from reconciler.manifest.yaml.source_map import Entry, SourceMap
from reconciler.model.auth import Auth, CookieAuth, PasswordAuth, TokenAuth
from reconciler.model.instance import DOMO_API, DOMO_INSTANCE, Endpoints
from reconciler.model.placeholders import Role, fill, parts
from reconciler.model.reference import CredentialRef

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SAMPLE: Final = {"domain": "a.domo.com"}
"""Sample values of placeholders whose values can never be part of a variable's name."""
_URL: Final = re.compile(
    r"(?P<origin>(?i:https?)://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?)"
    r"(?P<path>/[^\s?#@{}\\]*)?"
)

Values = Mapping[str, str]

_MISSING: Final = object()
"""A value that is wrong; the reason is reported."""


class ConnectionResolver:
    """Resolves the `auth` and the endpoints of instances, and reports errors in them."""

    def __init__(
        self, placeholders: PlaceholderFiller, source_map: SourceMap, report: ErrorCollector
    ) -> None:
        self._placeholders = placeholders
        self._source_map = source_map
        self._report = report
        self.files: dict[str, int] = {}
        self._wrong: set[int] = set()

    def check_auth(self, auth: Mapping[str, Any]) -> None:
        """Report unknown placeholders in an `auth`, once for all instances that use it."""
        for entry in self._source_map.entries(auth):
            if entry.key != "method":
                texts = self._texts(entry)
                known = [self._placeholders.known(text, at, INSTANCE) for text, at in texts]
                if all(known) and isinstance(entry.value, dict):
                    source = plugins.credential_source(next(iter(entry.value)))
                    if source is not None and source.role is Role.VARIABLE:
                        for text, at in texts:
                            self._check_variable(text, at)

    def _check_variable(self, template: str, at: int) -> None:
        """Report a variable's name that is invalid for every instance, even if unused."""
        pieces = parts(template)
        pieces[1::2] = [_SAMPLE.get(name, "A") for name in pieces[1::2]]
        if not _VARIABLE.fullmatch("".join(pieces)):
            self._wrong.add(at)
            self._report.add(_bad_variable(template, template, at))

    def _texts(self, entry: Entry) -> list[tuple[str, int]]:
        if isinstance(entry.value, str):
            return [(entry.value, entry.at)]
        (reference,) = self._source_map.entries(entry.value)
        return list(self._strings(reference.value, reference.at))

    def _strings(self, value: Any, at: int) -> Iterator[tuple[str, int]]:
        """Yield the strings in the value of a reference, with their positions."""
        if isinstance(value, str):
            yield value, at
        elif isinstance(value, dict):
            for each in self._source_map.entries(value):
                yield from self._strings(each.value, each.at)
        elif isinstance(value, list):
            for item in self._source_map.items(value):
                yield from self._strings(item.value, item.at)

    def auth(self, auth: Mapping[str, Any], values: Values, instance_at: int) -> Auth | None:
        """Return one instance's auth; None if it contains an error."""
        found = {
            entry.key: self._credential(entry, values, instance_at)
            for entry in self._source_map.entries(auth)
            if entry.key != "method"
        }
        if any(each is None for each in found.values()):
            return None
        made: Mapping[str, Any] = found
        if auth["method"] == "password":
            return PasswordAuth(email=made["email"], password=made["password"])
        if auth["method"] == "cookie":
            return CookieAuth(dsidv1=made["dsidv1"])
        return TokenAuth(token=made["token"])

    def _credential(
        self, entry: Entry, values: Values, instance_at: int
    ) -> str | CredentialRef | None:
        if isinstance(entry.value, str):
            return self._placeholders.fill(entry.value, entry.at, values, instance_at)
        (reference,) = self._source_map.entries(entry.value)
        source = plugins.credential_source(reference.key)
        if source is None:  # the schema has reported it
            return None
        value = self._filled(reference.value, reference.at, source.role, values, instance_at)
        if value is _MISSING:
            return None
        try:
            return source.decode(value, reference.value)
        except ValueError as error:
            self._report.add(
                ManifestError(code="invalid-reference", message=str(error), at=reference.at)
            )
        except Exception as error:
            raise plugins.failed(source, error) from error
        return None

    def _filled(self, value: Any, at: int, role: Role, values: Values, instance_at: int) -> Any:
        """Return the value of a reference with its placeholders filled in, or `_MISSING`."""
        if isinstance(value, dict):
            entries = self._source_map.entries(value)
            found = {e.key: self._filled(e.value, e.at, role, values, instance_at) for e in entries}
            return _MISSING if _MISSING in found.values() else found
        if isinstance(value, list):
            items = self._source_map.items(value)
            listed = [
                self._filled(item.value, item.at, role, values, instance_at) for item in items
            ]
            return _MISSING if _MISSING in listed else listed
        if not isinstance(value, str):
            return value
        text = self._placeholders.fill(value, at, values, instance_at)
        if text is None or (
            role is Role.VARIABLE and not self._is_variable(text, value, at, instance_at)
        ):
            return _MISSING
        if role is Role.ARGUMENT and dash(value, text):
            self._report.add(option_like(instance_at, at))
        if role is Role.PATH:
            self.files.setdefault(text, at)
        return text

    def _is_variable(self, name: str, template: str, at: int, instance_at: int) -> bool:
        if _VARIABLE.fullmatch(name):
            return True
        if at not in self._wrong:
            self._report.add(_bad_variable(name, template, at, instance_at))
        return False

    def check_endpoints(self, endpoints: Mapping[str, Any]) -> list[Entry]:
        """Report unknown placeholders in the endpoints; return the entries without any."""
        return [
            entry
            for entry in self._source_map.entries(endpoints)
            if self._placeholders.known(entry.value, entry.at, INSTANCE, labels=False)
        ]

    def endpoints(self, entries: Iterable[Entry], values: Values) -> Endpoints:
        """Return one instance's base URLs; report invalid ones."""
        found = {"api": DOMO_API, "instance": DOMO_INSTANCE.format(domain=values["domain"])}
        for entry in entries:
            text = fill(entry.value, values)
            url = _url(text)
            if url is None:
                self._report.add(_bad_url(entry))
            found[entry.key] = url or text
        return Endpoints(**found)


def _url(text: str) -> str | None:
    """Return a base URL as it is compared: no slash at its end, scheme and host in lower case."""
    found = _URL.fullmatch(text)
    if found is None or not 0 < int(found["port"] or 443) < 65536:
        return None
    return found["origin"].lower() + (found["path"] or "").rstrip("/")


def _bad_url(entry: Entry) -> ManifestError:
    return ManifestError(
        code="invalid-url",
        message=f"`{entry.key}` must be a URL with http or https, a host, and at most a port and "
        "a path",
        at=entry.at,
        hint="no user, query or fragment: for example http://127.0.0.1:8080/{instance}",
        hide=(entry.at,) if "@" in entry.value else (),
    )


def _bad_variable(
    name: str, template: str, at: int, instance_at: int | None = None
) -> ManifestError:
    """Report an invalid variable's name; the message shows it unless it may be the value itself."""
    from reconciler.manifest.credential_patterns import is_variable_like

    return ManifestError(
        code="invalid-variable",
        message=lambda word: (
            f"`env` must be the name of a variable, and {word} is not one: letters, "
            "digits and `_`, no digit first"
        ),
        at=at,
        word=name,
        hint="the value of the variable is not written here, only its name",
        also=() if instance_at is None else ((instance_at, "used for this instance"),),
        hide=() if is_variable_like(template) else (at,),
    )


def option_like(instance_at: int, at: int) -> ManifestError:
    """Report that a placeholder turns an argument into an option."""
    return ManifestError(
        code="option-like-argument",
        message="an argument of a command begins with `-` only because of a placeholder",
        at=instance_at,
        hint="write something before the placeholder, as in `--name={client}`",
        also=((at, "this argument"),),
    )
