"""`exclude` of a client set: it removes instances from the selection, and helps to retire one."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler

FLEET: Final = """\
version: 1
defaults: {auth: {method: token, token: {env: "DOMO_{INSTANCE}_TOKEN"}}}
client_sets:
  base: {select: SELECT, clients: [{name: Reporting, scope: [data]}]}
instances: {acme: {labels: {env: prod}}, acme-lab: {labels: {env: prod}}, globex: {}}
"""


@pytest.mark.parametrize(
    ("select", "clients"),
    [
        ('{all: true, exclude: ["*-lab"]}', 2),
        ('{labels: {env: prod}, exclude: ["*-lab"]}', 1),
        ('{instances: ["acme*"], exclude: [acme-lab, globex]}', 1),
        ("{all: true}", 3),
    ],
)
def test_excluded_instances_get_no_clients(
    tmp_path: Path, reconciler: "Reconciler", select: str, clients: int
) -> None:
    """A glob in `exclude` removes the instances whose keys it matches, whatever selects them."""
    (tmp_path / "reconciler.yaml").write_text(FLEET.replace("SELECT", select))
    run = reconciler("plan")
    assert run.out.endswith(f"Plan: {clients} to create.\n")
    assert "acme-lab" not in run.out or clients == 3


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("{exclude: [acme]}", "`select` must contain `labels`, `instances` or `all`"),
        ("{}", "`select` must contain `labels`, `instances` or `all`"),
        ("{all: true, labels: {env: prod}}", "only `exclude` can be added"),
        ('{all: true, exclude: ["*"]}', "the client set `base` selects no instance"),
    ],
)
def test_a_wrong_selection_is_one_error(
    tmp_path: Path, reconciler: "Reconciler", select: str, message: str
) -> None:
    """`exclude` alone selects nothing, and nothing else goes with `all`."""
    (tmp_path / "reconciler.yaml").write_text(FLEET.replace("SELECT", select))
    run = reconciler("validate")
    assert run.code == 1
    assert message in run.err
    assert run.err.endswith("Error: the manifest has 1 error\n")
