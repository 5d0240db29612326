"""One kill at one edge, and what comes of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.crash.harness import APPLY, Case, Domo, Ended, Launcher
    from tests.crash.judge import Judge
    from tests.crash.story import Story
    from tests.crash.watch import Side
else:
    from harness import APPLY, Case, Domo, Ended, Launcher
    from judge import Judge
    from story import Story
    from watch import Side

RUNS: Final = 3
"""How many applies may pass until one of them is complete."""

SEALED: Final = ("cannot be opened here", "sealed here")
"""What a run says if it lacks the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one kill led to: `wrong` says each invariant that did not hold.

    `hit` is false where the run ended by itself, without passing the edge. `runs` are the applies
    after the kill; `withdrawn` are clients that were revoked because nobody had got their secret.
    """

    hit: bool
    runs: int
    withdrawn: int
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """All that a kill needs: a story, who runs the tool, who plays Domo, and a folder for it."""

    story: Story
    launcher: Launcher
    domo: Domo
    folder: Path

    def traced(self) -> Ended:
        """Return a run that nobody kills, with its edges."""
        with self.story.place.opened(self.folder, self.domo) as case:
            return self.launcher.run(case.folder, *APPLY, watch=True)

    def kill_at(self, edge: str, side: Side) -> Verdict:
        """Kill an apply at an edge, apply again until that is complete, and judge throughout."""
        with self.story.place.opened(self.folder, self.domo) as case:
            judge = Judge(case, self.story.wanted)
            ended = self.launcher.run(case.folder, *APPLY, edge=edge, side=side)
            judge.killed()
            runs = complete(self.launcher, case, judge)
            judge.ended()
            judge.wrong += (*self._misnamed(case), *self._miscounted(judge))
            return Verdict(
                hit=ended.code is None and not ended.stuck,
                runs=runs,
                withdrawn=judge.withdrawn,
                wrong=tuple(judge.wrong),
            )

    def _misnamed(self, case: Case) -> Iterator[str]:
        for (instance, client), name in self.story.renamed.items():
            names = {each.name for each in case.served.clients(f"{instance}.domo.com")}
            if name not in names:
                yield f"twice: {instance}/{client} is called none of {sorted(names)}"

    def _miscounted(self, judge: Judge) -> Iterator[str]:
        if judge.made - judge.withdrawn != self.story.makes:
            yield f"twice: {judge.made} made, {judge.withdrawn} of them ended again"


def complete(
    launcher: Launcher,
    case: Case,
    judge: Judge,
    apply: tuple[str, ...] = APPLY,
    key: tuple[str, ...] = (),
    settle: Callable[[], None] = lambda: None,
) -> int:
    """Apply until that is complete and the plan is empty; return how many applies it took.

    `key` is the option with the identity: it is given once something that is sealed must be read.
    `settle` does by hand what a run without faults and with the key asked for.
    """
    runs = 0
    while runs < RUNS:
        runs += 1
        ended = launcher.run(case.folder, *apply)
        plan = launcher.run(case.folder, "plan")
        if ended.code == plan.code == 0 and "No changes." in plan.said:
            return runs
        judge.killed()
        if key and any(words in ended.said + plan.said for words in SEALED):
            apply = (*apply, *key)
            key = ()
        else:
            settle()
    judge.wrong.append(f"stuck: not complete after {RUNS} applies: {ended.said}{plan.said}")
    return runs
