"""Docstrings, comments, messages and documents are written in plain words."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]

PACKAGES: Final = (
    "apply", "cli", "credentials", "documents", "domo", "manifest", "model", "operations",
    "plan", "ports", "sandbox", "sinks", "state", "stores", "system",
)  # fmt: skip
"""The packages of `reconciler` that keep the rules."""

DOCUMENTS: Final = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "examples/azure-pipelines/README.md",
    "examples/fleet/README.md",
    "examples/github-actions/README.md",
    "examples/gitlab-ci/README.md",
    "examples/life-of-a-client/README.md",
    "examples/quickstart/README.md",
    "reconciler/apply/README.md",
    "tests/README.md",
    "tests/bench/README.md",
)
"""The documents that keep the rules."""

AVOIDED: Final = re.compile(
    r"\b(?:nobody|somebody|whoever|anew|mend(?:s|ed|ing)?|reckon(?:s|ed|ing)?|(?-i:is none)"
    r"|lives on|(?:is|are|was|goes|go|gone) on with|all that|at hand)\b|, (?:as|for) it\b",
    re.IGNORECASE,
)
"""Words for which a plainer one exists: another process, again, fix, compute, because …"""

IF_PER_WHERE: Final = 3
"""A condition begins with `if`; `where` is for places, which are rarer."""


def prose_of_module(path: Path) -> Iterator[str]:
    """Yield each string and comment of a module; an f-string is its constant parts."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def prose(name: str) -> list[str]:
    """Return the prose of a package or of a document, each text on one line."""
    if name.endswith(".md"):
        found = [(ROOT / name).read_text(encoding="utf-8")]
    else:
        modules = sorted((ROOT / "reconciler" / name).rglob("*.py"))
        assert modules
        found = [text for path in modules for text in prose_of_module(path)]
    return [" ".join(each.split()) for each in found]


@pytest.mark.parametrize("name", [*PACKAGES, *DOCUMENTS])
def test_no_text_has_a_word_to_avoid(name: str) -> None:
    """The words of the list are in no string, comment or document."""
    found = [
        each[max(0, match.start() - 30) : match.end() + 30]
        for each in prose(name)
        for match in AVOIDED.finditer(each)
    ]
    assert found == []


@pytest.mark.parametrize("name", [*PACKAGES, *DOCUMENTS])
def test_conditions_begin_with_if(name: str) -> None:
    """There are three times as many `if` as `where`."""
    text = " ".join(prose(name))
    conditions, places = (
        len(re.findall(rf"\b{each}\b", text, re.IGNORECASE)) for each in ("if", "where")
    )
    assert conditions >= IF_PER_WHERE * places
