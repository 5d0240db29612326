"""Helpers: load a text, and find the one mistake in a text at the place that is marked with §."""

from collections.abc import Callable, Mapping

import pytest

from reconciler.manifest.load import Source, load
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput
from reconciler.model.manifest import Manifest

PRELUDE = "version: 1\ndefaults: {auth: {method: token, token: {env: TOKEN}}}\n"


def _nothing(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


def _load(text: str | bytes | Mapping[str, str], **files: str) -> Manifest:
    if isinstance(text, Mapping):
        sources = [Source(name=name, data=each.encode()) for name, each in text.items()]
    else:
        data = text if isinstance(text, bytes) else text.encode()
        sources = [Source(name="m.yaml", data=data)]
    texts = {name.replace("_", "."): content for name, content in files.items()}
    return load(sources, root="/root", read=lambda path: texts.get(path) or _nothing(path))


def _mistakes(text: str | bytes | Mapping[str, str], **files: str) -> tuple[Diagnostic, ...]:
    try:
        _load(text, **files)
    except InvalidInput as error:
        return error.diagnostics
    return ()


def _mistake(marked: str, **files: str) -> Diagnostic:
    before, mark, after = marked.partition("§")
    assert mark
    (found,) = _mistakes(before + after, **files)
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    assert found.place is not None
    assert str(found.place) == f"m.yaml:{line}:{column}", found.message
    return found


@pytest.fixture
def prelude() -> str:
    """Return the two lines of a manifest whose instances may have clients."""
    return PRELUDE


@pytest.fixture
def load_text() -> Callable[..., Manifest]:
    """Return a function that loads a text, or a folder's texts by file name.

    Keyword arguments are files that it may read: `ops_txt="…"` is `ops.txt`.
    """
    return _load


@pytest.fixture
def mistakes() -> Callable[..., tuple[Diagnostic, ...]]:
    """Return a function that gives every mistake in a text, none where it is right."""
    return _mistakes


@pytest.fixture
def mistake() -> Callable[..., Diagnostic]:
    """Return a function that gives the only mistake in a text, which must be where § stands."""
    return _mistake
