"""Slugs: names as parts of paths, in every script."""

import pytest

from reconciler.model.strings import slug


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Automation Client", "automation-client"),
        ("a_b--C 9!", "a-b-c-9"),
        ("!!!", "client"),
        ("", "client"),
        ("Über Straße", "uber-straße"),
        ("Cafe\u0301", "cafe"),
        ("世界", "世界"),
        ("世界/../API", "世界-api"),
        ("／x", "x"),
        ("한글", "한글"),
        ("¡—!", "client"),
    ],
)
def test_a_slug_keeps_letters_and_digits(name: str, made: str) -> None:
    """Accents go, letters of other scripts stay, all else becomes one dash."""
    assert slug(name) == made
