"""The lines that a report shows: short, harmless, and without credentials."""

from collections.abc import Callable

import pytest

from reconciler.model.diagnostic import Diagnostic

Mistake = Callable[..., Diagnostic]
Mistakes = Callable[..., tuple[Diagnostic, ...]]


def pointed(found: Diagnostic) -> str:
    """Return what the caret points at."""
    assert found.excerpt is not None
    return found.excerpt.text[found.excerpt.start :][: found.excerpt.width]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("version: 1\ninstances: {a: {domain: §'a b'}}", "'a b'"),
        ('version: 1\ninstances: {a: {domain: §"a\\x20b", labels: {}}}', '"a\\x20b"'),
        ("version: 1\ninstances: {a: {domain: §a b, labels: {}}}", "a b"),
        ("version: 1\ninstances:\n  a:\n    domain: §a b  # not so\n", "a b"),
        ("version: 1\n§foo: 1", "foo"),
        ("version: 1\ninstances: §[]", "["),
        ("version: 1\nx-a: §*b", "*b"),
        ("version: 1\nmoved:\n- §from: a", "from"),
    ],
)
def test_the_caret_spans_the_word(text: str, word: str, mistake: Mistake) -> None:
    """The caret is as wide as what is wrong."""
    assert pointed(mistake(text)) == word


def test_a_long_line_is_cut_around_the_caret(mistake: Mistake) -> None:
    """A megabyte on one line shows as a window with the place in it."""
    filler = ", ".join(f"k{number}: v" for number in range(50_000))
    found = mistake(f"version: 1\nx-a: {{{filler}, §k1: w, {filler[:500].replace('k', 'l')}}}")
    assert found.excerpt is not None
    assert len(found.excerpt.text) < 220
    assert found.excerpt.text.startswith("…")
    assert found.excerpt.text.endswith("…")
    assert pointed(found) == "k1"


def test_control_characters_are_escaped(mistake: Mistake) -> None:
    """A line cannot move the cursor of a terminal."""
    found = mistake("version: 1\nx-a: 'b' §\x1b[31m")
    assert found.excerpt is not None
    assert found.excerpt.text == r"x-a: 'b' \x1b[31m"


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\ndefaults:\n  auth: {method: password, email: e, password: hunter2, §foo: 1}",
        "version: 1\ndefaults: {auth: §hunter2}",
        "version: 1\ndefaults:\n  auth:\n    method: token\n    token: §'hunter2'  # old\n",
        "version: 1\ndefaults:\n  auth:\n    method: token\n    token:\n      §hunter2\n",
        "version: 1\ndefaults:\n  auth:\n    method: token\n    token:\n      §value: hunter2\n",
        "version: 1\ndefaults: {auth: {method: token, token: {§value: hunter2}}}",
        "version: 1\ndefaults: {auth: {method: token, token: §&p hunter2}}",
        "version: 1\ndefaults: {auth: {method: token, token: §[hunter2]}}",
        'version: 1\ndefaults: {auth: {method: token, token: §"hunter2\n hunter2"}}',
        "version: 1\ninstances: {a: {auth: {method: token, token: {env: §hunter2!}}}}",
        "version: 1\ndefaults: {§my_token: hunter2}",
        'version: 1\ndefaults:\n  auth:\n    password: §"hunter2\n',
        'version: 1\ndefaults:\n  auth:\n    password: "x"§ hunter2\n',
        "version: 1\ndefaults:\n  auth:\n    password: §@hunter2\n",
        "version: 1\ndefaults:\n  auth:\n    password:\n§\thunter2\n",
        "version: 1\nendpoints: {api: §'https://me:hunter2@api.domo.com'}\ninstances: {a: {}}",
    ],
)
def test_a_credential_is_never_shown(text: str, mistakes: Mistakes) -> None:
    """Whatever is wrong with a line, a literal credential in it is masked."""
    found = mistakes(text.replace("§", ""))
    assert found
    assert "hunter" not in repr(found)


def test_a_reference_below_its_key_is_shown(mistakes: Mistakes) -> None:
    """A line that only names a variable is no credential."""
    (found,) = mistakes(
        "version: 1\ndefaults:\n  auth:\n    method: token\n"
        "    token:\n      env: A\n      evn: B\n"
    )[:1]
    assert found.code in ("unknown-key", "invalid-credential-reference")
    assert found.excerpt is not None
    assert found.excerpt.text == "      env: A"
