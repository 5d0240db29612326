"""What the schema refuses, said in the user's words at the right place."""

from collections.abc import Callable

import pytest

from reconciler.model.diagnostic import Diagnostic

Mistake = Callable[..., Diagnostic]
Mistakes = Callable[..., tuple[Diagnostic, ...]]

AUTH = "auth: {method: token, token: {env: T}}"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("wrong-type", "§- version\n"),
        ("wrong-type", "§text\n"),
        ("wrong-type", "§~\n"),
        ("missing-key", "§x-a: 1\n"),
        ("unknown-version", "version: §2\n"),
        ("wrong-type", "version: §[1]\n"),
        ("unknown-key", "version: 1\n§instancs: {}\n"),
        ("unknown-key", "version: 1\ninstances: {a: {§lables: {}}}\n"),
        ("wrong-type", "version: 1\ninstances:\n  a:§\n"),
        ("wrong-type", "version: 1\ninstances: §[a]\n"),
        ("invalid-instance-key", "version: 1\ninstances: {§Acme: {}}\n"),
        ("invalid-instance-key", "version: 1\ninstances: {§-a: {}}\n"),
        ("invalid-domain", "version: 1\ninstances: {a: {domain: §https://a.domo.com}}\n"),
        ("invalid-domain", "version: 1\ninstances: {a: {domain: §a..com}}\n"),
        ("invalid-domain", f"version: 1\ninstances: {{a: {{domain: §{'a' * 64}.com}}}}\n"),
        ("invalid-domain", f"version: 1\ninstances: {{a: {{domain: §{'a.' * 127}}}}}\n"),
        ("invalid-label-name", "version: 1\ninstances: {a: {labels: {§'a b': c}}}\n"),
        ("wrong-type", "version: 1\ninstances: {a: {labels: {a: §1}}}\n"),
        ("missing-key", "version: 1\ninstances: {a: {AUTH, clients: [§{name: A}]}}\n"),
        ("invalid-scope", "version: 1\ninstances: {a: {AUTH, clients: [{name: A, scope: §[]}]}}\n"),
        ("wrong-type",
         "version: 1\ninstances: {a: {AUTH, clients: [{name: A, scope: §data}]}}\n"),
        ("unknown-scope",
         "version: 1\ninstances: {a: {AUTH, clients: [{name: A, scope: [§dta]}]}}\n"),
        ("duplicate-item",
         "version: 1\ninstances: {a: {AUTH, clients: [{name: A, scope: [user, §user]}]}}\n"),
        ("invalid-text",
         'version: 1\ninstances: {a: {AUTH, clients: [{name: §" ", scope: [data]}]}}\n'),
        ("invalid-text",
         'version: 1\ninstances: {a: {AUTH, clients: [{name: §"A\\n", scope: [data]}]}}\n'),
        ("invalid-text",
         'version: 1\ninstances: {a: {AUTH, clients: [{name: §"A\\u202e", scope: [data]}]}}\n'),
        ("wrong-type",
         "version: 1\ninstances: {a: {AUTH, clients: [{name: §123, scope: [data]}]}}\n"),
        ("wrong-type", "version: 1\ninstances: {a: {protect: §yes}}\n"),
        ("invalid-duration", "version: 1\ndefaults: {overlap: §90}\n"),
        ("invalid-duration", "version: 1\ndefaults: {overlap: §1 day}\n"),
        ("wrong-type", "version: 1\ndefaults: {rotate_after: §0}\n"),
        ("invalid-duration", "version: 1\ndefaults: {rotate_after: §0d}\n"),
        ("unknown-value-of-on-remove", "version: 1\ndefaults: {on_remove: §revok}\n"),
        ("invalid-limit", "version: 1\nlimits: {max_revoke: §101%}\n"),
        ("invalid-limit", "version: 1\nlimits: {max_revoke: §-1}\n"),
        ("wrong-type", "version: 1\nlimits: {max_revoke: §1.5}\n"),
        ("invalid-wave", "version: 1\nrollout: {then: §0%}\n"),
        ("invalid-canary", "version: 1\nrollout: {canary: §0}\n"),
        ("wrong-type", "version: 1\nmark: §1\n"),
        ("missing-key", "version: 1\nclient_sets: {§a: {clients: []}}\n"),
        ("invalid-select", "version: 1\nclient_sets: {a: {select: §{}, clients: []}}\n"),
        ("unknown-all", "version: 1\nclient_sets: {a: {select: {all: §false}, clients: []}}\n"),
        ("missing-key", "version: 1\nmoved: [§{from: a}]\n"),
        ("missing-key", "version: 1\nsinks: {§a: {type: file}}\n"),
        ("unknown-key", "version: 1\nsinks: {a: {type: file, path: x, §timeout: 3s}}\n"),
        ("unknown-sink-type", "version: 1\nsinks: {a: {type: §fil}}\n"),
        ("invalid-command", "version: 1\nsinks: {a: {type: exec, command: §[]}}\n"),
        ("invalid-argument", 'version: 1\nsinks: {a: {type: exec, command: [x, §"\\0"]}}\n'),
        ("invalid-encryption", "version: 1\nstate: {encryption: §{}}\n"),
        ("missing-key", "version: 1\ndefaults: {§auth: {email: a}}\n"),
        ("missing-key", "version: 1\ndefaults: {§auth: {method: token}}\n"),
        ("unknown-method", "version: 1\ndefaults: {auth: {method: §basic}}\n"),
        ("unknown-key",
         "version: 1\ndefaults: {auth: {method: token, token: {env: A}, §email: a}}\n"),
        ("invalid-credential-reference",
         "version: 1\ndefaults: {auth: {method: token, token: §{}}}\n"),
        ("invalid-credential-reference",
         "version: 1\ndefaults: {auth: {method: token, token: §{env: A, file: b}}}\n"),
        ("literal-credential", "version: 1\ndefaults: {auth: {method: token, token: §abc}}\n"),
        ("literal-credential", "version: 1\ndefaults: {auth: {method: token, token: §12}}\n"),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_one_mistake_at_its_place(code: str, text: str, mistake: Mistake) -> None:
    """A value is reported at the value, a key at the key, what is missing at its mapping."""
    assert mistake(text.replace("AUTH", AUTH)).code == code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\ninstances: {a: {AUTH, clients: [{name: A, scope: [§dta]}]}}",
         "unknown scope `dta`: did you mean `data`?"),
        ("version: 1\n§instancs: {}", "unknown key `instancs`: did you mean `instances`?"),
        ("version: 1\nsinks: {a: {type: file, path: x, §fromat: raw}}",
         "a sink has no key `fromat`: did you mean `format`?"),
        ("version: 1\nsinks: {a: {type: file, path: x, §command: [y]}}",
         "a sink of type `file` has no key `command`"),
        ("version: 1\nmoved: [§{to: a}]", "the move lacks `from`"),
        ("version: 1\nsinks: {§a: {type: file}}", "`a` lacks `path`"),
        ("version: 1\nmark: §yes", "`mark` must be true or false, and is text"),
        ('version: §"1"', "`version` must be a number, and is text"),
        ("version: §true", "unknown version `true`"),
        (f"version: §{'9' * 5_000}", f"unknown version `{'9' * 60}…`"),
        ("version: 1\nclient_sets: {s: {select: {all: §false}, clients: []}}",
         "unknown all `false`"),
        ("version: 1\nclient_sets: {s: {select: §{all: true, labels: {a: b}}, clients: []}}",
         "`select` contains `all`, which selects every instance: only `exclude` can be added"),
        ("version: 1\ninstances: {a: {}}\nrollout: {canary: [a, §1]}",
         "an item of `canary` must be text, and is a number"),
        ("version: 1\nrollout: {canary: §true}",
         ("`canary` must be a whole number from 1 on, or a list of instance keys, "
         "and is true or false")),
        ("version: 1\ndefaults: {on_remove: §[keep]}",
         "`on_remove` must be one of keep, forget, revoke, and is a list"),
    ],
)  # fmt: skip
def test_messages_say_what_and_what_was_meant(text: str, message: str, mistake: Mistake) -> None:
    """The words name the key, what is expected, and the nearest thing that exists."""
    assert mistake(text.replace("AUTH", AUTH)).message == message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("version: 1\ninstances: {a: {labels: {n: §1}}}", "quote it to make it text"),
        ("version: 1\ninstances:\n  a:§", "write `{}` if it is empty"),
        ("version: 1\nmark: §yes", "write `true` or `false`"),
        ("version: 1\nmoved: §a",
         "write it in [ ], or each item on a line of its own after `- `"),
        ("version: 1\nx-a: &a {}\ninstances: {a: {§<<: *a}}",
         "merge keys are not YAML 1.2: write shared values in `defaults` or `client_sets`"),
        ("§x-a: 1", "a manifest begins with `version: 1`"),
        ('version: §"1"', "write `version: 1`, without quotes"),
        ("version: 1\ndefaults: {rotate_after: §90}", "write a number and a unit: `90d`"),
        ("version: 1\ndefaults: {rotate_after: §true}", "write a number and a unit: `90d`"),
        ("version: 1\nsinks: {e: {type: exec, command: [a], timeout: §45}}",
         "write a number and a unit: `45s`"),
        ("version: 1\ninstances: {a: {AUTH, clients: [§~]}}",
         "write at least its `name` and `scope`, or remove the `- `"),
        ("version: 1\ndefaults: {auth: §~}", "write at least its `method`"),
        ("version: 1\nstate: {encryption: §~}", "write one of `age`"),
        ("version: 1\ndefaults: {auth: {AUTH2, §email:ops}}",
         "put a space after the `:` of a key"),
    ],
)  # fmt: skip
def test_hints_say_what_to_write(text: str, hint: str, mistake: Mistake) -> None:
    """Where the way out is known, the hint says it."""
    assert mistake(text.replace("AUTH2", AUTH[7:-1]).replace("AUTH", AUTH)).hint == hint


