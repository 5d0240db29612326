"""`reconciler sandbox`, as a process that is used and then stopped."""

import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import httpx
import pytest

from reconciler.sandbox.entities import Rules
from reconciler.sandbox.faults import Fault, What

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler


@contextmanager
def serving(
    folder: Path, environment: dict[str, str], *arguments: str
) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """Run a sandbox; yield the process and what it printed until it was ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "sandbox", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process, list(_lines(process))
    finally:
        process.kill()
        process.communicate()


def _lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], 20)
    assert ready, "the sandbox said nothing for 20 seconds"
    for line in process.stdout:
        yield line.rstrip("\n")
        if line.startswith("# and then"):
            return


def test_what_it_prints_is_a_working_setup(
    tmp_path: Path, environment: dict[str, str], reconciler: "Reconciler"
) -> None:
    """The printed lines, run by a shell, give a manifest that is valid and can be planned."""
    with serving(tmp_path, environment, "--instances", "2") as (_, lines):
        subprocess.run(["/bin/sh", "-c", "\n".join(lines)], cwd=tmp_path, check=True)
        assert reconciler("validate", "-f", "sandbox.yaml").out == "valid: 2 instances, 2 clients\n"
        planned = reconciler("plan", "-f", "sandbox.yaml")
        assert (planned.code, "Plan: 2 to create" in planned.out) == (0, True)
        assert [line.partition("=")[0] for line in lines[1:3]] == [
            "export DOMO_ACME_PROD_PASSWORD",
            "export DOMO_ACME_DEV_PASSWORD",
        ]


def test_its_manifest_is_valid_for_every_key(
    tmp_path: Path, environment: dict[str, str], reconciler: "Reconciler"
) -> None:
    """A key that YAML would read as a number or a truth value is written as text."""
    keys = ("no", "123", "0x1f", "1e3", "null")
    with serving(tmp_path, environment, "--instances", ",".join(keys)) as (_, lines):
        script = "\n".join(each for each in lines if not each.startswith("export"))
        subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, check=True)
    assert reconciler("validate", "-f", "sandbox.yaml").out == "valid: 5 instances, 5 clients\n"


@pytest.mark.parametrize("key", ["acme-", "a" * 64])
def test_a_key_that_makes_no_host_name_is_refused(reconciler: "Reconciler", key: str) -> None:
    """The manifest for such an instance would not be valid."""
    assert reconciler("sandbox", "--instances", key).code == 64


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_success_when_told_to(
    tmp_path: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM are how a sandbox ends, so that neither is a failure."""
    with serving(tmp_path, environment) as (process, _):
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")


def test_it_serves_what_was_asked_for(tmp_path: Path, environment: dict[str, str]) -> None:
    """Keys name the instances, and a count above three adds more of them."""
    with serving(tmp_path, environment, "--instances", "one,two-2,one") as (_, lines):
        url = next(line for line in lines if "api: " in line).split()[1].removesuffix("/api")
        shown = httpx.get(f"{url}/control/state").json()
        assert sorted(shown["instances"]) == ["one.domo.com", "two-2.domo.com"]
    with serving(tmp_path, environment, "--instances", "5") as (_, lines):
        assert "  instance-5:" in lines


def test_faults_strike_as_asked(tmp_path: Path, environment: dict[str, str]) -> None:
    """Each `--fault` is in force from the first request on, as often as it says."""
    arguments = ("--fault", "error_before:status=503", "--fault", "rate_limited:times=2")
    with serving(tmp_path, environment, *arguments) as (_, lines):
        api = next(line for line in lines if "api: " in line).split()[1]
        answers = [httpx.post(f"{api}/clients").status_code for _ in range(4)]
    assert answers == [503, 429, 429, 403]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--instances", "Acme"), "Error: `Acme` is not an instance key\n"),
        (("--fault", "meteor"), "Error: fault `meteor`"),
        (("--fault", "hang:colour=red"), "Error: fault `hang:colour=red`"),
        (("--fault", "hang:route=signon"), "Error: no route is `signon`: the routes are sign_on,"),
        (("--latency", "50"), "Error: invalid value for '--latency'"),
    ],
)
def test_what_cannot_be_served_is_a_usage_error(
    reconciler: "Reconciler", arguments: tuple[str, ...], message: str
) -> None:
    """A wrong key, fault or duration is said before anything is served."""
    run = reconciler("sandbox", *arguments)
    assert (run.code, run.out) == (64, "")
    assert run.err.startswith(message)
    assert "\nhint: " in run.err


def test_its_help_names_each_fault_and_each_rule(reconciler: "Reconciler") -> None:
    """What a user can ask for is what the sandbox knows."""
    shown = set(re.findall(r"\w+", reconciler("sandbox", "--help").out))
    assert set(get_args(What)) - shown == set()
    assert {each.name for each in fields(Rules)} - shown == set()
    assert {each.name for each in fields(Fault)} - {"what"} - shown == set()


def test_rules_concern_every_instance(tmp_path: Path, environment: dict[str, str]) -> None:
    """Numbers, words and texts arrive as what they are."""
    rules = (
        "--rule",
        "list_shape=pages",
        "--rule",
        "list_page=2",
        "--rule",
        "mask_client_ids=null",
    )
    with serving(tmp_path, environment, *rules) as (_, lines):
        url = next(line for line in lines if "api: " in line).split()[1].removesuffix("/api")
        instances = httpx.get(f"{url}/control/state").json()["instances"].values()
        assert {
            (
                each["rules"]["list_shape"],
                each["rules"]["list_page"],
                each["rules"]["mask_client_ids"],
            )
            for each in instances
        } == {("pages", 2, "null")}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("list_shap=pages", "KEY is one of access_tokens, added_scopes"),
        ("list_shape", "write KEY=VALUE"),
        ("list_shape=heap", "one of array, entries, pages is expected"),
        ("users=1", "KEY is one of"),
    ],
)
def test_a_wrong_rule_is_an_error_with_the_right_ones(
    reconciler: "Reconciler", rule: str, said: str
) -> None:
    """The command ends at once and serves nothing."""
    ended = reconciler("sandbox", "--rule", rule)
    assert ended.code == 64
    assert said in " ".join(ended.err.split())
