"""The operating system's sharp edges, each blunted once.

`files` writes so that a reader sees the old bytes or the new ones and never a half, also after a
power cut; `child` runs a command that cannot outtalk or outwait its parent, and `keeper` sees that
it does not outlive it either, whatever the parent dies of. They say what the system says: an
`OSError` passes through, and the caller, who knows what the file or the command was for, translates
it. Nothing in here knows what a secret, a state or a client is.
"""
