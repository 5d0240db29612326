"""Which client an address adopts, and what is known of it from then on."""

from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.model.ownership_mark import owner_of
from reconciler.plan.imports import (
    ImportOptions,
    choose_client,
    clients_to_import,
    import_entry,
    importable_clients,
    unimportable_clients,
)
from reconciler.plan.observation import InstanceListed, Present, View

if TYPE_CHECKING:
    from reconciler.model.client import ListedClient
    from reconciler.state.model import Retiring
    from tests.unit.plan.conftest import Fleet, Lists

HERE = Address("acme", "Reporting")
LINEAGE = "3f0c3b8e-58a5-4bd6-9d0c-3d7c6d1a1a01"


def view(lists: "Lists") -> View:
    """Return what the instance acme has."""
    seen = lists.observation.instances["acme"]
    assert isinstance(seen, InstanceListed)
    return View.of(seen, ours=owner_of(lineage=LINEAGE, domain="acme.domo.com"))


def taken(fleet: "Fleet", lists: "Lists", choice: ImportOptions) -> "ListedClient":
    """Return the client that acme/Reporting adopts."""
    return choose_client(view(lists), HERE, fleet.known, choice)


def test_a_client_is_found_by_its_name_or_by_its_id(fleet: "Fleet", lists: "Lists") -> None:
    """The name is that of the address; an id stands for any name."""
    named = lists.show("acme/Reporting")
    other = lists.show("acme/Reports", id=7)
    assert taken(fleet, lists, ImportOptions()) is named
    assert taken(fleet, lists, ImportOptions(id=7)) is other
    with pytest.raises(UsageError, match="id 8"):
        taken(fleet, lists, ImportOptions(id=8))


def test_a_near_name_is_offered(fleet: "Fleet", lists: "Lists") -> None:
    """What was meant may have a similar name at Domo."""
    lists.show("acme/Reportng", id=9)
    with pytest.raises(UsageError) as refused:
        taken(fleet, lists, ImportOptions())
    assert "`Reportng`" in (refused.value.hint or "")
    assert "--id 9" in (refused.value.hint or "")


def test_what_is_managed_already_is_refused(
    fleet: "Fleet", lists: "Lists", predecessor: "Retiring"
) -> None:
    """Also where it is the predecessor of a client under another address."""
    fleet.know("acme/Sync", retiring=(predecessor,))
    lists.show("acme/Reporting", client_id="id-old", id=900)
    with pytest.raises(UsageError, match="managed already, as acme/Sync"):
        taken(fleet, lists, ImportOptions())


def test_a_masked_client_needs_its_id(fleet: "Fleet", lists: "Lists") -> None:
    """A name can be given anew; with the id, the list proves it by id, name and owner."""
    wanted = fleet.want("acme/Reporting")
    lists.show("acme/Reporting", client_id=None, id=17)
    with pytest.raises(UsageError, match="masks") as refused:
        taken(fleet, lists, ImportOptions())
    assert refused.value.hint == "say that it is the one: --id 17"
    found = taken(fleet, lists, ImportOptions(id=17))
    for choice, client_id in (
        (ImportOptions(id=17), "masked:17"),
        (ImportOptions(client_id="c"), "c"),
    ):
        entry = import_entry(wanted, found, domain="acme.domo.com", at="2026-01-01", choice=choice)
        assert entry.client_id == client_id
        assert isinstance(view(lists).locate(entry), Present)


def test_a_client_without_an_id_cannot_be_adopted(fleet: "Fleet", lists: "Lists") -> None:
    """It could never be revoked."""
    lists.show("acme/Reporting", id=None)
    with pytest.raises(UsageError, match="masks"):
        taken(fleet, lists, ImportOptions())


def test_an_entry_says_what_the_list_shows(fleet: "Fleet", lists: "Lists") -> None:
    """Scope and description are Domo's, the terms are the manifest's, and no secret is known."""
    wanted = fleet.want("acme/Reporting", "user", protect=True, overlap=60.0, on_remove="revoke")
    listed = lists.show("acme/Reporting", "user", "data", "data", ours=True, id=3, owner=5)
    at = "2026-03-01T00:00:00Z"
    entry = import_entry(wanted, listed, domain="acme.domo.com", at=at, choice=ImportOptions())
    assert (entry.scope, entry.description, entry.id, entry.owner) == (("data", "user"), "", 3, 5)
    assert (entry.protect, entry.overlap, entry.on_remove) == (True, 60.0, "revoke")
    assert (entry.adopted, entry.secret, entry.delivered, entry.nonce) == (True, None, {}, None)


def test_strangers_that_are_wanted_wait_for_adoption(fleet: "Fleet", lists: "Lists") -> None:
    """What is known, absent, or carries this state's mark is not among them."""
    for name in ("Known", "Absent", "Orphan", "Theirs"):
        fleet.want(f"acme/{name}")
        if name != "Absent":
            lists.show(f"acme/{name}", ours=name == "Orphan")
    fleet.know("acme/Known")
    found = clients_to_import(fleet.wanted.values(), fleet.known, view(lists))
    assert [each.address.client for each in found] == ["Theirs"]


def test_only_what_a_manifest_can_name_is_written_down(fleet: "Fleet", lists: "Lists") -> None:
    """A name of several lines or a scope that nobody knows is counted and left out."""
    fleet.know("globex/Elsewhere")
    fleet.know("acme/Known")
    lists.show("acme/Known")
    lists.show("acme/Good")
    lists.show("acme/two\nlines")
    lists.show("acme/Odd", "future")
    assert [each.name for each in importable_clients(view(lists), fleet.known, "acme")] == ["Good"]
    left = unimportable_clients(view(lists), fleet.known, "acme")
    assert len(left) == 2
    assert all(why for _, why in left)
