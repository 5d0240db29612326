"""What a run shows of its requests: each one with `-v`, and the one that failed."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler, Run

SCHEMA: Final = Path(__file__).parents[2] / "schemas" / "event.v1.schema.json"
MANIFEST: Final = """\
version: 1
endpoints: {{api: "{api}", instance: "{instance}"}}
instances:
  good:
    auth: {{method: password, email: ops@acme.example, password: {{env: PW}}}}
    clients: [{{name: ETL, scope: [data]}}]
  wrong:
    auth: {{method: password, email: ops@acme.example, password: {{env: WRONG}}}}
    clients: [{{name: ETL, scope: [data]}}]
"""
PASSWORDS: Final = {"PW": "right-password", "WRONG": "wrong-password"}
APPLY: Final = ("apply", "--auto-approve", "--absence-window", "100ms", "--concurrency", "1")
LINE: Final = re.compile(r"Detail: (GET|POST|DELETE) (127\.0\.0\.1:\d+) (/\S*) (\d{3}) \d+ ms")


@pytest.fixture
def served(tmp_path: Path, sandbox: "Callable[..., Running]") -> "Running":
    """Serve two instances; the manifest knows the password of one of them."""
    users = {"users": [{"email": "ops@acme.example", "password": "right-password"}]}
    running = sandbox(
        {"seed": 2, "instances": {f"{key}.domo.com": users for key in ("good", "wrong")}}
    )
    text = MANIFEST.format(api=running.api, instance=running.instance_template)
    (tmp_path / "reconciler.yaml").write_text(text)
    return running


def events(done: "Run") -> list[dict[str, Any]]:
    """Return the JSON lines of a run, held to their schema."""
    schema = jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_bytes()))
    found = [json.loads(line) for line in done.err.splitlines()]
    for each in found:
        schema.validate(each)
    return found


def test_verbose_shows_each_request(reconciler: "Reconciler", served: "Running") -> None:
    """Method, host, path, status and milliseconds, on one line each; nothing without `-v`."""
    done = reconciler(*APPLY, "-v", env=PASSWORDS)
    shown = [found.groups() for found in map(LINE.fullmatch, done.err.splitlines()) if found]
    assert {f"http://{host}" for _, host, _, _ in shown} == {served.api.rsplit("/", 1)[0]}
    asked = [(method, path.rsplit("/", 1)[1], status) for method, _, path, status in shown]
    assert ("POST", "authentication", "200") in asked
    assert ("GET", "developer-tokens", "200") in asked
    assert ("POST", "clients", "201") in asked
    assert "Detail: " not in reconciler(*APPLY, env=PASSWORDS).err


def test_every_json_line_has_a_time_and_the_run(
    reconciler: "Reconciler", served: "Running", tmp_path: Path
) -> None:
    """Events, messages and requests of one run carry one id, and times that never run back."""
    del served
    done = reconciler(*APPLY, "-v", "--log-format", "json", env=PASSWORDS)
    found = events(done)
    kinds = {each.get("event", "message") for each in found}
    assert {"run-started", "request", "action-done", "run-ended", "message"} <= kinds
    (run,) = {each["run"] for each in found}
    times = [datetime.fromisoformat(each["time"]) for each in found]
    assert times == sorted(times)
    assert all(each["time"].endswith("Z") for each in found)
    again = events(reconciler("plan", "--nope", "--log-format", "json"))
    assert {each["run"] for each in again} != {run}
    assert list(tmp_path.glob("*.journal")) == []


def test_a_failure_names_its_request(reconciler: "Reconciler", served: "Running") -> None:
    """JSON events name the request that failed; text does with `-v` only."""
    del served
    (event,) = (
        each
        for each in events(reconciler(*APPLY, "--log-format", "json", env=PASSWORDS))
        if each.get("event") == "instance-failed"
    )
    method, host, path = event["request"].split(" ")
    assert (method, path.rsplit("/", 2)[1:]) == ("POST", ["v2", "authentication"])
    assert re.fullmatch(r"127\.0\.0\.1:\d+", host)
    assert event["request"] in reconciler(*APPLY, "-v", env=PASSWORDS).err
    assert "/authentication" not in reconciler(*APPLY, env=PASSWORDS).err
    assert f"request: {event['request']}" in reconciler("check", "-v", env=PASSWORDS).err


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answers, as the values of a fault, and what the failure must show of it."""

    fault: dict[str, Any]
    shown: tuple[str, ...]


