"""Encryption from end to end: who applies needs no key, and what nobody can open is made anew."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import KeyPair, Reconciler, Run

DOMAIN: Final = "acme.domo.com"
SSH_KEY: Final = Path(__file__).parents[1] / "unit" / "stores" / "data" / "ssh.key.pub"
APPLY: Final = ("apply", "--auto-approve", "--absence-window", "300ms")
PUT: Final = """\
#!/bin/sh
if [ -e broken ]; then exit 1; fi
if [ -e deadly ]; then kill -9 $PPID; exit 1; fi
cat > "$1.out"
"""


@dataclass(kw_only=True)
class Shop:
    """A folder with a manifest of one instance, which a sandbox serves."""

    folder: Path
    served: "Running"
    reconciler: "Reconciler"
    recipients: list[str] = field(default_factory=list)

    def wants(self, *clients: str) -> None:
        """Write the manifest; a client is written `Name` or, to be sent to the command, `Name!`."""
        rows = "\n".join(
            f"      - {{name: {name.rstrip('!')}, scope: [data]"
            + (", sink: put}" if name.endswith("!") else "}")
            for name in clients
        )
        age = f"{{age: {{recipients: {json.dumps(self.recipients)}}}}}"
        instance = self.served.instance_template
        (self.folder / "reconciler.yaml").write_text(
            "version: 1\n"
            + (f"state: {{encryption: {age}}}\n" if self.recipients else "")
            + f"endpoints: {{api: {self.served.api}, instance: {instance!r}}}\n"
            "sinks: {put: {type: exec, command: [./put.sh, '{client_slug}']}}\n"
            "instances:\n"
            "  acme:\n"
            "    auth: {method: password, email: ops@i.example, password: {env: PW}}\n"
            f"    clients:\n{rows}\n"
        )

    def run(self, *arguments: str) -> "Run":
        """Run the command line with the instance's password."""
        return self.reconciler(*arguments, env={"PW": "right"})

    def flag(self, name: str, wanted: bool) -> None:
        """Let the command fail (`broken`) or end the run that started it (`deadly`), or not."""
        path = self.folder / name
        path.touch() if wanted else path.unlink()

    @property
    def secrets(self) -> dict[str, str]:
        """Return the secrets that Domo knows, by live name."""
        return {each.name: each.client_secret for each in self.served.clients(DOMAIN)}

    @property
    def state(self) -> dict[str, dict[str, object]]:
        """Return the clients of the state file."""
        found: dict[str, dict[str, object]]
        found = json.loads((self.folder / "reconciler.state.json").read_bytes())["clients"]
        return found

    def delivered(self, name: str) -> dict[str, str]:
        """Return what the command was given last."""
        found: dict[str, str] = json.loads((self.folder / f"{name}.out").read_bytes())
        return found

    def plain(self, *needles: str) -> list[str]:
        """Return the files of the state in which one of these secrets stands as it is."""
        return sorted(
            path.name
            for path in self.folder.glob("reconciler.state.json*")
            if any(needle.encode() in path.read_bytes() for needle in needles)
        )


@pytest.fixture
def shop(tmp_path: Path, sandbox: Callable[..., "Running"], reconciler: "Reconciler") -> Shop:
    """Return a shop without encryption."""
    users = [{"email": "ops@i.example", "password": "right"}]
    served = sandbox({"seed": 1, "instances": {DOMAIN: {"users": users}}})
    script = tmp_path / "put.sh"
    script.write_text(PUT)
    script.chmod(0o700)
    return Shop(folder=tmp_path, served=served, reconciler=reconciler)


@pytest.fixture
def ops(shop: Shop, keypair: Callable[[str], "KeyPair"]) -> "KeyPair":
    """Return the key to which the shop seals."""
    key = keypair("ops.key")
    shop.recipients = [key.recipient]
    return key


def test_an_apply_without_a_key_keeps_secrets_that_it_cannot_read(
    shop: Shop, ops: "KeyPair"
) -> None:
    """The state takes the sealed secret, no file has the plain one, and only the key shows it."""
    shop.wants("Reporting")
    assert shop.run(*APPLY).code == 0
    secret = shop.secrets["Reporting"]
    assert "client_secret_sealed" in shop.state["acme/Reporting"]
    assert shop.plain(secret) == []
    assert "No changes." in shop.run("plan").out
    asked = ("output", "acme/Reporting", "--format", "raw", "--yes-print-secrets")
    assert shop.run(*asked).out == ""
    assert shop.run(*asked, "--identity", ops.file).out == f"{secret}\n"


