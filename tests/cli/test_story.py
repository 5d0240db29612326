"""The main job as a user runs it: four instances, three ways to sign on, three kinds of sinks."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

PASSWORD, COOKIE, TOKEN = "pw-7c1e55d0", "dsid-99a0b1c2", "dp-4d5e6f70"
SECRETS = {"ACME_PW": PASSWORD, "ACME_COOKIE": COOKIE, "GLOBEX_TOKEN": TOKEN, "INITECH_PW": "wrong"}
NAME = "Bücher/ETL: nightly"
DESCRIPTION = "Übernacht — 日本語"

MANIFEST = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
sinks:
  files: {{type: file, path: "out/{{instance}}/{{client_slug}}.json"}}
  env: {{type: file, path: "out/{{instance}}.env", format: dotenv}}
  cli: {{type: exec, command: ["./put.sh", "{{instance}}", "{{client}}"]}}
instances:
  acme-prod:
    auth: {{method: password, email: ops@acme.example, password: {{env: ACME_PW}}}}
    clients:
      - {{name: "{name}", scope: [data, user], description: "{description}", sink: files}}
      - {{name: In State, scope: [audit]}}
  acme-dev:
    auth: {{method: cookie, dsidv1: {{env: ACME_COOKIE}}}}
    clients:
      - {{name: Two Places, scope: [data], sink: [cli, env]}}
  globex:
    auth: {{method: token, token: {{env: GLOBEX_TOKEN}}}}
    clients:
      - {{name: Taken, scope: [data], sink: files}}
      - {{name: Sync, scope: [data], sink: files}}
  initech:
    auth: {{method: password, email: ops@acme.example, password: {{env: INITECH_PW}}}}
    clients:
      - {{name: Never, scope: [data], sink: files}}
"""


@pytest.fixture
def served(sandbox: Callable[..., "Running"]) -> "Running":
    """Serve four instances; on one of them somebody else has made a client."""
    user = {"email": "ops@acme.example", "password": PASSWORD}
    keys = ("acme-prod", "acme-dev", "globex", "initech")
    instances: dict[str, Any] = {f"{key}.domo.com": {"users": [user]} for key in keys}
    instances["acme-dev.domo.com"]["cookies"] = {COOKIE: user["email"]}
    instances["globex.domo.com"]["tokens"] = {TOKEN: user["email"]}
    running = sandbox({"seed": 3, "instances": instances})
    running.add_client("globex.domo.com", "Taken")
    return running


@pytest.fixture
def folder(tmp_path: Path, served: "Running") -> Path:
    """Write the manifest and the command that a sink runs."""
    text = MANIFEST.format(
        api=served.api, instance=served.instance_template, name=NAME, description=DESCRIPTION
    )
    (tmp_path / "reconciler.yaml").write_text(text, encoding="utf-8")
    script = tmp_path / "put.sh"
    script.write_text('#!/bin/sh\nenv > "got.env"; echo "$@" > got.argv; cat > "got $2.json"\n')
    script.chmod(0o755)
    return tmp_path


def test_the_whole_story(folder: Path, served: "Running", reconciler: Callable[..., Any]) -> None:
    """Plan sends nothing, apply delivers what can be, and what failed says how to go on."""
    planned = reconciler("plan", "--detailed-exitcode")
    assert planned.code == 2
    assert "Plan: 6 to create." in planned.out
    assert served.count() == 0

    applied = reconciler("apply", "--auto-approve", env=SECRETS)
    assert applied.code == 3
    assert "Applied: 4 created; 1 failed, 1 not begun." in applied.out
    assert "reconciler import 'globex/Taken'" in applied.err
    assert "INVALID_CREDENTIALS" in applied.err
    assert served.count(route="sign_on", instance="initech.domo.com") == 1
    assert_delivered(folder, served)
    assert_nowhere_else(folder, served, planned, applied)


@pytest.mark.usefixtures("folder")
def test_the_second_run_does_only_the_rest(
    served: "Running", reconciler: Callable[..., Any]
) -> None:
    """After the causes are mended nothing is made twice, and then nothing is left to do."""
    reconciler("apply", "--auto-approve", env=SECRETS)
    served.remove_client("globex.domo.com", "Taken")
    right = {**SECRETS, "INITECH_PW": PASSWORD}
    again = reconciler("apply", "--auto-approve", env=right)
    assert (again.code, "Applied: 2 created." in again.out) == (0, True)
    creates = served.count(route="create*")
    assert reconciler("plan", "--detailed-exitcode").code == 0
    third = reconciler("apply", "--auto-approve", env=right)
    assert third.code == 0
    assert "No changes." in third.out
    assert served.count(route="create*") == creates == 6


def test_a_plan_reads_no_credential(folder: Path, reconciler: Callable[..., Any]) -> None:
    """Commands and files that credentials name are not touched by a plan."""
    path = folder / "reconciler.yaml"
    text = path.read_text().replace("{env: ACME_PW}", "{command: [touch, was-run]}")
    path.write_text(text.replace("{env: GLOBEX_TOKEN}", "{file: /nonexistent}"))
    assert reconciler("plan").code == 0
    assert not (folder / "was-run").exists()


def assert_delivered(folder: Path, served: "Running") -> None:
    """Check each sink for the secret that Domo has."""
    secrets = {
        c.name: c.client_secret
        for key in ("acme-prod", "acme-dev", "globex")
        for c in served.clients(f"{key}.domo.com")
    }
    first = json.loads((folder / "out/acme-prod/bucher-etl-nightly.json").read_bytes())
    assert first["client_secret"] == secrets[NAME]
    assert (first["name"], first["description"]) == (NAME, DESCRIPTION)
    assert (
        json.loads((folder / "got Two Places.json").read_bytes())["client_secret"]
        == secrets["Two Places"]
    )
    assert (
        f"DOMO_CLIENT_SECRET={secrets['Two Places']}" in (folder / "out/acme-dev.env").read_text()
    )
    state = json.loads((folder / "reconciler.state.json").read_bytes())["clients"]
    assert state["acme-prod/In State"]["client_secret"] == secrets["In State"]
    assert [address for address in state if "client_secret" in state[address]] == [
        "acme-prod/In State"
    ]


def assert_nowhere_else(folder: Path, served: "Running", *runs: Any) -> None:
    """Search every output and file for every secret; check the modes of the files that may."""
    allowed = {
        NAME: {"out/acme-prod/bucher-etl-nightly.json"},
        "In State": {"reconciler.state.json"},
        "Two Places": {"got Two Places.json", "out/acme-dev.env"},
        "Sync": {"out/globex/sync.json"},
    }
    files = {
        str(Path(base, name).relative_to(folder)): Path(base, name)
        for base, _, names in os.walk(folder)
        for name in names
    }
    made = [
        c for key in ("acme-prod", "acme-dev", "globex") for c in served.clients(f"{key}.domo.com")
    ]
    for client in made:
        places = {name for name, path in files.items() if client.client_secret in path.read_text()}
        assert places == allowed.get(client.name, set())
        assert not any(client.client_secret in run.out + run.err for run in runs)
    for value in (PASSWORD, COOKIE, TOKEN):
        assert not any(value in run.out + run.err for run in runs)
        assert not any(value in path.read_text() for path in files.values())
    for name in set().union(*allowed.values()) - {"got Two Places.json"}:
        assert stat.S_IMODE(files[name].stat().st_mode) == 0o600
