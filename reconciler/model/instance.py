"""A Domo instance, and the two hosts through which it is reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.model.auth import Auth
from reconciler.model.source_location import SourceLocation

DOMO_API: Final = "https://api.domo.com"
DOMO_INSTANCE: Final = "https://{domain}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Base URLs of one instance, filled in, without a trailing slash; Domo's own by default."""

    api: str
    instance: str

    def definition(self) -> Mapping[str, object]:
        """Return both URLs, for the plan's id."""
        return {"api": self.api, "instance": self.instance}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One entry under `instances:`, with the defaults and placeholders filled in.

    `auth` is None only if the instance has no clients and no default says how.
    `foreign` says that the endpoints are not Domo's: every plan shows that.
    """

    key: str
    domain: str
    endpoints: Endpoints
    place: SourceLocation
    auth: Auth | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    foreign: bool = False
