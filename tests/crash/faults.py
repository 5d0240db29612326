"""Faults at the server for the random kills, and what a person does about one of them."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from reconciler.operations.workspace import load_state
from reconciler.stores.local import LocalStore

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

ROUTES: Final = ("create*", "create*", "revoke", "list", "sign_on", "token", "*")
FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"what": "lost_answer"},
    {"what": "reset_before"},
    {"what": "error_before", "status": 503},
    {"what": "error_after"},
    {"what": "rate_limited", "retry_after": "absent"},
    {"what": "hang", "seconds": 0.2},
    {"what": "hang", "seconds": 0.2, "done": False},
    {"what": "garbage"},
    {"what": "garbage", "form": "html"},
    {"what": "truncated"},
    {"what": "no_secret", "route": "create*"},
    {"what": "wrong_name", "route": "create*"},
    *({"what": "same_client_id", "route": "create*"},) * 4,
    {"what": "redirect"},
    {"what": "expired_session"},
    {"what": "list_cut", "route": "list"},
    {"what": "list_cut", "route": "list", "keep": 2},
    *({"what": "no_effect", "route": "revoke"},) * 4,
    {"what": "echoed", "route": "create*", "echo": "upper"},
    {"what": "echoed", "route": "create*", "echo": "escaped"},
    {"what": "echoed", "route": "create*", "echo": "null"},
    {"what": "echoed", "route": "create*", "echo": "absent"},
    {"what": "oauth_error", "route": "token"},
    {"what": "oauth_error", "route": "token", "error": "server_error", "status": 403},
    {"what": "error_before", "route": "token", "status": 405},
    {"what": "error_before", "route": "token", "status": 503},
)
UNMARKED: Final[tuple[dict[str, Any], ...]] = (
    {"what": "list_hides", "route": "list", "named": "Client [0-3]*", "times": 1},
    {"what": "list_hides", "route": "list", "times": 1},
    {"what": "other_instance", "route": "list", "times": 1},
)
"""Nothing marks these lists as wrong: one in an apply can be survived, two in a row cannot."""


def arm(served: "Running", draw: Random) -> None:
    """Let some of the next requests fail."""

    def drawn(fault: dict[str, Any]) -> dict[str, Any]:
        return {"after": draw.randint(0, 2), **fault}

    faults: list[dict[str, Any]] = []
    for _ in range(draw.randint(0, 8)):
        fault = {"route": draw.choice(ROUTES), "times": draw.randint(1, 2)}
        faults.append(drawn({**fault, **draw.choice(FAULTS)}))
    if draw.random() < 0.5:
        faults.append(drawn(draw.choice(UNMARKED)))
    strike(served, faults)


def strike(served: "Running", faults: Sequence[dict[str, Any]]) -> None:
    """Let faults strike, but not both a revoke without effect and a list that confirms it.

    Nothing tells two such answers in a row from a revoke that worked.
    """
    kinds = {each["what"] for each in faults}
    for each in faults:
        if each["what"] != "no_effect" or "list_hides" not in kinds:
            served.fault(**each)


_LAG: Final = 0.2
"""Seconds after which every list of these suites is up to date."""


def revoke_taken(state: Path, served: "Running") -> Iterator[tuple[str, ...]]:
    """Revoke each client whose create returned the id of another one; yield what settles it.

    At Domo, its mark tells it from the others. An operator continues when no list shows it.
    """
    working = load_state(LocalStore(state)).working
    for made in working.orphans.values() if working is not None else ():
        if not made.created.taken:
            continue
        nonce, domain = made.intent.nonce, made.intent.domain
        for each in served.clients(domain):
            if f"-{nonce}]" in each.description:
                served.remove_client(domain, each.name)
                time.sleep(_LAG)
        yield ("state", "settle", str(made.intent.address), "--key", nonce, "--revoked")
