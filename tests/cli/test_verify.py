"""`verify`, as a process: which secrets really work."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import KeyPair, Reconciler, Run, Shelf

PASSWORD: Final = {"PW": "right"}
MANIFEST: Final = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
sinks:
  files: {{type: file, path: "out/{{client_slug}}.{form}", format: {form}}}
  cli: {{type: exec, command: [./put.sh, "{{client}}"], read: [./get.sh, "{{client}}"]}}
  blind: {{type: exec, command: ["true", "{{client}}"]}}
defaults:
  auth: {{method: password, email: ops@acme.example, password: {{env: PW}}}}
instances:
  acme:
    clients:
      - {{name: Kept, scope: [data]}}
      - {{name: File, scope: [data], sink: files, rotate_after: 90d}}
      - {{name: Read, scope: [data], sink: cli}}
      - {{name: Blind, scope: [data], sink: blind}}
"""


@pytest.fixture
def served(sandbox: Callable[..., "Running"]) -> "Running":
    """Serve one instance."""
    user = {"email": "ops@acme.example", "password": "right"}
    return sandbox({"seed": 5, "instances": {"acme.domo.com": {"users": [user]}}})


@pytest.fixture
def applied(
    tmp_path: Path, served: "Running", reconciler: "Reconciler", form: str = "json"
) -> Callable[..., None]:
    """Return a function that writes the manifest and applies it."""

    def apply(form: str = form, head: str = "") -> None:
        text = MANIFEST.format(api=served.api, instance=served.instance_template, form=form)
        (tmp_path / "reconciler.yaml").write_text(text + head)
        for name, script in (("put", 'cat > "$1.got"'), ("get", 'cat "$1.got"')):
            path = tmp_path / f"{name}.sh"
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        done = reconciler("apply", "--auto-approve", "-q", env=PASSWORD)
        assert done.code == 0, done.err

    return apply


def found(run: "Run") -> dict[str, str]:
    """Return what was found out, by address."""
    return {each["address"]: each["finding"] for each in json.loads(run.out)["secrets"]}


@pytest.mark.parametrize("form", ["json", "dotenv", "raw"])
def test_every_secret_that_may_be_read_is_tried(
    form: str, applied: Callable[..., None], served: "Running", reconciler: "Reconciler"
) -> None:
    """State, files and commands are read and signed in with; nobody's password is needed."""
    applied(form)
    before = served.count(route="token")
    run = reconciler("verify", "--from-sink", "cli", "--format", "json")
    assert (run.code, run.err) == (0, "")
    assert found(run) == {
        "acme/Kept": "works",
        "acme/File": "works",
        "acme/Read": "works",
        "acme/Blind": "unknown",
    }
    rows = {each["address"]: each for each in json.loads(run.out)["secrets"]}
    assert (rows["acme/File"]["age_days"], rows["acme/File"]["rotation_in_days"]) == (0, 89)
    assert served.count(route="token") - before == 3
    assert served.count(route="sign_on") == 1
    secrets = [each.client_secret for each in served.clients("acme.domo.com")]
    assert not any(each in run.out + run.err for each in secrets)


def test_the_table_says_what_works_and_why_not(
    applied: Callable[..., None], served: "Running", reconciler: "Reconciler", tmp_path: Path
) -> None:
    """What does not work comes first, each reason once, with what to do."""
    applied()
    served.remove_client("acme.domo.com", "Kept")
    (tmp_path / "out" / "file.json").unlink()
    run = reconciler("verify", "--from-sink", "cli")
    assert run.code == 3
    assert [line.split()[:2] for line in run.out.splitlines()[:4]] == [
        ["refused", "acme/Kept"],
        ["unreadable", "acme/File"],
        ["unknown", "acme/Blind"],
        ["works", "acme/Read"],
    ]
    assert "Verified: 1 work; 1 refused, 1 unreadable, 1 unknown." in run.out
    assert "Error: the secret was refused: Domo answered 401" in run.err
    assert "sink files: out/file.json cannot be read: No such file or directory" in run.err
    assert "hint: `reconciler rotate ADDRESS` creates and delivers a new one" in run.err


