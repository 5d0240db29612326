"""`reconciler state`: inspect the state, and repair it by hand."""

from typing import Final

from reconciler.cli.lazy_group import LazyGroup, Table

COMMANDS: Final[Table] = {
    "list": ("state_list:list_", "List the clients that the state knows."),
    "show": ("state_show:show", "Show all of one client but its secret."),
    "mv": ("state_mv:mv", "Give a client another address."),
    "rm": ("state_rm:rm", "Remove a client from the state without revoking it."),
    "rekey": ("state_rekey:rekey", "Encrypt every secret to the manifest's recipients."),
    "settle": ("state_settle:settle", "Settle what a journal left open and no apply can resolve."),
    "lint": ("state_lint:lint", "Refuse files that contain a secret in plain."),
    "lock": ("state_lock:lock", "Show who holds the lock."),
}

state = LazyGroup(
    COMMANDS,
    name="state",
    no_args_is_help=False,
    help="Inspect the state, and repair it by hand.\n\n"
    "None of these commands sends a request to Domo: they change the state and no client.",
    epilog="Example: reconciler state show acme-prod/Reporting",
)
