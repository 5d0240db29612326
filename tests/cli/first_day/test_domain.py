"""A `domain` that is no host name: `validate` shows the line to write, and so does an editor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

from tests.cli.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Reconciler


@pytest.mark.parametrize(
    "written",
    [
        "acme",
        "https://acme.domo.com",
        "https://acme.domo.com/",
        "HTTP://Acme.domo.com/page/1",
        "acme.domo.com:443",
        "acme.domo.com/",
        "acme.domo.com.",
        "https://acme",
    ],
)
def test_a_domain_that_is_no_host_name_shows_the_line_to_write(
    tmp_path: Path, reconciler: Reconciler, written: str
) -> None:
    """The published schema refuses it as well, so an editor underlines it."""
    text = f"version: 1\ninstances:\n  acme: {{domain: '{written}'}}\n"
    (tmp_path / "reconciler.yaml").write_text(text)
    run = reconciler("validate")

    assert run.code == 1
    assert "reconciler.yaml:3:18: error: `domain` must be a bare host name" in run.out + run.err
    assert "hint: write `domain: acme.domo.com`" in run.out + run.err
    schema = json.loads((ROOT / "schemas" / "manifest.v1.schema.json").read_bytes())
    manifest = {"version": 1, "instances": {"acme": {"domain": written}}}
    assert not jsonschema_rs.is_valid(schema, manifest)


def test_a_domain_with_a_user_is_not_repeated(tmp_path: Path, reconciler: Reconciler) -> None:
    """What stands before an `@` may be a password."""
    text = "version: 1\ninstances:\n  acme: {domain: 'https://ops:hunter2@acme.domo.com'}\n"
    (tmp_path / "reconciler.yaml").write_text(text)
    run = reconciler("validate")

    assert run.code == 1
    assert "hint: write" not in run.out + run.err


@pytest.mark.parametrize("domain", ["name-dev-1000.demo.domo.com", "acme.dev.domo.com"])
def test_a_domain_of_a_developer_sandbox_is_valid(
    tmp_path: Path, reconciler: Reconciler, domain: str
) -> None:
    """An instance need not be directly under domo.com."""
    (tmp_path / "reconciler.yaml").write_text(
        f"version: 1\ninstances:\n  acme: {{domain: {domain}}}\n"
    )

    assert reconciler("validate").code == 0