def test_the_page_has_the_fleet_and_no_secret(
    applied: Callable[..., None], served: "Running", reconciler: "Reconciler"
) -> None:
    """As html it is one page, with the exit code and without the messages of the table."""
    applied()
    secrets = [each.client_secret for each in served.clients("acme.domo.com")]
    served.remove_client("acme.domo.com", "Kept")
    run = reconciler("verify", "--format", "html")
    assert (run.code, run.err) == (3, "")
    assert "<h1>Verified: 1 work; 1 refused, 2 unknown</h1>" in run.out
    assert '"clients":["Kept","Blind","File","Read"],"rows":["rkwk"]' in run.out
    assert not any(each in run.out for each in secrets)


def test_what_a_file_holds_is_judged(
    applied: Callable[..., None], reconciler: "Reconciler", tmp_path: Path
) -> None:
    """A file that was overwritten, emptied or broken is named, and no text of it is shown."""
    applied()
    texts = {
        '{"client_id": "someone", "client_secret": "x"}': "stale",
        '{"client_secret": "wrong"}': "refused",
        '{"client_id": "c"}': "unreadable",
        "[]": "unreadable",
        "{": "unreadable",
        "\xff": "unreadable",
        "x" * (1 << 20) + "y": "unreadable",
    }
    for text, finding in texts.items():
        (tmp_path / "out" / "file.json").write_text(text, encoding="latin-1")
        run = reconciler("verify", "--target", "acme/File", "--format", "json")
        assert (run.code, found(run)) == (3, {"acme/File": finding})


def test_a_file_that_leads_elsewhere_is_not_read(
    applied: Callable[..., None], reconciler: "Reconciler", tmp_path: Path
) -> None:
    """Neither a symbolic link nor a FIFO stands in for a file."""
    import os

    applied()
    path = tmp_path / "out" / "file.json"
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    run = reconciler("verify", "--target", "acme/File", "--format", "json")
    assert found(run) == {"acme/File": "unreadable"}
    path.unlink()
    os.mkfifo(path)
    run = reconciler("verify", "--target", "acme/File", "--format", "json")
    assert found(run) == {"acme/File": "unreadable"}


def test_a_command_that_gives_nothing_back(
    applied: Callable[..., None], reconciler: "Reconciler", tmp_path: Path
) -> None:
    """It is unreadable, and what the command printed stays unsaid."""
    applied()
    scripts = {
        "exit 3": "ended with exit code 3",
        "echo": "it holds no secret",
        "printf '\\377'": "printed something that is not text",
        "yes": "printed more than 1 MiB",
    }
    for script, said in scripts.items():
        (tmp_path / "get.sh").write_text(f"#!/bin/sh\necho hush >&2\n{script}\n")
        run = reconciler("verify", "--from-sink", "cli", "--target", "acme/Read")
        assert (run.code, said in run.err, "hush" in run.err) == (3, True, False)


def test_a_sink_that_cannot_be_read_back_is_a_usage_error(
    applied: Callable[..., None], reconciler: "Reconciler"
) -> None:
    """The name is checked before anything is tried."""
    applied()
    hints = {
        "clj": "hint: did you mean `cli`?",
        "files": "needs no --from-sink",
        "blind": "cannot be read back",
    }
    for name, said in hints.items():
        run = reconciler("verify", "--from-sink", name)
        assert (run.code, said in run.err, run.out) == (64, True, "")


