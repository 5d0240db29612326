"""Kills an apply before and after every step that outlives it, and judges what comes of each.

The edges come from a trace of runs that nobody kills, so none is left to luck. A run does not
always pass the same ones: tasks that meet share a sync, and an answer may come in one piece or in
two. An edge that every traced run passed has to be hit; one that only some did is tried for.

What lies between two edges does not outlive a kill, so that a kill before an edge finds what one
after the edge before it found: that half is the long form (`-m slow`).
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.crash.kill import Scene
    from tests.crash.watch import Side

PARTS: Final = 8
"""In how many tests the edges are divided, so that they run at the same time."""

TRACES: Final = 3
TRIES: Final = {True: 8, False: 2}
"""How often an edge is tried for, by whether every traced run passed it."""

SCENES: Final = ("first", "change")


@cache
def traced(scene: "Scene") -> tuple[frozenset[str], frozenset[str]]:
    """Return the edges that any of three runs passed, and those that every run has to pass."""
    runs = [frozenset(scene.traced().edges) for _ in range(TRACES)]
    pieces = re.compile(r"recv .* #([2-9]|\d\d+)")
    steady = (each for each in frozenset.intersection(*runs) if not pieces.fullmatch(each))
    return frozenset.union(*runs), frozenset(steady)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("side", ["after", pytest.param("before", marks=pytest.mark.slow)])
def test_a_kill_at_any_edge_loses_nothing(
    side: "Side", name: str, part: int, request: pytest.FixtureRequest
) -> None:
    """At every edge: none lost, none twice, none left over, touched, stuck or cut off."""
    scene: Scene = request.getfixturevalue(name)
    edges, steady = traced(scene)
    wrong: list[str] = []
    missed: list[str] = []
    for edge in sorted(edges)[part::PARTS]:
        for _ in range(TRIES[edge in steady]):
            verdict = scene.kill_at(edge, side)
            wrong += (f"{side} {edge}: {each}" for each in verdict.wrong)
            if verdict.hit:
                break
        else:
            missed.append(edge)
    assert wrong == []
    assert [each for each in missed if each in steady] == []


def test_the_edges_are_those_of_a_whole_apply(change: "Scene") -> None:
    """The trace has every kind of step, as often as the plan asks for it, and nothing past it."""
    ended = change.traced()
    assert ended.code == 0, ended.said
    assert ended.unseen == ()

    def count(beginning: str) -> int:
        return sum(each.startswith(beginning) for each in ended.edges)

    assert count("send POST /api/clients ") == 5
    assert count("send POST /instances/i2.domo.com/api/identity/v1/developer-tokens ") == 2
    assert count("send DELETE ") == 7
    assert count("send POST /api/oauth/token ") == 5
    assert count("recv ") >= count("send POST /api/clients ") + count("send DELETE ")
    assert count("start put.sh ") == count("write a pipe ") == 3
    assert count("replace secrets/") == count("fsync secrets #") == 5
    assert count("write reconciler.state.json.RUN.journal #") >= 15
    assert count("fsync reconciler.state.json.RUN.journal #") >= 15
    assert count("replace reconciler.state.json #") >= 1
    assert count("unlink reconciler.state.json.RUN.journal #") == 1


def test_an_unharmed_apply_is_judged_right(change: "Scene") -> None:
    """Where no kill comes the judge finds nothing, so that what it finds comes of the kill."""
    verdict = change.kill_at("no such edge", "before")
    assert verdict.wrong == ()
    assert (verdict.hit, verdict.runs, verdict.withdrawn) == (False, 1, 0)


@pytest.mark.parametrize(("side", "withdrawn"), [("before", 0), ("after", 1)])
def test_what_a_kill_cost_is_told(change: "Scene", side: "Side", withdrawn: int) -> None:
    """A client whose answer died with the run is revoked; if it was not requested, none is."""
    edge = "send POST /instances/i2.domo.com/api/identity/v1/developer-tokens #1"
    assert change.kill_at(edge, side).withdrawn == withdrawn