@pytest.mark.usefixtures("ops")
def test_a_sealed_secret_that_no_sink_took_is_made_anew(shop: Shop) -> None:
    """Without a key a successor is made and delivered, and only then the lost one is revoked."""
    shop.wants("Reporting!")
    shop.flag("broken", wanted=True)
    assert shop.run(*APPLY).code == 3
    lost = shop.secrets["Reporting"]
    assert "client_secret_sealed" in shop.state["acme/Reporting"]
    assert shop.plain(lost) == []
    shop.flag("broken", wanted=False)
    assert "1 to rotate" in shop.run("plan").out
    ended = shop.run(*APPLY)
    assert ended.code == 0, ended
    assert list(shop.secrets) == ["Reporting (2)"]
    assert shop.delivered("reporting")["client_secret"] == shop.secrets["Reporting (2)"]
    assert "client_secret_sealed" not in shop.state["acme/Reporting"]
    assert "No changes." in shop.run("plan").out


def test_a_key_lets_what_no_sink_took_be_delivered(shop: Shop, ops: "KeyPair") -> None:
    """With an identity the plan delivers, plan and apply agree, and nothing is made anew."""
    shop.wants("Reporting!")
    shop.flag("broken", wanted=True)
    assert shop.run(*APPLY).code == 3
    shop.flag("broken", wanted=False)
    assert "1 to deliver" in shop.run("plan", "--identity", ops.file).out
    ended = shop.run(*APPLY, "--identity", ops.file)
    assert ended.code == 0, ended
    assert list(shop.secrets) == ["Reporting"]
    assert shop.delivered("reporting")["client_secret"] == shop.secrets["Reporting"]
    assert "client_secret_sealed" not in shop.state["acme/Reporting"]


@pytest.mark.usefixtures("ops")
def test_a_killed_run_is_recovered_without_a_key(shop: Shop) -> None:
    """The journal of a run that was killed with a secret in hand is sealed; the next run heals."""
    shop.wants("Reporting!", "Audit")
    shop.flag("deadly", wanted=True)
    assert shop.run(*APPLY).code == -9
    known = shop.secrets
    assert len(list(shop.folder.glob("*.journal"))) == 1
    assert shop.plain(*known.values()) == []
    shop.flag("deadly", wanted=False)
    ended = shop.run(*APPLY)
    assert ended.code == 0, ended
    assert sorted(shop.secrets) == ["Audit", "Reporting (2)"]
    given = shop.delivered("reporting")
    assert given["client_secret"] == shop.secrets[given["live_name"]]
    assert list(shop.folder.glob("*.journal")) == []
    assert shop.plain(*known.values(), *shop.secrets.values()) == []
    assert "No changes." in shop.run("plan").out


def test_encryption_seals_what_was_plain(shop: Shop, keypair: Callable[[str], "KeyPair"]) -> None:
    """Once the manifest names recipients, the next apply seals state and backup."""
    shop.wants("Reporting", "Audit")
    assert shop.run(*APPLY).code == 0
    secrets = shop.secrets
    assert shop.plain(*secrets.values()) == ["reconciler.state.json"]
    key = keypair("ops.key")
    shop.recipients = [key.recipient]
    shop.wants("Reporting", "Audit")
    planned = shop.run("plan")
    assert "No changes." in planned.out
    assert "2 secrets of a time without encryption stand in plain" in planned.err
    assert shop.run(*APPLY).code == 0
    assert shop.secrets == secrets
    assert shop.plain(*secrets.values()) == []
    assert "stand in plain" not in shop.run("plan").err
    asked = ("output", "acme/Audit", "--format", "raw", "--yes-print-secrets")
    assert shop.run(*asked, "--identity", key.file).out == f"{secrets['Audit']}\n"


@pytest.mark.parametrize("mended", [True, False])
def test_encryption_seals_what_waits_in_a_journal(
    shop: Shop, keypair: Callable[[str], "KeyPair"], mended: bool
) -> None:
    """A plain secret that waited is delivered if the sink takes it now, and else sealed."""
    shop.wants("Reporting!")
    shop.flag("broken", wanted=True)
    assert shop.run(*APPLY).code == 3
    secret = shop.secrets["Reporting"]
    (journal,) = shop.folder.glob("*.journal")
    assert shop.plain(secret) == [journal.name]
    shop.recipients = [keypair("ops.key").recipient]
    shop.wants("Reporting!")
    if mended:
        shop.flag("broken", wanted=False)
    assert "1 to deliver" in shop.run("plan").out
    assert shop.run(*APPLY).code == (0 if mended else 3)
    assert shop.plain(secret) == []
    assert list(shop.folder.glob("*.journal")) == []
    assert list(shop.secrets.values()) == [secret]
    assert ("client_secret_sealed" in shop.state["acme/Reporting"]) is not mended
    if mended:
        assert shop.delivered("reporting")["client_secret"] == secret


