"""A plan as a page, without a browser."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.address import Address
from reconciler.model.instance import Endpoints
from reconciler.model.manifest import CountOrPercent, Limits
from reconciler.model.source_location import SourceLocation
from reconciler.plan.action import Action, Kind, Notice, Origin, Plan, Problem
from reconciler.plan.render.fleet_table import create_table
from reconciler.plan.render.html import MOST, render_html

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}\u202e\x1b`x`"
BASE = "https://git.example/main"


class Reader(HTMLParser):
    """Gathers the elements with their attributes, and the text outside style and script."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        if self.elements and self.elements[-1][0] not in ("style", "script"):
            self.text += data


def read(page: str) -> Reader:
    """Return the page as a parser sees it."""
    reader = Reader()
    reader.feed(page)
    reader.text = " ".join(reader.text.split())
    return reader


def data(page: str) -> Any:
    """Return what the page gives to its script."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found
    return json.loads(found.group(1))


def page_of(fleet: "Fleet", **terms: Any) -> str:
    """Return the page of a fleet."""
    plan = fleet.plan()
    return render_html(plan, create_table(fleet.desired, plan), **terms)


def test_the_policy_allows_the_pages_own_style_and_script_alone(fleet: "Fleet") -> None:
    """Their hashes are those of what stands in the page; nothing is fetched, nothing is inline."""
    fleet.want("acme/ETL")
    page = page_of(fleet)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert style
    assert script
    hashes = [
        base64.b64encode(hashlib.sha256(each.group(1).encode()).digest()).decode()
        for each in (style, script)
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}';"
        " base-uri 'none'; form-action 'none'"
    )
    for tag, attributes in read(page).elements:
        assert tag not in ("link", "img", "iframe", "object", "base")
        assert not [
            each for each in attributes if each.startswith("on") or each in ("src", "style")
        ]


def plan_named(name: str) -> Plan:
    """Return a plan in which every text is `name`."""
    place = SourceLocation(name, 3, 1)
    actions = [
        Action(
            kind=kind,
            address=Address(name, name),
            live_name=name + "2",
            scope=(name,),
            description=name,
            sinks=(name,),
            reason=name,
            origin=Origin(place=place, client_set=name),
        )
        for kind in Kind
    ]
    return Plan(
        id=name,
        as_of=name,
        actions=tuple(actions),
        notices=(Notice(code="x", address=Address(name, name), message=name),),
        problems=(Problem(code="x", message=name, hint=name, place=place),),
        endpoints={name: (name,)},
    )


def test_no_name_becomes_markup() -> None:
    """The page has the elements that it has with harmless names; names are text there."""
    page = render_html(plan_named(EVIL), links=BASE)
    harmless = read(render_html(plan_named("harmless `x`"), links=BASE))
    found = read(page)
    assert [(tag, list(attributes)) for tag, attributes in found.elements] == [
        (tag, list(attributes)) for tag, attributes in harmless.elements
    ]
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "{{7*7}}" in found.text
    assert data(page)["subjects"] == [EVIL.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b")]
    sources = [each for tag, each in found.elements if tag == "a" and each["class"] == "source"]
    assert sources
    assert all((each["href"] or "").startswith(f"{BASE}/%3C/script%3E") for each in sources)


def test_counts_causes_and_changes_are_in_the_page_itself(fleet: "Fleet") -> None:
    """A reader without a script sees the changes, with their reasons and their lines."""
    place = SourceLocation("m.yaml", 7, 9)
    for number in range(30):
        fleet.want(f"acme-{number:02}/ETL", client_set="base", place=place, description="Nightly")
    fleet.know("acme-00/Old", on_remove="revoke")
    page = page_of(fleet, links=BASE)
    text = read(page).text
    assert "30 to create, 1 to revoke On 30 of 30 instances, 0 clients unchanged." in text
    assert "m.yaml:7 client set base: 30 to create on 30 instances" in text
    assert "− revoke Old on acme-00 data left the manifest" in text
    assert "+ create ETL on all 30 instances of client set base data secret to files" in text
    assert "Which 30 instances" in text
    assert f'href="{BASE}/m.yaml#L7"' in page
    assert "href" not in page_of(fleet).replace('href="#changes"', "")


def test_the_data_is_compact(fleet: "Fleet") -> None:
    """A name is there once, a change has runs of numbers, and a cell is one character."""
    for number in range(300):
        fleet.want(f"acme-{number:03}/ETL")
        if number != 150:
            fleet.want(f"acme-{number:03}/Else")
    found = data(page_of(fleet))
    assert len(found["subjects"]) == 300
    assert sorted(found["entries"]) == [[[0, 149], [151, 299]], [[0, 299]]]
    assert found["matrix"]["clients"] == ["ETL", "Else"]
    assert found["matrix"]["rows"][149:152] == ["++", "+.", "++"]


def test_problems_endpoints_and_plain_secrets_come_first(fleet: "Fleet") -> None:
    """What a reviewer must not miss stands above the changes."""
    fleet.terms["limits"] = Limits(max_create=CountOrPercent(number=0))
    for number in range(60):
        domain = f"a-{number}.domo.com"
        proxy = Endpoints(api=f"http://proxy-{number}", instance=f"https://{domain}")
        fleet.instance(f"a-{number}", endpoints=proxy, foreign=True)
    fleet.want("a-1/New")
    text = read(page_of(fleet)).text
    assert "Apply needs leave for this plan" in text
    assert "narrow it with --target, or allow it with --override-limits" in text
    assert "http://proxy-0 serves a-0" in text
    assert "and 10 more endpoints" in text
    assert "Secrets are kept in plain" in text
    assert text.index("Secrets are kept") < text.index("New")


def test_a_plan_that_is_held_up_says_so(fleet: "Fleet") -> None:
    """Its title is no `No changes`."""
    fleet.want("acme/Protected", "user", protect=True)
    fleet.know("acme/Protected", "data")
    text = read(page_of(fleet)).text
    assert "Held up by errors" in text
    assert "This plan cannot be applied" in text
    assert "with protect: false first" in text


def test_no_changes(fleet: "Fleet") -> None:
    """A fleet that is as it is wanted still has its table."""
    fleet.both("acme/Same")
    page = page_of(fleet)
    assert "Every client is as the manifest wants it." in page
    assert 'id="matrix"' in page


def test_a_saved_plan_has_no_table(fleet: "Fleet") -> None:
    """Without the manifest nobody knows what stays as it is."""
    fleet.want("acme/New")
    page = render_html(fleet.plan())
    assert 'id="matrix"' not in page
    assert data(page)["matrix"] is None


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 more client to change is"), (5, "5 more clients")]
)
def test_what_the_list_leaves_out_is_counted(count: int, said: str) -> None:
    """A plan of endless different changes is a page all the same."""
    actions = tuple(
        Action(kind=Kind.CREATE, address=Address("acme", f"C{number}"), live_name="x")
        for number in range(MOST + count)
    )
    text = read(render_html(Plan(id="x", as_of="x", actions=actions))).text
    assert f"The list ends here: {said}" in text


def test_the_same_plan_is_the_same_page(fleet: "Fleet") -> None:
    """Nothing in it depends on when or where it was made."""
    fleet.want("acme/New")
    assert page_of(fleet) == page_of(fleet)
