"""Uses the public API as a program of somebody else would; `mypy --strict` checks it."""

from typing import assert_type

from reconciler import (
    Action,
    ApplyReport,
    CheckReport,
    Event,
    ImportReport,
    InvalidInput,
    Plan,
    PlanRefused,
    Project,
    ReconcilerError,
    SourceLocation,
    VerifyReport,
    __version__,
)


def on_event(event: Event) -> None:
    """Take an event."""
    del event


def run(path: str) -> ApplyReport | None:
    """Call every method, and read what errors have."""
    try:
        project = Project.open(path, state="s.json", identities=["key"], concurrency=4)
    except InvalidInput as error:
        assert_type(error.location, SourceLocation | None)
        return None
    plan = project.plan(targets=["acme-*/Reporting"], labels={"env": "prod"}, refresh=False)
    assert_type(plan, Plan)
    assert_type(plan.summary, str)
    assert_type(plan.id, str)
    assert_type(plan.actions, tuple[Action, ...])
    assert_type(project.check(), CheckReport)
    assert_type(project.verify(targets=["acme-prod"]), VerifyReport)
    assert_type(project.import_clients(targets=["acme-prod"]), ImportReport)
    try:
        report = project.apply(plan, on_event=print)
        assert_type(project.apply(plan, on_event=on_event, skip_stale=True), ApplyReport)
    except PlanRefused as error:
        assert_type(error.code, str)
        assert_type(error.message, str)
        assert_type(error.hint, str | None)
        return None
    except ReconcilerError:
        return None
    assert_type(report.complete, bool)
    assert_type(report.stale, tuple[str, ...])
    return report


async def run_async(project: Project) -> ApplyReport:
    """Apply in an event loop."""
    assert_type(__version__, str)
    return await project.apply_async(project.plan(), on_event=print)
