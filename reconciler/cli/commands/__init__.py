"""One module for each command, whose function returns the exit code.

A command turns options into values, calls one operation and shows the result. No command imports
another one: `operations`, `cli.views` and `cli.values` contain what they share. `cli.main` lists
the commands in a table and imports each when it runs.
"""
