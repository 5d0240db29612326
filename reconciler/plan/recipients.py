"""Which sealed secrets have other recipients than the manifest lists."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache

from reconciler.model.address import Address
from reconciler.model.manifest import Manifest
from reconciler.model.recipient import canonical, shortened
from reconciler.plan.action import Notice
from reconciler.plan.selection import Predicate
from reconciler.state.model import Entry, Sealed

RECIPIENTS_CODE = "recipients"
"""The code of the notices."""


def outdated_recipients(
    desired: Manifest,
    clients: Mapping[Address, Entry],
    is_selected: Predicate,
    leaving: Collection[Address],
) -> Iterator[Notice]:
    """Yield a notice for each secret that a recipient can open too much or too little.

    `leaving` are the addresses whose secret the plan replaces or ends. A secret that was sealed
    before the state recorded recipients is left out: its recipients are not known.
    """
    if not desired.recipients:
        return
    listed = canonical(desired.recipients)
    difference = cache(lambda sealed: _difference(sealed, listed))
    for address, entry in clients.items():
        secret = entry.secret
        if not isinstance(secret, Sealed) or secret.recipients in ((), listed):
            continue
        if address not in leaving and is_selected(address):
            yield Notice(
                code=RECIPIENTS_CODE,
                address=address,
                message=f"sealed to other recipients than the manifest lists:"
                f" {difference(secret.recipients)};"
                " `reconciler state rekey --identity KEY_FILE` seals the secret again",
            )


def _difference(sealed: tuple[str, ...], listed: tuple[str, ...]) -> str:
    surplus = (each for each in sealed if each not in listed)
    lacking = (each for each in listed if each not in sealed)
    return ", ".join(
        [f"{shortened(each)} can open it and is not listed" for each in surplus]
        + [f"{shortened(each)} is listed and cannot open it" for each in lacking]
    )
