"""The error tree: every failure that a user can meet has a class here and an exit code.

The command line has one boundary that turns these into `error: …` and `hint: …` on standard
error. Adapters translate what their libraries raise into them; nothing else reaches a user.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from reconciler.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from reconciler.model.source_location import SourceLocation


class ReconcilerError(Exception):
    """A failure in the user's words: what is wrong, its place, and (`hint`) what to do.

    `location` is the place in the manifest, if it is known. `request` is the method, host and path
    of the request that failed, empty if none did. None of them ever holds a secret, a password, a
    cookie or a token.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.location: SourceLocation | None = None
        self.request = ""


class UsageError(ReconcilerError):
    """The command line asks for something that does not exist or does not go together."""

    exit_code = 64
    code = "usage"


class InvalidInput(ReconcilerError):
    """The manifest is wrong; `diagnostics` says every mistake at once."""

    code = "invalid-manifest"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        count = sum(each.count for each in diagnostics if each.severity == "error")
        super().__init__(f"the manifest has {count:,} error{'s' if count != 1 else ''}")
        self.diagnostics = tuple(diagnostics)
        places = [each.place for each in self.diagnostics if each.severity == "error"]
        self.location = next((each for each in places if each is not None), None)


class BrokenPlugin(ReconcilerError):
    """An installed plugin that the manifest uses cannot be loaded, or does not work."""

    code = "broken-plugin"


class StateRefused(ReconcilerError):
    """A state or journal is corrupt, newer, of another lineage or changed; nothing was written."""

    code = "state-refused"


class StateUnwritable(ReconcilerError):
    """The disk did not take the state or the journal."""

    code = "state-unwritable"


class LockHeld(ReconcilerError):
    """Another run has the state's lock."""

    code = "lock-held"


class PlanRefused(ReconcilerError):
    """A guard (limits, protect, a changed plan, git) stops the apply before any request."""

    code = "plan-refused"


class CredentialUnavailable(ReconcilerError):
    """A credential reference has no value: variable unset, file missing, command failed."""

    code = "credential-unavailable"


class SignOnRefused(ReconcilerError):
    """Domo refused the credential. Never tried a second time: retries lock accounts."""

    code = "sign-on-refused"


class Unreachable(ReconcilerError):
    """The instance did not answer, or not usefully, within the retries that are safe."""

    code = "unreachable"


class SinkFailed(ReconcilerError):
    """A sink did not take a secret; the secret is kept and delivered by the next apply."""

    code = "sink-failed"


class SinkUnreadable(ReconcilerError):
    """A sink does not give back what it was given, so that it cannot be proved to work."""

    code = "sink-unreadable"


class Interrupted(ReconcilerError):
    """Ctrl-C or SIGTERM: what was done is recorded."""

    exit_code = 130
    code = "interrupted"
