"""No credential leaves in anything but the request that it is for."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

import pytest

from reconciler.model.errors import ReconcilerError
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from reconciler.domo.session import HttpSession
    from tests.unit.domo.conftest import Stage

SIGN_ON = "POST /instance/api/content/v2/authentication"
LIST = "GET /instance/api/identity/v1/developer-tokens"
CREATE = "POST /api/clients"
PROVE = "POST /api/oauth/token"
HIDDEN = ("hunter2-password", "s3ssion-one", "s3ssion-two", "5ec7e7", "NWVjN2U3")


async def everything(session: HttpSession) -> str:
    """Send each kind of request, and return all that came of it as text."""
    said: list[str] = [repr(session), repr(vars(session)), session.principal]
    said.append(repr(await session.create(name="N", description="", scope=("data",))))
    said.append(repr(await session.revoke(1234)))
    said.append(repr(await session.prove(client_id="id", secret=Secret("5ec7e7"), scope=("data",))))
    try:
        said.append(repr(await session.list_clients()))
    except ReconcilerError as error:
        said += [*traceback.format_exception(error), repr(error.hint)]
    return "\n".join(said)


@pytest.mark.parametrize("fault", ["echo", "refused", "lost", "ended", "none"])
def test_no_outcome_error_or_log_holds_a_credential(
    stage: Stage, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """Even with the libraries' debug logs on, and a server that repeats what it was sent."""
    caplog.set_level(logging.DEBUG)
    echo = {"message": " ".join(HIDDEN), "name": "N", "client_id": "id"}
    behaviour = {
        "echo": stage.answer(400, echo),
        "refused": stage.answer(403, echo),
        "lost": stage.reset(),
        "ended": stage.answer(401, echo),
        "none": stage.answer(200, {"client_secret": "5ec7e7", **echo}),
    }[fault]
    stage.signs_on("s3ssion-one", "s3ssion-two")
    for line in (CREATE, LIST, PROVE, "DELETE /instance/api/identity/v1/developer-tokens/1234"):
        stage.on(line, behaviour)

    said = stage.run(everything)

    assert "N" in said
    assert caplog.text
    assert not [each for each in HIDDEN if each in said or each in caplog.text]


@pytest.mark.parametrize("fault", ["echo", "garbage", "lost"])
def test_no_failed_sign_on_holds_its_password(stage: Stage, fault: str) -> None:
    """The whole traceback of a sign-on that failed can be shown."""
    behaviour = {
        "echo": stage.answer(200, {"success": False, "reason": "hunter2-password"}),
        "garbage": stage.answer(200, b'{"sessionToken": "hunter2-password"'),
        "lost": stage.reset(),
    }[fault]
    stage.on(SIGN_ON, behaviour)

    with pytest.raises(ReconcilerError) as caught:
        stage.run(everything)

    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.hint)
    assert "hunter2-password" not in shown
