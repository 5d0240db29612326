"""Compare the targets of all deliveries: no two secrets may go to the same place."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.manifest.error_collector import ErrorCollector, ManifestError, quoted
from reconciler.manifest.resolve.connection import option_like
from reconciler.manifest.resolve.placeholders import PlaceholderFiller, dash
from reconciler.manifest.resolve.sinks import Sink, Template
from reconciler.model.address import Address
from reconciler.model.placeholders import Role, parts
from reconciler.model.reserved_paths import OwnFile, OwnFiles
from reconciler.model.sink import STATE
from reconciler.model.strings import slug

_ODD: Final = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
_CLIENT: Final = ("client", "client_slug")

_Target = str | tuple[str, ...]
"""A file's path in one spelling, or the values that identify another target."""
_Taken = tuple[int, Address, Sink]
"""The use of a target: the client's position, its address, and the sink."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PartialTemplate:
    """A template filled for an instance: texts, and between them placeholders of a client."""

    template: Template
    texts: tuple[str, ...]
    placeholders: tuple[str, ...]

    def fill(self, client: Mapping[str, str]) -> str:
        """Return the filled template for one client."""
        texts, placeholders = self.texts, self.placeholders
        if len(placeholders) == 1:
            return texts[0] + client[placeholders[0]] + texts[1]
        filled = [text + client[hole] for text, hole in zip(texts, placeholders, strict=False)]
        return "".join(filled) + texts[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """One sink on one instance; `path` is the template of its file, if it writes one here."""

    sink: Sink
    templates: tuple[_PartialTemplate, ...]
    path: _PartialTemplate | None


class SinkTargetChecker:
    """Checks the targets of every client.

    Each template is filled in two steps, once for an instance and once for each client, because
    this is the only check that fills every string of every client.
    """

    def __init__(
        self,
        sinks: Mapping[str, Sink],
        placeholders: PlaceholderFiller,
        root: str,
        report: ErrorCollector,
    ) -> None:
        self._sinks = sinks
        self._placeholders = placeholders
        self._root = root.rstrip("/") + "/"
        self._report = report
        self._uses_by_target: dict[_Target, _Taken] = {}
        self._slugs: dict[str, str] = {}
        self._uses: dict[str, _Use | None] = {}
        self._values: Mapping[str, str] = {}
        self._instance_at = 0
        self._words: set[tuple[int, int]] = set()

    def check_own(self, own: OwnFiles) -> None:
        """Report each client whose secret would overwrite one of the tool's own files."""
        own = own.spelt(self._normal)
        paths = [each for each in self._uses_by_target if isinstance(each, str)]
        for path in own.candidates(paths):
            if (found := own.of(path)) is not None:
                self._report.add(_over_own(path, self._uses_by_target[path], found))

    def enter(self, values: Mapping[str, str], instance_at: int) -> None:
        """Begin the instance at `instance_at`, with the values of its placeholders."""
        self._uses = {}
        self._values, self._instance_at = values, instance_at

    def add(self, address: Address, sinks: tuple[str, ...], at: int) -> None:
        """Add one client of that instance."""
        name = address.client
        if (short := self._slugs.get(name)) is None:
            short = self._slugs[name] = slug(name)
        client = {"client": name, "client_slug": short}
        for sink in sinks:
            if sink not in self._uses:
                self._uses[sink] = self._use(sink)
            if (use := self._uses[sink]) is None:
                continue
            if use.path is not None:
                self._file(use, use.path, address, client, at)
            else:
                self._other(use, address, client, at)

    def _use(self, name: str) -> _Use | None:
        if name == STATE or (sink := self._sinks.get(name)) is None:
            return None
        found = [self._partial(each) for each in sink.templates]
        whole = tuple(each for each in found if each is not None)
        if len(whole) < len(found):
            return None
        paths = (each for each in whole if each.template.role is Role.PATH)
        return _Use(sink=sink, templates=whole, path=next(paths, None))

    def _partial(self, template: Template) -> _PartialTemplate | None:
        text, at = template.text, template.at
        names = {*parts(text)[1::2]}
        client = dict.fromkeys(_CLIENT, "")
        if (
            names
            and self._placeholders.fill(text, at, {**self._values, **client}, self._instance_at)
            is None
        ):
            return None
        texts, placeholders = [""], []
        for number, piece in enumerate(parts(text)):
            if number % 2 and piece in _CLIENT:
                placeholders.append(piece)
                texts.append("")
            else:
                texts[-1] += self._values[piece] if number % 2 else piece
        return _PartialTemplate(
            template=template, texts=tuple(texts), placeholders=tuple(placeholders)
        )

    def _file(
        self,
        use: _Use,
        template_part: _PartialTemplate,
        address: Address,
        client: Mapping[str, str],
        at: int,
    ) -> None:
        path = template_part.fill(client)
        if _ODD.search(path):
            if error := _astray(template_part, path, address, at):
                self._report.add(error)
                return
            path = self._normal(path)
        self._take(path, use, address, at)

    def _other(self, use: _Use, address: Address, client: Mapping[str, str], at: int) -> None:
        target = list(use.sink.fixed)
        for template_part in use.templates:
            text = template_part.fill(client)
            template = template_part.template
            if template.role is Role.ARGUMENT and dash(template.text, text):
                self._report.add(option_like(at, template.at))
            if template.identifies:
                target.append(text)
        self._take(tuple(target), use, address, at)

    def _take(self, target: _Target, use: _Use, address: Address, at: int) -> None:
        later = (at, address, use.sink)
        earlier = self._uses_by_target.setdefault(target, later)
        if earlier is later:
            return
        if at < earlier[0]:
            self._uses_by_target[target] = later
            earlier, later = later, earlier
        if (later[2].at, later[0]) not in self._words:
            self._words.add((later[2].at, later[0]))
            self._report.add(_shared(target, later, earlier))

    def _normal(self, path: str) -> str:
        """Return the normalized path; a path under the manifest's folder is relative to it."""
        return posixpath.normpath(path).removeprefix(self._root)