def test_a_literal_credential_is_told_the_three_forms_and_masked(mistake: Mistake) -> None:
    """The credential is in no part of the report."""
    found = mistake("version: 1\ndefaults:\n  auth: {method: token, token: §hunter2}\n")
    assert found.hint == (
        "write `token: {env: NAME}`, `token: {file: PATH}` or `token: {command: "
        "[PROGRAM, ARGUMENT]}`"
    )
    assert found.excerpt is not None
    assert found.excerpt.text == "  auth: {method: token, token: ********}"
    assert "hunter2" not in repr(found)


def test_a_misspelt_key_is_not_missing_too(mistake: Mistake) -> None:
    """Where the key that is needed stands there with a slip, that is the one mistake."""
    found = mistake("version: 1\nmoved: [{from: a, §tto: b}]\n")
    assert found.message == "unknown key `tto`: did you mean `to`?"


def test_every_mistake_is_said_at_once(mistakes: Mistakes) -> None:
    """Wrong shapes do not hide wrong meanings: both are in one report, in order of place."""
    found = mistakes(
        "version: 1\n"
        "limits: {max_create: many}\n"
        "sinks: {a: {type: file, path: '{instanc}'}, b: {type: fil}}\n"
        "defaults: {auth: {method: token, token: {env: T}}}\n"
        "instances:\n"
        "  x: {clients: [{name: A, scope: [dta], sink: b}, {name: B, scope: [data], sink: c}]}\n"
        "  y: {domain: x.domo.com}\n"
        "  y: {}\n"
    )
    assert [each.code for each in found] == [
        "invalid-limit",
        "unknown-placeholder",
        "unknown-sink-type",
        "unknown-scope",
        "unknown-sink",
        "same-domain",
        "duplicate-key",
    ]


