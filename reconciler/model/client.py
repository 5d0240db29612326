"""A client in its three lives: as wanted, as an instance lists it, and as a sink receives it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.address import Address
from reconciler.model.ownership_mark import Mark, split_mark
from reconciler.model.secret import Secret
from reconciler.model.source_location import SourceLocation

OnRemove = Literal["keep", "forget", "revoke"]
Replace = Literal["create_first", "revoke_first"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredClient:
    """One client that the manifest wants on one instance, every default filled in.

    `scope` is canonical (sorted). `sinks` are names, at least one. `rotate_after` and `overlap`
    are in seconds, None if the client is never due. `place` is the place of the client;
    `client_set` names the set that it came from, None for the instance's own entry, and
    `overrides` the set whose client that entry stands in for.
    `inherited` contains the places of `sink` and `rotate_after` if a wider level gives them.
    """

    address: Address
    scope: tuple[str, ...]
    sinks: tuple[str, ...]
    place: SourceLocation
    description: str = ""
    on_remove: OnRemove = "keep"
    protect: bool = False
    rotate_after: float | None = None
    overlap: float = 0.0
    replace: Replace = "create_first"
    client_set: str | None = None
    overrides: str | None = None
    inherited: Mapping[str, SourceLocation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedClient:
    """One client as an instance lists it.

    `id` is the numeric id that revoking needs. `client_id` is None if Domo hides parts of it;
    `hidden` is then the text that Domo shows instead. `description` is as stored, with the mark.
    """

    id: int | None
    name: str
    description: str
    client_id: str | None
    owner: int | None
    scope: tuple[str, ...]
    hidden: str = ""

    @property
    def mark(self) -> Mark | None:
        """Return the ownership mark in the description, if there is one."""
        return split_mark(self.description)[1]

    @property
    def stray_id(self) -> str | None:
        """Return what names the client if the state does not know it: its client id, or its nonce.

        None if it has neither.
        """
        return self.client_id or (f"masked:{self.mark.nonce}" if self.mark is not None else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a sink receives: one JSON object with nine keys.

    `name` is the manifest's name, the same after rotations; `live_name` is Domo's.
    `description` is without the mark; `created_at` is a UTC instant, `2026-01-31T08:00:00Z`.
    """

    address: Address
    domain: str
    live_name: str
    description: str
    scope: tuple[str, ...]
    client_id: str
    client_secret: Secret
    created_at: str

    def document(self) -> Mapping[str, object]:
        """Return the object to be written, the secret in plain: this is what sinks are for."""
        return {
            "instance": self.address.instance,
            "domain": self.domain,
            "name": self.address.client,
            "live_name": self.live_name,
            "description": self.description,
            "scope": list(self.scope),
            "client_id": self.client_id,
            "client_secret": self.client_secret.reveal(),
            "created_at": self.created_at,
        }
