"""`explain`: every code that the source uses has its entry, and no entry is left over."""

import ast
import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.apply.verify import Finding
from reconciler.cli.error_codes import explanation, explanations

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler

PACKAGE: Final = Path(__file__).parents[2] / "reconciler"
CODES: Final = PACKAGE / "data" / "codes.toml"
HELPERS: Final = ("_fail", "_notice")
"""Functions whose first argument is a code."""


def used() -> Iterator[str]:
    """Yield every code in the source; of one that is put together, its beginning and a star."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield from _codes(node)


def _codes(node: ast.AST) -> Iterator[str]:
    values: list[ast.expr] = []
    if isinstance(node, ast.Call):
        values += [each.value for each in node.keywords if each.arg == "code"]
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        values += node.args[:1] if name in HELPERS else []
    elif isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Constant):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        # A constant that is handed on as a code is written in capitals, after what it says.
        named = [ast.unparse(each) for each in targets]
        is_code = named in (["code"], ["ROLLOUT"]) or named[0].endswith("CODE")
        values += [node.value] if is_code else []
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        elif isinstance(value, ast.JoinedStr) and isinstance(value.values[0], ast.Constant):
            yield str(value.values[0].value) + "*"


def test_every_code_is_explained_and_no_other() -> None:
    """The table and the source have the same codes."""
    found = set(used()) - {"secret-*"}
    found |= {f"secret-{each.value}" for each in Finding if each is not Finding.WORKS}
    assert found - set(explanations()) == set()
    assert set(explanations()) - found == set()


def test_a_repeated_entry_is_rejected() -> None:
    """The file's format has no room for two entries of one code."""
    repeated = CODES.read_text(encoding="utf-8") + "\n[syntax]\n"
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(repeated)


def reference() -> str:
    """Return every entry as Markdown, in alphabetical order."""
    head = (
        "# Error codes\n\n`reconciler explain CODE` prints one of these entries. "
        f"`{CODES.name}` defines them.\n<!-- UPDATE_GOLDEN=1 pytest tests/cli/test_explain.py "
        "writes this file -->\n"
    )
    entries = (
        f"\n## `{code}`\n\n{each.means}\n\n- Why: {each.why}\n- What to do: {each.do}\n"
        for code, each in explanations().items()
    )
    return head + "".join(entries)


def test_the_reference_has_every_entry() -> None:
    """The README beside the codes is rendered from them."""
    readme = CODES.with_name("README.md")
    if os.environ.get("UPDATE_GOLDEN"):
        readme.write_text(reference(), encoding="utf-8")
    assert readme.read_text(encoding="utf-8") == reference()


def test_every_entry_is_whole_sentences() -> None:
    """Each part begins with a capital, or a word of code, and ends in a full stop."""
    parts = [part for each in explanations().values() for part in each]
    assert [part for part in parts if not part.endswith(".")] == []
    assert [part for part in parts if part[0].islower()] == []


def test_a_family_explains_what_has_no_entry() -> None:
    """`unknown-label` is made of a schema's words; `unknown-sink` has its own entry."""
    assert explanation("unknown-label") == explanations()["unknown-*"]
    assert explanation("unknown-sink") != explanations()["unknown-*"]
    assert explanation("unknown-") is None
    assert explanation("nothing") is None


def test_a_code_is_explained(reconciler: "Reconciler") -> None:
    """Three paragraphs for a reader, an object for a program, a list without a code."""
    run = reconciler("explain", "lock-held")
    assert (run.code, run.err) == (0, "")
    assert [part.split()[0] for part in run.out.split("\n\n")] == [
        "lock-held",
        "Another",
        "Why:",
        "What",
    ]
    told = json.loads(reconciler("explain", "lock-held", "--format", "json").out)
    assert [each["code"] for each in told["codes"]] == ["lock-held"]
    listed = reconciler("explain").out.splitlines()
    assert [line.partition(":")[0] for line in listed] == list(explanations())


def test_an_unknown_code_is_a_usage_error(reconciler: "Reconciler") -> None:
    """The nearest one is suggested."""
    run = reconciler("explain", "lok-held")
    assert (run.code, run.out) == (64, "")
    assert run.err == "Error: there is no code `lok-held`\nhint: did you mean `lock-held`?\n"


def test_an_error_says_its_code_when_it_is_asked_to(reconciler: "Reconciler") -> None:
    """The output stays calm without `-v`."""
    assert "explain" not in reconciler("plan").err
    assert "`reconciler explain error` explains this error" in reconciler("plan", "-v").err
