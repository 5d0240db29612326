"""Placeholders and literal braces."""

import pytest

from reconciler.model.placeholders import fill, parts, static_folder


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{instance}", "acme"),
        ("{{instance}}", "{instance}"),
        ("{{{instance}}}", "{acme}"),
        ("{{}}", "{}"),
        ('{{"kind": "{instance}"}}', '{"kind": "acme"}'),
        ("a}}b", "a}b"),
        ("a { b", "a { b"),
        ("plain", "plain"),
    ],
)
def test_fill_with_doubled_braces_gives_literal_braces(template: str, filled: str) -> None:
    """Doubled braces stand for one brace, and single ones for a placeholder."""
    assert fill(template, {"instance": "acme"}) == filled
    divided = parts(template)
    divided[1::2] = ["acme"] * len(divided[1::2])
    assert "".join(divided) == filled


def test_static_folder_keeps_literal_braces() -> None:
    """A literal brace in a folder's name is no placeholder."""
    assert static_folder("kept/{{x}}/{instance}.json") == "kept/{x}"
