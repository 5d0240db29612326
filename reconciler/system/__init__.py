"""Files and processes of the operating system.

`atomic_files` writes a file so that a reader sees the old or the new content, also after a power
cut. `child_process` runs a command with limits on its time and its output. `process_reaper` ends
commands if this process is killed. `host` is what the adapters of sinks and credentials get.

These modules let an `OSError` pass, because only the caller knows what the file or the command was
for. They know nothing of secrets, states and clients.
"""
