"""`reconciler explain`: print what a code means and what to do."""

from textwrap import fill
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli.help import command
from reconciler.cli.options import format_option, output_options
from reconciler.cli.types import Lines
from reconciler.cli.views.console import Console
from reconciler.documents.envelope import envelope
from reconciler.model.errors import UsageError
from reconciler.model.strings import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.error_codes import Explanation

WIDTH: Final = 80


@command(epilog="Example: reconciler explain suspected-orphan")
@click.argument("code", required=False, type=Lines("code", "codes"))
@format_option("text", "json")
@output_options
@click.pass_obj
def explain(console: Console, *, code: str | None, output: str) -> int:
    """Explain a code: what it means, why it comes up, what to do.

    Every error, finding, notice and cause has a CODE: -v shows that of an error, --format json and
    --log-format json show all of them. Without CODE every code is listed.
    """
    from reconciler.cli.error_codes import explanation, explanations

    chosen = explanations()
    if code is not None:
        found = explanation(code)
        if found is None:
            raise _unknown(code, chosen)
        chosen = {code: found}
    if output == "json":
        console.document(_document(chosen))
    elif code is not None:
        console.data(_page(code, chosen[code], min(console.width, WIDTH)))
    else:
        console.data("\n".join(f"{each}: {known.means}" for each, known in chosen.items()))
    return 0


def _document(chosen: "Mapping[str, Explanation]") -> dict[str, object]:
    codes = [{"code": code, **known._asdict()} for code, known in chosen.items()]
    return {**envelope("explain"), "codes": codes}


def _page(code: str, known: "Explanation", width: int) -> str:
    parts = (known.means, f"Why: {known.why}", f"What to do: {known.do}")
    return "\n\n".join([code, *(fill(part, width, break_on_hyphens=False) for part in parts)])


def _unknown(code: str, known: "Mapping[str, Explanation]") -> UsageError:
    meant = nearest(code, known)
    hint = f"did you mean `{meant}`?" if meant else "`reconciler explain` lists every code"
    return UsageError(f"there is no code `{code}`", hint=hint)
