"""Opens the stored secret of one client."""

from typing import TYPE_CHECKING

from reconciler.model.address import Address
from reconciler.model.errors import CredentialUnavailable
from reconciler.operations.known_clients import find_entry, stored_secret
from reconciler.state.model import Plain, delivery_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.client import Delivery
    from reconciler.model.secret import Secret
    from reconciler.operations.workspace import LoadedState
    from reconciler.state.model import Entry, StoredSecret
    from reconciler.stores.encryption import Identity


def read_secret(ground: "LoadedState", address: Address) -> "Delivery":
    """Return the secret of the client at an address, as a sink would receive it.

    Raises:
        UsageError: the address is not known.
        CredentialUnavailable: neither the state nor a journal has the secret, or it stays sealed.
        StateRefused: the secret is damaged, or belongs to another client.

    """
    entry = find_entry(ground, address)
    stored = stored_secret(ground, entry)
    if stored is None:
        raise _not_stored(address, entry)
    secret = open_stored(
        stored, address=address, client_id=entry.client_id, identities=ground.identities
    )
    return delivery_of(address, entry, secret)


def open_stored(
    stored: "StoredSecret",
    *,
    address: Address,
    client_id: str,
    identities: "Sequence[Identity]",
) -> "Secret":
    """Return a secret in plain, opened with an identity if it is sealed.

    Raises:
        CredentialUnavailable: it is sealed, and no identity opens it.
        StateRefused: it is damaged, or belongs to another client.

    """
    if isinstance(stored, Plain):
        return stored.secret
    from reconciler.stores.encryption import open_sealed

    secret = open_sealed(stored, client_id=client_id, identities=identities)
    if secret is not None:
        return secret
    if identities:
        raise CredentialUnavailable(
            f"no identity that was given opens the secret of {address}",
            hint="it was sealed to other recipients: name one of their private keys",
        )
    raise CredentialUnavailable(
        f"the secret of {address} is sealed",
        hint="--identity FILE names the private key of one of its recipients",
    )


def _not_stored(address: Address, entry: "Entry") -> CredentialUnavailable:
    """Return the error for a secret that is not stored: which sink has it, or what to do."""
    hint = f"`reconciler rotate '{address}'` makes a client with a new one"
    if entry.delivered:
        places = ", ".join(
            f"sink `{sink}` at {reached.at} ({reached.target})"
            for sink, reached in sorted(entry.delivered.items())
        )
        return CredentialUnavailable(
            f"the secret of {address} is not kept here: it was delivered to {places}",
            hint=f"read it there; or {hint}",
        )
    if entry.adopted:
        return CredentialUnavailable(
            f"the secret of {address} is not known: the client was made elsewhere and adopted",
            hint=hint,
        )
    return CredentialUnavailable(
        f"the secret of {address} is lost: no sink ever had it", hint="the next apply rotates it"
    )
