"""The exit codes that are no error's own; those are with the error tree."""

from typing import Final

CHANGES: Final = 2
"""Changes are planned, or there is drift: only with `--detailed-exitcode`."""

INCOMPLETE: Final = 3
"""Something failed or could not be seen; the rest is done and recorded."""

INTERRUPTED: Final = 130
