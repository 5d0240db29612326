"""`reconciler state settle`: end by hand what a journal left open."""

from typing import TYPE_CHECKING, Literal

import click

from reconciler.cli.commands.output import FORMATS, print_secret
from reconciler.cli.help import command
from reconciler.cli.options import (
    format_option,
    identity_option,
    lock_timeout_option,
    option,
    output_options,
    print_secrets_option,
    where_options,
)
from reconciler.cli.secrets_io import opened, read_identities, require_terminal
from reconciler.cli.types import AddressType
from reconciler.cli.values import ManifestOptions
from reconciler.cli.views.console import Console
from reconciler.cli.workspace import LoadedState, find_store, survey
from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.model.strings import join_limited, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.state.journal_records import CreatedRecord, Intent
    from reconciler.stores.encryption import Identity

    Open = Intent | CreatedRecord

How = Literal["revoked", "abandon", "output"]


@command(epilog="Example: reconciler state settle acme-prod/Reporting --revoked")
@click.argument("address", type=AddressType())
@where_options
@option("--revoked", "how", flag_value="revoked", envvar=None, help="I saw to it that it is gone.")
@option(
    "--abandon", "how", flag_value="abandon", envvar=None,
    help="Let it be, whatever it is; a secret that the journal has of it goes.",
)  # fmt: skip
@option(
    "--output", "how", flag_value="output", envvar=None,
    help="Print the secret that the journal has of it; it lives on.",
)  # fmt: skip
@option("--key", envvar=None, metavar="KEY", help="Only this one, where `state show` shows more.")
@identity_option
@print_secrets_option
@lock_timeout_option
@format_option(*FORMATS)
@output_options
@click.pass_obj
def settle(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    address: Address,
    where: ManifestOptions,
    how: How | None,
    key: str | None,
    identities: tuple[str, ...],
    yes_print_secrets: bool,
    lock_timeout: float,
    output: str,
) -> int:
    """End what a journal left open and no apply can find out.

    At ADDRESS that is a create whose outcome is unknown, or an orphan: a client that was made for
    it before the state gave it to another one. Domo is not asked: say what you saw there.
    """
    if how is None:
        raise UsageError(
            "say how it is settled: --revoked, --abandon or --output",
            hint="`reconciler state settle --help` says what each of them means",
        )
    if how == "output":
        require_terminal(console, allowed=yes_print_secrets)
    keys = read_identities(identities)
    store = find_store(where)
    with store.lock(purpose="state settle", timeout=lock_timeout):
        ground = survey(store)
        found = _open_at(ground, address, key)
        if how == "output":
            _print(console, _with_secret(address, found), keys, output)
        from reconciler.state.working_state import ended

        for journal in ground.journals:
            left = ended(journal.records, found, how=how)
            if left != journal.records:
                store.rewrite(journal, left)
    console.note(f"{address}: {plural(len(found), 'open end')} settled ({how})")
    return 0


def key_of(each: "Open") -> str:
    """Return what names an open end: an attempt's nonce, an orphan's client id."""
    from reconciler.state.journal_records import Intent

    return each.nonce if isinstance(each, Intent) else each.key


def _open_at(ground: LoadedState, address: Address, key: str | None) -> "Sequence[Open]":
    """Return what is open at an address.

    Raises:
        UsageError: nothing is; with a list of where something is.

    """
    working = ground.working
    attempts = {} if working is None else working.open
    orphans = {} if working is None else working.orphans
    ends: list[tuple[Address, Open]] = [
        *((each.address, each) for each in attempts.values()),
        *((each.intent.address, each) for each in orphans.values()),
    ]
    found = [each for at, each in ends if at == address and key in (None, key_of(each))]
    if found:
        return found
    others = sorted({str(at) for at, _ in ends})
    raise UsageError(
        f"no journal has anything open at `{address}`" + (f" with the key `{key}`" if key else ""),
        hint=f"open are: {join_limited(others)}" if others else "nothing is open anywhere",
    )


def _with_secret(address: Address, found: "Sequence[Open]") -> "CreatedRecord":
    """Return the one open end whose secret is to be printed.

    Raises:
        UsageError: there is none with a secret, or there are several ends.

    """
    from reconciler.state.journal_records import CreatedRecord

    if len(found) > 1:
        keys = ", ".join(map(key_of, found))
        raise UsageError(
            f"{plural(len(found), 'open end')} at `{address}`: {keys}",
            hint="--key KEY says which one",
        )
    if isinstance(found[0], CreatedRecord):
        return found[0]
    raise UsageError(
        f"no secret is known of what is open at `{address}`: its answer never came",
        hint="settle it with --revoked or --abandon",
    )


def _print(
    console: Console, made: "CreatedRecord", keys: "Sequence[Identity]", output: str
) -> None:
    from reconciler.model.client import Delivery

    intent, created = made.intent, made.created
    secret = opened(
        created.secret, address=intent.address, client_id=created.client_id, identities=keys
    )
    delivery = Delivery(
        address=intent.address,
        domain=intent.domain,
        live_name=intent.live_name,
        description=intent.description,
        scope=intent.scope,
        client_id=created.client_id,
        client_secret=secret,
        created_at=created.at,
    )
    print_secret(console, delivery, output)
