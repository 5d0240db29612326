"""The nouns: what a manifest wants, what an instance has, where a secret goes, what went wrong.

Owns values only. Nothing in here reads a file, a clock or an environment variable, starts a
coroutine or draws a random number; everything is immutable, and a secret cannot be printed.
Import from the modules, not from here: there is one small file for each noun.
"""
