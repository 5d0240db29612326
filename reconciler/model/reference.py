"""References to credentials: a manifest contains them, and never a credential.

The sources of credentials are in `reconciler.credentials` and in plugins. Everything else works
with the class of this module.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from reconciler.model.placeholders import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRef(ABC):
    """One reference. Each source is a subclass; `ports.plugin` is the guide for plugins.

    `source` is the key of the reference in the manifest, as `env` in `{env: NAME}`. `schema` is the
    JSON Schema of its value, and `role` says what the strings of the value are. `adapter` is
    `module:Class`; it is imported when the credential is needed. Two references are equal if they
    lead to the same credential: a subclass excludes its template from the comparison.
    """

    source: ClassVar[str]
    schema: ClassVar[Mapping[str, Any]]
    role: ClassVar[Role] = Role.TEXT
    adapter: ClassVar[str]

    @classmethod
    @abstractmethod
    def decode(cls, value: Any, template: Any) -> Self:
        """Return the reference for a value with its placeholders filled in.

        `template` is the value as written, which names the references of a whole fleet.

        Raises:
            ValueError: the value is wrong in a way that the schema cannot express.

        """

    @abstractmethod
    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it; it is part of the plan's id."""

    @abstractmethod
    def __str__(self) -> str:
        """Describe the reference in messages, without the credential."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield each part that `str` shows with its template, to group messages of a fleet."""
        return iter(())

    @property
    def file(self) -> str | None:
        """Return the file on this machine that is read, relative to the manifest's folder."""
        return None

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the environment variables that are read; no child process gets them."""
        return ()
