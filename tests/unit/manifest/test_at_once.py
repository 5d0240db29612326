"""One report of every mistake: nothing that is wrong hides what is wrong somewhere else."""

from collections.abc import Callable

import pytest

from reconciler.model.diagnostic import Diagnostic

Mistakes = Callable[..., tuple[Diagnostic, ...]]

AUTH = "auth: {method: token, token: {env: T}}"
SET = "client_sets: {s: {select: {labels: {env: x}}, clients: [{name: S, scope: [data]}]}}\n"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (f"limts: {{}}\n{SET}rollout: {{canary: [nope]}}\ninstances: {{a: {{}}}}\n",
         ["unknown-key", "selects-nothing", "unknown-instance"]),
        (("instances:\n  a: {clients: [{name: A, scope: [dta]}]}\n"
          "  b: {clients: [{name: B, scope: [data]}]}\n"),
         ["missing-auth", "unknown-scope", "missing-auth"]),
        (f"instances:\n  a: {{{AUTH}, clients: [{{name: ' ', scope: [data], sink: vult}}]}}\n",
         ["invalid-text", "unknown-sink"]),
        (f"instances:\n  a: {{{AUTH}, clients: [{{scope: [dta], sink: vult}}]}}\n",
         ["missing-key", "unknown-scope", "unknown-sink"]),
        (f"instances:\n  a: {{{AUTH}, clients: [{{name: A, scope: [dta], sink: vult}}]}}\n",
         ["unknown-scope", "unknown-sink"]),
        (f"instances:\n  a: {{{AUTH}, clients: [{{name: A, sink: [vult, 3, valt]}}]}}\n",
         ["missing-key", "unknown-sink", "wrong-type", "unknown-sink"]),
        ((f"defaults: {{{AUTH}}}\nclient_sets: {{s: {{select: {{all: true}}, "
          "clients: [{name: S, scope: [dta]}]}}\n"
          "instances: {a: {clients: [{name: A, scope: [data], override: true}]}}\n"),
         ["unknown-scope", "overrides-nothing"]),
        ((f"defaults: {{{AUTH}}}\nclient_sets:\n  s: {{select: {{}}, clients: [{{name: S, "
          "scope: [data], sink: vult}]}\n  t: {clients: [{name: T, scope: [data]}, "
          "{name: T, scope: [data]}]}\ninstances: {a: {}}\n"),
         ["invalid-select", "unknown-sink", "missing-key", "duplicate-client"]),
        ("rollout: {then: 0%, canary: [a, nope]}\ninstances: {a: {}}\n",
         ["invalid-wave", "unknown-instance"]),
        ("instances: {a: {domain: x.com}, b: {domain: x.com}}\n---\nversion: 1\n",
         ["same-domain", "several-documents"]),
        ("instances:\n  a: {sink: [s, s, t, t]}\n",
         ["unknown-sink", "duplicate-item", "unknown-sink", "duplicate-item"]),
        ("x-a: {b: 1, b: 2}\ninstances: {a: {clients: [{name: A, scope: [data]}]}}\n",
         ["duplicate-key", "missing-auth"]),
        (("defaults: {auth: {method: token, token: {env: 9A}}}\n"
          "instances: {a: {auth: {method: token, token: {env: T}}}}\n"),
         ["invalid-variable"]),
        ("defaults: {auth: {method: token, token: {env: '{nope}'}}}\n", ["unknown-placeholder"]),
    ],
)  # fmt: skip
def test_no_mistake_hides_another(text: str, codes: list[str], mistakes: Mistakes) -> None:
    """What has nothing to do with each other is reported in one run, in the order of the text."""
    assert [each.code for each in mistakes("version: 1\n" + text)] == codes