def test_a_sealed_secret_that_is_damaged_hides_no_other(
    applied: Callable[..., None],
    reconciler: "Reconciler",
    tmp_path: Path,
    keypair: Callable[[str], "KeyPair"],
) -> None:
    """It is unreadable by itself; what can be opened is tried all the same."""
    pair = keypair("ops.key")
    more = "      - {name: Second, scope: [data]}\n"
    applied(head=f"{more}state: {{encryption: {{age: {{recipients: [{pair.recipient}]}}}}}}\n")
    path = tmp_path / "reconciler.state.json"
    state: dict[str, Any] = json.loads(path.read_bytes())
    clients = state["clients"]
    clients["acme/Kept"]["client_secret_sealed"] = clients["acme/Second"]["client_secret_sealed"]
    path.write_text(json.dumps(state))
    asked = ("verify", "--target", "acme/Kept", "--target", "acme/Second")
    run = reconciler(*asked, "--identity", pair.file, "--format", "json")
    assert run.code == 3
    assert found(run) == {"acme/Kept": "unreadable", "acme/Second": "works"}


def test_a_sealed_secret_needs_its_identity(
    applied: Callable[..., None],
    reconciler: "Reconciler",
    keypair: Callable[[str], "KeyPair"],
) -> None:
    """Without the key it is unknown, which is no failure; with it, it works."""
    pair = keypair("ops.key")
    applied(head=f"state: {{encryption: {{age: {{recipients: [{pair.recipient}]}}}}}}\n")
    sealed = reconciler("verify", "--target", "acme/Kept")
    assert (sealed.code, "sealed" in sealed.err) == (0, True)
    run = reconciler("verify", "--target", "acme/Kept", "--identity", pair.file, "--format", "json")
    assert (run.code, found(run)) == (0, {"acme/Kept": "works"})


def test_the_wrong_identity_is_an_error(
    applied: Callable[..., None],
    reconciler: "Reconciler",
    keypair: Callable[[str], "KeyPair"],
) -> None:
    """A key that opens no sealed secret ends in 3 and is named, however often it is given."""
    pair, other = keypair("ops.key"), keypair("b.key")
    applied(head=f"state: {{encryption: {{age: {{recipients: [{pair.recipient}]}}}}}}\n")
    run = reconciler("verify", "--identity", other.file, "--identity", other.file)
    assert run.code == 3
    assert f"the secret is unreadable: no identity given opens it: {other.file}\n" in run.err
    told = reconciler("verify", "--identity", other.file, "--format", "json")
    assert (told.code, json.loads(told.out)["complete"]) == (3, False)
    both = reconciler("verify", "--identity", other.file, "--identity", pair.file)
    assert (both.code, "no identity" in both.err) == (0, False)


def test_an_identity_that_opens_some_secrets_is_right(
    applied: Callable[..., None],
    reconciler: "Reconciler",
    keypair: Callable[[str], "KeyPair"],
    tmp_path: Path,
) -> None:
    """What was sealed to others stays unknown, and says that the identity does not open it."""
    pair, other = keypair("ops.key"), keypair("b.key")
    applied(head=f"state: {{encryption: {{age: {{recipients: [{pair.recipient}]}}}}}}\n")
    path = tmp_path / "reconciler.yaml"
    text = path.read_text().replace(pair.recipient, other.recipient)
    path.write_text(text.replace("state:", "      - {name: Other, scope: [data]}\nstate:"))
    assert reconciler("apply", "--auto-approve", "-q", env=PASSWORD).code == 0
    run = reconciler("verify", "--identity", pair.file)
    assert run.code == 0, run.err
    assert "Note: the secret is unknown here: no identity given opens it\n  acme/Other\n" in run.err


def test_an_api_that_is_down_proves_nothing(
    applied: Callable[..., None], served: "Running", reconciler: "Reconciler", tmp_path: Path
) -> None:
    """A secret that could not be tried is not called refused, and the run does not end well."""
    applied()
    path = tmp_path / "reconciler.yaml"
    path.write_text(path.read_text().replace(served.api, "http://api.invalid"))
    run = reconciler("verify", "--target", "acme/File", "--format", "json")
    assert (run.code, found(run)) == (3, {"acme/File": "unproven"})


def test_a_sink_that_moved_is_not_read(
    applied: Callable[..., None], reconciler: "Reconciler", tmp_path: Path
) -> None:
    """A file of the manifest's new path would prove nothing about the one that was delivered."""
    applied()
    path = tmp_path / "reconciler.yaml"
    path.write_text(path.read_text().replace("out/", "new/"))
    run = reconciler("verify", "--target", "acme/File")
    assert (run.code, "is another one in the manifest" in run.err) == (3, True)
    assert "hint: `reconciler plan` shows what happens to the secret" in run.err


