"""The adapter against the sandbox: one wire contract, written twice and tested here."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from reconciler.domo.client import DomoHttp
from reconciler.domo.connections import Timeouts
from reconciler.model.client import ListedClient
from reconciler.model.errors import SignOnRefused, Unreachable
from reconciler.model.instance import Endpoints, Instance
from reconciler.model.secret import Secret
from reconciler.model.source_location import SourceLocation
from reconciler.ports import (
    Ambiguous,
    ClientCreated,
    ClientRevoked,
    CookieCredential,
    CreateOutcome,
    Credential,
    Invalid,
    Listing,
    NotApplied,
    PasswordCredential,
    Session,
    TokenCredential,
    Valid,
)
from reconciler.sandbox.config import login

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

Start = Callable[..., "Running"]
T = TypeVar("T")
DOMAIN = "acme-prod.domo.com"
PATIENT = Timeouts()
SHORT = Timeouts(silence=0.8, exchange=1.2)


class RealClock:
    """Time as it is."""

    def now(self) -> datetime:
        """Return the current UTC instant."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        await asyncio.sleep(seconds)


def credential(box: "Running", way: str) -> Credential:
    """Return the administrator's credential for one way to sign on."""
    known = login(box.world.config, DOMAIN)
    ways: dict[str, Credential] = {
        "password": PasswordCredential(email=known.email, password=Secret(known.password)),
        "cookie": CookieCredential(dsidv1=Secret(known.cookie)),
        "token": TokenCredential(token=Secret(known.token)),
    }
    return ways[way]


def run(
    box: "Running",
    work: Callable[[Session], Awaitable[T]],
    *,
    way: str = "password",
    using: Credential | None = None,
    timeouts: Timeouts = PATIENT,
) -> T:
    """Sign on to acme-prod and return what `work` returns."""
    instance = Instance(
        key="acme-prod",
        domain=DOMAIN,
        endpoints=Endpoints(api=box.api, instance=box.instance(DOMAIN)),
        place=SourceLocation("reconciler.yaml", 1, 1),
    )

    async def all_of_it() -> T:
        async with (
            DomoHttp(clock=RealClock(), rng=Random(7), timeouts=timeouts) as domo,
            domo.session(instance, using or credential(box, way)) as session,
        ):
            return await work(session)

    return asyncio.run(all_of_it())


async def create(session: Session, name: str = "Reporting") -> CreateOutcome:
    """Create a client."""
    return await session.create(name=name, description="Nightly", scope=("data", "user"))


async def list_them(session: Session) -> Listing:
    """List the clients."""
    return await session.list_clients()


@pytest.mark.parametrize("shape", ["array", "entries"])
@pytest.mark.parametrize("way", ["password", "cookie", "token"])
def test_the_whole_life_of_a_client(sandbox: Start, way: str, shape: str) -> None:
    """However one signs on and in whichever shape lists come: made, listed, used, ended."""
    box = sandbox(list_shape=shape)

    async def life(session: Session) -> None:
        made = await create(session)
        assert isinstance(made, ClientCreated)
        (listed,) = (await session.list_clients()).clients
        assert listed == ListedClient(
            id=listed.id,
            name="Reporting",
            description="Nightly",
            client_id=made.client_id,
            owner=made.owner,
            scope=("data", "user"),
        )
        assert session.user == made.owner
        assert (
            await session.prove(
                client_id=made.client_id, secret=made.secret, scope=("data", "user")
            )
            == Valid()
        )
        assert isinstance(
            await session.prove(client_id=made.client_id, secret=Secret("0" * 64), scope=("data",)),
            Invalid,
        )
        assert listed.id is not None
        assert await session.revoke(listed.id) == ClientRevoked()
        again = await session.revoke(listed.id)
        assert isinstance(again, NotApplied)
        assert again.status == 400
        assert (await session.list_clients()).clients == ()

    run(box, life, way=way)

    assert box.count(route="sign_on") == (0 if way == "token" else 1)
    assert box.count(route="create") == (0 if way == "token" else 1)
    assert box.count(route="create_on_instance") == (1 if way == "token" else 0)


def test_a_taken_name_is_refused_with_400(sandbox: Start) -> None:
    """Domo's unhelpful refusal arrives as what it is; the caller knows what it listed."""
    box = sandbox()
    box.add_client(DOMAIN, "Reporting")

    outcome = run(box, create)

    assert isinstance(outcome, NotApplied)
    assert outcome.status == 400


def test_masked_ids_are_none(sandbox: Start) -> None:
    """A masked id identifies nothing."""
    box = sandbox(mask_client_ids=True)
    box.add_client(DOMAIN, "Reporting")

    (listed,) = run(box, list_them).clients

    assert listed.client_id is None
    assert listed.id is not None


def test_a_trimmed_and_cut_name_is_still_ours(sandbox: Start) -> None:
    """Whatever Domo makes of a long name, the secret that comes with it is received."""
    box = sandbox(trim=True, name_limit=40)

    async def long_name(session: Session) -> CreateOutcome:
        return await create(session, "A reporting client with a very long name indeed")

    assert isinstance(run(box, long_name), ClientCreated)


