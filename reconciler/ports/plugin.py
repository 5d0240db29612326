"""The protocol of plugins: how a distribution adds a type of sinks or a source of credentials.

A plugin registers a definition class under an entry point. The name of the entry point is the
`type:` of the sink, or the key of the reference, that a manifest uses:

    [project.entry-points."reconciler.sinks"]
    vault = "reconciler_vault.definition:VaultSink"

    [project.entry-points."reconciler.credentials"]
    keychain = "reconciler_keychain.definition:KeychainRef"

The definition is a frozen dataclass: a subclass of `SinkDefinition` or of `CredentialRef`. It turns
the value in the manifest into a definition, and a definition into the target of one client. It must
be cheap to import and pure, because `validate` and `plan` load it and work offline. It names its
adapter as `module:Class`. The adapter does the work; only `check`, `apply`, `verify` and the other
commands that talk to something import it. `SinkAdapter` and `CredentialAdapter` state what an
adapter must provide.

The schema of a definition may refer to `#/$defs/line` (text on one line), `#/$defs/command` (a list
of arguments), `#/$defs/duration` and `#/$defs/interval`. Give each property a `description`, and an
`errorMessage` that continues the property's name, such as "must be a path".

A plugin that cannot be loaded stops the commands whose manifest uses it, and no others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from reconciler.model.client import Delivery
from reconciler.model.errors import CredentialUnavailable, SinkFailed, SinkUnreadable
from reconciler.model.placeholders import Role, fill
from reconciler.model.reference import CredentialRef
from reconciler.model.secret import Secret
from reconciler.model.sink import Reading, SinkDefinition, SinkTarget
from reconciler.ports.sinks import ReadBack

__all__ = [
    "CredentialAdapter",
    "CredentialRef",
    "CredentialUnavailable",
    "Delivery",
    "Host",
    "ReadBack",
    "Reading",
    "Role",
    "Secret",
    "SinkAdapter",
    "SinkDefinition",
    "SinkFailed",
    "SinkTarget",
    "SinkUnreadable",
    "UnusableTarget",
    "fill",
]

_Ref_contra = TypeVar("_Ref_contra", bound=CredentialRef, contravariant=True)


class Host(Protocol):
    """What an adapter may use of the machine."""

    @property
    def root(self) -> Path:
        """Return the manifest's folder; relative paths start there."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """Return the environment, with credentials in it: give it to no child process."""
        ...

    @property
    def child_environ(self) -> Mapping[str, str]:
        """Return the environment for child processes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableTarget:
    """A target that cannot take a secret, as the text before and after its name `what`.

    Targets with equal texts are reported in one line, so put what differs into `what`.
    """

    before: str
    what: str
    why: str


class SinkAdapter(Protocol):
    """Delivers secrets to the targets of one type of sinks.

    The class is called with the `Host`. One adapter serves all sinks of its type for one run. Its
    methods may be called concurrently. Work that blocks goes into a thread (`asyncio.to_thread`).
    No message may contain a secret.
    """

    async def probe(self, targets: Sequence[SinkTarget]) -> Sequence[UnusableTarget]:
        """Return the targets that cannot take a secret.

        A probe leaves nothing behind. Find as much as possible here: a failure after the create
        leaves a client whose consumer has no secret yet.
        """
        ...

    async def deliver(self, target: SinkTarget, delivery: Delivery) -> None:
        """Deliver a secret. The same delivery may come again and must not fail then.

        Raises:
            SinkFailed: the target may not have the secret. The next apply delivers it again.

        """
        ...

    async def read(self, target: SinkTarget) -> ReadBack:
        """Return the secret as a consumer would find it.

        It is called only if the definition's `reading` permits it.

        Raises:
            SinkUnreadable: there is no secret, or it cannot be read.

        """
        ...


class CredentialAdapter(Protocol[_Ref_contra]):
    """Resolves the references of one source.

    The class is called with the `Host`. `read` may be called concurrently, and once for each
    instance: the adapter caches no credential.
    """

    async def read(self, reference: _Ref_contra) -> bytes:
        """Return the credential: one line of UTF-8 text, with or without a trailing newline.

        Raises:
            CredentialUnavailable: it is missing, or cannot be read. The message must not contain
                any part of a credential.

        """
        ...
