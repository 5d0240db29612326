"""Faults: what fails, for which requests, and how often.

| fault | carried out? | what the client sees |
| --- | --- | --- |
| lost_answer | yes | the socket closes without an answer |
| reset_before | no | the connection is reset (RST) |
| error_before, error_after | no, yes | `status` (500), with `message` and `toe` in its body |
| answer | if `done` is set | any answer: `status` (200), `body`, `content_type` |
| sign_on_refused | no | 200, no session, and `reason` |
| blocked_page, blocked_redirect | no | the caller's address is not on the allow-list |
| rate_limited | no | 429, `Retry-After: seconds` in the form of `retry_after` |
| hang | if `done` is set | silence; after `seconds` (an hour) the socket closes |
| slow_drip | yes | the correct answer, a byte every `seconds` (0.05) |
| garbage | yes | the correct status, and a body of `form`: truncated JSON, text or an HTML page |
| truncated | yes | a `Content-Length` longer than the body, then the end |
| no_secret, wrong_name | yes | the answer without its secret, or with another name |
| echoed | yes | the create's answer has name, description and scope in the spelling `echo` |
| same_client_id | yes | the create's answer has the client id of the newest other create |
| list_cut | yes | the list's first `keep` entries, paginated and marked as incomplete |
| list_hides | yes | the list without clients whose names match `named`; nothing marks it |
| other_instance | yes | the list of the first other instance whose domain matches `other` |
| no_effect | no | 204, and the client stays |
| oauth_error | no | `status` (400), and `error` (invalid_scope) in OAuth's form |
| redirect | no | 302 (or `status`) to `location` |
| expired_session | no | 401, and the session ends |
| huge | yes | `megabytes` of white space before the correct answer |
| deep_json | yes | the correct status, and `depth` nested arrays |

`route`, `instance` and `client` are globs (`create*`, `acme-*`, `Automation *`); an instance is
matched by its domain and by its key, the domain's first word. A request without a client matches
only `*`. Every fault counts the requests that match it: it skips the first `after` of them, then
applies to `times` of them (null: all). If several faults could apply, the first one does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, Self, get_args

from reconciler.documents.schema import InvalidDocument, validate
from reconciler.sandbox.spelling import Spelling

What = Literal[
    "lost_answer",
    "reset_before",
    "error_before",
    "error_after",
    "rate_limited",
    "hang",
    "slow_drip",
    "garbage",
    "truncated",
    "no_secret",
    "wrong_name",
    "echoed",
    "same_client_id",
    "list_cut",
    "list_hides",
    "other_instance",
    "no_effect",
    "oauth_error",
    "answer",
    "sign_on_refused",
    "blocked_page",
    "blocked_redirect",
    "redirect",
    "expired_session",
    "huge",
    "deep_json",
]


InstanceRoute = Literal[
    "sign_on", "create", "create_on_instance", "list", "revoke", "access_tokens"
]
OtherRoute = Literal["token", "unknown", "wrong_method"]
Route = InstanceRoute | OtherRoute

ROUTES: Final = (*get_args(InstanceRoute), *get_args(OtherRoute))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One entry of the table above."""

    what: What
    route: str = "*"
    instance: str = "*"
    client: str = "*"
    after: int = 0
    times: int | None = 1
    status: int | None = None
    seconds: float | None = None
    retry_after: Literal["seconds", "date", "absent"] = "seconds"
    done: bool = True
    form: Literal["truncated", "text", "html"] = "truncated"
    location: str = "http://elsewhere.invalid/"
    megabytes: float = 100
    depth: int = 100_000
    message: str | None = None
    toe: str | None = None
    body: str = ""
    content_type: str = "application/json"
    reason: str = "INVALID_CREDENTIALS"
    error: str = "invalid_scope"
    echo: Spelling = "upper"
    keep: int = 0
    named: str = "*"
    other: str = "*"

    def __post_init__(self) -> None:
        least = 200 if self.what == "answer" else 300
        if self.status is not None and (not least <= self.status <= 599 or self.status == 304):
            raise ValueError(f"a fault cannot answer with status {self.status}")
        if not any(fnmatchcase(each, self.route) for each in ROUTES):
            raise ValueError(
                f"no route is `{self.route}`: the routes are {', '.join(ROUTES)}, and globs of them"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `WHAT[:key=value,…]`, such as `lost_answer:route=create,times=2`.

        Raises:
            ValueError: with a description of the mistake.

        """
        what, _, rest = text.partition(":")
        pairs = [part.partition("=") for part in rest.split(",") if part]
        values = {key.strip(): read_value(value.strip()) for key, _, value in pairs}
        known = {each.name for each in fields(cls)} - {"what"}
        if not values.keys() <= known:
            raise ValueError(f"fault `{text}`: the keys are {', '.join(sorted(known))}")
        document: dict[str, Any] = {"what": what, **values}
        try:
            validate(document, "sandbox", "fault")
        except InvalidDocument as error:
            raise ValueError(f"fault `{text}`: {error}") from None
        return cls(**document)

    def matches(self, *, route: str, instance: str | None, client: str | None) -> bool:
        """Return whether this fault is for a request of that kind."""
        domain = instance or ""
        return (
            fnmatchcase(route, self.route)
            and any(fnmatchcase(each, self.instance) for each in (domain, domain.split(".")[0]))
            and fnmatchcase(client or "", self.client)
        )


@dataclass(slots=True, kw_only=True)
class Armed:
    """A fault with its counts: the requests that matched, and those it was applied to."""

    fault: Fault
    seen: int = 0
    struck: int = 0

    def ready(self) -> bool:
        """Return whether the fault applies to the request that was counted last."""
        times = self.fault.times
        return self.seen > self.fault.after and (times is None or self.struck < times)


class Faults:
    """The active faults, in the order of their addition."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._armed = [Armed(fault=each) for each in faults]

    def add(self, fault: Fault) -> None:
        """Add a fault."""
        self._armed.append(Armed(fault=fault))

    def clear(self) -> None:
        """Remove all faults."""
        self._armed.clear()

    def match(self, *, route: str, instance: str | None, client: str | None) -> Fault | None:
        """Count a request and return the fault that applies to it, None if no fault does."""
        chosen: Armed | None = None
        for each in self._armed:
            if each.fault.matches(route=route, instance=instance, client=client):
                each.seen += 1
                if chosen is None and each.ready():
                    chosen = each
        if chosen is None:
            return None
        chosen.struck += 1
        return chosen.fault

    def __iter__(self) -> Iterator[Armed]:
        return iter(self._armed)


def read_value(text: str) -> int | float | bool | str | None:
    """Read a value of the command line: a word of YAML's, a number, or text."""
    words = {"true": True, "false": False, "null": None, "always": None}
    if text in words:
        return words[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
