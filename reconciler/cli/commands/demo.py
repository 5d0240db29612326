"""`reconciler demo`: validate, plan and apply against the embedded sandbox."""

import tempfile
from pathlib import Path

import click

from reconciler.cli.demo_story import INSTANCES, tell
from reconciler.cli.help import command
from reconciler.cli.options import output_options
from reconciler.cli.views.console import Console


@command(epilog="Example: reconciler demo")
@output_options
@click.pass_obj
def demo(console: Console) -> int:
    """Run validate, plan, apply and plan again against a sandbox, and show each step.

    Everything happens on this machine, in a temporary folder that is removed at the end.
    """
    from reconciler.sandbox.config import fleet, login
    from reconciler.sandbox.server import running
    from reconciler.sandbox.server_state import SandboxState

    config = fleet(INSTANCES, seed=7)
    logins = {key: login(config, f"{key}.domo.com") for key in INSTANCES}
    with (
        running(SandboxState.from_config(config)) as served,
        tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder,
    ):
        tell(console, Path(folder), served, logins)
    return 0
