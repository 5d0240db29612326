"""`reconciler sandbox`: a Domo double to try things out on."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli.help import command
from reconciler.cli.options import option, output_options
from reconciler.cli.types import Duration
from reconciler.cli.views.console import Console
from reconciler.model.errors import UsageError

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

KEYS: Final = ("acme-prod", "acme-dev", "globex")
LABEL: Final = 63
"""The most characters of a part of a host name."""

KEY_FORM: Final = r"[a-z0-9][a-z0-9-]*"
MANIFEST: Final = "sandbox.yaml"


@command(epilog="Example: reconciler sandbox --latency 50ms --fault lost_answer:route=create")
@option("--port", type=click.IntRange(0, 65535), default=0, help="Port; 0 takes a free one.")
@option("--latency", type=Duration(), default="0", help="Time that each request takes, as in 50ms.")
@option(
    "--instances",
    default=str(len(KEYS)),
    show_default=True,
    metavar="N|KEYS",
    help="How many instances, or their keys with commas between them.",
)
@option(
    "--fault",
    "faults",
    multiple=True,
    metavar="SPEC",
    help="What goes wrong, as WHAT[:key=value,…] (repeatable); the text above lists each WHAT. The"
    " keys route (sign_on, create, create_on_instance, list, revoke, access_tokens, token),"
    " instance (key or domain) and client select the requests, by default all; after (0) is the"
    " number that pass first, times (1, or `always`) the number that the fault strikes. More keys:"
    " status, message, toe, seconds, retry_after, done, form, location, megabytes, depth, body,"
    " content_type, reason, error, echo, keep, named and other.",
)
@option(
    "--rule",
    "rules",
    multiple=True,
    metavar="KEY=VALUE",
    help="How every instance behaves (repeatable); the text above lists each KEY. A wrong KEY or"
    " VALUE is an error that lists the right ones.",
)
@output_options
@click.pass_obj
def sandbox(
    console: Console,
    port: int,
    latency: float,
    instances: str,
    faults: tuple[str, ...],
    rules: tuple[str, ...],
) -> int:
    """Serve a Domo double on loopback, to try things out.

    Prints shell lines that set its credentials and write a manifest that points at it, then
    serves until Ctrl-C or SIGTERM. Everything in it is fiction and is gone when it ends.

    Faults of any request: lost_answer, reset_before, error_before, error_after, rate_limited, hang,
    slow_drip, garbage, truncated, redirect, expired_session, huge, deep_json, answer (any status
    and body), blocked_page, blocked_redirect (the IP allow-list). Of sign_on: sign_on_refused (with
    a reason). Of creates: no_secret, wrong_name, echoed (values in another spelling),
    same_client_id. Of lists: list_cut (marked as incomplete), list_hides (not marked),
    other_instance. Of revoke: no_effect (204, and the client stays). Of token: oauth_error.

    Rules for lists: list_shape (array, entries, pages), list_page, list_ignores_offset, list_lag,
    revoke_lag, empty_list (array, no_content, not_found, null), mask_client_ids (false, true, null,
    absent, prefix, ellipsis, bullets, asterisks, zeros, upper, bare).

    Rules for creates: trim, name_limit, description_limit, stored_as and echo (the spelling that is
    kept and repeated), same_names (exact, case, unicode, blanks, all), scope_case, added_scopes,
    more_scopes, create_retired (404, 405, 410).

    Rules for sign-on and use: second_factor (a status), second_factor_token, allow_list (open,
    page, redirect), session_seconds, session_requests, requests_per_second, wrong_passwords,
    access_tokens (shown, forbidden, not_found), sign_in_method (both, get, post),
    only_documented_scopes, error_message, error_toe.
    """
    from reconciler.sandbox.config import fleet
    from reconciler.sandbox.faults import Fault
    from reconciler.sandbox.server import run_forever
    from reconciler.sandbox.server_state import SandboxState

    keys = _keys(instances)
    try:
        config = fleet(keys, **dict(map(_rule, rules)))
        world = SandboxState.from_config(config)
    except ValueError as error:
        raise UsageError(str(error), hint="for example: --rule list_shape=pages") from None
    for each in faults:
        try:
            world.faults.add(Fault.parse(each))
        except ValueError as error:
            raise UsageError(
                str(error), hint="for example: --fault lost_answer:route=create,times=2"
            ) from None

    def ready(running: "Running") -> None:
        console.data("\n".join(_instructions(running, config, keys)))
        console.settle()

    run_forever(world, ready=ready, port=port, latency=latency)
    return 0


def _rule(text: str) -> tuple[str, Any]:
    """Read one `KEY=VALUE`.

    Raises:
        ValueError: there is no `=`, or the key is not one of `Rules`.

    """
    from dataclasses import fields

    from reconciler.sandbox.entities import Rules
    from reconciler.sandbox.faults import read_value

    key, equals, value = text.partition("=")
    known = {each.name: each.default for each in fields(Rules)}
    if not equals or key not in known:
        raise ValueError(
            f"rule `{text}`: write KEY=VALUE, KEY is one of {', '.join(sorted(known))}"
        )
    # The empty form `null` of a list is a word, not YAML's null.
    word = value == "null" and key in {"empty_list", "mask_client_ids", "echo"}
    return key, value if word else read_value(value)


def _keys(instances: str) -> tuple[str, ...]:
    """Return the keys that `--instances` asks for: the first N of a list, or those it names."""
    import re

    if instances.isdecimal() and int(instances):
        more = (f"instance-{number}" for number in range(len(KEYS) + 1, int(instances) + 1))
        return (*KEYS[: int(instances)], *more)
    keys = tuple(dict.fromkeys(key.strip() for key in instances.split(",")))
    for key in keys:
        if not re.fullmatch(KEY_FORM, key) or key.endswith("-") or len(key) > LABEL:
            raise UsageError(
                f"`{key}` is not an instance key",
                hint="a key is a part of a host name: a-z, 0-9 and `-`, as in acme-prod",
            )
    return keys


def _instructions(
    running: "Running", config: Mapping[str, Any], keys: tuple[str, ...]
) -> Iterator[str]:
    """Yield lines that a shell can read: the credentials, and a manifest that refers to them."""
    from reconciler.sandbox.config import login

    yield f"# A Domo double serves on {running.url} until Ctrl-C. Paste this into another shell:"
    for key in keys:
        password = login(config, f"{key}.domo.com").password
        yield f"export DOMO_{key.upper().replace('-', '_')}_PASSWORD='{password}'"
    yield f"cat > {MANIFEST} <<'END'"
    yield from _manifest(running, keys)
    yield "END"
    yield f"# and then: reconciler plan -f {MANIFEST}"


def _manifest(running: "Running", keys: tuple[str, ...]) -> Iterator[str]:
    from reconciler.manifest.generate import text

    yield "version: 1"
    yield "state: {path: sandbox.state.json}"
    yield "endpoints:"
    yield f"  api: {running.api}"
    yield f"  instance: {running.instance_template}"
    yield "client_sets:"
    yield "  everywhere:"
    yield "    select: {all: true}"
    yield "    clients:"
    yield "      - {name: Automation Client, scope: [data, user]}"
    yield "instances:"
    for key in keys:
        reference = '{env: "DOMO_{INSTANCE}_PASSWORD"}'
        yield f"  {text(key)}:"  # `no` and `123` would not be read as text
        yield f"    auth: {{method: password, email: ops@{key}.example, password: {reference}}}"
