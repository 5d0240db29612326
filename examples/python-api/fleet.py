"""Plans, applies and verifies the fleet of `reconciler.yaml`."""

import sys

from reconciler import Event, Project, ReconcilerError


def show(event: Event) -> None:
    """Print the name of an event; its fields contain no secret."""
    print(type(event).__name__)


def main() -> int:
    """Bring the fleet to what the manifest asks for; return the exit code."""
    try:
        project = Project.open("reconciler.yaml")
        plan = project.plan()
        print(plan.summary)
        if plan.actions:
            report = project.apply(plan, on_event=show)
            if not report.complete:
                return 1
        verified = project.verify()
    except ReconcilerError as error:
        print(f"{error.location or error.code}: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 1
    for each in verified.results:
        print(f"{each.address}: {each.place} {each.finding}")
    return 0 if verified.complete else 1


if __name__ == "__main__":
    sys.exit(main())
