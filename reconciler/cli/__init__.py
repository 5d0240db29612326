"""The command line: the composition root, where the pure middle meets the outside.

Owns the commands, their options, what is printed and the exit codes. It is the only room that
knows every other one: it reads the manifest's files and the environment, chooses the adapters,
and hands values down. Refuses to decide: what a plan holds, what an apply does and what a
manifest may say are other rooms' business.

Invariants: standard output is data and everything else goes to standard error; there is one error
boundary (`main.run`); a command is imported when it is used, so that `--help` and `plan` start
fast; nothing that came from outside reaches a terminal unescaped.
"""
