"""A reference becomes a secret: from the environment, a file, or a command's standard output.

Owns the moment in which a credential enters the process. A value is taken as it is, less one
trailing newline; one that could not be sent as it stands (empty, not UTF-8, more than one line, a
NUL, a byte order mark) is refused here, because the reference can still be named, rather than as a
refused sign-on, which may lock an account. Nothing is resolved before it is asked for, and nothing
is kept. No message contains a value, or anything that a command printed on standard error: that
goes to a private file beside the state.
"""
