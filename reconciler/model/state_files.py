"""The names of the files beside a state: each is the state's name and one of these endings.

The store writes them, the git guard checks them, and no sink may write over them.
"""

import re
from typing import Final

BACKUP: Final = ".backup"
LOCK: Final = ".lock"
RUN: Final = r"[0-9A-Za-z_-]+"
"""A pattern: the id of a run in the name of its journal."""

JOURNAL: Final = rf"\.{RUN}\.journal"
"""A pattern: the run's id and the ending."""

LOG: Final = r"\.\d{8}T\d{6}-[0-9a-f]{8}\.log"
"""A pattern: an error log has the run's id, which begins with the time."""

TEMPORARY: Final = r"\.[0-9a-f]{16}\.tmp"
"""A pattern: a file that is being written has this ending after its own name."""

ANY: Final = rf"(?P<what>{re.escape(BACKUP)}|{re.escape(LOCK)}|{JOURNAL}|{LOG})?(?:{TEMPORARY})?"
"""A pattern for the ending of each of these files; it also matches the state's own name."""
