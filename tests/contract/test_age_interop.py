"""The real age, both ways, where it is installed; continuous integration installs it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from reconciler.model.secret import Secret
from reconciler.state.model import Sealed
from reconciler.stores.encryption import AgeSealing, identities_from

AGE: Final = shutil.which("age")
DATA: Final = Path(__file__).parents[1] / "unit" / "stores" / "data"
RECIPIENTS: Final = {
    "age.key": "age1yryw90qh39hgcrx5jalzgptfyr85e73gkxmyx38y80q0tnpurvaqv7rk0p",
    "ssh.key": (DATA / "ssh.key.pub").read_text().strip(),
    "rsa.key": (DATA / "rsa.key.pub").read_text().strip(),
}
"""By the file of its private key: X25519, ssh-ed25519 and ssh-rsa."""
BOUND: Final = {"client_id": "c1", "client_secret": "hush ü"}


def opened(text: str, key: str, folder: Path) -> str:
    """Open with the real tool; without it, with our own."""
    if AGE is None:
        found = _sealing(key).open(client_id="c1", sealed=Sealed(text=text))
        assert found is not None
        return json.dumps({"client_id": "c1", "client_secret": found.reveal()})
    private = folder / key
    private.write_bytes((DATA / key).read_bytes())
    private.chmod(0o600)
    command = [AGE, "--decrypt", "--identity", str(private)]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def sealed(text: str, key: str) -> str:
    """Seal with the real tool; without it, take a message that it once sealed to all of them."""
    if AGE is None:
        return (DATA / "sealed.age").read_text()
    command = [AGE, "--encrypt", "--armor", "--recipient", RECIPIENTS[key]]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def _sealing(key: str) -> AgeSealing:
    return AgeSealing([RECIPIENTS[key]], identities_from((DATA / key).read_text(), name=key))


@pytest.mark.parametrize("key", sorted(RECIPIENTS))
def test_age_opens_what_we_seal(key: str, tmp_path: Path) -> None:
    """A sealed secret can be had without this tool: it is plain JSON in an age message."""
    kept = _sealing(key).keep(client_id="c1", secret=Secret("hush ü"))
    assert isinstance(kept, Sealed)
    assert json.loads(opened(kept.text, key, tmp_path)) == BOUND


@pytest.mark.parametrize("key", sorted(RECIPIENTS))
def test_age_opens_what_we_seal_to_many(key: str, tmp_path: Path) -> None:
    """Each of several recipients of different kinds opens the same message."""
    kept = AgeSealing(list(RECIPIENTS.values())).keep(client_id="c1", secret=Secret("hush ü"))
    assert isinstance(kept, Sealed)
    assert json.loads(opened(kept.text, key, tmp_path)) == BOUND


@pytest.mark.parametrize("key", sorted(RECIPIENTS))
def test_we_open_what_age_seals(key: str) -> None:
    """A secret that somebody sealed by hand is opened."""
    text = sealed(json.dumps(BOUND), key)
    found = _sealing(key).open(client_id="c1", sealed=Sealed(text=text))
    assert found is not None
    assert found.same_as(Secret("hush ü"))
