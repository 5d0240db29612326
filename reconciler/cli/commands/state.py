"""`reconciler state`: look at the state, and mend it by hand."""

from typing import Final

from reconciler.cli.lazy_group import LazyGroup, Table

COMMANDS: Final[Table] = {
    "list": ("state_list:list_", "List the clients that the state knows."),
    "show": ("state_show:show", "Show all of one client but its secret."),
    "mv": ("state_mv:mv", "Give a client another address."),
    "rm": ("state_rm:rm", "Forget a client, and leave it alive."),
    "rekey": ("state_rekey:rekey", "Seal every secret to the manifest's recipients."),
    "settle": ("state_settle:settle", "End what a journal left open and no apply can find out."),
    "lint": ("state_lint:lint", "Refuse files in which a secret stands in plain."),
    "lock": ("state_lock:lock", "Show who holds the lock."),
}

state = LazyGroup(
    COMMANDS,
    name="state",
    no_args_is_help=False,
    help="Look at the state, and mend it by hand.\n\n"
    "Nothing here talks to Domo: what is done to the state is not done to a client.",
    epilog="Example: reconciler state show acme-prod/Reporting",
)
