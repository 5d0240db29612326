"""Serve a world on loopback: in a thread for tests and the demo, or in the foreground."""

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Final

from aiohttp import web

from reconciler.model.errors import UsageError
from reconciler.sandbox.http_server import Sandbox
from reconciler.sandbox.running_sandbox import Running
from reconciler.sandbox.server_state import SandboxState

BACKLOG: Final = 2048
# Long, because a request on a connection that the server closes just then looks like a lost answer.
KEEP_ALIVE: Final = 600
_HEADER: Final = 65_536
_GRACE: Final = 2.0
"""Seconds in which requests in flight may end when the server stops."""


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
        sandbox, stop = Sandbox(world), asyncio.Event()
        ready = threading.Event()
        loop = asyncio.new_event_loop()

        def serve() -> None:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(_serve(sandbox, listening, stop, ready.set))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            ready.wait()
            yield _handle(sandbox, listening)
        finally:
            loop.call_soon_threadsafe(stop.set)
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
        # The caller's own handlers see the signal once the server has stopped.
        with contextlib.suppress(KeyboardInterrupt):
            number = asyncio.run(
                _until_signalled(sandbox, listening, lambda: ready(_handle(sandbox, listening)))
            )
            signal.raise_signal(number)


async def _until_signalled(
    sandbox: Sandbox, listening: socket.socket, ready: Callable[[], None]
) -> signal.Signals:
    """Serve until SIGINT or SIGTERM, and return which one."""
    stop, received = asyncio.Event(), [signal.SIGINT]
    loop = asyncio.get_running_loop()

    def stop_for(number: signal.Signals) -> None:
        received[0] = number
        stop.set()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, stop_for, number)
    try:
        await _serve(sandbox, listening, stop, ready)
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
    return received[0]


async def _serve(
    sandbox: Sandbox, listening: socket.socket, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Serve on a socket until `stop` is set."""
    server = web.Server(
        sandbox.answer,
        access_log=None,
        logger=_silent(),
        keepalive_timeout=KEEP_ALIVE,
        max_line_size=_HEADER,
        max_field_size=_HEADER,
    )
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(server, sock=listening, backlog=BACKLOG)
    ready()
    await stop.wait()
    listener.close()
    sandbox.close()
    await server.shutdown(_GRACE)


def _silent() -> logging.Logger:
    """Return a logger without output: a client that disconnects is not an error."""
    logger = logging.getLogger(__name__)
    logger.disabled = True
    return logger


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
