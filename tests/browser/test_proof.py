"""The page of `verify`, in a real Chromium."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.apply.verify import Finding, SecretCheckResult
from reconciler.cli.views.verify import Row
from reconciler.cli.views.verify_page import render
from reconciler.model.address import Address

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Proof = Callable[[int, int], Path]
Show = Callable[..., "Page"]
Violations = Callable[["Page"], list[tuple[str, object]]]
REASONS: Final[Mapping[Finding, str]] = {
    Finding.REFUSED: "Domo refused it: invalid_client",
    Finding.STALE: "it holds the secret of another client",
    Finding.UNREADABLE: "`out/x.json` cannot be read: No such file",
    Finding.UNPROVEN: "no answer from api.domo.com: timed out",
    Finding.UNKNOWN: "sealed",
}


def rows(instances: int, clients: int) -> Iterator[Row]:
    """Yield what a fleet's verify found: most work, and something of everything else."""
    for number in range(instances * clients):
        instance, client = divmod(number, clients)
        finding = Finding.WORKS
        if client == 3:
            finding = Finding.UNKNOWN
        elif number % 211 == 7:
            finding = list(REASONS)[number // 211 % 4]
        yield Row(
            answer=SecretCheckResult(
                address=Address(f"acme-{instance:04}", f"Client {client:02}"),
                place="state",
                finding=finding,
                reason=REASONS.get(finding, ""),
                hint="look at it" if finding.fails else None,
            ),
            age=number % 200,
            due=90 - number % 100 if client % 2 else None,
        )


@pytest.fixture
def proof(tmp_path: Path) -> Callable[[int, int], Path]:
    """Return a function that writes the page of a fleet of this size to a file."""

    def write(instances: int, clients: int) -> Path:
        path = tmp_path / "proof.html"
        text = render(list(rows(instances, clients)), at="2026-03-01T00:00:00Z")
        path.write_text(text, encoding="utf-8")
        return path

    return write


def shown(page: "Page") -> "Locator":
    """Return the findings in sight."""
    return page.locator(".change:visible")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1600, "light")])
def test_it_is_accessible_and_fits(
    proof: Proof, show: Show, violations: Violations, width: int, scheme: str
) -> None:
    """With everything unfolded axe finds no violation, and the page never scrolls sideways."""
    page = show(proof(60, 16), viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.locator(".which summary").first.click()
    page.locator("#matrix button").first.click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_findings_are_chosen_by_tile_and_by_name(proof: Proof, show: Show) -> None:
    """The worst come first; a tile shows only its own, and a name those that hold for it."""
    page = show(proof(60, 16))
    kinds = [each.get_attribute("data-kind") for each in shown(page).all()]
    assert kinds == ["refused", "stale", "unreadable", "unproven", "unknown"]
    page.get_by_role("button", name="unreadable").click()
    assert shown(page).count() == 1
    assert page.locator("#shown").inner_text() == "1 of 5 findings"
    page.get_by_role("button", name="unreadable").click()
    page.get_by_label("Filter the findings").fill("acme-0059")
    assert [each.get_attribute("data-kind") for each in shown(page).all()] == ["unknown"]


def test_a_cell_says_what_works_how_old_and_until_when(proof: Proof, show: Show) -> None:
    """The matrix has each client's finding, its age and the days until its rotation."""
    page = show(proof(60, 16))
    page.get_by_label("Fold equal rows").uncheck()
    page.get_by_label("Find an instance").fill("acme-0000")
    cells = page.locator("#matrix tbody tr").first.get_by_role("cell")
    said = [each.get_attribute("title") for each in cells.all()]
    assert "Client 07: refused, 7 days old, rotation in 83 days" in said
    assert "Client 08: works, 8 days old" in said
    assert "Client 03: secret unknown, 3 days old, rotation in 87 days" in said
    page.get_by_label("Find an instance").fill("acme-0005")
    due = page.locator("#matrix tbody tr").first.get_by_role("cell", name="rotation is due")
    assert due.count() == 3
    page.get_by_label("Find an instance").fill("")
    page.get_by_label("Only rows that want a look").check()
    assert page.locator("#rows-shown").inner_text().startswith("18 instances, ")


def test_a_large_fleet_is_small(proof: Proof, show: Show) -> None:
    """1,000 instances × 50 clients are a page of a few megabytes with few rows in the document."""
    path = proof(1_000, 50)
    assert path.stat().st_size < 2_000_000
    page = show(path)
    page.get_by_label("Fold equal rows").uncheck()
    assert page.locator("#rows-shown").inner_text().startswith("1,000 instances, ")
    assert page.locator("#matrix tbody tr").count() < 100
