"""Where the state lives: a file, its backup, its lock and its journals, and how secrets are kept.

`local` is the store; `lock` lets one run in at a time; `journal_file` makes a secret durable before
anything is done with it; `encryption` seals secrets to public keys; `git` says which files must not
hold a plain one. The adapters translate what the system says into the error tree, with what to do.

Invariants: what is at a path is the old document or the new one, never a half; nothing that cannot
be read is overwritten; the backup has no secret that the state has given up; the lock file is never
deleted, so that two runs cannot lock two files of one name. A run that finds its lock file gone or
replaced writes no state any more: its records stay in its journal.
"""
