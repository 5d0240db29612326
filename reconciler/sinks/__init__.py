"""Sinks: where the secrets of clients are delivered.

`definitions` has the built-in types as a manifest describes them; a plan imports nothing else.
`file` and `exec` are their adapters, and `registry` passes each target to the adapter of its type.
Plugins add types: `reconciler.ports.plugin` is the guide.

A file is complete, durable and mode 0600, in folders that others cannot read, and never outside of
the folder that the user wrote: a placeholder or a symbolic link that leads out of it is refused. A
command gets the secret on standard input, never as an argument or in its environment. Its error
output is not shown; a private file beside the state contains it.
"""
