"""A secret goes where the manifest says: into a file, or to a command's standard input.

Owns the last step of a delivery. Each sink gets the same JSON object; delivering it again is
harmless. A file is whole, durable and mode 0600, in folders that others cannot read, and never
outside the folder that the user wrote: what a placeholder or a symbolic link leads out of it is
refused. A command gets the secret on standard input, never as an argument or in its environment,
and what it prints on standard error is never shown: a private file beside the state keeps it.
Probing proves before the first create that each sink is able to take a secret; it leaves nothing
behind and runs no command.
"""
