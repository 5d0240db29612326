"""A console whose streams are in memory."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from reconciler.cli.views.console import Console


class Terminal(StringIO):
    """A stream in memory that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture
def make_console() -> Callable[..., Console]:
    """Return a maker of consoles, on a pair of terminals or of pipes."""

    def make(*, terminal: bool = False, **settings: Any) -> Console:
        stream = Terminal if terminal else StringIO
        return Console(stdout=stream(), stderr=stream(), **settings)

    return make


@pytest.fixture
def written() -> Callable[[Console], tuple[str, str]]:
    """Return a reader of what a console was told, as (stdout, stderr)."""

    def read(console: Console) -> tuple[str, str]:
        assert isinstance(console.stdout, StringIO)
        assert isinstance(console.stderr, StringIO)
        return console.stdout.getvalue(), console.stderr.getvalue()

    return read
