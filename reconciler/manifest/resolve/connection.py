"""How each instance is reached: credential references and base URLs, placeholders filled in."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.manifest.error_collector import ManifestError, Report
from reconciler.manifest.resolve.placeholders import INSTANCE, PlaceholderFiller, dash
from reconciler.manifest.yaml.source_map import Entry, SourceMap
from reconciler.model.auth import Auth, CookieAuth, PasswordAuth, TokenAuth
from reconciler.model.instance import DOMO_API, DOMO_INSTANCE, Endpoints
from reconciler.model.placeholders import fill, parts
from reconciler.model.reference import CommandRef, CredentialRef, EnvRef, FileRef

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SAMPLE: Final = {"domain": "a.domo.com"}
"""What stands for the placeholders of which no value can be a part of a variable's name."""
_URL: Final = re.compile(
    r"(?P<origin>(?i:https?)://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?)"
    r"(?P<path>/[^\s?#@{}\\]*)?"
)

Values = Mapping[str, str]


class Access:
    """Makes the auth and the endpoints of instances, and reports what is wrong in them."""

    def __init__(self, holes: PlaceholderFiller, atlas: SourceMap, report: Report) -> None:
        self._holes = holes
        self._atlas = atlas
        self._report = report
        self.files: dict[str, int] = {}
        self._wrong: set[int] = set()

    def check_auth(self, auth: Mapping[str, Any]) -> None:
        """Report unknown placeholders in an auth, once, whoever uses it."""
        for entry in self._atlas.entries(auth):
            if entry.key != "method":
                known = [self._holes.known(text, at, INSTANCE) for text, at in self._texts(entry)]
                if all(known) and isinstance(entry.value, dict) and "env" in entry.value:
                    self._check_env(entry.value["env"], self._atlas.value(entry.value, "env"))

    def _check_env(self, template: str, at: int) -> None:
        """Report a variable's name that is none for any instance, also where none uses it."""
        pieces = parts(template)
        pieces[1::2] = [_SAMPLE.get(name, "A") for name in pieces[1::2]]
        if not _VARIABLE.fullmatch("".join(pieces)):
            self._wrong.add(at)
            self._report.add(_bad_variable(template, template, at))

    def _texts(self, entry: Entry) -> list[tuple[str, int]]:
        if isinstance(entry.value, str):
            return [(entry.value, entry.at)]
        (reference,) = self._atlas.entries(entry.value)
        if isinstance(reference.value, str):
            return [(reference.value, reference.at)]
        return [(item.value, item.at) for item in self._atlas.items(reference.value)]

    def auth(self, auth: Mapping[str, Any], values: Values, who: int) -> Auth | None:
        """Return one instance's auth; None where something in it was wrong."""
        found = {
            entry.key: self._credential(entry, values, who)
            for entry in self._atlas.entries(auth)
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

    def _credential(self, entry: Entry, values: Values, who: int) -> str | CredentialRef | None:
        if isinstance(entry.value, str):
            return self._holes.fill(entry.value, entry.at, values, who)
        (reference,) = self._atlas.entries(entry.value)
        if reference.key == "command":
            return self._command(reference, values, who)
        text = self._holes.fill(reference.value, reference.at, values, who)
        if text is None:
            return None
        if reference.key == "env":
            return self._env(text, reference, who)
        self.files.setdefault(text, reference.at)
        return FileRef(path=text, template=reference.value)

    def _env(self, name: str, reference: Entry, who: int) -> EnvRef | None:
        if _VARIABLE.fullmatch(name):
            return EnvRef(name=name, template=reference.value)
        if reference.at not in self._wrong:
            self._report.add(_bad_variable(name, reference.value, reference.at, who))
        return None

    def _command(self, reference: Entry, values: Values, who: int) -> CommandRef | None:
        argv = []
        for template, at in self._atlas.items(reference.value):
            text = self._holes.fill(template, at, values, who)
            if text is None:
                return None
            if dash(template, text):
                self._report.add(option_like(who, at))
            argv.append(text)
        return CommandRef(argv=tuple(argv), template=tuple(reference.value))

    def check_endpoints(self, endpoints: Mapping[str, Any]) -> list[Entry]:
        """Report unknown placeholders in the endpoints; return those that can be filled in."""
        return [
            entry
            for entry in self._atlas.entries(endpoints)
            if self._holes.known(entry.value, entry.at, INSTANCE, labels=False)
        ]

    def endpoints(self, entries: Iterable[Entry], values: Values) -> Endpoints:
        """Return one instance's base URLs; what is wrong in them is reported."""
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


def _bad_variable(name: str, template: str, at: int, who: int | None = None) -> ManifestError:
    """Report what is no variable's name; it is shown where it cannot well be the value itself."""
    from reconciler.manifest.credential_patterns import is_variable_like

    return ManifestError(
        code="invalid-variable",
        message=lambda word: (
            f"`env` is the name of a variable, and {word} is none: letters, "
            "digits and `_`, no digit first"
        ),
        at=at,
        word=name,
        hint="the value of the variable is not written here, only its name",
        also=() if who is None else ((who, "used for this instance"),),
        hide=() if is_variable_like(template) else (at,),
    )


def option_like(who: int, at: int) -> ManifestError:
    """Say that a placeholder makes an option out of an argument."""
    return ManifestError(
        code="option-like-argument",
        message="an argument of a command begins with `-` only because of a placeholder",
        at=who,
        hint="write something before the placeholder, as in `--name={client}`",
        also=((at, "this argument"),),
    )
