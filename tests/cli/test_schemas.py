"""What programs read: each answer is one document, and has the shape that is published for it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import jsonschema
import pytest

from reconciler.cli.main import group
from tests.cli.test_reference import commands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Published, Reconciler

pytestmark = pytest.mark.usefixtures("uncovered")

SCHEMAS: Final = Path(__file__).parents[2] / "schemas"
MANIFEST: Final = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
instances:
  acme-prod:
    auth: {{method: password, email: ops@acme.example, password: {{env: PW}}}}
    clients:
      - {{name: ETL, scope: [data]}}
      - {{name: Taken, scope: [data]}}
  down:
    auth: {{method: password, email: ops@acme.example, password: {{env: WRONG}}}}
    clients: [{{name: Never, scope: [data]}}]
"""
WRONG: Final = "version: 1\ninstances:\n  a: {clients: [{name: x, scope: [dta]}]}\n  a: {}\n"


def check(name: str, document: object) -> None:
    """See that a document has its published shape."""
    schema = json.loads((SCHEMAS / f"{name}.v1.schema.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(document)


@pytest.fixture
def served(tmp_path: Path, sandbox: "Callable[..., Running]") -> "Running":
    """Serve two instances, with a name that is taken and a password that is wrong."""
    user = {"email": "ops@acme.example", "password": "right"}
    keys = ("acme-prod", "down")
    running = sandbox(
        {"seed": 2, "instances": {f"{key}.domo.com": {"users": [user]} for key in keys}}
    )
    running.add_client("acme-prod.domo.com", "Taken")
    text = MANIFEST.format(api=running.api, instance=running.instance_template)
    (tmp_path / "reconciler.yaml").write_text(text)
    return running


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_a_schema_is_a_schema(path: Path) -> None:
    """Each published schema is one of its dialect, and its name has its version."""
    schema = json.loads(path.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert path.name.removesuffix(".v1.schema.json") in schema["$id"]


@pytest.mark.parametrize(("text", "mistakes"), [("version: 1\n", 0), (WRONG, 2), ("\t", 1)])
def test_the_report_of_a_manifest(
    text: str, mistakes: int, tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """`validate` answers in its shape, whatever the manifest."""
    (tmp_path / "reconciler.yaml").write_text(text)
    answer = json.loads(reconciler("validate", "--format", "json").out)
    check("validate", answer)
    assert (answer["valid"], len(answer["diagnostics"]) >= mistakes) == (not mistakes, True)


def test_mistakes_as_lines(tmp_path: Path, reconciler: "Reconciler") -> None:
    """With `--log-format json` each mistake and the error at the end are a line each."""
    (tmp_path / "reconciler.yaml").write_text(WRONG)
    run = reconciler("plan", "--log-format", "json")
    lines = [json.loads(line) for line in run.err.splitlines()]
    assert (run.code, run.out, len(lines) >= 3) == (1, "", True)
    for line in lines:
        check("event", line)


@pytest.mark.usefixtures("served")
def test_an_apply_in_lines_and_its_report(tmp_path: Path, reconciler: "Reconciler") -> None:
    """Events, report and ledger of a run with failures have their shapes, and say the same."""
    run = reconciler(
        "apply", "--auto-approve", "--format", "json", "--log-format", "json",
        "--ledger", "ledger.jsonl", env={"PW": "right", "WRONG": "wrong"},
    )  # fmt: skip
    assert run.code == 3, run.err
    report = json.loads(run.out)
    check("apply", report)
    lines = [json.loads(line) for line in run.err.splitlines()]
    for line in lines:
        check("event", line)
    kinds = [line["event"] for line in lines if "event" in line]
    assert kinds[0] == "run-started"
    assert {"action-done", "action-failed", "instance-failed", "instance-ended"} <= set(kinds)
    recorded = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_bytes().splitlines()]
    for line in recorded:
        check("ledger", line)
    done = [line["address"] for line in recorded if line["result"] == "done"]
    assert done == [each["address"] for each in report["done"]] == ["acme-prod/ETL"]


def test_every_answer_for_a_program_has_a_schema(
    tmp_path: Path, reconciler: "Reconciler", published: "Published", served: "Running"
) -> None:
    """Each command that takes `--format json` answers in the shape of a published schema."""
    served.add_client("acme-prod.domo.com", "Nobody's")
    env = {"PW": "right", "WRONG": "right"}
    (tmp_path / "saved.json").write_text(reconciler("plan", "--format", "json").out)
    runs: dict[str, tuple[str, ...]] = {
        "validate": ("validate",),
        "plan": ("plan",),
        "show": ("show", "saved.json"),
        "apply": ("apply", "--auto-approve", "--ledger", "ledger.jsonl"),
        "check": ("check",),
        "verify": ("verify",),
        "import": ("import", "--generate"),
        "rotate": ("rotate", "acme-prod/ETL", "--auto-approve"),
        "output": ("output", "acme-prod/ETL", "--yes-print-secrets"),
        "state list": ("state", "list"),
        "state show": ("state", "show", "acme-prod/ETL"),
        "state lint": ("state", "lint", "reconciler.yaml"),
        "state lock": ("state", "lock"),
        "ledger verify": ("ledger", "verify", "ledger.jsonl"),
        "explain": ("explain",),
        "state mv": ("state", "mv", "acme-prod/ETL", "acme-prod/Load", "--auto-approve"),
        "state rm": ("state", "rm", "acme-prod/Load", "--auto-approve"),
        "forget": ("forget", "--all", "--auto-approve"),
        "destroy": ("destroy", "--all", "--auto-approve"),
    }
    # The formats of `settle` are those of a secret, as `output` prints it; `rekey` has tests.
    assert {*runs, "state settle", "state rekey"} == set(_answering())
    for name, arguments in runs.items():
        before = published.checked.total()
        run = reconciler(*arguments, "--format", "json", env=env)
        assert published.checked.total() == before + 1, (name, run.out, run.err)


def _answering() -> "Iterator[str]":
    """Yield the commands that take `--format json`."""
    for path, command in commands(group(), ""):
        for option in command.params:
            if option.name == "output" and isinstance(option.type, click.Choice):
                assert "json" in option.type.choices
                yield path.strip()


@pytest.mark.usefixtures("served")
def test_standard_output_is_one_document(tmp_path: Path, reconciler: "Reconciler") -> None:
    """Notes, warnings and failures never mix with the answer of any command that has one."""
    env = {"PW": "right", "WRONG": "wrong"}
    answers = {
        "validate": ("validate",),
        "plan": ("plan",),
        "apply": ("apply", "--auto-approve", "--ledger", "ledger.jsonl"),
        "ledger-verify": ("ledger", "verify", "ledger.jsonl"),
    }
    for name, arguments in answers.items():
        run = reconciler(*arguments, "--format", "json", "-v", env=env)
        check(name, json.loads(run.out))
    assert (tmp_path / "ledger.jsonl").exists()
