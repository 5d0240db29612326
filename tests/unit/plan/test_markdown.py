"""A plan as a comment on a pull request."""

from typing import TYPE_CHECKING

import pytest

from reconciler.model.instance import Endpoints
from reconciler.model.manifest import CountOrPercent, Limits
from reconciler.model.secret import Secret
from reconciler.model.source_location import SourceLocation
from reconciler.plan.render.markdown import MARKER, render_markdown
from reconciler.plan.render.markdown_escape import code, place_link, prose
from reconciler.state.model import Plain

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet

BASE = "https://example.com/acme/clients/blob/main"
COMMENT = """\
<!-- reconciler:plan -->

### domo-reconciler plan: 1 to create, 1 to replace, 1 to rotate, 1 to deliver, \
1 to revoke, 1 to forget

On 1 of 1 instance, 1 client unchanged.

| | action | clients | instances | |
| :-: | :-- | --: | --: | :-- |
| `+` | **create** | 1 | 1 | a new client with a new secret |
| `±` | **replace** | 1 | 1 | a new client with a new secret, then the old one is revoked |
| `↻` | **rotate** | 1 | 1 | a new client with a new secret, then the old one is revoked |
| `→` | **deliver** | 1 | 1 | a known secret goes to its sink |
| `-` | **revoke** | 1 | 1 | the client is revoked: its secret stops working |
| `!` | **forget** | 1 | 1 | the state forgets it; nothing is done at Domo |

#### Revoke 1 client

- **`Revoked`** on `acme` · scope `data` · left the manifest · \
[`reconciler.yaml:1`](reconciler.yaml#L1)

#### Replace 1 client

- **`Replaced`** on `acme` · made as `Replaced (2)` · scope `user` · secret to `files` · scope \
data → user · [`reconciler.yaml:11`](reconciler.yaml#L11)

<details><summary>Rotate 1 client</summary>

- **`Rotated`** on `acme` · made as `Rotated (2)` · scope `data` · secret to `files` · its secret \
is lost: no sink ever had it · [`reconciler.yaml:12`](reconciler.yaml#L12)

</details>

<details><summary>Create 1 client</summary>

- **`Created`** on `acme` · scope `data user` · secret to `files, vault` · “Nightly ETL” · \
[`reconciler.yaml:10`](reconciler.yaml#L10)

</details>

<details><summary>Deliver 1 client</summary>

- **`Waiting`** on `acme` · scope `data` · secret to `files` · not delivered yet · \
[`reconciler.yaml:13`](reconciler.yaml#L13)

</details>

<details><summary>Forget 1 client</summary>

- **`Forgotten`** on `acme` · scope `data` · left the manifest · \
[`reconciler.yaml:1`](reconciler.yaml#L1)

</details>

<details><summary>1 notice</summary>

- `acme/Kept`: left the manifest and is kept (`on_remove: keep`)

</details>

Plan id `PLAN-ID`  \n\
As of `2026-03-01T00:00:00Z`, made offline.
"""


def test_a_comment_of_every_kind(fleet: "Fleet") -> None:
    """What ends and is replaced stands open and first, the rest is folded, the id is last."""
    fleet.terms["recipients"] = ("age1x",)
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
    plan = fleet.plan()
    assert render_markdown(plan) == COMMENT.replace("PLAN-ID", plan.id)


def test_nothing_to_do_is_said_in_one_line(fleet: "Fleet") -> None:
    """The comment is there all the same, so that an older one is updated."""
    fleet.both("acme/Same")
    text = render_markdown(fleet.plan())
    assert text.startswith(
        f"{MARKER}\n\n### domo-reconciler: no changes, every client is as the manifest wants it\n"
    )
    assert "1 client unchanged." in text
    assert "| action |" not in text


