"""`keygen` and `env`: what a new user needs before the first encrypted apply in a pipeline."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import yaml

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler

FLEET: Final = """\
version: 1
defaults: {auth: {method: token, token: {env: "DOMO_{INSTANCE}_TOKEN"}}}
instances:
  acme-prod: {clients: [{name: Reporting, scope: [data]}]}
  globex:
    auth: {method: password, email: {env: DOMO_EMAIL}, password: {file: "/run/{instance}"}}
    clients: [{name: Reporting, scope: [data]}]
"""


def test_keygen_writes_a_private_file_and_prints_its_recipient(
    tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """The file has mode 0600, and the recipient that is printed is the one in it."""
    run = reconciler("keygen", "--out", "ops.txt")
    path = tmp_path / "ops.txt"
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("age1")
    assert path.read_text().startswith(f"# public key: {run.out}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keygen_opens_what_is_sealed_to_its_recipient(
    tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """`validate` accepts the recipient, and the library opens its messages with the file."""
    import pyrage  # type: ignore[import-untyped]  # it ships no types

    recipient = reconciler("keygen").out.strip()
    sealed = pyrage.encrypt(b"a secret", [pyrage.x25519.Recipient.from_str(recipient)])
    line = (tmp_path / "key.txt").read_text().splitlines()[-1]
    assert pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(line)]) == b"a secret"


@pytest.mark.parametrize("kind", ["file", "link"])
def test_keygen_overwrites_nothing(tmp_path: Path, reconciler: "Reconciler", kind: str) -> None:
    """An existing file, and a link to nowhere, stay as they are."""
    path = tmp_path / "key.txt"
    if kind == "file":
        path.write_text("an older key")
    else:
        path.symlink_to("elsewhere")
    run = reconciler("keygen")
    assert run.code == 64
    assert "key.txt exists" in run.err
    assert path.read_text() == "an older key" if kind == "file" else path.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_keygen_in_a_missing_folder_is_a_clear_error(reconciler: "Reconciler") -> None:
    """The message names the file, and no traceback is shown."""
    run = reconciler("keygen", "--out", "missing/key.txt")
    assert run.code == 1
    assert "missing/key.txt" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize(
    ("forge", "value"),
    [("github", "${{ secrets.%s }}"), ("azure", "$(%s)")],
)
def test_env_maps_each_variable_to_a_secret(
    tmp_path: Path, reconciler: "Reconciler", forge: str, value: str
) -> None:
    """The block is YAML with one line for each variable, and comments for other references."""
    (tmp_path / "reconciler.yaml").write_text(FLEET)
    run = reconciler("env", f"--{forge}")
    names = ("DOMO_ACME_PROD_TOKEN", "DOMO_EMAIL")
    assert (run.code, run.err) == (0, "")
    assert yaml.safe_load(run.out) == {"env": {name: value % name for name in names}}
    assert "# The job must provide file /run/globex, for globex\n" in run.out


def test_env_for_gitlab_stops_a_job_without_a_variable(
    tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """GitLab passes variables itself; the lines are shell that fails if one is missing."""
    (tmp_path / "reconciler.yaml").write_text(FLEET)
    lines = yaml.safe_load(reconciler("env", "--gitlab").out)["before_script"]
    assert [line.partition(":?")[0] for line in lines] == [
        ': "${DOMO_ACME_PROD_TOKEN',
        ': "${DOMO_EMAIL',
    ]


def test_env_without_a_system_names_the_three(tmp_path: Path, reconciler: "Reconciler") -> None:
    """A command line without a CI system is a usage error with the choices."""
    (tmp_path / "reconciler.yaml").write_text(FLEET)
    run = reconciler("env")
    assert run.code == 64
    assert "--github, --gitlab and --azure" in run.err
