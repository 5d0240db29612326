"""How long a report may take: thousands of mistakes over thousands of names."""

import time
from collections.abc import Callable

import pytest

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.manifest import Manifest

Load = Callable[..., Manifest]
Mistakes = Callable[..., tuple[Diagnostic, ...]]

HEAD = "version: 1\ndefaults: {auth: {method: token, token: {env: T}}}\n"
LONGEST = 10.0
"""Seconds of the processor; each takes less than two, and took minutes with a quadratic step."""


def lines(form: str, count: int = 3_000) -> str:
    """Write one form with every number."""
    return "".join(form.replace("%", f"{number:05}") for number in range(count))


INSTANCES = "instances:\n" + lines("  acme-%: {labels: {env: prod, n: n%}}\n")
SINKS = "sinks:\n" + lines("  sink-%: {type: file, path: 'x/%/{client_slug}'}\n")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (HEAD + SINKS + "instances:\n  a:\n    clients:\n"
         + lines("    - {name: C%, scope: [data], sink: snik-%}\n"), 3_000),
        (HEAD + f"rollout: {{canary: [{lines('acem-%, ', 1_000)}]}}\n" + INSTANCES, 1_000),
        (HEAD + "client_sets:\n" + lines("  s%: {select: {instances: ['acem-%*']}, clients: []}\n")
         + INSTANCES, 3_000),
        (HEAD + "client_sets:\n" + lines("  s%: {select: {labels: {env: prd%}}, clients: []}\n")
         + INSTANCES, 3_000),
        (HEAD + "sinks:\n" + lines("  s%: {type: file, path: 'x%-{labels.x%}'}\n")
         + INSTANCES, 3_000),
        ("\x01" * 1_000_000, 1_000_000),
        ("version: 1\nx-a: {" + "a: 1, " * 200_000 + "}\n", 199_999),
    ],
    ids=["sinks", "canary", "globs", "labels", "placeholders", "controls", "keys"],
)  # fmt: skip
def test_many_mistakes_are_reported_soon(text: str, count: int, mistakes: Mistakes) -> None:
    """The time grows with the text, and not with its mistakes times its names."""
    began = time.process_time()
    found = mistakes(text)
    assert time.process_time() - began < LONGEST
    assert sum(each.count for each in found) == count


def test_a_large_list_still_suggests(mistakes: Mistakes) -> None:
    """Among three thousand names the nearest one is found."""
    (found,) = mistakes(HEAD + SINKS + "instances: {a: {sink: snik-02345}}\n")
    assert found.message == "unknown sink `snik-02345`: did you mean `sink-02345`?"


def test_three_thousand_sets_find_their_instances_soon(load_text: Load) -> None:
    """A right manifest does not pay for sets times instances either."""
    began = time.process_time()
    desired = load_text(
        HEAD
        + "client_sets:\n"
        + lines(
            "  s%: {select: {instances: ['*-%'], labels: {env: prod}}, clients: [CLIENT]}\n"
        ).replace("CLIENT", "{name: A, scope: [data]}")
        + INSTANCES
    )
    assert time.process_time() - began < LONGEST
    assert len(desired.clients) == 3_000
