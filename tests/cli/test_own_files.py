"""No secret is written over what the tool itself reads and writes, whatever leads there."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler

MANIFEST = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
sinks: {{files: {{type: file, path: "{path}"}}}}
defaults: {{sink: files, auth: {{method: password, email: o@x.example, password: {{env: PW}}}}}}
instances: {{acme: {{clients: [{{name: ETL, scope: [data]}}]}}}}
"""


@pytest.fixture
def served(sandbox: Callable[..., "Running"]) -> "Running":
    """Serve one instance."""
    users = [{"email": "o@x.example", "password": "right"}]
    return sandbox({"seed": 1, "instances": {"acme.domo.com": {"users": users}}})


@pytest.mark.parametrize("path", ["other.json", "other.json.backup", "link/other.json"])
def test_another_state_is_reserved_too(
    path: str, tmp_path: Path, served: "Running", reconciler: "Reconciler"
) -> None:
    """`--state` names a file that the manifest's own check cannot know, and so may a link."""
    (tmp_path / "link").symlink_to(tmp_path)
    text = MANIFEST.format(api=served.api, instance=served.instance_template, path=path)
    (tmp_path / "reconciler.yaml").write_text(text)
    asked = ("apply", "--auto-approve", "--state", "other.json")
    run = reconciler(*asked, env={"PW": "right"})
    assert (run.code, "over a file of the tool's own" in run.err) == (1, True)
    assert (served.count(), (tmp_path / "other.json").exists()) == (0, False)
