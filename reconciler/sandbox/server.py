"""Serve a world on loopback: in a thread for tests and the demo, or in the foreground."""

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn

from reconciler.model.errors import UsageError
from reconciler.sandbox.http_server import Connection, Sandbox
from reconciler.sandbox.running_sandbox import Running
from reconciler.sandbox.server_state import SandboxState

BACKLOG: Final = 2048
# Long, because a request on a connection that the server closes just then looks like a lost answer.
KEEP_ALIVE: Final = 600
TICK: Final = 0.01


@contextlib.contextmanager
def running(
    world: SandboxState, *, host: str = "127.0.0.1", port: int = 0, latency: float | None = None
) -> Iterator[Running]:
    """Serve in a thread until the block ends; port 0 takes a free one, latency is in seconds.

    Raises:
        UsageError: the address is not a loopback address, or is not free.

    """
    _pace(world, latency)
    with contextlib.closing(_listen(host, port)) as listening:
        sandbox = Sandbox(world)
        ready = threading.Event()
        server = _Server(sandbox, ready.set)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            ready.wait()
            yield _handle(sandbox, listening)
        finally:
            server.should_exit = True
            thread.join()


def run_forever(
    world: SandboxState,
    *,
    ready: Callable[[Running], None],
    host: str = "127.0.0.1",
    port: int = 0,
    latency: float | None = None,
) -> None:
    """Serve in the foreground until Ctrl-C or SIGTERM; `ready` is called once it serves.

    Raises:
        UsageError: the address is not a loopback address, or is not free.

    """
    _pace(world, latency)
    with contextlib.closing(_listen(host, port)) as listening:
        sandbox = Sandbox(world)
        server = _Server(sandbox, lambda: ready(_handle(sandbox, listening)))
        # uvicorn raises the signal again after it has stopped; a requested stop is no failure.
        with contextlib.suppress(KeyboardInterrupt):
            server.run([listening])


class _Server(uvicorn.Server):
    """A uvicorn server that reports when it is ready and stops within a few milliseconds."""

    def __init__(self, sandbox: Sandbox, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                sandbox,
                http=Connection,
                loop="asyncio",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=2,
            )
        )
        self._sandbox = sandbox
        self._ready = ready

    async def main_loop(self) -> None:
        """Check for the end more often than uvicorn (0.1 s), because tests start many servers."""
        self._ready()
        while not self.should_exit:  # noqa: ASYNC110 (a signal or a thread sets it, not this loop)
            await asyncio.sleep(TICK)
        self._sandbox.close()


def _pace(world: SandboxState, latency: float | None) -> None:
    if latency is not None:
        # Also in the config, so that a reset keeps the options of the command line.
        world.config = {**world.config, "latency": latency}
        world.latency = latency


def _handle(sandbox: Sandbox, listening: socket.socket) -> Running:
    host, port = listening.getsockname()
    return Running(url=f"http://{host}:{port}", world=sandbox.world, lock=sandbox.lock)


def _listen(host: str, port: int) -> socket.socket:
    try:
        address = ipaddress.IPv4Address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise UsageError(
            f"the sandbox does not serve on `{host}`",
            hint="use a loopback address such as 127.0.0.1, because anyone can read the sandbox",
        )
    # asyncio disables Nagle's algorithm only if the protocol is given; with it, answers take 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((str(address), port))
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise UsageError(
            f"cannot listen on {address} port {port}: {error}", hint="port 0 takes a free one"
        ) from error
    return listening
