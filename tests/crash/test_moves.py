"""Kills an apply whose manifest moves clients to the addresses at which it replaces them."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.crash.kill import Scene


def test_a_kill_at_a_durable_step_of_a_move_loses_nothing(moves: "Scene") -> None:
    """The journal has the new addresses before the state has them: its records still belong."""
    durable = re.compile(r"(fsync|replace|unlink) .*reconciler\.state\.json.*|send DELETE .*")
    traced = moves.traced()
    assert traced.code == 0, traced.said
    edges = [each for each in traced.edges if durable.fullmatch(each)]
    assert len(edges) > 10
    wrong = [f"{edge}: {each}" for edge in edges for each in moves.kill_at(edge, "after").wrong]
    assert wrong == []
