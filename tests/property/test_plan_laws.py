"""Laws of a plan, on generated manifests and states."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.client import DesiredClient, ListedClient, OnRemove
from reconciler.model.instance import Endpoints, Instance
from reconciler.model.manifest import CountOrPercent, Limits, Manifest, Moved
from reconciler.model.ownership_mark import Mark
from reconciler.model.scope import SCOPES, canonical
from reconciler.model.secret import Secret
from reconciler.model.sink import STATE
from reconciler.model.source_location import SourceLocation
from reconciler.plan.action import Action, Kind, Plan
from reconciler.plan.document import read_document
from reconciler.plan.observation import InstanceListed, InstanceUnreachable, Observation
from reconciler.plan.planner import make_plan
from reconciler.plan.render.json import render_json
from reconciler.plan.render.text import render_text
from reconciler.sinks.definitions import FileSink
from reconciler.state.model import Entry, Plain, Retiring, Sealed, SinkDelivery, State
from reconciler.state.working_state import with_predecessor

AS_OF: Final = "2026-03-01T00:00:00Z"
LINEAGE: Final = "3f0c3b8e-58a5-4bd6-9d0c-3d7c6d1a1a01"
KEYS: Final = ("acme", "globex", "initech")
NAMES: Final = ("A", "A (2)", "A (3)", "B", "B \x1b[2J\u202e")
PLACE: Final = SourceLocation("m.yaml", 3, 5)
K = TypeVar("K")
V = TypeVar("V")

keys = st.sampled_from(KEYS)
addresses = st.builds(Address, keys, st.sampled_from(NAMES))
scopes = st.sets(st.sampled_from(SCOPES), min_size=1, max_size=2).map(canonical)
sinks = st.sampled_from([("files",), ("state",), ("files", "state"), ("other", "files")])
stamps = st.sampled_from(["2026-01-01T00:00:00Z", "2026-02-27T00:00:00Z", "2026-03-02T00:00:00Z"])
lengths = st.sampled_from([0.0, 3600.0, 86400.0 * 30, 1e15])
texts = st.sampled_from(["", "Nightly", "Other"])
removals: st.SearchStrategy[OnRemove] = st.sampled_from(["keep", "forget", "revoke"])
client_ids = st.integers(0, 9).map(lambda number: f"id-{number}")


@st.composite
def entries(draw: st.DrawFn, address: Address) -> Entry:
    """Make a known client in any condition."""
    wished = draw(sinks)
    target = f"json file s/{address.instance}/{address.client}"
    reached = st.builds(SinkDelivery, target=st.sampled_from([target, "state", "else"]), at=stamps)
    secret = st.one_of(
        st.none(),
        st.just(Plain(secret=Secret("5ecret-5ecret"))),
        st.just(Sealed(text="5ealed-5ealed")),
    )
    old = st.builds(
        Retiring,
        live_name=st.sampled_from(NAMES),
        client_id=client_ids.map(lambda each: f"old-{each}"),
        id=st.none(),
        owner=st.none(),
        scope=scopes,
        overlap=lengths,
    )
    return Entry(
        domain=f"{address.instance}.domo.com",
        live_name=draw(st.sampled_from(NAMES)),
        client_id=draw(client_ids),
        id=draw(st.one_of(st.none(), st.integers(1, 5))),
        owner=draw(st.sampled_from([None, 7, 8])),
        scope=draw(scopes),
        created_at=draw(stamps),
        sinks=wished,
        description=draw(texts),
        nonce=draw(st.sampled_from([None, "0a0b0c0d"])),
        adopted=draw(st.booleans()),
        delivered=draw(st.dictionaries(st.sampled_from(["files", "state"]), reached)),
        secret=draw(secret),
        protect=draw(st.booleans()),
        on_remove=draw(removals),
        retiring=tuple(draw(st.lists(old, max_size=2, unique_by=lambda each: each.client_id))),
    )


@st.composite
def clients(draw: st.DrawFn, address: Address) -> DesiredClient:
    """Make a wanted client of any terms."""
    return DesiredClient(
        address=address,
        scope=draw(scopes),
        sinks=draw(sinks),
        place=PLACE,
        description=draw(texts),
        on_remove=draw(removals),
        protect=draw(st.booleans()),
        rotate_after=draw(st.one_of(st.none(), lengths)),
        overlap=draw(lengths),
        replace=draw(st.sampled_from(["create_first", "revoke_first"])),
        client_set=draw(st.sampled_from([None, "base"])),
    )


@st.composite
def desires(draw: st.DrawFn) -> Manifest:
    """Make a manifest of up to three instances."""
    present = draw(st.lists(keys, unique=True))
    wanted = [each for each in draw(st.lists(addresses, unique=True)) if each.instance in present]
    moved = st.sampled_from(
        [("acme", "globex"), ("acme/A", "acme/B"), ("a.domo.com", "b.domo.com")]
    )
    limit = st.one_of(
        st.none(), st.builds(CountOrPercent, number=st.integers(0, 3), percent=st.booleans())
    )
    return Manifest(
        root=".",
        sinks={
            "files": FileSink(name="files", path="s/{instance}/{client}"),
            "other": FileSink(name="other", path="o/{instance}/{client}"),
        },
        limits=Limits(max_create=draw(limit), max_revoke=draw(limit)),
        moved=tuple(
            Moved(source=source, target=target, place=PLACE)
            for source, target in draw(st.lists(moved, max_size=1))
        ),
        instances={
            key: Instance(
                key=key,
                domain=f"{key}.domo.com",
                endpoints=Endpoints(api="http://a", instance=f"http://{key}"),
                place=PLACE,
                foreign=draw(st.booleans()),
            )
            for key in present
        },
        clients={each: draw(clients(each)) for each in wanted},
    )


@st.composite
def states(draw: st.DrawFn) -> State:
    """Make a state of any addresses."""
    known = draw(st.lists(addresses, unique=True))
    return State(lineage=LINEAGE, clients={each: draw(entries(each)) for each in known})


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """Make the lists of some instances, with clients of ours, of others and masked ones."""
    ours = Mark.of(lineage=LINEAGE, domain="acme.domo.com", nonce="0a0b0c0d")
    listed = st.builds(
        ListedClient,
        id=st.one_of(st.none(), st.integers(1, 5)),
        name=st.sampled_from(NAMES),
        description=st.sampled_from(["", str(ours)]),
        client_id=st.one_of(st.none(), client_ids),
        owner=st.sampled_from([None, 7, 8]),
        scope=st.one_of(st.just(()), scopes),
    )
    seen = st.builds(
        InstanceListed,
        clients=st.lists(listed, max_size=4).map(tuple),
        proves=st.frozensets(st.sampled_from([None, 7, 8])),
    )
    return Observation(
        instances=draw(
            st.dictionaries(keys, st.one_of(seen, st.just(InstanceUnreachable(message="no"))))
        )
    )


inputs = st.fixed_dictionaries(
    {
        "desired": desires(),
        "state": st.one_of(st.none(), states()),
        "available_secrets": st.frozensets(client_ids),
        "observation": st.one_of(st.none(), observations()),
    }
)


def planned(given_inputs: Mapping[str, Any]) -> Plan:
    """Return the plan of generated inputs; every wanted address with an A is to be rotated."""
    rotations = frozenset(each for each in given_inputs["desired"].clients if each.client == "A")
    return make_plan(**given_inputs, rotations=rotations, as_of=AS_OF)


def shuffled(mapping: Mapping[K, V], order: Sequence[int]) -> dict[K, V]:
    """Return the same mapping with its keys inserted in another order."""
    items = list(mapping.items())
    return dict(items[index % len(items)] for index in order if items) | dict(reversed(items))


@given(inputs)
def test_every_input_has_a_plan(given_inputs: Mapping[str, Any]) -> None:
    """No combination fails, every rendering works, the document is read back, no secret shows."""
    plan = planned(given_inputs)
    document = render_json(plan)
    assert render_json(read_document(document)) == document
    shown = render_text(plan, verbose=True) + render_text(plan, width=40) + document.decode()
    assert "5ecret" not in shown
    assert "5ealed" not in shown
    assert "\x1b" not in shown


@given(inputs, st.lists(st.integers(0, 99), max_size=9))
def test_the_order_of_the_input_is_nothing(
    given_inputs: Mapping[str, Any], order: Sequence[int]
) -> None:
    """The same manifest and state give the same bytes, in whatever order their keys were read."""
    desired, state = given_inputs["desired"], given_inputs["state"]
    other = {
        **given_inputs,
        "desired": replace(
            desired,
            clients=shuffled(desired.clients, order),
            instances=shuffled(desired.instances, order),
            sinks=shuffled(desired.sinks, order),
        ),
        "state": state and replace(state, clients=shuffled(state.clients, order)),
    }
    before, after = planned(given_inputs), planned(other)
    assert render_json(before) == render_json(after)
    assert render_text(before, verbose=True) == render_text(after, verbose=True)


@given(inputs)
def test_no_plan_makes_one_name_twice(given_inputs: Mapping[str, Any]) -> None:
    """What a plan makes on an instance has names that differ, and does one thing to an address."""
    made = [each for each in planned(given_inputs).actions if each.kind.makes]
    names = [
        (each.address.instance, each.live_name)
        for each in made
        if "revoked first" not in each.reason
    ]
    assert len(names) == len(set(names))
    assert len({each.address for each in made}) == len(made)


@given(inputs)
def test_a_protected_client_is_neither_ended_nor_replaced(given_inputs: Mapping[str, Any]) -> None:
    """No action on a protected address revokes its client, forgets or replaces it."""
    desired = given_inputs["desired"]
    for each in planned(given_inputs).actions:
        wanted = desired.clients.get(each.address)
        if wanted is not None and wanted.protect:
            assert each.kind not in (Kind.REPLACE, Kind.FORGET)
            assert each.kind is not Kind.REVOKE or each.retires


def applied(plan: Plan, desired: Manifest, state: State | None) -> State:
    """Carry a plan out on a state, as if every request and every sink succeeded."""
    clients = dict(state.clients) if state is not None else {}
    for number, action in enumerate(plan.actions):
        entry = clients.get(action.address)
        if action.kind.makes:
            clients[action.address] = _made(action, desired, entry, number)
        elif action.kind is Kind.DELIVER and entry is not None:
            clients[action.address] = replace(
                entry, delivered={**entry.delivered, **_reached(action, desired, action.sinks)}
            )
        elif action.kind is Kind.FORGET or (action.kind is Kind.REVOKE and not action.retires):
            clients.pop(action.address, None)
        elif entry is not None:
            left = tuple(each for each in entry.retiring if each.client_id != action.client_id)
            clients[action.address] = replace(entry, retiring=left)
    return State(lineage=LINEAGE, serial=1, clients=clients)


def _made(action: Action, desired: Manifest, entry: Entry | None, number: int) -> Entry:
    wanted = desired.clients[action.address]
    kept = with_predecessor(entry, overlap=wanted.overlap) if entry is not None else ()
    return Entry(
        domain=desired.instances[action.address.instance].domain,
        live_name=action.live_name,
        client_id=f"made-{number}",
        scope=action.scope,
        created_at=AS_OF,
        sinks=wanted.sinks,
        description=action.description,
        delivered=_reached(action, desired, wanted.sinks),
        secret=Plain(secret=Secret("s")) if STATE in wanted.sinks else None,
        protect=wanted.protect,
        on_remove=wanted.on_remove,
        retiring=tuple(each for each in kept if each.overlap),
    )


def _reached(action: Action, desired: Manifest, names: tuple[str, ...]) -> dict[str, SinkDelivery]:
    targets = desired.targets_of(action.address, names)
    return {
        name: SinkDelivery(target=str(target), at=AS_OF)
        for name, target in zip(names, targets, strict=True)
    }


@given(desires(), st.one_of(st.none(), states()))
@settings(max_examples=200)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    desired: Manifest, state: State | None
) -> None:
    """Where nothing is due at once again, a second plan has no actions."""
    aged = {address: replace(each, rotate_after=None) for address, each in desired.clients.items()}
    lasting = replace(desired, clients=aged, moved=())
    plan = make_plan(lasting, state, as_of=AS_OF, available_secrets=frozenset())
    assert make_plan(lasting, applied(plan, lasting, state), as_of=AS_OF).actions == ()
