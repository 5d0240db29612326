"""Secrets that go to another sink: read back from the file that has them, if they sign in."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

    Life = Callable[..., Running]

PASSWORDS = {"PW_ACME": "right", "PW_GLOBEX": "right"}
APPLY = ("apply", "--auto-approve")
Run = Callable[..., Any]


@pytest.fixture
def shop(life: "Life", reconciler: Run) -> "Running":
    """Create the client A on one instance; its secret is in out/acme/a."""
    served = life("{name: A, scope: [data]}", instances=("acme",))
    assert reconciler(*APPLY, env=PASSWORDS).code == 0
    return served


def rewrite(folder: Path, before: str, after: str) -> None:
    """Change the manifest."""
    path = folder / "reconciler.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def entry(folder: Path, address: str = "acme/A") -> dict[str, Any]:
    """Return what the state knows of a client."""
    state = json.loads((folder / "reconciler.state.json").read_bytes())
    found: dict[str, Any] = state["clients"][address]
    return found


def counts(served: "Running") -> tuple[int, int]:
    """Return how many creates and revokes were sent."""
    return served.count(route="create*"), served.count(route="revoke")


def test_a_changed_path_is_a_delivery(tmp_path: Path, shop: "Running", reconciler: Run) -> None:
    """The plan opens no file; apply reads the old one, and the client and its secret stay."""
    before = json.loads((tmp_path / "out/acme/a").read_bytes())
    rewrite(tmp_path, '"out/', '"new/')
    planned = reconciler("plan", "--detailed-exitcode")
    assert (planned.code, planned.out.splitlines()[-1]) == (2, "Plan: 1 to deliver.")
    assert "its secret is read back from the old file" in planned.out
    (tmp_path / "out").rename(tmp_path / "away")
    assert reconciler("plan", "--detailed-exitcode").out == planned.out
    (tmp_path / "away").rename(tmp_path / "out")
    run = reconciler(*APPLY, env=PASSWORDS)
    assert run.code == 0, run.err
    assert json.loads((tmp_path / "new/acme/a").read_bytes()) == before
    assert counts(shop) == (1, 0)
    assert "1 secret file without a sink, with a secret that works: out/acme/a" in run.err
    assert (tmp_path / "out/acme/a").exists()
    assert reconciler("plan", "--detailed-exitcode").code == 0
    assert reconciler("verify").code == 0


def test_a_secret_goes_from_a_file_to_the_state(
    tmp_path: Path, shop: "Running", reconciler: Run
) -> None:
    """The state holds it from then on, also if another sink stays."""
    secret = json.loads((tmp_path / "out/acme/a").read_bytes())["client_secret"]
    rewrite(tmp_path, "sink: files", "sink: [files, state]")
    run = reconciler(*APPLY, env=PASSWORDS)
    assert run.code == 0, run.err
    assert entry(tmp_path)["client_secret"] == secret
    assert sorted(entry(tmp_path)["delivered"]) == ["files", "state"]
    rewrite(tmp_path, "sink: [files, state]", "sink: state")
    assert reconciler(*APPLY, env=PASSWORDS).code == 0
    assert list(entry(tmp_path)["delivered"]) == ["state"]
    assert reconciler("verify").code == 0
    assert counts(shop) == (1, 0)


def test_a_secret_goes_from_a_file_to_a_sealed_state(
    tmp_path: Path, shop: "Running", reconciler: Run, keypair: Callable[[str], Any]
) -> None:
    """An apply without a key seals what it reads back."""
    secret = json.loads((tmp_path / "out/acme/a").read_bytes())["client_secret"]
    key = keypair("ops.key")
    rewrite(tmp_path, "sink: files", "sink: state")
    head = f"version: 1\nstate: {{encryption: {{age: {{recipients: [{key.recipient}]}}}}}}\n"
    rewrite(tmp_path, "version: 1\n", head)
    assert reconciler(*APPLY, env=PASSWORDS).code == 0
    assert secret not in (tmp_path / "reconciler.state.json").read_text()
    asked = ("output", "acme/A", "--format", "raw", "--yes-print-secrets", "--identity", key.file)
    assert reconciler(*asked).out == f"{secret}\n"
    assert counts(shop) == (1, 0)


@pytest.mark.parametrize("form", ["dotenv", "raw"])
def test_a_changed_format_is_written_over_the_same_file(
    form: str, tmp_path: Path, shop: "Running", reconciler: Run
) -> None:
    """The file is read in the format in which it was delivered, there and back again."""
    before = (tmp_path / "out/acme/a").read_bytes()
    rewrite(tmp_path, '{client_slug}"', f'{{client_slug}}", format: {form}')
    assert reconciler(*APPLY, env=PASSWORDS).code == 0
    assert (tmp_path / "out/acme/a").read_bytes() != before
    rewrite(tmp_path, f", format: {form}", "")
    run = reconciler(*APPLY, env=PASSWORDS)
    assert (run.code, "secret file" in run.err) == (0, False), run.err
    assert (tmp_path / "out/acme/a").read_bytes() == before
    assert counts(shop) == (1, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{}", "it holds no secret"),
        ('{"client_id": "x", "client_secret": "y"}', "it holds the secret of another client"),
        ('{"client_secret": "y"}', "its secret does not sign in"),
    ],
    ids=["missing", "empty", "another", "wrong"],
)
def test_an_old_file_that_does_not_return_the_secret_needs_a_rotation(
    content: str | None, said: str, tmp_path: Path, shop: "Running", reconciler: Run
) -> None:
    """Nothing is delivered, and the rotation that the hint names heals it."""
    path = tmp_path / "out/acme/a"
    path.unlink()
    if content is not None:
        path.write_text(content)
    rewrite(tmp_path, '"out/', '"new/')
    run = reconciler(*APPLY, env=PASSWORDS)
    assert (run.code, "needs rotation: the old file does not return" in run.err) == (3, True)
    assert said in run.err
    assert "`reconciler rotate ADDRESS`" in run.err
    assert not (tmp_path / "new/acme/a").exists()
    assert counts(shop) == (1, 0)
    assert reconciler("rotate", "acme/A", "--auto-approve", env=PASSWORDS).code == 0
    delivered = json.loads((tmp_path / "new/acme/a").read_bytes())
    (client,) = shop.clients("acme.domo.com")
    assert delivered["client_secret"] == client.client_secret
    assert reconciler("plan", "--detailed-exitcode").code == 0


def test_a_secret_that_could_not_be_tried_stays_where_it_is(
    tmp_path: Path, shop: "Running", reconciler: Run
) -> None:
    """No answer is no proof: the next apply delivers it."""
    rewrite(tmp_path, '"out/', '"new/')
    shop.fault("garbage", route="token", times=None)
    run = reconciler(*APPLY, env=PASSWORDS)
    assert (run.code, "Domo could not be asked whether the secret in the old file" in run.err) == (
        3,
        True,
    )
    assert not (tmp_path / "new/acme/a").exists()
    shop.clear_faults()
    assert reconciler(*APPLY, env=PASSWORDS).code == 0
    assert (tmp_path / "new/acme/a").exists()


def test_a_move_takes_the_secret_to_the_new_path(
    tmp_path: Path, shop: "Running", reconciler: Run
) -> None:
    """An address and a path with placeholders change; the client and its secret stay."""
    before = json.loads((tmp_path / "out/acme/a").read_bytes())
    rewrite(tmp_path, "name: A,", "name: B,")
    rewrite(tmp_path, "version: 1\n", "version: 1\nmoved: [{from: acme/A, to: acme/B}]\n")
    assert reconciler("plan").out.splitlines()[-1] == "Plan: 1 to deliver, 1 to move."
    run = reconciler(*APPLY, env=PASSWORDS)
    assert run.code == 0, run.err
    after = json.loads((tmp_path / "out/acme/b").read_bytes())
    assert {**after, "name": "A"} == before
    assert counts(shop) == (1, 0)
    assert reconciler("plan", "--detailed-exitcode").code == 0
