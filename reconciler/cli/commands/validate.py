"""`reconciler validate`: report every mistake in a manifest."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import click

from reconciler.cli.help import command
from reconciler.cli.options import file_option, format_option, output_options
from reconciler.cli.views.console import Console
from reconciler.cli.views.diagnostics import document
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput
from reconciler.model.strings import plural
from reconciler.operations.workspace import ProjectPaths, load_manifest

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest

Output = Literal["text", "json", "github", "sarif", "junit"]


@command(epilog="Example: reconciler validate -f fleet/ --format json")
@file_option
@format_option("text", "json", "github", "sarif", "junit")
@output_options
@click.pass_obj
def validate(console: Console, where: ProjectPaths, output: Output) -> int:
    """Check a manifest and report every mistake in it at once.

    Reads the manifest and nothing else: no credential, no state, no network. The formats
    other than text are for machines: json for a program, github for annotations at the lines of a
    change, sarif for code scanning, junit for test reports.
    """
    try:
        desired = load_manifest(where)
    except InvalidInput as error:
        if output == "text":
            raise
        _report(console, output, error.diagnostics)
        return error.exit_code
    if output == "text":
        if not console.quiet:
            console.diagnostics(desired.warnings)
        console.report(_counted(desired))
        return 0
    _report(console, output, desired.warnings)
    if output == "github":
        console.report(_counted(desired))
    return 0


def _counted(desired: "Manifest") -> str:
    instances = plural(len(desired.instances), "instance")
    return f"valid: {instances}, {plural(len(desired.clients), 'client')}"


def _report(console: Console, output: Output, diagnostics: Sequence[Diagnostic]) -> None:
    match output:
        case "github":
            from reconciler.cli.views.diagnostics_github import render_github

            if diagnostics:
                console.data(render_github(diagnostics))
        case "junit":
            from reconciler.cli.views.diagnostics_junit import render_junit

            console.data(render_junit(diagnostics))
        case "sarif":
            import reconciler
            from reconciler.cli.views.diagnostics_sarif import sarif

            console.document(sarif(diagnostics, version=reconciler.__version__))
        case _:
            console.document(document(diagnostics))
