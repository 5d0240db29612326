"""Texts that servers and state files send to a terminal: escaped everywhere, at the latest here."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("uncovered")

SESSION = {"userId": 27, "success": True, "sessionToken": "s3ssion"}
LINEAGE = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
ID = "00000000-0000-4000-8000-000000000001"
TEXT = ("-vv",)
APPLY = ("--auto-approve", "--absence-window", "200ms")
JSON = ("--format", "json", "--log-format", "json")
SIGN_ON = "POST authentication"
LIST = "GET developer-tokens"
CREATE = "POST clients"


def answers(place: str, hostile: str, http: Callable[..., bytes]) -> Mapping[str, bytes]:
    """Return a server's answers of which the one at `place` is hostile."""
    listed = {"id": 7, "name": "Reporting", "clientId": ID, "userId": 27, "scopes": ["data"]}
    usual = {
        SIGN_ON: http(200, SESSION),
        LIST: http(200, []),
        CREATE: http(422, {"message": "no"}),
        "GET token": http(401, {"error": hostile}),
        "DELETE 7": http(400, {"message": hostile}),
    }
    changed = {
        "reason": {SIGN_ON: http(200, {"success": False, "reason": hostile})},
        "status": {SIGN_ON: http(400, {"message": hostile})},
        "html": {SIGN_ON: http(502, f"<html>{hostile}</html>".encode())},
        "list": {LIST: http(403, {"error": hostile})},
        "names": {LIST: http(200, [listed | {"name": hostile, "description": hostile}])},
        "conflict": {LIST: http(200, [listed | {"description": hostile, "scopes": [hostile]}])},
        "create": {CREATE: http(422, {"message": hostile})},
        "redirect": {CREATE: http(307, b"", Location="http://evil\x1b[2J.example/\x9b")},
    }
    return usual | changed[place]


@pytest.mark.parametrize(
    "view", [TEXT, pytest.param(JSON, marks=pytest.mark.slow)], ids=["text", "json"]
)
@pytest.mark.parametrize(
    "place",
    ["reason", "status", "html", "list", "names", "conflict", "create", "redirect"],
)
def test_nothing_of_an_answer_moves_the_cursor(
    *,
    place: str,
    view: tuple[str, ...],
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    raw_server: Callable[..., str],
    http: Callable[..., bytes],
    hostile: str,
) -> None:
    """Escapes, carriage returns and line feeds of a server arrive as text, in every view."""
    manifest(raw_server(answers(place, hostile, http)))
    ended = apply(*view)
    assert ended.code == 3
    assert ended.is_fit_for_a_terminal()
    assert "internal" not in ended.said
    if view == JSON:
        assert all(json.loads(line) for line in ended.err.splitlines())
        assert json.loads(ended.out)["complete"] is False


def state(hostile: str, url: str = "") -> dict[str, Any]:
    """Return a state whose every free text is hostile."""
    old = {"live_name": hostile, "client_id": hostile, "scope": [hostile], "nonce": hostile}
    entry = {
        "domain": "acme.domo.com",
        "live_name": hostile,
        "client_id": hostile,
        "id": 7,
        "owner": 27,
        "scope": [hostile],
        "description": hostile,
        "nonce": hostile,
        "created_at": "2026-01-31T08:00:00Z",
        "sinks": ["files"],
        "delivered": {"files": {"target": hostile + url, "at": "2026-01-31T08:00:00Z"}},
        "retiring": [old],
    }
    kept = entry | {"client_secret": hostile, "sinks": ["state"], "delivered": {}}
    clients = {
        "acme/Reporting": entry,
        "acme/Kept": kept,
        "acme/Revoked": entry | {"on_remove": "revoke"},
        "acme/Forgotten": entry | {"on_remove": "forget"},
        "acme/Protected": entry | {"protect": True},
        "gone/Elsewhere": entry,
    }
    return {"version": 1, "lineage": LINEAGE, "serial": 3, "clients": clients}


@pytest.mark.parametrize("view", [TEXT, JSON], ids=["text", "json"])
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_nothing_of_a_state_moves_the_cursor(
    *,
    command: str,
    view: tuple[str, ...],
    run: Callable[..., Any],
    manifest: Callable[..., Path],
    raw_server: Callable[..., str],
    http: Callable[..., bytes],
    hostile: str,
    tmp_path: Path,
) -> None:
    """A state file is no friend: names, ids, scopes and targets in it are shown as text."""
    manifest(raw_server(answers("names", hostile, http)))
    for protected in (True, False):
        document = state(hostile)
        if not protected:
            del document["clients"]["acme/Protected"]
            del document["clients"]["gone/Elsewhere"]
        (tmp_path / "reconciler.state.json").write_text(json.dumps(document))
        ended = run(command, *view, *(APPLY if command == "apply" else ()))
        assert ended.code in {0, 1, 3}
        assert ended.is_fit_for_a_terminal()
        assert "internal" not in ended.said


def test_a_name_that_lies_is_refused_where_it_is_read(
    run: Callable[..., Any], manifest: Callable[..., Path], hostile: str, tmp_path: Path
) -> None:
    """An address in the state, or a name in the manifest, that is not one printable line."""
    document = state("fine")
    document["clients"] = {f"acme/{hostile}": document["clients"]["acme/Reporting"]}
    path = tmp_path / "reconciler.state.json"
    path.write_text(json.dumps(document))
    manifest("http://127.0.0.1:9")
    ended = run("plan")
    assert ended.code == 1
    assert "not a state" in ended.err
    assert ended.is_fit_for_a_terminal()
    path.unlink()
    manifest("http://127.0.0.1:9", client=json.dumps({"name": hostile, "scope": ["data"]}))
    ended = run("plan")
    assert ended.code == 1
    assert ended.is_fit_for_a_terminal()


def test_a_lock_that_lies_is_shown_as_text(
    apply: Callable[..., Any], manifest: Callable[..., Path], hostile: str, tmp_path: Path
) -> None:
    """Whoever may write the lock file may say anything in it, and do nothing by it."""
    import fcntl

    manifest("http://127.0.0.1:9")
    said = dict.fromkeys(("pid", "host", "user", "since", "purpose"), hostile)
    with (tmp_path / "reconciler.state.json.lock").open("w") as file:
        json.dump(said, file)
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        ended = apply()
    assert ended.code == 1
    assert "another run holds the lock" in ended.err
    assert ended.is_fit_for_a_terminal()