BODY: Final = {
    "message": "no\x1b[31m such\nthing",
    "reason": "CREATE_DENIED",
    "error_description": "ask your administrator",
    "toe": "TOE-4711-AB",
}
ANSWERS: Final = {
    "json": Answer(
        fault={"what": "answer", "status": 400, "body": json.dumps(BODY), "done": False},
        shown=(
            "400: CREATE_DENIED; no\\x1b[31m such thing; ask your administrator (toe TOE-4711-AB)",
        ),
    ),
    "page": Answer(
        fault={
            "what": "answer",
            "status": 409,
            "body": "<!doctype html><title>Gateway\n \x1b[2J trouble</title><p>no</p>",
            "content_type": "text/html",
            "done": False,
        },
        shown=("409: an HTML page titled “Gateway \\x1b[2J trouble”",),
    ),
    "redirect": Answer(
        fault={"what": "redirect", "location": "https://u:p@proxy.example/sign/in?t=1#x"},
        shown=("a redirect (302) to proxy.example/sign/in, which is not followed",),
    ),
}
STAGES: Final = {
    "sign_on": ("POST", "authentication"),
    "list": ("GET", "developer-tokens"),
    "create": ("POST", "clients"),
    "revoke": ("DELETE", ""),
    "token": ("POST", "token"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("stage", STAGES)
def test_each_failure_shows_the_servers_words(
    reconciler: "Reconciler", served: "Running", stage: str, answer: Answer
) -> None:
    """Sign-on, list, create, revoke and proof show status, text, toe, redirect or page title."""
    command: tuple[str, ...] = (*APPLY, "--target", "good")
    if stage in {"revoke", "token"}:
        assert reconciler(*command, env=PASSWORDS).code == 0
        command = ("rotate", "good/ETL", *APPLY[1:])
    served.fault(route=stage, times=None, **answer.fault)
    done = reconciler(*command, "--log-format", "json", env=PASSWORDS)
    assert done.code == 3
    failed = [each for each in events(done) if each.get("event", "").endswith("-failed")]
    method, end = STAGES[stage]
    assert failed
    for each in failed:
        assert all(shown in each["message"] for shown in answer.shown), each
        assert "\n" not in each["message"]
        assert "\x1b" not in each["message"]
        assert each["request"].startswith(f"{method} 127.0.0.1:")
        assert end in each["request"]


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        ({"what": "error_after", "status": 502, "toe": "TOE-1"}, "502: "),
        ({"what": "answer", "status": 200, "body": '{"message": "made\\nit"}'}, "200: made it"),
        ({"what": "lost_answer"}, "the connection was closed before the answer was complete"),
    ],
    ids=["status", "unusable", "lost"],
)
@pytest.mark.parametrize("list_works", [True, False], ids=["listed", "unlisted"])
def test_a_create_without_a_usable_answer_shows_it(
    reconciler: "Reconciler", served: "Running", fault: dict[str, Any], shown: str, list_works: bool
) -> None:
    """The words of a lost or unusable create are shown whatever the list after it shows."""
    served.fault(route="create", times=None, **{"done": False, **fault})
    if not list_works:
        served.fault("answer", route="list", after=1, times=None, status=403, body="{}")
    done = reconciler(*APPLY, "--target", "good", "--log-format", "json", env=PASSWORDS)
    assert done.code == 3
    messages = [each["message"] for each in events(done) if "-failed" in each.get("event", "")]
    assert all(shown in each for each in messages)
    assert messages


def test_a_failed_import_names_its_request(reconciler: "Reconciler", served: "Running") -> None:
    """An error that ends a command names its request with `-v`, and in its JSON line."""
    served.fault("answer", route="list", times=None, status=403, body='{"toe": "TOE-2"}')
    done = reconciler("import", "good/ETL", "--log-format", "json", env=PASSWORDS)
    assert "toe TOE-2" in done.err
