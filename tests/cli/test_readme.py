"""The README states what is true, and the links between documents work."""

import os
import pty
import re
import shlex
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from markdown_it import MarkdownIt

from reconciler.cli.main import COMMANDS
from reconciler.sandbox.config import fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
PICTURE: Final = ROOT / "examples" / "quickstart" / "terminal.svg"
DOCUMENTS: Final = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("*/**/*.md"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
TOKENS: Final = {"DOMO_ACME_PROD_TOKEN": "right-1", "DOMO_GLOBEX_TOKEN": "right-2"}

COLOURS: Final = {"1": "b", "32": "g", "33": "y", "36": "c", "31": "r"}
"""The classes of the picture for the terminal's colours."""

STYLE: Final = (
    "text{font:14px ui-monospace,Menlo,Consolas,monospace;fill:#c9d1d9;white-space:pre}"
    ".b{font-weight:bold;fill:#fff}.g{fill:#3fb950}.y{fill:#d29922}.c{fill:#39c5cf}.r{fill:#f85149}"
)


def blocks(language: str, document: Path = README) -> list[str]:
    """Return a document's fenced blocks of one language."""
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_first_two_blocks_are_the_demo_and_the_tests() -> None:
    """A newcomer pastes the demo first, then the tests; `.ci/run` executes the second."""
    demo, tests = blocks("sh")[:2]
    assert demo.splitlines()[-1].endswith(".venv/bin/reconciler demo")
    assert ".venv/bin/pytest" in tests.splitlines()[-1]


def test_the_readme_is_short() -> None:
    """References are in the folders that they describe, not in the README."""
    assert len(README.read_bytes()) <= 12 * 1024


def test_every_command_is_listed() -> None:
    """The table of commands has the commands that exist, in their order."""
    text = (ROOT / "reconciler" / "cli" / "README.md").read_text(encoding="utf-8")
    section = text.partition("## Commands")[2]
    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == list(COMMANDS)


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to a document's headings."""
    tokens = MarkdownIt().parse(document.read_text(encoding="utf-8"))
    headings = [
        tokens[index + 1].content
        for index, each in enumerate(tokens)
        if each.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def links(document: Path) -> "Iterator[str]":
    """Yield the targets of a document's relative links and pictures."""
    for token in MarkdownIt("commonmark").enable("table").parse(document.read_text("utf-8")):
        for child in token.children or ():
            target = child.attrs.get("href") or child.attrs.get("src")
            if target and "://" not in str(target):
                yield str(target)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    """Each relative link has a file, and each anchor a heading."""
    wrong = []
    for link in links(document):
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    assert wrong == []


def test_the_tests_of_the_fault_table_exist() -> None:
    """The table of faults names tests that exist."""
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+(?:\.py|/))`", text)
    assert len(named) > 30
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_the_paths_in_the_guide_exist() -> None:
    """CONTRIBUTING names modules and tests by paths that exist."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:\w+/)+[\w.]+|[\w/]+\.(?:py|md|c))`", text)) - {
        "INSTANCE/CLIENT",
        "cli/commands/NAME.py",
    }
    assert len(named) > 10
    roots = (ROOT, ROOT / "reconciler")
    assert [each for each in named if not any((root / each).exists() for root in roots)] == []


def test_the_report_shown_is_a_real_one() -> None:
    """The report of `validate` in the documentation is the report of that manifest."""
    kept = ROOT / "tests" / "golden" / "validate" / "scope.txt"
    shown = blocks("text", ROOT / "schemas" / "README.md")[0]
    assert kept.read_text(encoding="utf-8").endswith(shown)


def test_every_manifest_shown_is_right(tmp_path: Path, reconciler: "Reconciler") -> None:
    """Each block that is a whole manifest is valid as it is."""
    shown = [each for each in blocks("yaml") if each.startswith("version:")]
    assert len(shown) >= 2
    for each in shown:
        whole = each if "instances:" in each else each + "instances: {}\n"
        (tmp_path / "reconciler.yaml").write_text(whole, encoding="utf-8")
        run = reconciler("validate")
        assert (run.code, run.err) == (0, "")


