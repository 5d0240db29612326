"""Pass the events of an apply to a callback, and stop the run if the caller wants to."""

import asyncio
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.operations.apply import ApplyListener
from reconciler.operations.workspace import LoadedState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.apply.events import Event, Listener
    from reconciler.apply.run_context import Stop
    from reconciler.plan.action import Plan
    from reconciler.system.process_reaper import ProcessReaper


class CallbackListener(ApplyListener):
    """Passes events on, and stops the run on Ctrl-C, on `stop` and if the receiver raises."""

    def __init__(self, on_event: "Callable[[Event], object] | None") -> None:
        self.error: BaseException | None = None
        self._on_event = on_event
        self._stops: list[Callable[[], object]] = []
        self._is_stopped = False
        self._catches = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )

    def stop(self) -> None:
        """Start nothing new; may be called from any thread."""
        self._is_stopped = True
        for each in self._stops:
            each()

    def approve(self, plan: "Plan", ground: LoadedState) -> bool:
        """Approve the plan, unless the run was stopped before it began."""
        del plan, ground
        return not self._is_stopped

    @contextmanager
    def running(self, plan: "Plan") -> "Iterator[Listener]":
        """Give the function that passes events on."""
        del plan
        yield self._take

    def started(self, stop: "Stop", keeper: "ProcessReaper") -> None:
        """Prepare for a stop."""
        del keeper
        loop = asyncio.get_running_loop()
        # A loop that has been closed has nothing to stop any more.
        self._stops.append(lambda: loop.is_closed() or loop.call_soon_threadsafe(stop.request))
        if self._is_stopped:
            stop.request()
        if self._catches and threading.current_thread() is threading.main_thread():
            loop.add_signal_handler(signal.SIGINT, self._interrupt)

    def _interrupt(self) -> None:
        self.error = self.error or KeyboardInterrupt()
        self.stop()

    def _take(self, event: "Event") -> None:
        if self._on_event is None or self.error is not None:
            return
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001 (it must not cut the engine off; it is raised later)
            self.error = error
            self.stop()
