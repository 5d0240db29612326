"""Credentials: a reference in the manifest becomes a secret.

`references` has the built-in sources as a manifest describes them; a plan imports nothing else.
`env`, `file` and `command` are their adapters, and `resolver` passes each reference to the adapter
of its source. Plugins add sources: `reconciler.ports.plugin` is the guide.

A value is used without one trailing newline. A value that cannot be a credential (empty, not UTF-8,
more than one line, a NUL, a byte order mark) is refused here, because the message can still name
the reference; Domo would count it as a refused sign-on, which may lock an account. No message
contains a value or the error output of a command.
"""
