"""The form in which names are compared, and the names of successors."""

import pytest

from reconciler.model.client_name import form, successor


@pytest.mark.parametrize(
    "spelling", ["Café  Export", " café export ", "CAFÉ EXPORT", "Cafe\u0301\u00a0Export"]
)
def test_names_that_domo_may_take_as_equal_have_one_form(spelling: str) -> None:
    """Case, Unicode form and blanks make no difference."""
    assert form(spelling) == form("Café Export")


def test_a_number_in_another_case_is_taken() -> None:
    """The successor's number is free only if no spelling of its name is taken."""
    assert successor("Reporting", "REPORTING (2)", {"reporting (3)"}) == "Reporting (4)"
