"""A plan for a pull request and as a page, whole runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler

MANIFEST: Final = """\
version: 1
defaults: {auth: {method: token, token: {env: T}}}
instances:
  acme:
    clients: [{name: ETL, scope: [data]}]
"""
BASE: Final = "https://git.example/main"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    """Write a manifest of one client."""
    (tmp_path / "reconciler.yaml").write_text(MANIFEST)
    return tmp_path


def test_a_comment_links_below_the_base(reconciler: "Reconciler") -> None:
    """Standard output is the comment alone, with links that work from anywhere."""
    run = reconciler("plan", "--format", "markdown", "--link-base", BASE)
    assert run.code == 0
    assert run.out.startswith("<!-- reconciler:plan -->\n\n### domo-reconciler plan: 1 to create\n")
    assert f"[`reconciler.yaml:5`]({BASE}/reconciler.yaml#L5)" in run.out


def test_a_page_has_the_fleets_table(reconciler: "Reconciler") -> None:
    """Made from the manifest, the page knows every client."""
    run = reconciler("plan", "--format", "html", "--link-base", BASE)
    assert run.code == 0
    assert run.out.startswith("<!doctype html>\n")
    assert 'id="matrix"' in run.out
    assert f'href="{BASE}/reconciler.yaml#L5"' in run.out


def test_a_saved_plan_is_shown_in_both(reconciler: "Reconciler") -> None:
    """Without the manifest the page has no table, and the comment is the same."""
    made = reconciler("plan", "--format", "markdown", "--out", "plan.json")
    assert (
        reconciler("show", "plan.json", "--format", "markdown").out.splitlines()[:3]
        == (made.out.splitlines()[:3])
    )
    page = reconciler("show", "plan.json", "--format", "html")
    assert page.code == 0
    assert 'id="matrix"' not in page.out


@pytest.mark.parametrize("base", ["javascript:alert(1)", "//git.example", "main"])
def test_only_a_page_is_a_base(reconciler: "Reconciler", base: str) -> None:
    """What is no web address does not become a link's target."""
    run = reconciler("plan", "--format", "html", "--link-base", base)
    assert (run.code, run.out) == (64, "")
    assert "write a URL, as in https://" in run.err