@pytest.mark.parametrize(
    "text",
    [
        f"instnces: {{a: {{labels: {{env: x}}}}}}\n{SET}rollout: {{canary: [b]}}\n",
        f"instances: []\n{SET}",
        f"instances: {{Acme: {{labels: {{env: x}}}}}}\n{SET}",
        f"instances: {{a: []}}\n{SET}",
        f"instances: {{a: {{lables: {{env: x}}}}}}\n{SET}",
        f"instances: {{a: {{labels: {{env: [x]}}}}}}\n{SET}",
        "defalts: {auth: {}}\ninstances: {a: {clients: [{name: A, scope: [data]}]}}\n",
        "defaults: {autth: {}}\ninstances: {a: {clients: [{name: A, scope: [data]}]}}\n",
        "instances: {a: {autth: {}, clients: [{name: A, scope: [data]}]}}\n",
        "instances: {a: {auth: {}, clients: [{name: A, scope: [data]}]}}\n",
        "sinks: []\ninstances: {a: {sink: vault}}\n",
        "snks: {}\ninstances: {a: {sink: vault}}\n",
        (
            f"client_sts: {{}}\ninstances: {{a: {{{AUTH}, clients: [{{name: A, scope: [data], "
            "override: true}]}}\n"
        ),
        (
            "client_sets: {s: []}\n"
            f"instances: {{a: {{{AUTH}, clients: [{{name: A, scope: [data], override: true}}]}}}}\n"
        ),
        "sinks: {f: {type: file, path: '{labels.env}'}}\ninstances: {a: {labels: {env: 1}}}\n",
        "instances: {a-: {domain: x_y}}\n",
        "instances: {a: {domain: x_y}, b: {domain: a.domo.com}}\n",
        "instances: {~: {}}\n",
    ],
)
def test_what_may_have_been_lost_is_not_missing(text: str, mistakes: Mistakes) -> None:
    """A second mistake that the first one would have caused is no mistake."""
    assert len(mistakes("version: 1\n" + text)) == 1


def test_what_one_file_may_hold_another_does_not_lack(mistakes: Mistakes) -> None:
    """A file that cannot be read hides no mistake of the others but that something is missing."""
    found = mistakes(
        {
            "a.yaml": "version: [",
            "b.yaml": "instances: {a: {clients: [{name: A, scope: [data]}], sink: f}}\n",
            "c.yaml": "version: 1\ninstances: {b: {domain: a.domo.com}}\n",
        }
    )
    assert [each.code for each in found] == ["syntax", "same-domain"]


def test_a_second_instance_of_one_key_may_have_the_auth(mistakes: Mistakes) -> None:
    """What is defined twice is one mistake, though only the second one has an auth."""
    found = mistakes(
        {
            "a.yaml": "version: 1\ninstances: {a: {clients: [{name: A, scope: [data]}]}}\n",
            "b.yaml": f"instances: {{a: {{{AUTH}}}}}\n",
        }
    )
    assert [each.code for each in found] == ["defined-twice"]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("instances:\n  z: {domain: x.com}\n  m: {domain: x.com}\n  a: {domain: x.com}\n",
         [(4, 3), (5, 3)]),
        ((f"defaults: {{{AUTH}, sink: f}}\nsinks: {{f: {{type: file, path: x}}}}\ninstances:\n"
          "  z: {clients: [{name: A, scope: [data]}]}\n"
          "  a: {clients: [{name: A, scope: [data]}]}\n"),
         [(6, 5)]),
        ((f"defaults: {{{AUTH}, sink: e}}\nsinks: {{e: {{type: exec, command: [x]}}}}\ninstances:\n"
          "  a:\n    clients:\n    - {name: Z, scope: [data]}\n    - {name: A, scope: [data]}\n"),
         [(8, 7)]),
        ((f"defaults: {{{AUTH}}}\nclient_sets:\n"
          "  t: {select: {all: true}, clients: [{name: A, scope: [user]}]}\n"
          "  s: {select: {all: true}, clients: [{name: A, scope: [user]}]}\n"
          "  r: {select: {all: true}, clients: [{name: A, scope: [user]}]}\n"
          "instances: {a: {}}\n"),
         [(5, 4), (6, 4)]),
    ],
)  # fmt: skip
def test_a_duplicate_is_the_later_one(
    text: str, places: list[tuple[int, int]], mistakes: Mistakes
) -> None:
    """The mistake is at the second of the two and its note at the first, whatever their names."""
    found = mistakes("version: 1\n" + text)
    lines = [(each.place and each.place.line, each.related[0].place.line) for each in found]
    assert lines == places


def test_a_duplicate_of_two_files_is_in_the_later_one(mistakes: Mistakes) -> None:
    """Files are in the order of their names, not instances."""
    (found,) = mistakes(
        {
            "b.yaml": "version: 1\ninstances: {a: {domain: x.com}}\n",
            "a.yaml": "version: 1\ninstances: {z: {domain: x.com}}\n",
        }
    )
    assert found.place is not None
    assert (found.place.file, found.related[0].place.file) == ("b.yaml", "a.yaml")
