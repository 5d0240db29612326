"""One module for each command; its function of the same name returns the exit code.

A command reads its options, asks `runtime` for what it needs, calls one function of another room
and shows the answer. `cli.main` names each one in a table and imports it on use.
"""
