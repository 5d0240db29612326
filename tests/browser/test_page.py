"""The page of a plan, in a real Chromium."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Pages = Callable[[int, int], Path]
Show = Callable[..., "Page"]
Violations = Callable[["Page"], list[tuple[str, Any]]]
WIDTHS: Final = (360, 900, 1600)


def entries(page: "Page") -> list[str]:
    """Return the names of the changes in sight, with their kinds."""
    found = page.locator(".change:visible")
    return [
        f"{each.get_attribute('data-kind')} {each.locator('strong').inner_text()}"
        for each in found.all()
    ]


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1600, "dark")])
def test_it_is_accessible(
    pages: Pages, show: Show, violations: Violations, width: int, scheme: str
) -> None:
    """With everything unfolded, axe finds no violation at all."""
    page = show(pages(60, 16), viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.locator(".which summary").first.click()
    page.locator("#matrix button").first.click()
    page.get_by_role("button", name="rotate").click()
    assert violations(page) == []


def test_nothing_overflows(pages: Pages, show: Show) -> None:
    """At no width does the page scroll sideways, whatever is unfolded."""
    page = show(pages(60, 16))
    page.locator(".which summary").first.click()
    page.locator("#matrix button").first.click()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_dark_is_dark(pages: Pages, show: Show) -> None:
    """The page follows the reader's scheme."""
    colour = "getComputedStyle(document.body).backgroundColor"
    assert show(pages(60, 16), color_scheme="dark").evaluate(colour) == "rgb(14, 18, 23)"
    assert show(pages(60, 16), color_scheme="light").evaluate(colour) == "rgb(246, 247, 249)"


def test_tiles_choose_kinds(pages: Pages, show: Show) -> None:
    """A tile shows only its kind, several show all of theirs, and none shows everything."""
    page = show(pages(60, 16))
    everything = entries(page)
    assert everything[0] == "revoke Legacy bridge"
    assert len(everything) == 7
    page.get_by_role("button", name="revoke").click()
    assert entries(page) == ["revoke Legacy bridge"]
    assert page.locator("#shown").inner_text() == "1 of 7 changes"
    page.get_by_role("button", name="deliver").click()
    assert entries(page) == ["revoke Legacy bridge", "deliver Billing"]
    page.get_by_role("button", name="revoke").click()
    page.get_by_role("button", name="deliver").click()
    assert entries(page) == everything
    assert page.locator("#shown").inner_text() == "7 changes"


def test_the_field_finds_names_instances_and_lines(pages: Pages, show: Show) -> None:
    """Every word must be in the entry, or in one of the instances that it stands for."""
    page = show(pages(60, 16))
    query = page.get_by_label("Filter the changes")
    for text, found in (
        ("legacy", ["revoke Legacy bridge"]),
        ("acme-0033", ["rotate User sync", "create Archive"]),
        ("ACME-0033 create", ["create Archive"]),
        ("reconciler.yaml:15", ["create Reporting"]),
        ("nothing has this", []),
        ("", ["revoke Legacy bridge"]),
    ):
        query.fill(text)
        assert entries(page)[: max(1, len(found))] == found


def test_the_instances_of_a_change_can_be_opened(pages: Pages, show: Show) -> None:
    """An entry that only counts its instances names them when it is asked."""
    page = show(pages(60, 16))
    rotation = page.locator(".change", has_text="User sync")
    assert "on 20 of the 60 instances" in rotation.inner_text()
    rotation.locator("summary").click()
    names = rotation.get_by_role("group", name="Instances").inner_text().split(", ")
    assert names == [f"acme-{number:04}" for number in range(0, 60, 3)]


def test_equal_rows_are_one(pages: Pages, show: Show) -> None:
    """A fleet's common state is one row with a count; the others stand out, and all can be seen."""
    page = show(pages(60, 16))
    rows = page.locator("#matrix tbody tr:not(.gap)")
    first = rows.first
    assert first.get_by_role("button").inner_text().endswith("instances like acme-0001")
    folded = rows.count()
    first.get_by_role("button").press("Enter")
    assert page.evaluate("document.activeElement.ariaExpanded") == "true"
    assert rows.count() > folded
    page.get_by_label("Fold equal rows").uncheck()
    assert page.locator("#rows-shown").inner_text().startswith("60 instances, ")
    page.get_by_label("Find an instance").fill("acme-0008")
    assert rows.count() == 1
    cell = rows.first.get_by_role("cell", name="revoke")
    assert cell.get_attribute("title") == "Legacy bridge: revoke"
    page.get_by_label("Find an instance").fill("")
    page.get_by_label("Only rows with changes").check()
    assert page.locator("#rows-shown").inner_text().startswith("59 instances, ")


def test_it_works_from_the_keyboard(pages: Pages, show: Show) -> None:
    """The first key leads past the head, and the table scrolls with the arrow keys."""
    page = show(pages(60, 16), viewport={"width": 360, "height": 700})
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the changes"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "query"
    page.locator("#matrix").focus()
    page.keyboard.press("ArrowRight")
    until = time.monotonic() + 10
    while not page.evaluate("document.getElementById('matrix').scrollLeft"):
        assert time.monotonic() < until


def test_a_large_fleet_stays_usable(pages: Pages, show: Show) -> None:
    """1,000 instances × 50 clients: small, with a few rows in the document."""
    path = pages(1_000, 50)
    assert path.stat().st_size < 5_000_000
    page = show(path, viewport={"width": 1600, "height": 1000})
    page.get_by_label("Fold equal rows").uncheck()
    assert page.locator("#rows-shown").inner_text().startswith("1,000 instances, ")
    assert page.locator("#matrix tbody tr").count() < 100
    page.locator("#matrix").evaluate("each => { each.scrollTop = each.scrollHeight }")
    page.get_by_role("rowheader", name="acme-0999", exact=True).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 1600


def test_print_has_every_row_and_no_controls(pages: Pages, show: Show) -> None:
    """On paper nothing can be scrolled or filtered."""
    page = show(pages(60, 16))
    page.get_by_label("Fold equal rows").uncheck()
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#matrix tbody tr:not(.gap)").count() == 60
    assert not page.locator("#query").is_visible()


def test_without_a_script_the_changes_are_there(pages: Pages, show: Show) -> None:
    """What needs the script is hidden or said to need it; counts and changes do not."""
    page = show(pages(60, 16), java_script_enabled=False)
    assert len(entries(page)) == 7
    assert page.get_by_text("need JavaScript").is_visible()
    assert not page.locator("#query").is_visible()