def test_a_fleet_is_one_line_with_its_exceptions(fleet: "Fleet") -> None:
    """Equal changes of a client set are one entry, and the set's line is named as the cause."""
    place = SourceLocation("reconciler.yaml", 7, 9)
    for number in range(300):
        fleet.want(f"acme-{number:03}/ETL", client_set="base", place=place)
    for number in (7, 8):
        fleet.know(f"acme-{number:03}/ETL")
    text = render_markdown(fleet.plan(), links=BASE)
    link = f"[`reconciler.yaml:7`]({BASE}/reconciler.yaml#L7)"
    assert f"- {link} client set `base`: 298 to create on 298 instances" in text
    assert (
        "- **`ETL`** on 298 instances of client set `base`, except `acme-007`, `acme-008` ·" in text
    )
    assert "acme-299" not in text


def test_the_default_behind_a_change_is_named(fleet: "Fleet") -> None:
    """A default's line stands once on top, whatever the number of clients and their lines."""
    inherited = {"rotate_after": SourceLocation("reconciler.yaml", 6, 3)}
    for number in range(40):
        fleet.want(f"acme-{number:02}/ETL", rotate_after=1.0, inherited=inherited)
        fleet.know(f"acme-{number:02}/ETL")
    text = render_markdown(fleet.plan())
    cause = (
        "- [`reconciler.yaml:6`](reconciler.yaml#L6) `rotate_after`: 40 to rotate on 40 instances"
    )
    assert cause in text
    assert "`rotate_after` in [`reconciler.yaml:6`](reconciler.yaml#L6)" in text


def test_some_instances_of_many_are_named_below(fleet: "Fleet") -> None:
    """Where a line only counts instances, the first forty are named."""
    for number in range(100):
        fleet.want(f"acme-{number:02}/{'ETL' if number < 60 else 'Else'}")
    text = render_markdown(fleet.plan())
    assert "- **`ETL`** on 60 instances ·" in text
    assert "[`reconciler.yaml:10`](reconciler.yaml#L10) and 59 more lines" in text
    assert "\n  - `acme-00`, `acme-01`," in text
    assert "`acme-11` and 48 more\n" in text


def test_after_ten_revokes_the_rest_is_folded(fleet: "Fleet") -> None:
    """Many clients that end are all there, without pushing the rest off the screen."""
    fleet.instance("acme")
    for number in range(14):
        fleet.know(f"acme/Client {number:02}", on_remove="revoke")
    opened, folded = render_markdown(fleet.plan()).split(
        "<details><summary>More of what is to revoke</summary>"
    )
    assert opened.count("- **`Client") == 10
    assert folded.count("- **`Client") == 4


def test_problems_stand_before_all_changes(fleet: "Fleet") -> None:
    """A plan that cannot be applied says so on top, with what to do and where."""
    fleet.want("acme/Protected", "user", protect=True)
    fleet.know("acme/Protected", "data")
    fleet.want("acme/New")
    text = render_markdown(fleet.plan())
    assert "> [!CAUTION]\n> **This plan cannot be applied.**\n>\n> - " in text
    assert "*Hint:* take the scope back; or apply it with `protect: false` first" in text
    assert text.index("[!CAUTION]") < text.index("Create 1 client")
    assert "[`reconciler.yaml:10`](reconciler.yaml#L10)" in text
    only = render_markdown(fleet.plan(selection=None))
    assert only == text


def test_a_plan_that_is_all_held_up_says_so(fleet: "Fleet") -> None:
    """`No changes` would be a lie where an error holds them up."""
    fleet.want("acme/Protected", "user", protect=True)
    fleet.know("acme/Protected", "data")
    text = render_markdown(fleet.plan())
    assert "### domo-reconciler: nothing is planned, because errors hold up the changes\n" in text


def test_a_limit_needs_leave(fleet: "Fleet") -> None:
    """What an option allows is a warning that names the option."""
    fleet.terms["limits"] = Limits(max_revoke=CountOrPercent(number=1))
    fleet.instance("acme")
    for name in ("A", "B"):
        fleet.know(f"acme/{name}", on_remove="revoke")
    text = render_markdown(fleet.plan())
    assert "> [!WARNING]\n> **Apply needs leave for this plan.**" in text
    assert "`--override-limits`" in text


