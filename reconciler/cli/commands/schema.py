"""`reconciler schema`: print a published JSON schema."""

from pathlib import Path

import click

from reconciler.cli.help import command
from reconciler.cli.options import output_options
from reconciler.cli.views.console import Console
from reconciler.documents.schema import SUFFIX, schema_folder
from reconciler.model.errors import UsageError
from reconciler.model.strings import nearest


@command(epilog="Example: reconciler schema > manifest.v1.schema.json")
@click.argument("name", default="manifest")
@output_options
@click.pass_obj
def schema(console: Console, name: str) -> int:
    """Print a published JSON schema: that of the manifest, or NAME (state, plan, …)."""
    published = _published()
    if name not in published:
        meant = nearest(name, published)
        hint = f"did you mean `{meant}`?" if meant else "there are: " + ", ".join(sorted(published))
        raise UsageError(f"there is no schema `{name}`", hint=hint)
    console.data(published[name].read_bytes())
    return 0


def _published() -> dict[str, Path]:
    folder = schema_folder()
    return {each.name.removesuffix(SUFFIX): each for each in folder.glob(f"*{SUFFIX}")}
