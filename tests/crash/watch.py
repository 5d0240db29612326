"""Names the edges that a process passes, and kills it at one of them.

An edge is a step that changes what survives the process: a call that makes, writes, syncs, renames,
removes or locks a file, that starts a command, or that sends to a server or receives from it. They
are seen from outside, by wrapping the functions of `os`, `fcntl`, `socket` and `subprocess`: the
tool itself knows nothing of it.

The name does not depend on the order in which threads get their turn. It says what is done, to
what, and for how many-eth time: `fsync reconciler.state.json.RUN.journal #2`.
"""

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

Side = Literal["before", "after"]

_DRAWN: Final = (
    (re.compile(r"\.[0-9a-f]{16}\.tmp\b"), ".TMP"),
    (re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}(_[0-9a-f]{8})?"), "RUN"),
)
_REQUEST: Final = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")
_WRITING: Final = os.O_WRONLY | os.O_RDWR
_UNNAMED: Final = getattr(os, "O_TMPFILE", 0) or -1
_OF_DESCRIPTORS: Final = ("write", "pwrite", "ftruncate", "fchmod", "fsync")
_OF_PATHS: Final = {
    "unlink": 0, "remove": 0, "mkdir": 0, "rmdir": 0, "rename": 1, "replace": 1, "link": 1,
    "symlink": 1, "truncate": 0, "chmod": 0,
}  # fmt: skip
"""Each function with the place of the argument that names what it changes."""

_OF_SOCKETS: Final = ("connect", "send", "sendall", "sendmsg", "recv", "recv_into")


@dataclass(slots=True, kw_only=True)
class Watch:
    """What is seen of one process. `root` is the folder that paths are shown from.

    `audited` are the files that the interpreter opened for writing, by whatever function; `opened`
    those of them whose opening was an edge.
    """

    root: str
    edge: str | None = None
    side: Side = "before"
    edges: list[str] = field(default_factory=list)
    audited: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    _paths: dict[int, str] = field(default_factory=dict)
    _requests: dict[socket.socket, str] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _guard: Any = field(default_factory=threading.RLock)

    def install(self) -> None:
        """Wrap what this process calls from now on."""
        for name, wrap in (("open", self._opening), ("close", self._closing)):
            setattr(os, name, wrap(getattr(os, name)))
        for name in _OF_DESCRIPTORS:
            setattr(os, name, self._on_descriptor(name, getattr(os, name)))
        for name, place in _OF_PATHS.items():
            setattr(os, name, self._on_path(name, getattr(os, name), place))
        setattr(fcntl, "flock", self._on_descriptor("flock", fcntl.flock))  # noqa: B010 (as above)
        for name in _OF_SOCKETS:
            setattr(socket.socket, name, self._on_socket(name, getattr(socket.socket, name)))
        start = self._starting(subprocess.Popen.__init__)
        setattr(subprocess.Popen, "__init__", start)  # noqa: B010 (as all of the above)
        sys.addaudithook(self._audit)

    @contextmanager
    def passing(self, what: str) -> Iterator[None]:
        """Surround a step."""
        with self._guard:
            name = self._numbered(what)
            self.edges.append(name)
        if name == self.edge and self.side == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            yield
        finally:
            if name == self.edge:
                os.kill(os.getpid(), signal.SIGKILL)

    def _numbered(self, what: str) -> str:
        self._counts[what] += 1
        return f"{what} #{self._counts[what]}"

    def _shown(self, path: Any) -> str:
        """Return a path from the root, without what is drawn by chance."""
        text = os.path.relpath(path, self.root)
        for pattern, word in _DRAWN:
            text = pattern.sub(word, text)
        return text

    def _opening(self, plain: Callable[..., int]) -> Callable[..., int]:
        def opening(path: Any, flags: int, *rest: Any, **more: Any) -> int:
            if flags & _UNNAMED == _UNNAMED:  # it never has a name, and so does not survive
                return plain(path, flags, *rest, **more)
            name = self._shown(path)
            self.opened.add(name)
            if flags & os.O_CREAT:
                with self.passing(f"create {name}"):
                    descriptor = plain(path, flags, *rest, **more)
            else:
                descriptor = plain(path, flags, *rest, **more)
            self._paths[descriptor] = name
            return descriptor

        return opening

    def _closing(self, plain: Callable[[int], None]) -> Callable[[int], None]:
        def closing(descriptor: int) -> None:
            self._paths.pop(descriptor, None)
            plain(descriptor)

        return closing

    def _on_descriptor(self, name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(descriptor: int, *rest: Any) -> Any:
            with self.passing(f"{name} {self._paths.get(descriptor, 'a pipe')}"):
                return plain(descriptor, *rest)

        return wrapped

    def _on_path(self, name: str, plain: Callable[..., Any], place: int) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **more: Any) -> Any:
            with self.passing(f"{name} {self._shown(arguments[place])}"):
                return plain(*arguments, **more)

        return wrapped

    def _on_socket(self, name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(sock: socket.socket, *arguments: Any) -> Any:
            if sock.family != socket.AF_INET:  # the event loop's own way to wake itself
                return plain(sock, *arguments)
            what = self._sent(sock, arguments[0]) if name.startswith("send") else ""
            with self.passing(what or f"{name} {self._requests.get(sock, '')}".strip()):
                return plain(sock, *arguments)

        return wrapped

    def _sent(self, sock: socket.socket, data: Any) -> str:
        whole = b"".join(data) if isinstance(data, list | tuple) else bytes(data)
        found = _REQUEST.match(whole)
        if found is None:
            return f"send the body of {self._requests.get(sock, 'a request')}"
        path = re.sub(r"/\d+$", "/ID", found[2].decode("latin-1").partition("?")[0])
        what = f"{found[1].decode()} {path}"
        self._requests[sock] = f"{what} #{self._counts[f'send {what}'] + 1}"
        return f"send {what}"

    def _starting(self, plain: Callable[..., None]) -> Callable[..., None]:
        def starting(popen: Any, argv: Any, *rest: Any, **more: Any) -> None:
            with self.passing(f"start {Path(argv[0]).name}"):
                plain(popen, argv, *rest, **more)

        return starting

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open":
            return
        path, _, flags = arguments
        named = isinstance(path, str | bytes) and flags & _UNNAMED != _UNNAMED
        if named and flags & _WRITING:
            self.audited.add(self._shown(path))
