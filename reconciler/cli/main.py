"""The entry point: the table of commands, and the one error boundary."""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final, NoReturn

import click

import reconciler
from reconciler.cli.lazy_group import LazyGroup, Table
from reconciler.cli.views.console import Console, discard_output, open_closed_streams
from reconciler.model.errors import Interrupted, ReconcilerError, UsageError

PROGRAM: Final = "reconciler"
COMPLETE: Final = "_RECONCILER_COMPLETE"
TRACEBACK: Final = 2
GC_THRESHOLD: Final = 100_000
"""Objects before a garbage collection: imports and plans create many, and no cycles."""

COMMANDS: Final[Table] = {
    "init": ("init:init", "Create a project folder."),
    "validate": ("validate:validate", "Check a manifest and report every mistake in it at once."),
    "plan": ("plan:plan", "Show what an apply would do, offline and without a credential."),
    "show": ("show:show", "Show a plan that `plan --out` saved."),
    "apply": ("apply:apply", "Apply the plan, without losing a secret."),
    "check": ("check:check", "Sign on to every instance and probe every sink."),
    "verify": ("verify:verify", "Sign in with every secret that may be read."),
    "import": ("import_:import_", "Import an existing Domo client into the state."),
    "rotate": ("rotate:rotate", "Replace the clients at ADDRESS by new clients with new secrets."),
    "destroy": ("destroy:destroy", "Revoke the clients at ADDRESS, and forget them."),
    "forget": ("forget:forget", "Stop managing the clients at ADDRESS without revoking them."),
    "output": ("output:output", "Print the secret of one client."),
    "state": ("state:state", "Inspect the state, and repair it by hand."),
    "ledger": ("ledger:ledger", "Check the record that `apply --ledger FILE` keeps."),
    "keygen": ("keygen:keygen", "Create an age identity file and print its recipient."),
    "env": ("env:env", "Print the CI block for all credential references of the manifest."),
    "explain": ("explain:explain", "Explain a code: what it means, why it comes up, what to do."),
    "schema": ("schema:schema", "Print a published JSON schema."),
    "sandbox": ("sandbox:sandbox", "Serve a Domo double on loopback, to try things out."),
    "demo": ("demo:demo", "Run validate, plan, apply and plan again against a sandbox."),
    "completion": ("completion:completion", "Print the completion script of a shell."),
}


SECTIONS: Final = {
    "From a manifest to clients": ("init", "validate", "plan", "show", "apply"),
    "Credentials and keys": ("env", "keygen"),
    "The life of a client": ("import", "rotate", "destroy", "forget"),
    "Checks and secrets": ("check", "verify", "output", "state", "ledger"),
    "Help": ("explain", "schema", "completion", "sandbox", "demo"),
}
"""The commands as the help divides them."""


def group() -> click.Group:
    """Return the command line as click sees it."""
    commands = LazyGroup(
        COMMANDS,
        SECTIONS,
        name=PROGRAM,
        no_args_is_help=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Declare the API clients of many Domo instances in YAML, see what an apply would\n"
        "change, and apply it without losing a secret.",
        epilog=f"`{PROGRAM} COMMAND --help` shows a command's options and an example.",
    )
    version = click.version_option(reconciler.__version__, message="%(prog)s %(version)s")
    return version(commands)


def run() -> NoReturn:
    """Run the command line of this process and end it with the exit code."""
    _read_text_as_utf8()
    gc.set_threshold(GC_THRESHOLD)
    _stop_on_signals()
    open_closed_streams()
    console = Console.of_process(os.environ)
    try:
        code = main(sys.argv[1:], console, os.environ)
    except BrokenPipeError:
        code = ReconcilerError.exit_code
    try:
        console.settle()
    except (OSError, ReconcilerError):
        # Already reported, or the reader closed the pipe: the interpreter must not flush again.
        discard_output()
    sys.exit(code)


def _read_text_as_utf8() -> None:
    """Start Python again in its UTF-8 mode if the locale has another encoding.

    Otherwise arguments, file names and variables would differ from the manifest, whose text is
    UTF-8 in every locale. The option is not inherited by child processes.
    """
    if sys.flags.utf8_mode or sys.getfilesystemencoding() == "utf-8" or not sys.executable:
        return
    with contextlib.suppress(OSError):
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 (this program itself)


