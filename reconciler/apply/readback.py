"""Read a secret back from a file that it was delivered to, if it still works."""

from collections.abc import Iterator

from reconciler.apply.events import Cause
from reconciler.apply.run_context import Run
from reconciler.model.errors import SinkUnreadable
from reconciler.model.secret import Secret
from reconciler.model.sink import recorded_file
from reconciler.ports import Inconclusive, Invalid, Session, Valid
from reconciler.state.model import Entry


async def read_back(run: Run, session: Session, entry: Entry) -> Secret | Cause:
    """Return the secret of a client from one of its files, once it has signed in.

    If no file has it, return why: the client needs a rotation, or Domo could not be asked.
    """
    reasons: dict[str, None] = {}
    for recorded in (*entry.files, *_leftovers(run, entry)):
        held = await _held(run, recorded, entry.client_id)
        if isinstance(held, str):
            reasons[held] = None
            continue
        proof = await session.prove(client_id=entry.client_id, secret=held, scope=entry.scope)
        match proof:
            case Valid():
                run.proven.add(entry.client_id)
                return held
            case Invalid(reason=reason):
                reasons[f"its secret does not sign in: {reason}"] = None
            case Inconclusive(reason=reason):
                return Cause(
                    code="not-proven",
                    message="Domo could not be asked whether the secret in the old file works, so"
                    f" it is not delivered: {reason}",
                    hint="apply again: the old file keeps it",
                )
    if not reasons:
        return Cause(
            code="secret-unknown",
            message="its secret cannot be opened here",
            hint="the next plan shows the remedy",
        )
    return Cause(
        code="needs-rotation",
        message=f"needs rotation: the old file does not return the secret: {'; '.join(reasons)}",
        hint="put the old file back and apply again, or let `reconciler rotate ADDRESS` create a"
        " client with a new secret",
    )


def _leftovers(run: Run, entry: Entry) -> Iterator[str]:
    for each in run.working.leftovers.values():
        if each.client_id == entry.client_id and recorded_file(each.target) is not None:
            yield each.target


async def _held(run: Run, recorded: str, client_id: str) -> Secret | str:
    """Return the content of a file, or a phrase without the path, so that causes compare equal."""
    try:
        held = await run.ports.sinks.read_recorded(recorded)
    except SinkUnreadable as error:
        path = recorded.partition(" file ")[2]
        return f"it {error.message.rpartition(path)[2].strip() or 'cannot be read'}"
    if held.client_id not in (None, client_id):
        return "it holds the secret of another client"
    return held.secret
