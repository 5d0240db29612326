"""Clients are added to a manifest's text, and everything else in it stays."""

from collections.abc import Iterator

import pytest

from reconciler.manifest.yaml.editor import inserted


def item(indent: int) -> Iterator[str]:
    """Yield one entry."""
    yield " " * indent + "- new"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  a: {}\n", "  a:\n    clients:\n      - new\n"),
        ("  a:  # why\n  b: {}\n", "  a:  # why\n    clients:\n      - new\n  b: {}\n"),
        ("  a: ~\n", "  a:\n    clients:\n      - new\n"),
        (
            "  a:\n    domain: d\n\n  # b\n",
            "  a:\n    domain: d\n    clients:\n      - new\n\n  # b\n",
        ),
        ("  a:\n    clients: []  # none\n", "  a:\n    clients:   # none\n      - new\n"),
        (
            "  a:\n    clients:\n    - x\n    - y\n",
            "  a:\n    clients:\n    - x\n    - y\n    - new\n",
        ),
        (
            "  a:\n     clients:\n        - x:\n            y\n     labels: {}\n",
            "  a:\n     clients:\n        - x:\n            y\n        - new\n     labels: {}\n",
        ),
        ("  a:\r\n    clients:\r\n", "  a:\r\n    clients:\r\n      - new\r\n"),
        ("  a: {clients: []}\n", None),
        ("  a:\n    clients: [x]\n", None),
        ("  a:\n    clients: *those\n", None),
    ],
)
def test_an_entry_comes_last_in_its_list(before: str, after: str | None) -> None:
    """It has the indent of its siblings, and no comment or blank line moves."""
    assert inserted(before, line=1, entries=item) == after
