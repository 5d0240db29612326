"""The keys that stand once: limits, rollout, moved, mark, state and its recipients."""

from collections.abc import Callable

import pytest

from reconciler.manifest.load import Source, load
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput
from reconciler.model.manifest import CountOrPercent, Limits, Manifest, Rollout

Load = Callable[..., Manifest]
Mistake = Callable[..., Diagnostic]

AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
SSH = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN alice"


def state(age: str) -> str:
    """Write a manifest that encrypts."""
    return f"version: 1\nstate: {{encryption: {{age: {{{age}}}}}}}\n"


def test_what_is_not_said_has_its_default(load_text: Load) -> None:
    """The smallest manifest wants nothing, and that is allowed."""
    desired = load_text("version: 1\n")
    assert desired == Manifest(root="/root", files=("m.yaml",))


def test_limits_are_counts_or_per_cent(load_text: Load) -> None:
    """A missing limit is none."""
    limits = load_text("version: 1\nlimits: {max_create: 0, max_replace: 10%}\n").limits
    assert limits == Limits(
        max_create=CountOrPercent(number=0), max_replace=CountOrPercent(number=10, percent=True)
    )


@pytest.mark.parametrize(
    ("text", "rollout"),
    [
        ("{}", Rollout()),
        ("{canary: 2, then: 10%, max_failures: 3}",
         Rollout(canary=2, then=CountOrPercent(number=10, percent=True), max_failures=3)),
        ("{canary: [b, a], then: 5}", Rollout(canary=("b", "a"), then=CountOrPercent(number=5))),
    ],
)  # fmt: skip
def test_waves(text: str, rollout: Rollout, load_text: Load) -> None:
    """The canary is a count or keys; the rest has defaults."""
    assert (
        load_text(f"version: 1\nrollout: {text}\ninstances: {{a: {{}}, b: {{}}}}").rollout
        == rollout
    )


def test_an_unknown_canary_suggests(mistake: Mistake) -> None:
    """A canary must be an instance."""
    found = mistake(
        "version: 1\nrollout: {canary: [a, §acme-prd]}\ninstances: {a: {}, acme-prod: {}}"
    )
    assert found.message == "unknown instance `acme-prd`: did you mean `acme-prod`?"


def test_the_mark_may_be_turned_off(load_text: Load) -> None:
    """It is on where nothing is said."""
    assert load_text("version: 1\n").mark
    assert not load_text("version: 1\nmark: false\n").mark


def test_moves_keep_their_places(load_text: Load) -> None:
    """Keys, addresses and domains may move."""
    moved = load_text(
        "version: 1\nmoved:\n- {from: a, to: b}\n- {from: a/X, to: b/Y/Z}\n"
        "- {from: a.domo.com, to: b.domo.com}\n"
    ).moved
    assert [(each.source, each.target, each.place.line) for each in moved] == [
        ("a", "b", 3),
        ("a/X", "b/Y/Z", 4),
        ("a.domo.com", "b.domo.com", 5),
    ]


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("invalid-move", "{from: a, to: §b/X}"),
        ("invalid-move", "{from: a.domo.com, to: §b}"),
        ("invalid-move", "{from: §A B, to: b}"),
        ("invalid-move", "{from: a/X, to: §b/}"),
        ("invalid-move", "{from: §A/X, to: b/X}"),
        ("invalid-move", "{from: a, to: §a}"),
        ("moved-twice", "{from: x, to: b}, {from: §x, to: c}"),
    ],
)
def test_a_move_is_between_two_of_a_kind(code: str, entry: str, mistake: Mistake) -> None:
    """What cannot have moved is a mistake."""
    assert mistake(f"version: 1\nmoved: [{entry}]\n").code == code


def test_recipients_come_from_the_list_and_the_file(load_text: Load) -> None:
    """None stands twice; comments and blank lines in the file mean nothing."""
    desired = load_text(
        state(f"recipients: [{AGE}], recipients_file: ops.txt"),
        ops_txt=f"\ufeff# the team\n\n{SSH}\n  {AGE}\n",
    )
    assert desired.recipients == (AGE, SSH)


@pytest.mark.parametrize(
    ("code", "age"),
    [
        ("invalid-recipient", f"recipients: [{AGE}, §{AGE[:-1]}q]"),
        ("invalid-recipient", "recipients: [§ssh-ed25519 AAAA]"),
        ("invalid-recipient", "recipients: [§ssh-dss AAAA]"),
        ("invalid-recipient", "recipients: [§github:me]"),
        ("invalid-recipient", "recipients_file: §bad.txt"),
        ("private-key", "recipients: [§AGE-SECRET-KEY-1QQQQQQ]"),
        ("private-key", "recipients_file: §key.txt"),
        ("unreadable-file", "recipients_file: §no.txt"),
        ("no-recipient", "§recipients: []"),
        ("no-recipient", "§recipients_file: empty.txt"),
    ],
)
def test_a_recipient_that_nobody_could_use(code: str, age: str, mistake: Mistake) -> None:
    """What cannot be sealed to is refused before any secret exists."""
    found = mistake(
        state(age),
        bad_txt=f"{AGE}\nage1nonsense\n",
        key_txt="AGE-SECRET-KEY-1QQQQQQ\n",
        empty_txt="# nobody\n",
    )
    assert found.code == code
    assert "QQQQ" not in repr(found)


def test_a_recipients_file_that_is_no_text() -> None:
    """A binary file is a mistake at its key, not a traceback."""
    source = Source(name="m", data=state("recipients_file: x").encode())
    with pytest.raises(InvalidInput) as caught:
        load([source], root="/", read=lambda _: b"\xff".decode())
    (found,) = caught.value.diagnostics
    assert found.message == "the file `x` cannot be read: not UTF-8 text"
