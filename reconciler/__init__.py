"""Declares the API clients of many Domo instances, plans the difference, and applies it.

    from reconciler import Project

    project = Project.open("reconciler.yaml")
    plan = project.plan(targets=["acme-*/Reporting"])
    print(plan.summary)
    report = project.apply(plan, on_event=print)

Every error is a `ReconcilerError` with `code`, `message`, `hint` and `location`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reconciler.api import Project
    from reconciler.apply.events import Event
    from reconciler.model.errors import (
        CredentialUnavailable,
        InvalidInput,
        LockHeld,
        PlanRefused,
        ReconcilerError,
        SignOnRefused,
        SinkFailed,
        StateRefused,
        StateUnwritable,
        Unreachable,
        UsageError,
    )
    from reconciler.model.source_location import SourceLocation
    from reconciler.operations.apply import ApplyReport
    from reconciler.operations.check import CheckReport
    from reconciler.operations.import_clients import ImportReport
    from reconciler.operations.verify import VerifyReport
    from reconciler.plan.action import Action, Plan

__version__ = "0.1.0"

__all__ = [
    "Action",
    "ApplyReport",
    "CheckReport",
    "CredentialUnavailable",
    "Event",
    "ImportReport",
    "InvalidInput",
    "LockHeld",
    "Plan",
    "PlanRefused",
    "Project",
    "ReconcilerError",
    "SignOnRefused",
    "SinkFailed",
    "SourceLocation",
    "StateRefused",
    "StateUnwritable",
    "Unreachable",
    "UsageError",
    "VerifyReport",
    "__version__",
]

_ERRORS: Final = "reconciler.model.errors"
_MODULES: Final = {
    "Action": "reconciler.plan.action",
    "ApplyReport": "reconciler.operations.apply",
    "CheckReport": "reconciler.operations.check",
    "Event": "reconciler.apply.events",
    "ImportReport": "reconciler.operations.import_clients",
    "Plan": "reconciler.plan.action",
    "Project": "reconciler.api",
    "SourceLocation": "reconciler.model.source_location",
    "VerifyReport": "reconciler.operations.verify",
}
"""The modules of the public names; errors are in `_ERRORS`."""


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: the command line needs none of them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, _ERRORS)), name)
