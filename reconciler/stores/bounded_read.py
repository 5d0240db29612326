"""The bytes of a file that nobody vouches for."""

import stat
from pathlib import Path
from typing import Final

from reconciler.model.damaged_file import damage
from reconciler.model.errors import StateRefused

MAX_BYTES: Final = 512 * 1024 * 1024
"""The most bytes that a state or a journal may have: ten times a fleet of 50,000 clients."""


def read_state_file(path: Path, name: str) -> bytes | None:
    """Return a file's bytes, None where there is no file; anything else there is refused."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for
            raise StateRefused(f"`{name}` is not a file", hint="check the path")
        if found.st_size > MAX_BYTES:  # a file may claim any size without having it
            raise StateRefused(
                f"`{name}` is larger than 512 MiB, so this tool did not write it",
                hint="nothing was written: restore the file, or move it away if it is not yours",
            )
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateRefused(
            f"`{name}` cannot be read: {error.strerror}", hint="nothing was written"
        ) from None
    wrong = damage(data, line_endings=path.suffix == ".journal")
    if wrong is not None:
        raise StateRefused(f"`{name}` {wrong[0]}", hint=f"{wrong[1]}. Nothing was written")
    return data
