"""The questions of `reconciler init`."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import click

from reconciler.model.errors import UsageError
from reconciler.operations.init import check_email, check_instances, check_recipient, check_sink
from reconciler.operations.scaffold import METHODS, Answers, Pipeline

PIPELINES: Final[tuple[Pipeline, ...]] = ("github", "gitlab", "azure")


def given_pipelines(given: Mapping[str, Any]) -> tuple[Pipeline, ...]:
    """Return the pipelines that the options ask for."""
    return tuple(each for each in PIPELINES if given[each])


def ask_answers(given: Mapping[str, Any], *, ask: bool) -> Answers:
    """Return the values of the options, with answers of the user or defaults for the others.

    Options are checked before the first question. A wrong answer is asked for again.

    Raises:
        UsageError: an option is wrong, or contradicts another.

    """
    pipelines = given_pipelines(given)
    instances, auth, email = given["instances"], given["auth"], given["email"]
    recipient, sink = given["recipient"], given["sink"]
    if instances or not ask:
        check_instances(instances)
    if email is not None:
        check_email(email)
    if recipient is not None or not ask:
        check_recipient(recipient, pipelines)
    check_sink(sink, pipelines)
    if not instances:
        typed = _asked(
            "Instances, as in acme-prod acme-dev", "", lambda text: check_instances(text.split())
        )
        instances = tuple(typed.split())
    auth = auth or _method(ask=ask)
    if auth == "password" and not email:
        email = "ops@example.com"
        if ask:
            email = _asked("E-mail address of who signs on", email, check_email)
    if not pipelines and ask and sink != "file":
        chosen = _choice("Pipeline", ("none", *PIPELINES), ask=True)
        pipelines = () if chosen == "none" else (cast("Pipeline", chosen),)
    if recipient is None and ask:
        recipient = _asked_recipient(pipelines)
    usual: tuple[str, ...] = ("state", "file", "exec") if recipient else ("file", "state", "exec")
    usual = ("state", "exec") if pipelines else usual
    return Answers(
        instances=instances,
        auth=auth,
        email=email or "",
        sink=sink or _choice("Secrets go to", usual, ask=ask),
        recipient=recipient,
        pipelines=pipelines,
    )


def _asked_recipient(pipelines: tuple[Pipeline, ...]) -> str | None:
    without = "a pipeline needs one" if pipelines else "empty: none"
    question = f"age recipient that seals the state ({without})"
    return _asked(question, "", lambda text: check_recipient(text or None, pipelines)) or None


def _asked(question: str, usual: str, check: Callable[[str], object]) -> str:
    """Ask until the answer passes the check, and show what is wrong with each other answer."""

    def right(text: str) -> str:
        text = text.strip()
        try:
            check(text)
        except UsageError as error:
            hint = f"\nhint: {error.hint}" if error.hint else ""
            raise click.UsageError(error.message + hint) from None
        return text

    shown = bool(usual)
    answer: str = click.prompt(
        question, default=usual, show_default=shown, value_proc=right, err=True
    )
    return answer


def _method(*, ask: bool) -> Any:
    """Return the sign-on method, after an explanation of each."""
    if ask:
        for method, lines in METHODS.items():
            click.echo(f"{method}: " + "\n  ".join(lines), err=True)
    return _choice("Sign on with", tuple(METHODS), ask=ask)


def _choice(question: str, choices: tuple[str, ...], *, ask: bool) -> Any:
    """Return one of the choices, the first by default."""
    if not ask:
        return choices[0]
    return click.prompt(question, type=click.Choice(choices), default=choices[0], err=True)