def test_foreign_endpoints_and_plain_secrets_are_not_folded(fleet: "Fleet") -> None:
    """A reviewer sees where credentials would go without opening anything."""
    for number in range(7):
        fleet.instance(
            f"acme-{number}",
            endpoints=Endpoints(api="http://proxy/api", instance=f"http://proxy/acme-{number}"),
            foreign=True,
        )
    text = render_markdown(fleet.plan())
    served = "`acme-0`, `acme-1`, `acme-2`, `acme-3`, `acme-4` and 2 more"
    assert f"> [!IMPORTANT]\n> **Not Domo's:**\n>\n> - `http://proxy/api` serves {served}" in text
    assert "> - and 3 more endpoints" in text
    assert "> [!NOTE]\n> Secrets are kept in plain" in text


def test_equal_notices_are_one_line(fleet: "Fleet") -> None:
    """A thousand kept clients are one line of five names and a count."""
    fleet.instance("acme")
    for number in range(1_000):
        fleet.know(f"acme/Client {number:03}")
    text = render_markdown(fleet.plan())
    assert "<details><summary>1,000 notices</summary>" in text
    assert "`acme/Client 004` and 995 more): left the manifest" in text


@pytest.mark.parametrize(
    ("name", "span"),
    [
        ("ETL", "`ETL`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a``", "``` a`` ```"),
        (" a ", "`  a  `"),
        ("  ", "`  `"),
        ("", "*(empty)*"),
        ("a\nb\u202e", "`a\\x0ab\\u202e`"),
        ("x" * 125, f"`{'x' * 120}… (5 more characters)`"),
    ],
)
def test_a_name_is_a_span(name: str, span: str) -> None:
    """Back-ticks, spaces at the ends, control characters and length have their rules."""
    assert code(name) == span


@pytest.mark.parametrize(
    ("sentence", "written"),
    [
        ("left the manifest", "left the manifest"),
        ("Domo's list (1,000 clients): well-known.", "Domo's list (1,000 clients): well-known."),
        ("ask @team or www.x.example now", "ask `@team` or `www.x.example` now"),
        ("see #1 #2 there", "see `#1 #2` there"),
        ("by `on_remove: keep` (see `x`)", "by `on_remove: keep` (see `x`)"),
        ("`a`'b' c", "`a` `'b'` c"),
        ("1. a 2) b", "`1.` a `2)` b"),
        ("commit deadbeef", "commit `deadbeef`"),
        ("with --target, or --label.", "with `--target`, or `--label`."),
        ("(--target), --label=a; b", "(`--target`), `--label=a`; b"),
        ("a/b (--target a/b, @x --all).", "`a/b` (`--target a/b, @x --all`)."),
        ("`a/G One` is it, --x", "`a/G One` is it, `--x`"),
        (" a  * ", "a `*`"),
        ("", ""),
    ],
)
def test_a_sentence_keeps_its_plain_words(sentence: str, written: str) -> None:
    """A word that some dialect could take for more is put into a span."""
    assert prose(sentence) == written


@pytest.mark.parametrize(
    ("file", "links", "link"),
    [
        ("m.yaml", None, "[`m.yaml:3`](m.yaml#L3)"),
        ("./a b/(m).yaml", None, "[`./a b/(m).yaml:3`](a%20b/%28m%29.yaml#L3)"),
        ("m.yaml", f"{BASE}/", f"[`m.yaml:3`]({BASE}/m.yaml#L3)"),
        ("m.yaml", "https://x/) [y](z", "[`m.yaml:3`](https://x/%29%20%5By%5D%28z/m.yaml#L3)"),
        ("javascript:alert", None, "[`javascript:alert:3`](javascript%3Aalert#L3)"),
        ("/etc/m.yaml", BASE, "`/etc/m.yaml:3`"),
        ("../m.yaml", BASE, "`../m.yaml:3`"),
        ("x" * 3_000, BASE, code("x" * 3_000 + ":3")),
    ],
)
def test_a_line_is_linked(file: str, links: str | None, link: str) -> None:
    """Files below the manifest's folder are linked, percent-encoded; others are only named."""
    assert place_link(SourceLocation(file, 3, 5), links) == link
