"""`reconciler validate`: is the manifest right, and if not, where is it wrong?"""

from collections.abc import Sequence

import click

from reconciler.cli.options import Where, file_option, format_option, output_options
from reconciler.cli.runtime import load_manifest
from reconciler.cli.views.console import Console
from reconciler.cli.views.diagnostics import record
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput
from reconciler.model.text import plural


@click.command(epilog="Example: reconciler validate -f fleet/ --format json")
@file_option
@format_option("text", "json")
@output_options
@click.pass_obj
def validate(console: Console, where: Where, output: str) -> int:
    """Check a manifest and report every mistake in it at once.

    Reads the manifest and nothing else: no credential, no state, no network.
    """
    try:
        desired = load_manifest(where)
    except InvalidInput as error:
        if output == "text":
            raise
        _report(console, valid=False, diagnostics=error.diagnostics)
        return error.exit_code
    if output == "json":
        _report(console, valid=True, diagnostics=desired.warnings)
        return 0
    if not console.quiet:
        console.diagnostics(desired.warnings)
    instances = plural(len(desired.instances), "instance")
    console.data(f"valid: {instances}, {plural(len(desired.clients), 'client')}")
    return 0


def _report(console: Console, *, valid: bool, diagnostics: Sequence[Diagnostic]) -> None:
    import orjson

    answer = {
        "format": "reconciler.validate",
        "version": 1,
        "valid": valid,
        "diagnostics": [record(each) for each in diagnostics],
    }
    console.data(orjson.dumps(answer, option=orjson.OPT_INDENT_2))