def _shared(target: _Target, later: _Taken, earlier: _Taken) -> ManifestError:
    """Report two deliveries to the same place, at the later client in the text."""
    (at, address, sink), (other_at, other, other_sink) = later, earlier
    if isinstance(target, str):
        what = f"the file {quoted(target)}"
    else:
        texts = target[len(sink.fixed) :] or target
        what = f"one {sink.definition.noun} {quoted(' '.join(texts))}"
    if address == other:
        return ManifestError(
            code="shared-target",
            message=f"two sinks would give the secret of {quoted(address)} to {what}",
            at=at,
            hint="name one of the two, or give them different places",
            also=((other_sink.at, "the one sink"), (sink.at, "the other sink")),
        )
    return ManifestError(
        code="shared-target",
        message=f"the secret of {quoted(address)} would go to {what}, as would the secret of "
        f"{quoted(other)}",
        at=at,
        hint="put `{instance}` and `{client}` or `{client_slug}` into the sink",
        also=((other_at, "the other client"), (sink.at, "the sink")),
    )


def _over_own(path: str, taken: _Taken, own: OwnFile) -> ManifestError:
    at, address, sink = taken
    also = [(sink.at, "the sink")]
    if own.at is not None:
        also.insert(0, (own.at, "the tool's own file is named here"))
    return ManifestError(
        code="reserved-file",
        message=f"the secret of {quoted(address)} would be written over {own.what}, {quoted(path)}",
        at=at,
        hint="use another path for the sink, best in a folder that contains only secrets",
        also=tuple(also),
    )


def _astray(
    template_part: _PartialTemplate, path: str, address: Address, at: int
) -> ManifestError | None:
    """Return the error of a path that a placeholder's value leads astray, None if it does not."""
    plain = "x".join(parts(template_part.template.text)[::2])
    climbs = path.split("/").count("..") > plain.split("/").count("..")
    if climbs or (path.startswith("/") and not plain.startswith("/")):
        message = f"a placeholder's value leads the file of {quoted(address)} out of its folder"
        hint = "use `{client_slug}`, or change the name or label that holds `..` or `/`"
    elif posixpath.basename(path) in ("", ".", ".."):
        message = f"the path for {quoted(address)} names a folder, not a file"
        hint = "end the path in a file's name"
    else:
        return None
    also = ((template_part.template.at, "in this path"),)
    return ManifestError(code="stray-path", message=message, at=at, hint=hint, also=also)
