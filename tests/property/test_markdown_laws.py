"""Laws of a plan as Markdown: no name does harm, and no fleet makes it too long."""

import re
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.model.address import Address
from reconciler.model.source_location import SourceLocation
from reconciler.plan.action import Action, Cause, Kind, Notice, Origin, Plan, Problem
from reconciler.plan.render.markdown import LIMIT, MARKER, render_markdown
from reconciler.plan.render.markdown_escape import code, prose

HARMFUL: Final = (
    "@team", "#123", "GH-12", "acme/repo#1", "www.evil.example", "https://evil.example",
    "a@b.example", "[x](https://evil.example)", "![x](//evil)", "<img src=x>", "<!-- x -->",
    "</details>", "<script>", "|", "\\|", "`", "``", "```\n", "\\", "\\`", "\n", "\n\n", "\r", "\t",
    "> ", "# ", "- ", "1. ", "***", "___", "~~", "$x$", "$`x`$", "&lt;", "&#64;team", "[^1]",
    "\x1b[31m", "\u202e", "\u2028", "\u061c", "\ud800", "\x00", ":tada:", "deadbeefdeadbeef",
    "[!CAUTION]", " ", "ETL", "é", "名", "“",
)  # fmt: skip
OURS: Final = re.compile(r"(</?details>|<summary>[\w ,]*</summary>|<!-- reconciler:plan -->|\n)*")
REFERENCES: Final = re.compile(r"[@#$<>|\\`]|\bGH-|www|//|[0-9a-f]{7}|:tada:")

texts = st.one_of(
    st.lists(st.sampled_from(HARMFUL), max_size=6).map("".join),
    st.text(max_size=12),
    st.sampled_from(HARMFUL).map(lambda each: each * 300),
)
places = st.builds(SourceLocation, texts, st.integers(1, 9), st.just(1))
addresses = st.builds(Address, texts, texts)
causes = st.one_of(st.none(), st.builds(Cause, st.just("rotate_after"), places))
origins = st.builds(Origin, place=places, client_set=st.one_of(st.none(), texts), cause=causes)
actions = st.builds(
    Action,
    kind=st.sampled_from(Kind),
    address=addresses,
    live_name=texts,
    scope=st.lists(texts, max_size=2).map(tuple),
    description=texts,
    sinks=st.lists(texts, max_size=2).map(tuple),
    reason=texts,
    origin=st.one_of(st.none(), origins),
)
notices = st.builds(
    Notice, code=st.just("x"), address=st.one_of(st.none(), addresses), message=texts
)
problems = st.builds(
    Problem,
    code=st.just("x"),
    message=texts,
    hint=st.one_of(st.none(), texts),
    place=st.one_of(st.none(), places),
    override=st.sampled_from([None, "--override-limits"]),
)
plans = st.builds(
    Plan,
    id=st.just("0123456789abcdef"),
    as_of=st.just("2026-03-01T00:00:00Z"),
    actions=st.lists(actions, max_size=4).map(tuple),
    notices=st.lists(notices, max_size=3).map(tuple),
    problems=st.lists(problems, max_size=2).map(tuple),
    endpoints=st.dictionaries(texts, st.lists(texts, max_size=2).map(tuple), max_size=2),
    fleet=st.dictionaries(st.one_of(st.just(""), texts), st.lists(texts).map(tuple), max_size=2),
    encrypted=st.booleans(),
)


def tokens(text: str) -> list[Token]:
    """Return every token of a real parser that also makes links of bare addresses."""
    found: list[Token] = []
    for token in MarkdownIt("gfm-like").parse(text):
        found += [token, *(token.children or ())]
    return found


def hrefs(found: list[Token]) -> list[Any]:
    """Return where the links lead."""
    return [token.attrs["href"] for token in found if token.type == "link_open"]


@settings(deadline=None, max_examples=150)
@given(plan=plans)
def test_nothing_in_a_plan_becomes_markup(plan: Plan) -> None:
    """A parser finds no link, image, HTML or reference but those that the tool wrote."""
    text = render_markdown(plan, links="https://example.com/blob/main")
    found = tokens(text)
    assert not [each for each in found if each.type in ("image", "fence", "code_block", "hr")]
    for token in found:
        if token.type in ("html_block", "html_inline"):
            assert OURS.fullmatch(token.content), token.content
        if token.type == "text" and not token.content.startswith("[!"):
            assert not REFERENCES.search(token.content), token.content
    assert all(
        re.match(r"https://example\.com/blob/main/[^()\s]*#L\d$", each) for each in hrefs(found)
    )


@settings(deadline=None, max_examples=150)
@given(text=texts)
def test_a_span_shows_the_name_and_only_it(text: str) -> None:
    """The parser's one piece of code is the name with its control characters as escapes."""
    found = [each for each in tokens(f"a {code(text)} b") if each.type != "inline"]
    kinds = [each.type for each in found if each.type not in ("paragraph_open", "paragraph_close")]
    assert kinds == (
        ["text", "code_inline", "text"] if text else ["text", "em_open", "text", "em_close", "text"]
    )
    if text and text.isprintable() and len(text) <= 120:
        assert [each.content for each in found if each.type == "code_inline"] == [text]


@settings(deadline=None, max_examples=150)
@given(parts=st.lists(st.one_of(texts, st.sampled_from(["left the manifest", "`a`", "(", " "]))))
def test_a_sentence_is_text_and_code(parts: list[str]) -> None:
    """Whatever names stand in a sentence, it is a paragraph of plain words and of code."""
    found = tokens(f"- {prose(''.join(parts))}")
    kinds = {each.type for each in found} - {"text", "code_inline", "inline"}
    assert {each.removesuffix("_open").removesuffix("_close") for each in kinds} <= {
        "bullet_list", "list_item", "paragraph",
    }  # fmt: skip
    assert not [each for each in found if each.type == "text" and REFERENCES.search(each.content)]


@settings(deadline=None, max_examples=25)
@given(plan=plans, data=st.data())
def test_no_fleet_makes_it_too_long(plan: Plan, data: st.DataObject) -> None:
    """However many changes, notices, problems and endpoints: bytes are bounded, and it says so."""
    name = data.draw(texts)
    many = tuple(
        Action(kind=kind, address=Address(f"i{number}", f"{number} {name}"), live_name=name,
               description=name, reason=name, scope=(name,) * 9, sinks=(name,) * 9,
               origin=Origin(place=SourceLocation(name + str(number), 1, 1)))
        for kind in Kind
        for number in range(120)
    )  # fmt: skip
    large = Plan(
        id=plan.id,
        as_of=plan.as_of,
        actions=plan.actions + many,
        notices=plan.notices
        + tuple(Notice(code="x", address=None, message=f"{n} {name}") for n in range(900)),
        problems=tuple(Problem(code="x", message=f"{n} {name}", hint=name) for n in range(900)),
        endpoints={f"{name}{number}": (name,) * 9 for number in range(99)},
    )
    text = render_markdown(large, links="https://example.com/" + "x" * 1500)
    assert len(text.encode()) <= LIMIT
    assert text.startswith(MARKER)
    assert "more endpoints" in text
    changes = len(re.findall(r"^- \*\*", text, re.MULTILINE))
    left = sum(
        int(each.replace(",", "")) for each in re.findall(r"and ([\d,]+) more changes? \(", text)
    )
    assert changes + left >= len(many)
