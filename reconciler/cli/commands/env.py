"""`reconciler env`: print the CI configuration that passes credentials to a job."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli.help import command
from reconciler.cli.options import file_option, output_options
from reconciler.cli.views.console import Console
from reconciler.model.errors import UsageError
from reconciler.model.strings import join_limited
from reconciler.operations.workspace import ProjectPaths, load_manifest

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest
    from reconciler.model.reference import CredentialRef

_SHOWN: Final = 3
"""Instances that a comment names; a fleet of thousands often shares one reference."""

_HEADS: Final = {
    "github": "# The env block of the step that runs reconciler; the values are repository or"
    " environment secrets\nenv:\n",
    "azure": "# The env block of the step that runs reconciler; the values are secret variables of"
    " the pipeline\nenv:\n",
    "gitlab": "# GitLab passes CI/CD variables to each job; these lines stop a job that lacks one\n"
    "before_script:\n",
}
_LINES: Final = {
    "github": "  {name}: ${{{{ secrets.{name} }}}}\n",
    "azure": "  {name}: $({name})\n",
    # A `variables:` entry `NAME: $NAME` would send the text `$NAME` if the variable is missing.
    "gitlab": "  - ': \"${{{name}:?add it under Settings > CI/CD > Variables}}\"'\n",
}


@command(epilog="Example: reconciler env --github")
@click.option("--github", "forge", flag_value="github", help="For a step of GitHub Actions.")
@click.option("--gitlab", "forge", flag_value="gitlab", help="For a job of GitLab CI.")
@click.option("--azure", "forge", flag_value="azure", help="For a step of Azure Pipelines.")
@file_option
@output_options
@click.pass_obj
def env(console: Console, where: ProjectPaths, *, forge: str | None) -> int:
    """Print the CI block for all credential references of the manifest.

    The block contains the names of environment variables and never a value. References to files
    and commands are listed as comments, because the job itself must provide them.
    """
    if forge is None:
        raise UsageError(
            "no CI system was chosen", hint="use one of --github, --gitlab and --azure"
        )
    used = _used(load_manifest(where))
    names = sorted({name for each in used for name in each.variables})
    block = _HEADS[forge] + "".join(_LINES[forge].format(name=name) for name in names)
    console.data((block if names else "") + "".join(_comments(used)))
    return 0


def _used(desired: "Manifest") -> Mapping["CredentialRef", Sequence[str]]:
    """Return each credential reference with the keys of the instances that use it."""
    used: dict[CredentialRef, list[str]] = defaultdict(list)
    for key, instance in sorted(desired.instances.items()):
        for reference in instance.auth.references() if instance.auth is not None else ():
            used[reference].append(key)
    return used


def _comments(used: Mapping["CredentialRef", Sequence[str]]) -> Iterator[str]:
    for reference, keys in sorted(used.items(), key=lambda each: str(each[0])):
        if not reference.variables:
            yield f"# The job must provide {reference}, for {join_limited(keys, _SHOWN)}\n"
