"""Read an untrusted state or journal, up to a size limit."""

from pathlib import Path
from typing import Final

from reconciler.model.damaged_file import damage
from reconciler.model.errors import StateRefused
from reconciler.system.bounded_read import FileTooLarge, read_bounded

MAX_BYTES: Final = 512 * 1024 * 1024
"""The most bytes that a state or a journal may have: ten times a fleet of 50,000 clients."""


def read_state_file(path: Path, name: str) -> bytes | None:
    """Return a file's bytes, None if the file does not exist; anything else there is refused."""
    try:
        data = read_bounded(path, MAX_BYTES)
    except FileNotFoundError:
        return None
    except FileTooLarge as error:
        raise StateRefused(
            f"`{name}` cannot be read: {error.strerror}, so this tool did not write it",
            hint="nothing was written: restore the file, or move it away if it is not yours",
        ) from None
    except OSError as error:
        raise StateRefused(
            f"`{name}` cannot be read: {error.strerror}",
            hint="check the path; nothing was written",
        ) from None
    wrong = damage(data, line_endings=path.suffix == ".journal")
    if wrong is not None:
        raise StateRefused(f"`{name}` {wrong[0]}", hint=f"{wrong[1]}. Nothing was written")
    return data
