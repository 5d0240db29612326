"""A plan as text."""

import re
from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.model.instance import Endpoints
from reconciler.model.manifest import Moved
from reconciler.model.secret import Secret
from reconciler.model.source_location import SourceLocation
from reconciler.model.strings import ascii_signs
from reconciler.plan.render.grouping import group_problems
from reconciler.plan.render.markdown import render_markdown
from reconciler.plan.render.text import render_text, summary
from reconciler.plan.selection import Selection
from reconciler.state.model import Plain

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet

PLAIN = "  • secrets are kept in plain: the manifest asks for no `encryption`"


@pytest.fixture
def sealed(fleet: "Fleet") -> "Fleet":
    """Return a fleet whose secrets are sealed, so that no plan has a note about it."""
    fleet.terms["recipients"] = ("age1x",)
    return fleet


def test_a_plan_of_every_kind(fleet: "Fleet") -> None:
    """What ends comes first, each change has its reason and its place, the counts come last."""
    fleet.want("acme/Created", "data", "user", sinks=("files", "vault"), description="Nightly ETL")
    fleet.want("acme/Replaced", "user", client_set="base")
    fleet.know("acme/Replaced", "data")
    fleet.want("acme/Rotated")
    fleet.know("acme/Rotated", delivered={})
    fleet.want("acme/Waiting")
    fleet.know("acme/Waiting", delivered={}, secret=Plain(secret=Secret("s")))
    fleet.know("acme/Revoked", on_remove="revoke")
    fleet.know("acme/Forgotten", on_remove="forget")
    fleet.know("acme/Kept")
    fleet.both("acme/Same")
    assert render_text(fleet.plan()) == (
        "  # acme/Revoked will be destroyed\n"
        "  - Revoked [data]  (reconciler.yaml:1)\n"
        "      left the manifest\n"
        "\n"
        "  # acme/Replaced must be replaced\n"
        "  ± Replaced (2) [user] → files  (reconciler.yaml:11, client set base)\n"
        "      scope data → user\n"
        "\n"
        "  # acme/Rotated will be rotated\n"
        "  ↻ Rotated (2) [data] → files  (reconciler.yaml:12)\n"
        "      its secret is lost: no sink ever had it\n"
        "\n"
        "  # acme/Created will be created\n"
        "  + Created [data user] → files, vault  (reconciler.yaml:10)\n"
        "      “Nightly ETL”\n"
        "\n"
        "  # acme/Waiting will be delivered\n"
        "  → Waiting [data] → files  (reconciler.yaml:13)\n"
        "      not delivered yet\n"
        "\n"
        "  # acme/Forgotten will be forgotten\n"
        "  ! Forgotten [data]  (reconciler.yaml:1)\n"
        "      left the manifest\n"
        "\n"
        "Notes:\n"
        "  • acme/Kept: left the manifest and is kept (`on_remove: keep`)\n"
        f"{PLAIN}\n"
        "\n"
        "1 client unchanged.\n"
        "Plan id 625d8bb0ee1127caa3418ab6f6d27d9da0902fbbea674b1f433bd640381ac36c\n"
        "Plan: 1 to create, 1 to replace, 1 to rotate, 1 to deliver, 1 to revoke, 1 to forget.\n"
    )


def test_nothing_to_do_is_said_in_one_line(sealed: "Fleet") -> None:
    """A plan without changes has no entries."""
    sealed.both("acme/A")
    sealed.both("acme/B")
    assert render_text(sealed.plan()) == ("2 clients unchanged.\nNo changes.\n")


def test_what_errors_hold_up_is_not_called_no_changes(sealed: "Fleet") -> None:
    """A plan that is empty only because of errors does not look like one that is done."""
    sealed.want("acme/A", "user", protect=True)
    sealed.know("acme/A", "data")
    assert summary(sealed.plan()) == ("Nothing is planned: what would change is held up by errors.")


def test_the_lines_are_those_that_ci_tools_read(fleet: "Fleet") -> None:
    """The expressions of tfcmt find the counts, and every headline, that of a group too."""
    for number in range(7):
        fleet.want(f"acme-{number}/ETL")
    fleet.want("acme-1/Else")
    text = render_text(fleet.plan())
    assert re.search(r"(?m)^Plan: \d", text)
    assert re.findall(r"(?m)^ *# (.*) will be created$", text) == [
        "ETL on all 7 instances",
        "acme-1/Else",
    ]
    assert text.splitlines()[-1] == "Plan: 8 to create."
    assert re.search(r"(?m)^No changes\.", render_text(fleet.plan(state=None)) or "") is None


