"""The parts of an instance: its rules, users, sessions and clients."""

from dataclasses import dataclass
from typing import Literal

from reconciler.sandbox.spelling import Mask, Sameness, Spelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The behaviour of one instance if the contract leaves it open. None: no limit, or disabled.

    | lists | |
    | --- | --- |
    | list_shape | `array`, `entries` around it, or `pages` (entries, totalCount, limit, offset) |
    | list_page | the most entries of one page; `pages` reads `?limit=` and `?offset=` |
    | list_ignores_offset | every page is the first one: the list is never complete |
    | list_lag, revoke_lag | seconds until a list shows a new client, and omits a revoked one |
    | empty_list | the answer of an instance without clients: array, 204, 404 or `null` |
    | mask_client_ids | how lists hide client ids: see `spelling.Mask` (true: bullets of `*`) |

    | creates | |
    | --- | --- |
    | trim, name_limit, description_limit | strip and cut (characters) names and descriptions |
    | stored_as | the spelling in which the instance keeps name and description |
    | echo | the spelling in which the create response repeats name, description and scope |
    | same_names | names that count as taken: exact, or folded by case, Unicode form, blanks, all |
    | scope_case, added_scopes | case of the kept scopes, and scopes added to each client |
    | more_scopes | scopes that the instance accepts beside the seven; both: a space between them |
    | create_retired | status of `POST {api}/clients`, such as 404, 405 or 410 |

    | sign-on and use | |
    | --- | --- |
    | second_factor | status of `twoFactorInfo` for a password; anything but VALID asks for a code |
    | second_factor_token | also answer a session token then |
    | allow_list | this caller's address is blocked: with an HTML `page`, or a 303 `redirect` |
    | session_seconds, session_requests | when a session ends |
    | requests_per_second | over it, the answer is 429 |
    | wrong_passwords | as many in a row lock a user |
    | access_tokens | whether `GET /api/data/v1/accesstokens` shows them, or answers 403 or 404 |
    | sign_in_method | the only method of `oauth/token`, `both` or one; another answers 405 |
    | only_documented_scopes | a token request for a scope beside the six is `invalid_scope` |
    | error_message, error_toe | text in each error body |
    """

    list_shape: Literal["array", "entries", "pages"] = "array"
    list_page: int = 50
    list_ignores_offset: bool = False
    list_lag: float = 0.0
    revoke_lag: float = 0.0
    empty_list: Literal["array", "no_content", "not_found", "null"] = "array"
    mask_client_ids: Mask = False
    trim: bool = False
    name_limit: int | None = None
    description_limit: int | None = None
    stored_as: Literal["sent", "nfc", "nfd", "lower", "upper", "escaped", "collapsed"] = "sent"
    echo: Spelling = "stored"
    same_names: Sameness = "exact"
    scope_case: Literal["sent", "upper", "lower", "title"] = "sent"
    added_scopes: str = ""
    more_scopes: str = ""
    create_retired: int | None = None
    second_factor: str | None = None
    second_factor_token: bool = False
    allow_list: Literal["open", "page", "redirect"] = "open"
    session_seconds: float | None = None
    session_requests: int | None = None
    requests_per_second: int | None = None
    wrong_passwords: int = 5
    access_tokens: Literal["shown", "forbidden", "not_found"] = "shown"
    sign_in_method: Literal["both", "get", "post"] = "both"
    only_documented_scopes: bool = False
    error_message: str | None = None
    error_toe: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user who can sign on, with two independent grants.

    `may_create` is *Create API OAuth Clients*; `admin` is *Manage All Access Tokens and API
    Clients*: the user sees and revokes other users' clients.

    `refusal` is a reason with which every sign-on is refused; `wrong` counts the wrong passwords
    since the last right one.
    """

    id: int
    email: str
    password: str
    admin: bool = True
    may_create: bool = True
    locked: bool = False
    refusal: str | None = None
    wrong: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that is valid until `ends` (seconds since the epoch) or for `left` requests."""

    domain: str
    email: str
    ends: float | None
    left: int | None

    def holds(self, now: float) -> bool:
        """Return whether the session is valid for one more request."""
        return (self.ends is None or now < self.ends) and self.left != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client as the instance stores it, with its secret.

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
    """A revoked client: kept so that a test can check what existed, and in which order."""

    client: Client
    order: int
    revoked_at: float
    revoked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One request, without secrets. `status` is None if no status line was sent."""

    number: int
    at: float
    method: str
    path: str
    route: str
    instance: str | None
    client: str | None
    status: int | None
    fault: str | None