def test_a_sink_that_changed_needs_a_rotation(
    applied: Callable[..., None], reconciler: "Reconciler", tmp_path: Path
) -> None:
    """A plan that cannot deliver the secret to the new sink is not one without changes."""
    applied()
    path = tmp_path / "reconciler.yaml"
    path.write_text(path.read_text().replace('["true", ', '["true", new, '))
    only = ("plan", "--target", "acme/Blind")
    run = reconciler(*only)
    assert (run.code, run.out.splitlines()[-1]) == (0, "Plan: 1 needs rotation.")
    assert "`reconciler rotate ADDRESS` creates a client with a new one" in " ".join(
        run.out.split()
    )
    assert reconciler(*only, "--detailed-exitcode").code == 2
    assert (
        "### domo-reconciler plan: 1 needs rotation"
        in reconciler(*only, "--format", "markdown").out
    )


def test_every_sink_that_differs_from_the_delivery_is_named(
    applied: Callable[..., None], reconciler: "Reconciler", tmp_path: Path
) -> None:
    """A sink that changed, one with another content and one that was never filled: all three."""
    applied()
    path = tmp_path / "reconciler.yaml"
    path.write_text(path.read_text().replace("sink: files", "sink: [files, blind]"))
    (tmp_path / "out" / "file.json").write_text('{"client_id": "c", "client_secret": "s"}')
    path.write_text(path.read_text().replace("[./put.sh, ", "[./put.sh, new, "))
    run = reconciler("verify", "--from-sink", "cli", "--format", "json")
    rows = json.loads(run.out)["secrets"]
    places = {(each["address"], each["place"]): each["finding"] for each in rows}
    assert run.code == 3
    assert places["acme/File", "json file out/file.json"] == "stale"
    assert places["acme/File", "command true File"] == "unreadable"
    assert places["acme/Read", "command ./put.sh Read"] == "unreadable"


def test_nothing_is_known_yet(reconciler: "Reconciler", tmp_path: Path) -> None:
    """Without a state there is nothing to verify, and that is said."""
    (tmp_path / "reconciler.yaml").write_text("version: 1\n")
    run = reconciler("verify")
    assert (run.code, run.out) == (0, "")
    assert "no client to verify" in run.err


def test_a_secret_that_waits_in_a_journal_is_said_to_be_there(
    shelf: "Shelf", reconciler: "Reconciler", tmp_path: Path
) -> None:
    """Its place is the journal and not the state, which does not have it."""
    (tmp_path / "reconciler.yaml").write_text(
        'version: 1\nendpoints: {api: "http://api.invalid", instance: "http://{domain}.invalid"}\n'
        "defaults: {auth: {method: token, token: {env: T}}}\n"
        "instances: {acme: {clients: [{name: Reporting, scope: [data]}]}}\n"
    )
    shelf.write(replace(shelf.intent, predecessor=None), shelf.created, Kept=shelf.kept)
    run = reconciler("verify", "--state", "s.json", "--format", "json")
    places = {each["address"]: each["place"] for each in json.loads(run.out)["secrets"]}
    assert places == {"acme/Kept": "state", "acme/Reporting": "journal"}


def test_an_adopted_client_says_so(
    applied: Callable[..., None], reconciler: "Reconciler", tmp_path: Path
) -> None:
    """Its secret was made elsewhere: unknown, and the hint says how to get one."""
    applied()
    path = tmp_path / "reconciler.state.json"
    state: dict[str, Any] = json.loads(path.read_bytes())
    entry = state["clients"]["acme/Blind"]
    entry |= {"adopted": True, "delivered": {}}
    path.write_text(json.dumps(state))
    run = reconciler("verify", "--target", "acme/Blind")
    assert (run.code, "adopted" in run.err) == (0, True)
    assert "reconciler rotate ADDRESS" in run.err
