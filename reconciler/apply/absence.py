"""Prove by repeated lists that a client is gone: Domo's lists lag, so one list is not enough."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.apply.matching import explain_unproved_absence, is_same_client, locate
from reconciler.apply.run_context import Run
from reconciler.model.client import ListedClient
from reconciler.plan.observation import Gone, Known, NotVisible, Presence
from reconciler.ports import Listing, Session

_PAUSE: Final = 0.25


@dataclass(slots=True, kw_only=True)
class Absence:
    """The lists of one instance during the absence window, shared by all clients of a run."""

    run: Run
    session: Session
    instance: str
    lists: list[Listing] = field(default_factory=list)
    complete: bool = False

    async def locate(
        self, known: Known, listing: Listing, *, domain: str, principal: str | None = None
    ) -> Presence:
        """Look for a client; one that `listing` lacks is gone only if later lists lack it as well.

        Raises:
            Unreachable: the instance stopped answering.

        """

        def look(each: Listing) -> Presence:
            return locate(self.run, self.instance, known, each, domain=domain, principal=principal)

        for each in (listing, *self.lists):
            seen = look(each)
            if not isinstance(seen, Gone):
                return seen
        clock, window = self.run.ports.clock, self.run.settings.window
        began, pause = clock.monotonic(), _PAUSE
        while not self.complete:
            if not self.run.may_start:
                return NotVisible()
            passed = clock.monotonic() - began
            await clock.sleep(min(pause, max(0.0, window - passed)))
            pause *= 2
            self.lists.append(await self.session.list_clients())
            self.complete = passed >= window
            seen = look(self.lists[-1])
            if not isinstance(seen, Gone):
                return seen
        return Gone()


async def unlisted(
    absence: Absence, revoked: Sequence[ListedClient], *, domain: str
) -> tuple[Listing, list[ListedClient]]:
    """List until no revoked client is shown; return the last list and the clients it may show.

    A list that is incomplete, or may be another instance's, confirms nothing: see its `missing`.

    Raises:
        Unreachable: the instance stopped answering.

    """
    run, clock = absence.run, absence.run.ports.clock
    began, pause = clock.monotonic(), _PAUSE
    while True:
        listing = await absence.session.list_clients()
        listing = replace(
            listing, missing=explain_unproved_absence(run, absence.instance, listing, domain=domain)
        )
        shown: dict[int | None, list[ListedClient]] = {}
        for each in listing.clients:
            shown.setdefault(each.id, []).append(each)
        left = [
            each
            for each in revoked
            if listing.missing
            or any(is_same_client(each, other) for other in shown.get(each.id, ()))
        ]
        passed = clock.monotonic() - began
        if not left or listing.missing or passed >= run.settings.window or not run.may_start:
            return listing, left
        await clock.sleep(min(pause, run.settings.window - passed))
        pause *= 2
