"""`check`, as a process: what a run would trip over."""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler

MANIFEST: Final = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
sinks:
  files: {{type: file, path: "out/{{instance}}/{{client_slug}}.json"}}
  cli: {{type: exec, command: [./missing.sh, "{{instance}}"]}}
defaults:
  auth: {{method: password, email: ops@acme.example, password: {{env: "PW_{{INSTANCE}}"}}}}
  sink: files
instances:
  good-1: {{clients: [{{name: A, scope: [data]}}]}}
  good-2: {{clients: [{{name: A, scope: [data]}}]}}
  refused: {{clients: [{{name: A, scope: [data]}}]}}
  missing: {{clients: [{{name: A, scope: [data], sink: cli}}]}}
  cookie:
    auth: {{method: cookie, dsidv1: {{env: COOKIE}}}}
    clients: [{{name: A, scope: [data]}}]
  token:
    auth: {{method: token, token: {{env: TOKEN}}}}
    clients: [{{name: A, scope: [data]}}]
  down:
    clients: [{{name: A, scope: [data]}}]
"""
KEYS: Final = ("good-1", "good-2", "refused", "missing", "cookie", "token", "down")


def jwt(days: float) -> str:
    """Return a token that ends in so many days, as a JWT says it."""
    claims = json.dumps({"exp": int(time.time() + days * 86400)}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"


COOKIE, TOKEN = jwt(3.5), jwt(100.5)
ENV: Final = {
    "PW_GOOD_1": "right",
    "PW_GOOD_2": "right",
    "PW_REFUSED": "wrong",
    "PW_DOWN": "right",
    "COOKIE": COOKIE,
    "TOKEN": TOKEN,
}


@pytest.fixture
def served(tmp_path: Path, sandbox: Callable[..., "Running"]) -> "Running":
    """Serve seven instances with a cookie and a token that say when they end."""
    user = {"email": "ops@acme.example", "password": "right"}
    config: dict[str, Any] = {f"{key}.domo.com": {"users": [user]} for key in KEYS}
    config["cookie.domo.com"]["cookies"] = {COOKIE: user["email"]}
    config["token.domo.com"]["tokens"] = {TOKEN: user["email"]}
    running = sandbox({"seed": 6, "instances": config})
    text = MANIFEST.format(api=running.api, instance=running.instance_template)
    (tmp_path / "reconciler.yaml").write_text(text)
    return running


def test_the_forecast_names_everything_that_would_fail(
    served: "Running", reconciler: "Reconciler", tmp_path: Path
) -> None:
    """One table, equal instances once, each cause once with what to do; nothing is changed."""
    served.fault("error_before", route="sign_on", instance="down.domo.com", status=503, times=None)
    run = reconciler("check", env=ENV)
    assert run.code == 3
    rows = [line.split() for line in run.out.splitlines()]
    assert rows[0] == ["INSTANCE", "METHOD", "CREDENTIAL", "SIGN-ON", "SEES", "ENDS"]
    assert ["missing", "password", "missing", "-", "-", "-"] in rows
    assert ["refused", "password", "present", "refused", "-", "-"] in rows
    assert ["down", "password", "present", "unreachable", "-", "-"] in rows
    assert any(row[:1] == ["cookie"] and row[-3:] == ["in", "3", "days"] for row in rows)
    assert any(row[:1] == ["token"] and row[-3:] == ["in", "100", "days"] for row in rows)
    assert any(
        line.startswith("good-1, good-2  password  present") for line in run.out.splitlines()
    )
    assert "Checked: 4 instances and 1 sink passed; 3 instances and 1 sink failed." in run.out
    assert "PW_MISSING" in run.err
    assert "INVALID_CREDENTIALS" in run.err
    assert "sink cli: command ./missing.sh cannot be run" in run.err
    assert "end within 7 days, or have ended:\n  cookie\n" in run.err
    assert served.count(route="create*") == served.count(route="revoke") == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["reconciler.yaml"]
    assert not any(secret in run.out + run.err for secret in (COOKIE, TOKEN, "right"))


def test_the_forecast_for_a_program(served: "Running", reconciler: "Reconciler") -> None:
    """Each instance and each sink has a record; a selection looks at its part only."""
    served.add_client("good-1.domo.com", "Other")
    run = reconciler(
        "check", "--target", "good-1", "--target", "token", "--format", "json", env=ENV
    )
    assert (run.code, run.err) == (0, "")
    told = json.loads(run.out)
    assert (told["format"], told["version"], told["complete"]) == ("reconciler.check", 1, True)
    first, second = told["instances"]
    assert first["instance"] == "good-1"
    assert (first["credential"], first["sign_on"], first["clients"]) == ("present", "works", 1)
    assert (first["method"], second["method"]) == ("password", "token")
    assert second["ends_at"].startswith("20")
    assert told["sinks"] == [{"sink": "files", "targets": 2, "problem": None}]
    assert served.count(instance="refused.domo.com") == 0


def test_a_user_who_may_not_list_is_found(served: "Running", reconciler: "Reconciler") -> None:
    """The sign-on works, the list is refused, and it says which right is missing."""
    served.fault("error_before", route="list", instance="good-1.domo.com", status=403)
    run = reconciler("check", "--target", "good-1", env=ENV)
    assert (run.code, "Domo does not list the clients" in run.err) == (3, True)
    assert run.out.splitlines()[1].split() == ["good-1", "password", "present", "works", "refused"]


@pytest.mark.usefixtures("served")
def test_verbose_lists_every_instance(reconciler: "Reconciler") -> None:
    """With `-v` nothing is folded."""
    run = reconciler("check", "-v", "--target", "good-*", env=ENV)
    assert [line.split()[0] for line in run.out.splitlines()[1:3]] == ["good-1", "good-2"]


OPAQUE: Final = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
instances:
  acme:
    auth: {{method: token, token: {{env: TOKEN}}}}
    clients: [{{name: A, scope: [data]}}]
"""
USER: Final = {"email": "ops@acme.example", "password": "right", "admin": False}


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ({"opaque-1": 100.5}, "in 100 days"),
        ({"opaque-1": 100.5, "old": -3}, "in 100 days"),
        ({"opaque-1": 100.5, "other": 7}, "unknown"),
    ],
)
def test_the_end_of_an_opaque_token_is_read_from_the_instance(
    ends: dict[str, float],
    said: str,
    sandbox: Callable[..., "Running"],
    reconciler: "Reconciler",
    tmp_path: Path,
) -> None:
    """The list does not show which token is in use: only one end that is still to come counts."""
    expiries = {value: int((time.time() + days * 86400) * 1000) for value, days in ends.items()}
    instance = {
        "users": [USER],
        "tokens": dict.fromkeys(ends, USER["email"]),
        "token_expiries": expiries,
    }
    served = sandbox({"seed": 6, "instances": {"acme.domo.com": instance}})
    text = OPAQUE.format(api=served.api, instance=served.instance_template)
    (tmp_path / "reconciler.yaml").write_text(text)
    run = reconciler("check", env={"TOKEN": "opaque-1"})
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines()[1] == f"acme      token   present     works    none  {said}"


