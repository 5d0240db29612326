"""Exit codes not tied to an exception; for those see `model.errors`."""

from typing import Final

CHANGES: Final = 2
"""Changes are planned, or there is drift: only with `--detailed-exitcode`."""

INCOMPLETE: Final = 3
"""Something failed or could not be seen; the rest is done and recorded."""

INTERRUPTED: Final = 130
