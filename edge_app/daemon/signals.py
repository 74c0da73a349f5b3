"""Signals of the system → a clean end."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def ended_by_signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM, Ctrl-C and the end of its terminal ask for a clean end; a second Ctrl-C ends
    at once.
    """
    is_asked = False

    def ask(number: int, _frame: object) -> None:
        nonlocal is_asked
        if is_asked:
            # `set` takes a lock, which this signal's predecessor may hold: it runs in this thread.
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            return
        is_asked = True
        stop.set()

    numbers = [signal.SIGTERM, signal.SIGINT]
    # nohup(1) lets it be ignored, so that a process outlives its terminal.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
