"""The README says what is true."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.cli.main import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler

README: Final = Path(__file__).parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    """Return the README's fenced blocks of one language."""
    text = README.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_first_two_blocks_are_the_demo_and_the_tests() -> None:
    """What a newcomer pastes first shows the product, then proves it; the check runs the second."""
    demo, tests = blocks("sh")[:2]
    assert demo.splitlines()[-1].endswith(".venv/bin/reconciler demo")
    assert ".venv/bin/pytest" in tests.splitlines()[-1]


def test_the_manifest_shown_is_right(tmp_path: Path, reconciler: "Reconciler") -> None:
    """The example manifest is valid as it stands."""
    (tmp_path / "reconciler.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    run = reconciler("validate")
    assert (run.code, run.err) == (0, "")


def test_every_command_is_listed() -> None:
    """The table of commands has the commands that exist, in their order."""
    text = (README.parent / "reconciler" / "cli" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)`", text, re.MULTILINE) == list(COMMANDS)


def test_every_file_that_is_linked_exists() -> None:
    """No link in the README leads nowhere."""
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []


def test_the_report_shown_is_a_real_one() -> None:
    """What the README shows of `validate` is what it says about that manifest."""
    kept = README.parent / "tests" / "golden" / "validate" / "scope.txt"
    assert kept.read_text(encoding="utf-8").endswith(blocks("text")[0])


def test_the_plan_shown_is_a_real_one(tmp_path: Path, reconciler: "Reconciler") -> None:
    """What the README shows of `plan` is what it prints for the manifest above it."""
    (tmp_path / "reconciler.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    assert reconciler("plan").out == blocks("text")[1]


def test_the_apply_shown_is_a_real_one(
    tmp_path: Path, reconciler: "Reconciler", sandbox: "Callable[..., Running]"
) -> None:
    """What the README shows of `apply` is what it does with the manifest above it."""
    user = {"email": "ops@acme.example", "password": "right"}
    keys = ("acme-prod", "globex")
    served = sandbox(
        {"seed": 1, "instances": {f"{key}.domo.com": {"users": [user]} for key in keys}}
    )
    endpoints = f"endpoints: {{api: {served.api}, instance: '{served.instance_template}'}}\n"
    (tmp_path / "reconciler.yaml").write_text(blocks("yaml")[0] + endpoints, encoding="utf-8")
    passwords = {"DOMO_ACME_PROD_PASSWORD": "right", "DOMO_GLOBEX_PASSWORD": "right"}
    run = reconciler("apply", "--auto-approve", "--concurrency", "1", env=passwords)
    said = [*run.err.splitlines(), run.out.splitlines()[-1]]
    # Sinks take their time, so the lines of one instance come in any order.
    assert sorted(said) == sorted(blocks("text")[2].splitlines())


def test_every_manifest_shown_is_right(tmp_path: Path, reconciler: "Reconciler") -> None:
    """Each block that is a whole manifest is valid as it stands."""
    shown = [each for each in blocks("yaml") if each.startswith("version:")]
    assert len(shown) >= 2
    for each in shown:
        whole = each if "instances:" in each else each + "instances: {}\n"
        (tmp_path / "reconciler.yaml").write_text(whole, encoding="utf-8")
        run = reconciler("validate")
        assert (run.code, run.err) == (0, "")
