"""What a sink gives back: the pair that a consumer would sign in with."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, assert_never

from reconciler.model.errors import SinkUnreadable
from reconciler.model.secret import Secret
from reconciler.model.sink import ExecTarget, FileTarget
from reconciler.model.strings import format_duration, printable
from reconciler.ports import ReadBack
from reconciler.sinks.file import Folders
from reconciler.system import child_process
from reconciler.system.process_reaper import ProcessReaper

LARGEST: Final = 1 << 20
"""The most bytes that are read of one file."""

_KEYS: Final = ("DOMO_CLIENT_ID", "DOMO_CLIENT_SECRET")


def from_file(target: FileTarget, root: Path) -> ReadBack:
    """Read a file sink's file, inside of the folder that the user wrote.

    Raises:
        SinkUnreadable: it is missing, or not what was written.

    """
    named = f"sink {target.sink}: {printable(target.path)}"
    try:
        return parsed(read_bytes(Folders(root).place(target)), target.format)
    except UnicodeError:
        raise SinkUnreadable(f"{named} is not text", hint=_DELIVER) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SinkUnreadable(f"{named} cannot be read: {reason}", hint=_DELIVER) from None
    except ValueError as error:
        raise SinkUnreadable(f"{named} cannot be used: {error}", hint=_DELIVER) from None


_DELIVER: Final = "read it where it was delivered, or let `reconciler rotate` deliver a new one"


async def from_command(
    target: ExecTarget,
    *,
    root: Path,
    env: Mapping[str, str],
    keeper: ProcessReaper,
    keep: child_process.KeepErrors,
) -> ReadBack:
    """Run the command that an `exec` sink names for reading back.

    Raises:
        SinkUnreadable: there is none, it failed, or printed what cannot be used.

    """
    if target.read is None:
        raise SinkUnreadable(
            f"sink {target.sink} has no command for reading back",
            hint="give it a `read`, a command that prints what it was given",
        )
    named = f"sink {target.sink}: command {printable(target.read[0])}"
    command = child_process.Command(argv=target.read, cwd=root, env=env, timeout=target.timeout)
    wrong = "printed what cannot be used"
    match outcome := await child_process.run(command, keeper):
        case child_process.Finished(code=0):
            try:
                return _printed(outcome.stdout)
            except UnicodeError:
                wrong = "printed what is not text"
            except ValueError as error:
                wrong = f"printed what cannot be used: {error}"
        case child_process.Finished():
            wrong = child_process.how_it_ended(outcome.code)
        case child_process.TimedOut():
            wrong = f"did not end within {format_duration(target.timeout)}"
        case child_process.Flooded():
            wrong = "printed more than 1 MiB"
        case child_process.NotStarted():
            wrong = f"cannot be run: {outcome.reason}"
        case _:
            assert_never(outcome)
    wrong = f"{named} {wrong}"
    if not isinstance(outcome, child_process.NotStarted):
        wrong += keep(wrong, outcome.stderr)
    raise SinkUnreadable(
        wrong, hint="run it by hand, in the manifest's folder, to see what it prints"
    )


def parsed(data: bytes, form: str) -> ReadBack:
    """Read what a file sink wrote in one of its formats.

    Raises:
        ValueError: it is something else; the text repeats nothing of it.

    """
    text = data.decode()
    match form:
        case "json":
            return _object(text)
        case "dotenv":
            found = dict(_variables(text))
            return _held(*(found.get(key) for key in _KEYS))
        case _:
            return _held(None, text)


def _printed(data: bytes) -> ReadBack:
    text = data.decode()
    if text.lstrip().startswith("{"):
        return _object(text)
    return _held(None, text.removesuffix("\n").removesuffix("\r"))


def _object(text: str) -> ReadBack:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    pair = found if isinstance(found, Mapping) else {}
    return _held(pair.get("client_id"), pair.get("client_secret"))


def _held(client_id: object, secret: object) -> ReadBack:
    if not (isinstance(secret, str) and secret.strip()):
        raise ValueError("it holds no secret")
    known = client_id if isinstance(client_id, str) and client_id else None
    return ReadBack(client_id=known, secret=Secret(secret))


def _variables(text: str) -> list[tuple[str, str]]:
    pairs = (line.strip().removeprefix("export ").partition("=") for line in text.splitlines())
    return [(key.strip(), _unquoted(value.strip())) for key, equals, value in pairs if equals]


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def read_bytes(path: Path) -> bytes:
    """Read a regular file; a symbolic link, a device or a FIFO is none."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as stream:  # noqa: PTH123 (a descriptor has no path)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("it is not a regular file")
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError("it is larger than 1 MiB")
    return data
