"""The nouns of the domain as plain values: clients, instances, sinks, secrets and errors.

Nothing in here reads a file, a clock or an environment variable, starts a
coroutine or draws a random number; everything is immutable, and a secret cannot be printed.
Import from the modules, not from here: there is one small file for each noun.
"""