@pytest.mark.parametrize("rules", [{"access_tokens": "forbidden"}, {"access_tokens": "not_found"}])
def test_a_token_list_that_is_refused_does_not_fail_the_check(
    rules: dict[str, str],
    sandbox: Callable[..., "Running"],
    reconciler: "Reconciler",
    tmp_path: Path,
) -> None:
    """The endpoint is not documented."""
    instance = {"users": [USER], "tokens": {"opaque-1": USER["email"]}, **rules}
    served = sandbox({"seed": 6, "instances": {"acme.domo.com": instance}})
    text = OPAQUE.format(api=served.api, instance=served.instance_template)
    (tmp_path / "reconciler.yaml").write_text(text)
    run = reconciler("check", env={"TOKEN": "opaque-1"})
    assert (run.code, run.out.splitlines()[1].split()[-1]) == (0, "unknown")


def test_seeing_all_clients_is_no_sign_of_the_grant_to_create(
    served: "Running", reconciler: "Reconciler"
) -> None:
    """One grant sees and revokes all clients, another one creates: check claims nothing of it."""
    served.add_client("good-1.domo.com", "Other")
    run = reconciler("check", "--target", "good-1", env=ENV)
    assert "all clients" in run.out
    assert "only a create does" in run.out
    assert "ready" not in run.out