def _stop_on_signals() -> None:
    """Let SIGINT, SIGTERM and SIGHUP stop every command in the same way, with 130.

    A shell without job control starts a background job with SIGINT ignored, and so do many entry
    points of containers; Python then installs no handler, and the command could not be stopped.
    SIGHUP stays ignored if `nohup` asked for it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio replaces only this one
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _as_ctrl_c)


def _as_ctrl_c(*_: object) -> None:
    """Treat the signal of a cancelled pipeline like Ctrl-C, so that the command exits with 130."""
    signal.raise_signal(signal.SIGINT)


def main(arguments: list[str], console: Console, environ: Mapping[str, str]) -> int:
    """Run one command and return its exit code; every error is shown here and nowhere else.

    Raises:
        BrokenPipeError: the reader of the output closed the pipe.

    """
    if _wants_json(arguments, environ):  # so that an error in the command line is JSON, too
        console.log_format = "json"
    try:
        _refuse_other_bytes(arguments, environ)
        return _invoke(arguments, console, environ)
    except ReconcilerError as error:
        console.failure(error)
        return error.exit_code
    except click.UsageError as error:
        _print_group_help(error, console)
        console.problem(_said(error), hint=_hint(error), code=UsageError.code)
        return UsageError.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _interrupted(console)
    except BrokenPipeError:
        raise
    except OSError as error:
        console.problem(_refused(error), code="system")
        return ReconcilerError.exit_code
    except BaseException as error:
        if is_interrupt(error):
            return _interrupted(console)
        if not isinstance(error, Exception):
            raise
        return _unexpected(error, console)


def _interrupted(console: Console) -> int:
    console.problem(Interrupted.code, code=Interrupted.code)
    return Interrupted.exit_code


def is_interrupt(error: BaseException) -> bool:
    """Return whether an error is how a library passes on an interrupt during its import.

    A library in Rust turns every error that it cannot handle into a panic, with the error as text.
    """
    is_panic = type(error).__name__ == "PanicException" and "KeyboardInterrupt" in str(error)
    return is_panic or isinstance(error.__cause__ or error.__context__, KeyboardInterrupt)


def _unexpected(error: Exception, console: Console) -> int:
    if _is_memory(error):
        console.problem(
            "the system has no memory left for this program",
            hint="raise the limit (`ulimit -v`, or the container's), and run it again",
            code="system",
        )
    else:
        _internal(error, console)
    return ReconcilerError.exit_code


def _refuse_other_bytes(arguments: list[str], environ: Mapping[str, str]) -> None:
    """Refuse an argument that is not UTF-8, on the command line or in a variable for an option.

    Raises:
        UsageError: a document could not contain it.

    """
    given = [("the argument", each) for each in arguments]
    given += [(f"{k}:", v) for k, v in environ.items() if k.startswith("RECONCILER_")]
    for what, value in given:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UsageError(
                f"{what} `{value}` is not UTF-8", hint="rename the file, or write the name as UTF-8"
            ) from None


def _wants_json(arguments: list[str], environ: Mapping[str, str]) -> bool:
    given = [value for name, value in pairwise(arguments) if name == "--log-format"]
    given += [each.partition("=")[2] for each in arguments if each.startswith("--log-format=")]
    return (given or [environ.get("RECONCILER_LOG_FORMAT", "")])[-1] == "json"


def _invoke(arguments: list[str], console: Console, environ: Mapping[str, str]) -> int:
    code = _run_command(arguments, console, environ)
    console.settle()
    return code


def _run_command(arguments: list[str], console: Console, environ: Mapping[str, str]) -> int:
    commands = group()
    if instruction := environ.get(COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(commands, {}, PROGRAM, COMPLETE, instruction)
    try:
        with commands.make_context(PROGRAM, arguments, obj=console) as context:
            return int(commands.invoke(context) or 0)
    except click.exceptions.Exit as ended:
        return ended.exit_code


def _print_group_help(error: click.UsageError, console: Console) -> None:
    """Print the group's help if no subcommand is given."""
    lost = isinstance(error.ctx and error.ctx.command, click.Group)
    if lost and error.ctx is not None and console.log_format == "text" and not console.quiet:
        console.stderr.write(error.ctx.get_help() + "\n\n")


def _said(error: click.UsageError) -> str:
    """Return click's message in this tool's style: no capital, no full stop."""
    if isinstance(error, click.NoSuchOption):
        command = error.ctx.command_path if error.ctx else PROGRAM
        return f"`{command}` has no option `{error.option_name}`"
    message = " ".join(error.format_message().split()).rstrip(".")
    return message[:1].lower() + message[1:]


def _hint(error: click.UsageError) -> str:
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        return f"did you mean `{error.possibilities[0]}`?"
    command = error.ctx.command_path if error.ctx else PROGRAM
    return f"`{command} --help` shows what it takes"


def _refused(error: OSError) -> str:
    """Return the message for a system error that no adapter handled, such as a full disk."""
    where = f" at `{error.filename}`" if error.filename else ""
    return f"the system refused{where}: {error.strerror or type(error).__name__}"


def _is_memory(error: Exception) -> bool:
    """Return whether an error means that there is no memory for values, a library or a thread."""
    signs = ("failed to map segment", "cannot allocate memory", "can't start new thread")
    return isinstance(error, MemoryError) or (
        isinstance(error, ImportError | RuntimeError)
        and any(each in str(error).lower() for each in signs)
    )


def _internal(error: Exception, console: Console) -> None:
    """Report an unexpected exception by type and location; its message may contain a secret."""
    place = next(reversed(list(_frames(error))), "an unknown place")
    console.problem(
        f"internal error: {type(error).__name__} at {place}",
        hint=f"this is a bug in {PROGRAM} {reconciler.__version__}; report it with the output of"
        " the same command with -vv, which shows no value and no secret",
        code="internal",
    )
    if console.verbosity >= TRACEBACK:
        for frame in _frames(error):
            console.detail(frame)


def _frames(error: BaseException) -> Iterator[str]:
    """Yield the frames of an error, outermost first, after those of its cause."""
    import traceback

    earlier = error.__cause__ or error.__context__
    if earlier is not None:
        yield from _frames(earlier)
        yield f"{type(earlier).__name__}, and then:"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}"
