"""The real age, both ways, where it is installed; continuous integration installs it."""

import json
import shutil
import subprocess
from pathlib import Path

from reconciler.model.secret import Secret
from reconciler.state.document import Sealed
from reconciler.stores.encryption import AgeSealing, identities_from

AGE = shutil.which("age")
DATA = Path(__file__).parents[1] / "unit" / "stores" / "data"
KEY = DATA / "age.key"
RECIPIENT = "age1yryw90qh39hgcrx5jalzgptfyr85e73gkxmyx38y80q0tnpurvaqv7rk0p"


def opened(text: str) -> str:
    """Open with the real tool; without it, with our own."""
    if AGE is None:
        found = _sealing().open(client_id="c1", sealed=Sealed(text=text))
        assert found is not None
        return json.dumps({"client_id": "c1", "client_secret": found.reveal()})
    command = [AGE, "--decrypt", "--identity", str(KEY)]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def sealed(text: str) -> str:
    """Seal with the real tool; without it, take a message that it once sealed."""
    if AGE is None:
        return (DATA / "sealed.age").read_text()
    command = [AGE, "--encrypt", "--armor", "--recipient", RECIPIENT]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def _sealing() -> AgeSealing:
    return AgeSealing([RECIPIENT], identities_from(KEY.read_text(), name="age.key"))


def test_age_opens_what_we_seal() -> None:
    """A sealed secret can be had without this tool: it is plain JSON in an age message."""
    kept = _sealing().keep(client_id="c1", secret=Secret("hush ü"))
    assert isinstance(kept, Sealed)
    assert json.loads(opened(kept.text)) == {"client_id": "c1", "client_secret": "hush ü"}


def test_we_open_what_age_seals() -> None:
    """A secret that somebody sealed by hand is opened."""
    text = sealed(json.dumps({"client_id": "c1", "client_secret": "hush ü"}))
    found = _sealing().open(client_id="c1", sealed=Sealed(text=text))
    assert found is not None
    assert found.same_as(Secret("hush ü"))
