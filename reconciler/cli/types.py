"""The types of option values: how a text is parsed and completed."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.model import strings, timestamps
from reconciler.model.address import Address

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

T = TypeVar("T")


class OneEachLine(click.ParamType[T]):
    """A repeatable value; its environment variable holds one on each line."""

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Divide a variable into its lines; names hold spaces and commas, but no line ends."""
        return [line.strip() for line in rv.splitlines() if line.strip()]


class Lines(OneEachLine[str]):
    """A text as it is; `by` is the function in `completion` that completes it."""

    def __init__(self, name: str, by: str | None = None) -> None:
        self.name = name
        self._by = by

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text; the command looks up what it names."""
        del param, ctx
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem[str]]":
        """Return the completions of `by`."""
        del param
        return completed(self._by, ctx, incomplete) if self._by else []


class AddressType(click.ParamType[Address]):
    """`INSTANCE/CLIENT`."""

    name = "address"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Address:
        """Divide the address at its first `/`."""
        try:
            return Address.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem[str]]":
        """Complete with addresses of the manifest and the state."""
        del param
        return completed("addresses", ctx, incomplete)


class Label(OneEachLine[tuple[str, str]]):
    """`k=v`."""

    name = "k=v"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Divide the label at its first `=`."""
        key, equals, wanted = str(value).partition("=")
        if not (key and equals):
            self.fail(f"`{value}` is not a label: write k=v, as in env=prod", param, ctx)
        return key, wanted

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem[str]]":
        """Complete with the labels that instances have."""
        del param
        return completed("labels", ctx, incomplete)


class Instant(click.ParamType[datetime]):
    """A UTC instant; a bare date means its 00:00."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the instant."""
        try:
            return timestamps.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Duration(click.ParamType[float]):
    """A length of time such as `30s` or `50ms`, in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the duration."""
        try:
            return strings.seconds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Rate(click.ParamType[float]):
    """Requests a second: a finite number, not too small."""

    name = "rate"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number."""
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not 0.1 <= found < math.inf:  # also refuses NaN
            self.fail(f"`{value}` is not a number of 0.1 or more", param, ctx)
        return found


def completed(by: str, ctx: click.Context, begun: str) -> "list[CompletionItem[str]]":
    """Import `completion` only for a completion, because no command needs it."""
    from reconciler.cli import completion

    found: list[CompletionItem[str]] = getattr(completion, by)(ctx, begun)
    return found
