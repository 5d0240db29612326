"""`reconciler sandbox`: serve a Domo simulator on loopback."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.help import command
from reconciler.cli.options import option, output_options
from reconciler.cli.sandbox_options import KEYS, read_keys, read_world
from reconciler.cli.types import Duration
from reconciler.cli.views.console import Console
from reconciler.cli.views.sandbox import instructions

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running


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
    from reconciler.sandbox.server import run_forever

    keys = read_keys(instances)
    config, world = read_world(keys, rules, faults)

    def ready(running: "Running") -> None:
        console.data("\n".join(instructions(running, config, keys)))
        console.settle()

    run_forever(world, ready=ready, port=port, latency=latency)
    return 0