def test_the_quickstart_works(
    tmp_path: Path, reconciler: "Reconciler", sandbox: "Callable[..., Running]"
) -> None:
    """The six lines work as they are, if the sandbox takes the place of Domo."""
    config = fleet(["acme-prod"], seed=1)
    (token,) = config["instances"]["acme-prod.domo.com"]["tokens"]
    served = sandbox(config)
    manifest = tmp_path / "reconciler.yaml"
    done = []
    for line in blocks("sh")[2].splitlines():
        words = shlex.split(line, comments=True)
        if words[0] == "export":
            assert words[1] == "DOMO_ACME_PROD_TOKEN=…"
            continue
        approval = ["--auto-approve"] if words[1] == "apply" else []
        run = reconciler(*words[1:], *approval, env={"DOMO_ACME_PROD_TOKEN": token})
        done.append((words[1], run.code))
        if words[1] == "init":
            urls = f"{{api: {served.api}, instance: '{served.instance_template}'}}"
            manifest.write_text(f"{manifest.read_text()}endpoints: {urls}\n")
    assert done == [(name, 0) for name in ("init", "plan", "check", "apply", "verify")]


def coloured_plan(folder: Path, environment: "dict[str, str]") -> str:
    """Return what `plan` shows on a terminal, with its colours."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "reconciler", "plan"]
    wide = {**environment, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(command, cwd=folder, env=wide, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert process.wait(timeout=20) == 0
    return shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""  # Linux answers so once the other side is closed


def svg(text: str) -> str:
    """Return a terminal's text with colours as a picture."""
    lines = text.splitlines()
    columns = max(len(re.sub(r"\x1b\[[\d;]*m", "", each)) for each in lines)
    width, height = columns * 8.43 + 40, len(lines) * 20 + 40
    rows = []
    for number, line in enumerate(lines):
        spans, last = [], ""
        for code, part in re.findall(r"(?:\x1b\[([\d;]*)m)?([^\x1b]*)", line):
            last = " ".join(COLOURS[each] for each in code.split(";") if each in COLOURS) or (
                "" if code else last
            )
            if part:
                spans.append(
                    f'<tspan class="{last}">{escape(part)}</tspan>' if last else escape(part)
                )
        rows.append(f'<text x="20" y="{number * 20 + 34}">{"".join(spans)}</text>')
    return "\n".join([
        '<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve"',
        f' viewBox="0 0 {width:.0f} {height}" role="img">',
        "<title>reconciler plan and reconciler apply</title>",
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
        *rows,
        "</svg>\n",
    ])  # fmt: skip


def test_the_picture_shows_a_real_plan_and_apply(
    tmp_path: Path,
    reconciler: "Reconciler",
    sandbox: "Callable[..., Running]",
    environment: dict[str, str],
) -> None:
    """The picture is the plan and apply of the README's manifest; `UPDATE_GOLDEN=1` draws it."""
    instances = {
        f"{key}.domo.com": {
            "users": [{"email": "a@b.example", "password": "x"}],
            "tokens": {token: "a@b.example"},
        }
        for key, token in zip(("acme-prod", "globex"), TOKENS.values(), strict=True)
    }
    served = sandbox({"seed": 1, "instances": instances})
    manifest = tmp_path / "reconciler.yaml"
    manifest.write_text(blocks("yaml")[0], encoding="utf-8")
    plan = coloured_plan(tmp_path, environment)
    endpoints = f"endpoints: {{api: {served.api}, instance: '{served.instance_template}'}}\n"
    manifest.write_text(blocks("yaml")[0] + endpoints, encoding="utf-8")
    run = reconciler("apply", "--auto-approve", "--concurrency", "1", env=TOKENS)
    first, *created = run.err.splitlines()
    # Sinks take their time, so the lines of one instance come in any order.
    apply = "\n".join([first, *sorted(created), run.out.splitlines()[-1]])
    commands = ("reconciler plan", "reconciler apply --auto-approve")
    shown = zip(commands, (plan, apply), strict=True)
    drawn = svg("\n".join(f"\x1b[1m$ {command}\x1b[0m\n{text}" for command, text in shown))
    if os.environ.get("UPDATE_GOLDEN"):
        PICTURE.write_text(drawn, encoding="utf-8")
    assert drawn == PICTURE.read_text(encoding="utf-8")
