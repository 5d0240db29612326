"""The page of `verify`, as text: what is in it without a browser."""

from reconciler.apply.verify import Finding, SecretCheckResult
from reconciler.cli.views.verify import Row
from reconciler.cli.views.verify_page import render
from reconciler.model.address import Address

AT = "2026-03-01T00:00:00Z"


def row(
    address: str, finding: Finding, reason: str = "", place: str = "state", **terms: int
) -> Row:
    """Return what was found out about a client in one place."""
    return Row(
        answer=SecretCheckResult(
            address=Address.parse(address), place=place, finding=finding, reason=reason, hint=None
        ),
        age=terms.get("age", 3),
        due=terms.get("due"),
    )


def test_the_worst_place_of_a_client_decides() -> None:
    """A client whose file is refused does not work, though the secret in the state is right."""
    page = render(
        [
            row("acme/ETL", Finding.WORKS),
            row("acme/ETL", Finding.REFUSED, "no", place="out/etl.json"),
        ],
        at=AT,
    )
    assert '"rows":["r"]' in page
    assert "1 client on 1 instance, in 2 places." in page


def test_rotations_are_counted_by_when_they_are_due() -> None:
    """What is due stands first, and what nothing asks for is said."""
    days = {"A": -9, "B": 3, "C": 20, "D": 80}
    found = [row(f"acme/{name}", Finding.WORKS, due=due) for name, due in days.items()]
    page = render([*found, row("acme/E", Finding.WORKS, age=400)], at=AT)
    assert "1 due now, 1 within 7 days, 1 within 30 days, 1 later, 1 never" in page
    assert "The oldest client is 400 days old." in page
    assert page.index("9 days ago") < page.index("in 3 days") < page.index("in 20 days")
    assert "in 80 days</td>" not in page


def test_nothing_to_verify_is_a_page() -> None:
    """An empty state has nothing to show, and says so."""
    assert "The state knows no client to verify." in render([], at=AT)


def test_a_reason_cannot_become_markup() -> None:
    """What Domo or a file said stands there as text."""
    page = render([row("acme/ETL", Finding.REFUSED, "<img src=x> `</script>`\u202e")], at=AT)
    assert "<img" not in page
    assert "&lt;img src=x&gt; <code>&lt;/script&gt;</code>\\u202e" in page