@pytest.mark.parametrize(
    ("count", "without", "headline"),
    [
        (2, 0, "ETL on all 2 instances"),
        (1_000, 0, "ETL on all 1,000 instances"),
        (1_000, 2, "ETL on 998 instances, except acme-0000, acme-0001,"),
        (1_000, 5, "ETL on 995 instances, except acme-0000, acme-0001, acme-0002, acme-0003,"),
        (1_000, 6, "ETL on 994 instances"),
        (1_000, 997, "ETL on acme-0997, acme-0998, acme-0999"),
        (1_000, 994, "ETL on 6 instances"),
    ],
)
def test_equal_changes_are_one_entry(
    count: int, without: int, headline: str, sealed: "Fleet"
) -> None:
    """A fleet reads as a fleet: all, all but a few, a few by name, or how many."""
    for number in range(count):
        sealed.want(f"acme-{number:04}/{'Else' if number < without else 'ETL'}")
        sealed.know(f"acme-{number:04}/Else")
    entries = [line for line in render_text(sealed.plan()).splitlines() if " ETL on " in line]
    assert len(entries) == 1
    assert entries[0].removeprefix("  # ").startswith(headline)
    assert entries[0].endswith(" will be created")


def test_the_instances_of_a_middling_group_are_listed(sealed: "Fleet") -> None:
    """Up to twenty names are shown below their entry, and all of them with -v."""
    for number in range(60):
        sealed.want(f"acme-{number:02}/{'ETL' if number < 12 else 'Else'}")
    text = render_text(sealed.plan())
    assert "# ETL on 12 instances will be created\n" in text
    assert "      on acme-00, acme-01, acme-02" in text
    assert "acme-59" not in text
    verbose = render_text(sealed.plan(), verbose=True)
    assert "acme-59" in verbose
    assert f"Plan id {sealed.plan().id}\nPlan: 60 to create.\n" in verbose
    assert all(len(line) <= 106 for line in verbose.splitlines())


def test_a_client_sets_entry_refers_to_the_set(sealed: "Fleet") -> None:
    """`All` are the instances that the set is on, not those of the fleet."""
    for number in range(9):
        sealed.want(f"acme-{number}/ETL", client_set="base", place=SourceLocation("m.yaml", 7, 1))
    for number in range(9, 20):
        sealed.want(f"acme-{number:02}/Else")
    text = render_text(sealed.plan())
    assert "# ETL on all 9 instances of client set base will be created" in text
    assert "(m.yaml:7, client set base)" in text
    sealed.know("acme-0/ETL")
    again = render_text(sealed.plan())
    assert "# ETL on 8 instances of client set base, except acme-0, will be created" in again


def test_all_are_the_whole_client_set_in_a_narrowed_plan(sealed: "Fleet") -> None:
    """A plan that was narrowed to a part of a set does not call this part all of the set."""
    for number in range(12):
        sealed.want(f"acme-{number:02}/ETL", client_set="base")
    three = render_text(sealed.plan(selection=Selection(targets=("acme-0[0-2]",))))
    assert "# ETL on acme-00, acme-01, acme-02 will be created" in three
    ten = render_text(sealed.plan(selection=Selection(targets=("acme-0?",))))
    assert (
        "# ETL on 10 instances of client set base, except acme-10, acme-11, will be created" in ten
    )
    six = render_text(sealed.plan(selection=Selection(targets=("acme-0[0-5]",))))
    assert "# ETL on 6 of the 12 instances of client set base will be created" in six


def test_what_differs_is_an_entry_of_its_own(sealed: "Fleet") -> None:
    """Another scope, sink or description is another change; another line is not."""
    sealed.want("a/ETL")
    sealed.want("b/ETL")
    sealed.want("c/ETL", "user")
    sealed.want("d/ETL", sinks=("vault",))
    sealed.want("e/ETL", description="x")
    text = render_text(sealed.plan())
    assert text.count("  # ") == 4
    assert "# ETL on a, b will be created" in text
    assert "(reconciler.yaml:10 and 1 more)" in text


def test_a_group_of_what_left_lists_its_instances(sealed: "Fleet") -> None:
    """Instances that are not in the manifest are no part of `all`."""
    sealed.instance("acme")
    for key in ("gone-1", "gone-2"):
        sealed.know(f"{key}/ETL", on_remove="forget")
    assert "# ETL on gone-1, gone-2 will be forgotten" in render_text(sealed.plan())


def test_equal_notices_are_one_line(sealed: "Fleet") -> None:
    """A thousand kept clients are not a thousand lines; -v names them all."""
    sealed.instance("acme")
    for number in range(1_000):
        sealed.know(f"acme/Client {number:03}")
    text = render_text(sealed.plan())
    assert text.count("left the manifest") == 1
    assert "  • 1,000 clients (acme/Client 000, acme/Client 001," in text
    assert "and 995 more): left" in " ".join(text.split())
    assert "Client 999" not in text
    assert "acme/Client 999" in " ".join(render_text(sealed.plan(), verbose=True).split())


