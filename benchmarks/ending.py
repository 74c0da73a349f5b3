"""Signals that end a process → an end in order: no broker, process or folder stays behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager


def exits_by_signals() -> AbstractContextManager[None]:
    """Let SIGTERM and the end of the terminal end what is within this as Ctrl-C does.

    The exit code is 128 and the signal's number; a second one ends the process at once.
    """

    def end(number: int) -> None:
        raise SystemExit(128 + number)

    return _heard(end, signal.SIGTERM, signal.SIGHUP)


def asked_by_signals(stop: threading.Event) -> AbstractContextManager[None]:
    """Let Ctrl-C, SIGTERM and the end of the terminal set `stop`.

    A second one does what it did before.
    """
    return _heard(lambda _: stop.set(), signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _heard(act: Callable[[int], None], *numbers: signal.Signals) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in numbers}
    # nohup(1) lets it be ignored, so that a process outlives its terminal.
    if before.get(signal.SIGHUP) is signal.SIG_IGN:
        del before[signal.SIGHUP]

    def once(number: int, _frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        act(number)

    for number in before:
        signal.signal(number, once)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
