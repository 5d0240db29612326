"""What an instance holds: its rules, users, sessions and clients."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one instance behaves where the contract leaves it open; None: no limit.

    A new client is listed `list_lag` seconds after its create. `trim` strips names and
    descriptions, the limits cut them (characters). A session ends after `session_seconds` or after
    `session_requests` requests. Over `requests_per_second` the answer is 429. So many
    `wrong_passwords` in a row lock a user.
    """

    list_shape: Literal["array", "entries"] = "array"
    mask_client_ids: bool = False
    list_lag: float = 0.0
    trim: bool = False
    name_limit: int | None = None
    description_limit: int | None = None
    session_seconds: float | None = None
    session_requests: int | None = None
    requests_per_second: int | None = None
    wrong_passwords: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who can sign on; `admin` sees and revokes other people's clients.

    `refusal` is a reason with which every sign-on is refused; `wrong` counts the wrong passwords
    since the last right one.
    """

    id: int
    email: str
    password: str
    admin: bool = True
    locked: bool = False
    refusal: str | None = None
    wrong: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A sign-on that holds until `ends` (seconds since the epoch) or for `left` requests."""

    domain: str
    email: str
    ends: float | None
    left: int | None

    def holds(self, now: float) -> bool:
        """Say whether the session is good for one more request."""
        return (self.ends is None or now < self.ends) and self.left != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client as the instance keeps it, secret included.

    `owner` is a user's id; `order` rises by one with every create and revoke of the world;
    `made_by` is a route, or `config` or `control`; times are seconds since the epoch.
    """

    id: int
    name: str
    description: str
    scope: tuple[str, ...]
    owner: int
    client_id: str
    client_secret: str
    order: int
    made_at: float
    made_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """A client that is gone: kept so that a test can ask what ever existed, and in what order."""

    client: Client
    order: int
    revoked_at: float
    revoked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One request. `status` is None where no status line was sent; holds no secret."""

    number: int
    at: float
    method: str
    path: str
    route: str
    instance: str | None
    client: str | None
    status: int | None
    fault: str | None
