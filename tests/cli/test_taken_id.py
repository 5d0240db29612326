"""`state settle` and a client that Domo answered with the client id of another one."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.state.journal_records import Created
from reconciler.state.model import Plain

if TYPE_CHECKING:
    from tests.cli.conftest import Shelf

Run = Callable[..., Any]


def test_settling_it_leaves_the_records_of_the_client_that_has_the_id(
    shelf: "Shelf", reconciler: Run
) -> None:
    """Its secret is shown on request, and only its own records go."""
    secret = "7e57" * 16
    first = replace(shelf.intent, predecessor=None)
    other = replace(first, nonce="n2", address=Address("acme", "Other"), live_name="Other")
    taken = replace(shelf.created, nonce="n2", taken=True, secret=Plain(secret=Secret(secret)))
    shelf.write(first, shelf.created, other, taken)
    common = ("acme/Other", "--state", "s.json")
    assert "n2" in reconciler("state", "show", *common).out

    shown = reconciler("state", "settle", *common, "--output", "--yes-print-secrets")

    assert (shown.code, secret in shown.out) == (0, True)
    (journal,) = shelf.journals()
    assert [each.nonce for each in journal.records if isinstance(each, Created)] == ["n1"]