def test_what_was_left_out_does_not_seem_to_be_missing(mistakes: Mistakes) -> None:
    """A wrong label, default or instance does not cause a second, false mistake."""
    found = mistakes(
        "version: 1\n"
        "defaults: {auth: {method: tken}}\n"
        "client_sets: {s: {select: {labels: {a: b}}, clients: []}}\n"
        "rollout: {canary: [y]}\n"
        "instances: {y: {labels: {a: 1}, clients: [{name: A, scope: [data], override: true}]}}\n"
    )
    assert [each.code for each in found] == ["unknown-method", "wrong-type"]


def test_five_thousand_mistakes_stay_readable(mistakes: Mistakes) -> None:
    """A hundred are shown, the rest is one line with the numbers."""
    lines = [f"  a{number}: {{protect: maybe}}" for number in range(5_000)]
    found = mistakes("version: 1\ninstances:\n" + "\n".join(lines))
    assert len(found) == 101
    assert found[-1].message == "4,900 more errors not shown: 4,900 wrong-type"
    assert sum(each.count for each in found) == 5_000


def test_more_mistakes_than_anyone_reads_are_not_all_looked_at(mistakes: Mistakes) -> None:
    """Beyond ten thousand the count is a lower bound, and says so."""
    lines = [f"  A{number}: {{}}" for number in range(12_000)]
    found = mistakes("version: 1\ninstances:\n" + "\n".join(lines))
    assert found[-1].message.startswith("at least 9,900 more errors")


def test_unknown_keys_without_number_are_counted(mistakes: Mistakes) -> None:
    """A file that is something else altogether gets a short report."""
    found = mistakes("version: 1\n" + "\n".join(f"k{number}: 1" for number in range(20_000)))
    assert len(found) == 101
    assert sum(each.count for each in found) == 20_000


def test_a_mistake_behind_an_alias_is_said_once_at_its_anchor(mistakes: Mistakes) -> None:
    """What a hundred instances share is wrong in one place."""
    instances = "".join(f"  a{number}: {{clients: *c}}\n" for number in range(100))
    found = mistakes(
        "version: 1\ndefaults: {auth: {method: token, token: {env: T}}}\n"
        f"x-c: &c\n- {{name: A, scope: [dta]}}\ninstances:\n{instances}"
    )
    assert [(each.code, each.place and each.place.line) for each in found] == [("unknown-scope", 4)]