def test_a_wrong_password_is_sent_once(sandbox: Start) -> None:
    """One refusal, one request: the account has its other tries left."""
    box = sandbox()
    email = login(box.world.config, DOMAIN).email

    with pytest.raises(SignOnRefused, match="INVALID_CREDENTIALS"):
        run(box, list_them, using=PasswordCredential(email=email, password=Secret("wrong")))
    assert box.count() == 1


def test_an_instance_that_does_not_exist_is_said(sandbox: Start) -> None:
    """403 Forbidden is about the instance."""
    box = sandbox(["another"])
    credential = PasswordCredential(email="a@b.example", password=Secret("x"))

    with pytest.raises(SignOnRefused, match="no such instance"):
        run(box, list_them, using=credential)


def test_a_session_that_ends_is_renewed(sandbox: Start) -> None:
    """Sessions of a few requests only cost sign-ons, never a lost create."""
    box = sandbox(session_requests=2)

    async def five(session: Session) -> list[CreateOutcome]:
        return [await create(session, f"Client {number}") for number in range(5)]

    assert all(isinstance(each, ClientCreated) for each in run(box, five))
    assert len(box.clients(DOMAIN)) == 5
    assert box.count(route="sign_on") == 3


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        ({"what": "lost_answer"}, 1),
        ({"what": "reset_before"}, 0),
        ({"what": "error_before"}, 0),
        ({"what": "error_after"}, 1),
        ({"what": "error_after", "status": 503}, 1),
        ({"what": "hang"}, 1),
        ({"what": "hang", "done": False}, 0),
        ({"what": "slow_drip"}, 1),
        ({"what": "garbage"}, 1),
        ({"what": "garbage", "form": "text"}, 1),
        ({"what": "garbage", "form": "html"}, 1),
        ({"what": "truncated"}, 1),
        ({"what": "no_secret"}, 1),
        ({"what": "redirect"}, 0),
        ({"what": "redirect", "status": 307}, 0),
        ({"what": "huge", "megabytes": 3}, 1),
        ({"what": "deep_json"}, 1),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("way", ["password", "token"])
def test_a_create_that_went_wrong_is_ambiguous_and_sent_once(
    sandbox: Start, way: str, fault: dict[str, Any], made: int
) -> None:
    """Whether it was made or not cannot be told from here, so it is not sent again."""
    box = sandbox()
    box.fault(**fault, route="create*")

    timeouts = SHORT if fault["what"] in {"hang", "slow_drip"} else PATIENT
    outcome = run(box, create, way=way, timeouts=timeouts)

    assert isinstance(outcome, Ambiguous)
    assert len(box.clients(DOMAIN)) == made
    assert box.count(route="create*") == 1
    secrets = [each["client_secret"] for each in json_clients(box)]
    assert not any(secret in outcome.reason for secret in secrets)


def json_clients(box: "Running") -> list[dict[str, Any]]:
    """Return the clients of acme-prod as the control API shows them."""
    state = json.loads(json.dumps(box.state(DOMAIN)))
    clients: list[dict[str, Any]] = state["instances"][DOMAIN]["clients"]
    return clients


@pytest.mark.parametrize("form", ["seconds", "date", "absent"])
def test_a_limit_is_waited_out(sandbox: Start, form: str) -> None:
    """429 in all its forms delays a create and nothing else."""
    box = sandbox()
    box.fault("rate_limited", route="create", retry_after=form, seconds=1)

    assert isinstance(run(box, create), ClientCreated)
    assert len(box.clients(DOMAIN)) == 1
    assert box.count(route="create") == 2


@pytest.mark.parametrize(
    "fault", ["lost_answer", "reset_before", "error_before", "truncated", "expired_session"]
)
def test_a_list_survives_trouble(sandbox: Start, fault: str) -> None:
    """Reading is repeated until it works."""
    box = sandbox()
    box.add_client(DOMAIN, "Reporting")
    box.fault(fault, route="list")

    assert [each.name for each in run(box, list_them).clients] == ["Reporting"]


@pytest.mark.parametrize("fault", ["garbage", "deep_json", "redirect", "huge"])
def test_a_list_that_cannot_be_used_is_never_empty(sandbox: Start, fault: str) -> None:
    """A useless answer must not look like an instance without clients."""
    box = sandbox()
    box.add_client(DOMAIN, "Reporting")
    box.fault(fault, route="list", megabytes=20)

    with pytest.raises(Unreachable, match="acme-prod"):
        run(box, list_them)


@pytest.mark.parametrize("fault", ["lost_answer", "error_after", "reset_before"])
def test_a_revoke_that_went_wrong_is_ambiguous(sandbox: Start, fault: str) -> None:
    """A list tells whether the client is still there."""
    box = sandbox()
    client = box.add_client(DOMAIN, "Reporting")
    box.fault(fault, route="revoke")

    async def revoke(session: Session) -> object:
        return await session.revoke(client.id)

    assert isinstance(run(box, revoke), Ambiguous)
    assert len(box.clients(DOMAIN)) == (1 if fault == "reset_before" else 0)
    assert box.count(route="revoke") == 1
