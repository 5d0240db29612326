"""A user who lacks one of the two grants: the error names the grant that is missing."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reconciler.domo.remedy import CREATE_GRANT, MANAGE_GRANT

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

PASSWORD = {"PW_ACME": "right"}
DOMAIN = "acme.domo.com"
Run = Callable[..., Any]
Life = Callable[..., "Running"]


def grants(served: "Running", **changes: bool) -> None:
    """Change what the user of the manifest may do."""
    served.configure(DOMAIN, users=[{"email": "ops@x.example", **changes}])


def test_a_create_without_its_grant_names_that_grant(life: Life, reconciler: Run) -> None:
    """The grant to manage all clients does not help."""
    served = life("{name: ETL, scope: [data]}", instances=("acme",))
    grants(served, may_create=False, admin=True)
    run = reconciler("apply", "--auto-approve", env=PASSWORD)
    assert (run.code, served.count(route="create*")) == (3, 1)
    assert "Domo did not create it: Domo answered 403" in run.err
    assert f"hint: give the user's role the grant `{CREATE_GRANT}`" in run.err


def test_a_revoke_without_its_grant_names_that_grant(life: Life, reconciler: Run) -> None:
    """The client stays, and the state keeps it."""
    served = life("{name: ETL, scope: [data]}", instances=("acme",))
    assert reconciler("apply", "--auto-approve", env=PASSWORD).code == 0
    shown = served.clients(DOMAIN)
    # The user still sees the client when the run lists, and has lost the grant when it revokes.
    served.fault("error_before", route="revoke", status=403, times=None)
    run = reconciler("destroy", "acme/ETL", "--auto-approve", env=PASSWORD)
    assert (run.code, served.clients(DOMAIN)) == (3, shown)
    assert "Domo did not revoke it: Domo answered 403" in run.err
    assert f"hint: give the user's role the grant `{MANAGE_GRANT}`" in run.err