def test_endpoints_that_are_not_domos_are_shown(sealed: "Fleet") -> None:
    """Each foreign base URL is in every plan, with the instances behind it."""
    for number in range(7):
        sealed.instance(
            f"acme-{number}",
            endpoints=Endpoints(api="http://proxy/api", instance=f"http://proxy/acme-{number}"),
            foreign=True,
        )
    sealed.instance(
        "half", endpoints=Endpoints(api="http://p", instance="https://half.domo.com"), foreign=True
    )
    plan = sealed.plan()
    assert plan.endpoints["http://p"] == ("half",)
    assert "https://half.domo.com" not in plan.endpoints
    text = render_text(plan)
    assert "  • not Domo's: http://p serves half\n" in text
    assert "http://proxy/api serves 7 instances\n" in text
    assert "  • not Domo's: 4 more endpoints\n" in text
    assert "more endpoints" not in render_text(plan, verbose=True)


def test_colour_is_only_colour(fleet: "Fleet") -> None:
    """Without its escapes a coloured plan is the plain one."""
    fleet.want("acme/A")
    fleet.know("acme/B", on_remove="revoke")
    coloured = render_text(fleet.plan(), colour=True)
    assert "\x1b[32m+ A\x1b[0m" in coloured
    assert "\x1b[31m- B\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9]*m", "", coloured) == render_text(fleet.plan())


def test_a_terminal_without_unicode_gets_other_signs(fleet: "Fleet") -> None:
    """Every sign of the tool's own has one in ASCII."""
    fleet.want("acme/A", "user", description="x")
    fleet.know("acme/A", "data", description="y")
    fleet.want("acme/B")
    fleet.know("acme/B", delivered={})
    text = ascii_signs(render_text(fleet.plan()))
    assert text.isascii()
    assert "  -/+ A (2) [user] -> files" in text
    assert "  ~ B (2) [data] -> files" in text


def test_equal_problems_are_one(fleet: "Fleet") -> None:
    """One cause on many instances is said once, with the first few addresses."""
    for number in range(40):
        fleet.want(f"acme-{number:02}/ETL", "user", protect=True)
        fleet.know(f"acme-{number:02}/ETL", "data")
    fleet.want("globex/Else", "user", protect=True)
    fleet.know("globex/Else", "audit")
    many, one = group_problems(fleet.plan().problems)
    assert many.message == (
        "each of 40 clients is protected, and this would replace it: scope data → user: "
        "acme-00/ETL, acme-01/ETL, acme-02/ETL, acme-03/ETL, acme-04/ETL and 35 more"
    )
    assert one.message.startswith("globex/Else is protected")
    assert "each of 40 clients" in render_markdown(fleet.plan())


def test_moves_are_counted(fleet: "Fleet") -> None:
    """A plan that only gives addresses is no plan without changes."""
    fleet.both("acme/New")
    fleet.known[Address("acme", "Old")] = fleet.known.pop(Address("acme", "New"))
    fleet.terms["moved"] = (
        Moved(source="acme/Old", target="acme/New", place=SourceLocation("m.yaml", 4, 3)),
    )
    plan = fleet.plan()
    assert (plan.moves, plan.actions) == (1, ())
    text = render_text(plan)
    assert text.splitlines()[-1] == "Plan: 1 to move."
    assert "1 client of acme/Old is now of acme/New (m.yaml:4)" in text
    assert "### domo-reconciler plan: 1 to move" in render_markdown(plan)


def test_a_narrow_terminal_gets_narrow_lines(fleet: "Fleet") -> None:
    """At 60 columns only the plan's id runs over, and what is said is the same."""
    fleet.want("acme/A client with quite a long name", "user data", description="word " * 30)
    fleet.know("acme/A client with quite a long name", "data", description="y")
    fleet.know("acme/Another one that left the manifest", "data")
    narrow, wide = (render_text(fleet.plan(), width=width, verbose=True) for width in (60, 1000))
    long = [line for line in narrow.splitlines() if len(line) > 60]
    assert [line.split()[:2] for line in long] == [["Plan", "id"]]
    assert narrow.split() == wide.split()


def test_names_cannot_move_the_cursor(fleet: "Fleet") -> None:
    """What a state or a server says is escaped wherever it is shown."""
    evil = "\x1b[2J\u202e"
    fleet.want(f"acme/A{evil}", evil, description=evil, sinks=(f"files{evil}",), client_set=evil)
    fleet.know(f"acme/B{evil}", live_name=f"B{evil}")
    fleet.know(f"acme/C{evil}", live_name=f"C{evil}", on_remove="revoke")
    text = render_text(fleet.plan(), verbose=True)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "A\\x1b[2J\\u202e" in text
