"""The options of `reconciler import`, as one value that is consistent."""

import functools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli.options import Command, option
from reconciler.cli.types import AddressType, Lines
from reconciler.cli.values import SelectionOptions
from reconciler.model.errors import UsageError
from reconciler.model.strings import nearest

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.model.secret import Secret
    from reconciler.plan.imports import ImportOptions

LARGEST: Final = 64 * 1024
"""The most bytes that standard input may give as a secret: Domo's have 64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What an import is about: the client at `address`, all clients, or entries to generate."""

    address: "Address | None"
    number: int | None
    client_id: str | None
    secret_stdin: bool
    take_over: bool
    everything: bool
    generate: bool
    write: bool
    instances: tuple[str, ...]

    def check(self, chosen: SelectionOptions, output: str) -> None:
        """Check that the options go together.

        Raises:
            UsageError: they do not.

        """
        one = self.address is not None
        if one + self.everything + self.generate != 1:
            raise UsageError(
                "give an ADDRESS, --all or --generate",
                hint="`reconciler import --generate` shows the clients that are not managed",
            )
        for name, is_given, fits in (
            ("--id", self.number is not None, one),
            ("--client-id", self.client_id is not None, one),
            ("--secret-stdin", self.secret_stdin, one),
            ("--instance", bool(self.instances), not one),
            ("--target, --exclude or --label", chosen != SelectionOptions(), not one),
            ("--take-over", self.take_over, not self.generate),
            ("--write", self.write, self.generate and output == "text"),
        ):
            if is_given and not fits:
                raise UsageError(
                    f"{name} does not go with this",
                    hint="`reconciler import --help` shows what it goes with",
                )

    def options(self) -> "ImportOptions":
        """Return which client is meant, if Domo has several that may be."""
        from reconciler.plan.imports import ImportOptions

        return ImportOptions(id=self.number, client_id=self.client_id, take_over=self.take_over)

    def keys(self, desired: "Manifest") -> Sequence[str]:
        """Return the instances of `--instance`, by default each one with a sign-on.

        Raises:
            UsageError: the manifest has no such instance.

        """
        for each in self.instances:
            if each not in desired.instances:
                near = nearest(each, desired.instances)
                raise UsageError(
                    f"the manifest has no instance `{each}`",
                    hint=f"did you mean `{near}`?" if near else None,
                )
        if self.instances:
            return sorted(set(self.instances))
        return [key for key, each in sorted(desired.instances.items()) if each.auth is not None]


def import_options(command: Command) -> Command:
    """Add the options that select what is imported; the command gets `wanted`."""

    @click.argument("address", metavar="[ADDRESS]", type=AddressType(), required=False)
    @option(
        "--id", "number", type=click.IntRange(0), metavar="N", envvar=None,
        help="Domo's numeric id of the client, if its name differs or its client id is masked.",
    )  # fmt: skip
    @option("--client-id", metavar="ID", envvar=None, help="Its client id, if the list masks it.")
    @option(
        "--secret-stdin", is_flag=True, envvar=None,
        help="Read its secret from standard input; it is kept if it signs in.",
    )  # fmt: skip
    @option(
        "--take-over", is_flag=True, envvar=None,
        help="Adopt clients with another state's mark: for a state that no longer exists.",
    )  # fmt: skip
    @option(
        "--all", "everything", is_flag=True, envvar=None,
        help="Every client of the manifest that exists and is not managed.",
    )  # fmt: skip
    @option(
        "--generate", is_flag=True, envvar=None,
        help="Print manifest entries for unmanaged clients; adopt nothing.",
    )  # fmt: skip
    @option("--write", is_flag=True, envvar=None, help="With --generate: add them to the manifest.")
    @option(
        "--instance", "instances", type=Lines("key", "instances"), multiple=True, metavar="KEY",
        envvar=None,
        help="With --all or --generate: only this instance (repeatable).",
    )  # fmt: skip
    @functools.wraps(command)
    def wrapped(  # noqa: PLR0913 (one argument for each option)
        *args: Any,
        address: "Address | None",
        number: int | None,
        client_id: str | None,
        secret_stdin: bool,
        take_over: bool,
        everything: bool,
        generate: bool,
        write: bool,
        instances: tuple[str, ...],
        **others: Any,
    ) -> int:
        wanted = ImportRequest(
            address=address,
            number=number,
            client_id=client_id,
            secret_stdin=secret_stdin,
            take_over=take_over,
            everything=everything,
            generate=generate,
            write=write,
            instances=instances,
        )
        return command(*args, wanted=wanted, **others)

    return wrapped


def read_secret() -> "Secret":
    """Read a secret from standard input; a terminal does not show what is typed.

    Raises:
        UsageError: it contains no secret, or more than one line of text.

    """
    from reconciler.model.secret import Secret

    if sys.stdin.isatty():
        text = click.prompt("Secret", hide_input=True, err=True)
    else:
        text = sys.stdin.read(LARGEST).removesuffix("\n").removesuffix("\r")
    if not text or not text.isprintable() or len(text) >= LARGEST:
        raise UsageError("standard input has no secret: one line of text is meant")
    return Secret(text)
