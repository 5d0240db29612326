"""The command line: options, output and exit codes.

A command turns its options into values, calls one operation and shows the result with a view. It
takes adapters from `bootstrap` and decides nothing about plans, applies or manifests.

Invariants: standard output is data, and standard error is everything else. There is one error
boundary, `main.main`. A command is imported when it runs, so that `--help` and `plan` start fast.
Text from outside is escaped before it reaches a terminal.
"""