def test_a_sealed_secret_that_was_moved_is_refused(shop: Shop, ops: "KeyPair") -> None:
    """A value that belongs to another client is not printed, not delivered, and said so."""
    shop.wants("Reporting", "Audit")
    assert shop.run(*APPLY).code == 0
    path = shop.folder / "reconciler.state.json"
    document = json.loads(path.read_bytes())
    clients = document["clients"]
    one, two = clients["acme/Reporting"], clients["acme/Audit"]
    one["client_secret_sealed"] = two["client_secret_sealed"]
    path.write_text(json.dumps(document))
    asked = ("output", "acme/Reporting", "--yes-print-secrets", "--identity", ops.file)
    refused = shop.run(*asked)
    assert (refused.code, refused.out) == (1, "")
    assert (
        f"the sealed secret of client {one['client_id']} belongs to another client" in refused.err
    )
    assert shop.run("plan", "--identity", ops.file).code == 1
    assert shop.run("state", "rekey", "--identity", ops.file).code == 1
    assert json.loads(path.read_bytes()) == document


def test_recipients_come_from_a_file(shop: Shop, keypair: Callable[[str], "KeyPair"]) -> None:
    """Each recipient of the file opens, and so does each of the list."""
    keys = [keypair(f"{number}.key") for number in range(3)]
    shop.wants("Reporting")
    path = shop.folder / "reconciler.yaml"
    text = path.read_text()
    age = f"{{recipients: [{keys[0].recipient}], recipients_file: ops.txt}}"
    path.write_text(text + f"state: {{encryption: {{age: {age}}}}}\n")
    (shop.folder / "ops.txt").write_text(f"# ops\n{keys[1].recipient}\n\n{keys[2].recipient}\n")
    assert shop.run(*APPLY).code == 0
    for key in keys:
        asked = ("output", "acme/Reporting", "--yes-print-secrets", "--format", "raw")
        given = shop.run(*asked, "--identity", key.file)
        assert given.out == f"{shop.secrets['Reporting']}\n"


def test_a_plan_names_recipients_that_can_open_too_much_or_too_little(
    shop: Shop, ops: "KeyPair", keypair: Callable[[str], "KeyPair"]
) -> None:
    """It needs no key, shows the command that seals again, and is calm once that is done."""
    shop.wants("Reporting", "Other")
    assert shop.run(*APPLY).code == 0
    successor = keypair("new.key")
    shop.recipients = [f"{successor.recipient}"]
    shop.wants("Reporting", "Other")
    run = shop.run("plan", "--detailed-exitcode")
    assert (run.code, run.out.splitlines()[-1]) == (2, "Plan: 2 secrets to rekey.")
    notes = " ".join(run.out.split())
    assert f"{ops.recipient} can open it and is not listed" in notes
    assert f"{successor.recipient} is listed and cannot open it" in notes
    assert notes.count("`reconciler state rekey --identity KEY_FILE` seals the secret again") == 1
    assert shop.run("plan").out == shop.run("plan").out
    narrowed = shop.run("plan", "--target", "acme/Other")
    assert narrowed.out.splitlines()[-1] == "Plan: 1 secret to rekey."
    assert shop.run("state", "rekey", "--identity", ops.file).code == 0
    after = shop.run("plan", "--detailed-exitcode")
    assert (after.code, "No changes." in after.out) == (0, True)


@pytest.mark.usefixtures("ops")
def test_a_state_without_recorded_recipients_is_read(
    shop: Shop, keypair: Callable[[str], "KeyPair"]
) -> None:
    """A secret that was sealed before recipients were recorded is not compared."""
    shop.wants("Reporting")
    assert shop.run(*APPLY).code == 0
    path = shop.folder / "reconciler.state.json"
    state = json.loads(path.read_bytes())
    assert len(state["clients"]["acme/Reporting"].pop("client_secret_recipients")) == 1
    path.write_text(json.dumps(state))
    shop.recipients = [keypair("new.key").recipient]
    shop.wants("Reporting")
    run = shop.run("plan", "--detailed-exitcode")
    assert (run.code, "No changes." in run.out) == (0, True)


def test_the_comment_of_an_ssh_key_is_no_other_recipient(shop: Shop) -> None:
    """A comment that is changed in the manifest changes nobody's access."""
    kind, key, *_ = SSH_KEY.read_text().split()
    shop.recipients = [f"{kind} {key} ada@x.example"]
    shop.wants("Reporting")
    assert shop.run(*APPLY).code == 0
    shop.recipients = [f"{kind} {key} grace@x.example"]
    shop.wants("Reporting")
    assert "No changes." in shop.run("plan").out
