"""`mien events`: a broker's address → its devices' events on standard output."""

from __future__ import annotations

import argparse
import contextlib
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from edge_app.closing import Closing
from edge_app.errors import UsageError
from edge_app.events.payloads import decode_event
from edge_app.history.recorder import RECORDED_LATE, RECORDED_LIVE, Recorder, UnrecordableError
from edge_app.listen.message_line import availability_line, event_line, json_line
from edge_app.listen.printer import Printer
from edge_app.mistakes import UNREADABLE
from edge_app.mqtt.address import parse_address
from edge_app.mqtt.broker_arguments import add_broker_arguments, credentials_from
from edge_app.mqtt.subscriber import ReceivedMessage, Subscriber
from edge_app.mqtt.topics import ROOT, level
from edge_app.terminal_lines import printable
from edge_app.whole_number import whole_number

#: How often to look whether somebody still reads, while nothing comes.
_LOOK_S = 0.5
#: How long nothing comes before a broker that waits for answers is given them.
_PAUSE_S = 0.01
#: Bytes of lines that wait for a reader; of further ones only how many is told.
_MOST_WAITING = 16_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_broker_arguments(parser)
    parser.add_argument("--device", metavar="NAME", help="only this device (default: all)")
    parser.add_argument("--json", action="store_true", help="JSON Lines, as published")
    parser.add_argument(
        "--count", metavar="N", type=whole_number, help="end after N events (default: never)"
    )
    parser.add_argument(
        "--store", metavar="FILE", type=Path,
        help="also record events, summaries, availability and alerts in this SQLite file, for"
        " mien report",
    )  # fmt: skip
    parser.add_argument(
        "--keep", metavar="DAYS", type=whole_number,
        help="remove from the store what is older (default: keep all)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Print events as they come, until there are enough, or Ctrl-C or SIGTERM ends it.

    Raises:
        UsageError: an address, a device, a password file or a store that cannot be.
        BrokerError: the broker cannot be reached, or refuses.
        MienError: the store cannot be written.
    """
    if arguments.keep is not None and arguments.store is None:
        raise UsageError("--keep needs --store FILE")
    with (
        contextlib.suppress(KeyboardInterrupt),
        _on_end(signal.default_int_handler),
        _printer() as printer,
    ):
        with _Store(arguments.store, arguments.keep, printer) as store:
            _print_events(_subscriber(arguments, store.subscriber), store, arguments, printer)
        # The store is closed before the last lines are waited for.
        printer.finish()
    return 0


@contextlib.contextmanager
def _on_end(handle: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Ctrl-C and a service manager's way to end it call the same."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, handle) for each in numbers]
    try:
        yield
    finally:
        for number, each in zip(numbers, before, strict=True):
            signal.signal(number, each)


class _Store(Closing):
    """The recorder, if one is asked for; says once a topic what it could not record."""

    def __init__(self, path: Path | None, keep_days: int | None, printer: Printer) -> None:
        self._printer = printer
        self._recorder = None
        if path is not None:
            self._recorder = Recorder(
                path, keep_days=keep_days, say=lambda text: _say(printer, text)
            )
        self._complained: set[str] = set()
        self._taken: ReceivedMessage | None = None

    @property
    def subscriber(self) -> str | None:
        """The name under which the broker keeps what is not recorded yet, if anything is."""
        return None if self._recorder is None else self._recorder.subscriber

    @property
    def is_full(self) -> bool:
        """Whether nothing more is to be taken for now."""
        return self._recorder is not None and self._recorder.is_full

    def take(self, message: ReceivedMessage, subscriber: Subscriber) -> bool:
        """Whether the message is of use."""
        if self._recorder is None:
            return True
        self.flush(subscriber)
        self._taken = message
        try:
            self._recorder.take(message.topic, message.payload, message.connection)
        except UnrecordableError as error:
            if message.topic not in self._complained:
                self._complained.add(message.topic)
                _say(
                    self._printer,
                    f"{message.topic}: not recorded, not a message of this version: {error}",
                )
            return False
        return True

    def take_rest(self, subscriber: Subscriber) -> None:
        """End the connection, and record what came on it."""
        try:
            self._take_waiting(subscriber)
            self.flush(subscriber, is_awaited=True)
        finally:
            subscriber.close()
        # What came in between, the broker sends again only where it keeps it.
        self._take_waiting(subscriber)

    def flush(self, subscriber: Subscriber, *, is_awaited: bool = False) -> None:
        """Write what waited long enough; only then may the broker forget it."""
        if self._recorder is None:
            return
        is_written = self._recorder.flush(subscriber.connection, is_awaited=is_awaited)
        if is_written and self._taken is not None:
            subscriber.settle(self._taken)

    def close(self) -> None:
        if self._recorder is not None and self._recorder.refused:
            _say(self._printer, f"{self._recorder.refused} messages could not be recorded")
        if dropped := self._printer.dropped:
            what = "not shown" if self._recorder is None else "recorded and not shown"
            _say(self._printer, f"{dropped} lines were {what}: nobody read them in time")
        if self._recorder is not None:
            self._recorder.close()

    def _take_waiting(self, subscriber: Subscriber) -> None:
        for message in subscriber.waiting():
            self.take(message, subscriber)


def _say(printer: Printer, text: str) -> None:
    printer.say(f"mien: {printable(text)}")


def _printer() -> Printer:
    return Printer(encoding=sys.stdout.encoding or "utf-8", most=_MOST_WAITING)


def _subscriber(arguments: argparse.Namespace, kept_as: str | None) -> Subscriber:
    address = parse_address(arguments.broker)
    device = "+" if arguments.device is None else level("device name", arguments.device)
    if arguments.store is not None:
        kinds, live = RECORDED_LATE, RECORDED_LIVE
    else:
        kinds, live = ("event",), () if arguments.json else ("availability",)
    return Subscriber(
        address,
        [f"{ROOT}/{device}/{kind}" for kind in kinds],
        unkept=[f"{ROOT}/{device}/{kind}" for kind in live],
        kept_as=kept_as,
        credentials=credentials_from(arguments),
    )


def _print_events(
    subscriber: Subscriber, store: _Store, arguments: argparse.Namespace, printer: Printer
) -> None:
    is_ending = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        is_ending.set()
        subscriber.interrupt()

    try:
        subscriber.connect()
        # It ends between two messages, with both in the store.
        with _on_end(end):
            _say(printer, f"listening to {subscriber.address}")
            _print_until(is_ending, subscriber, store, arguments, printer)
    finally:
        store.take_rest(subscriber)
    if is_ending.is_set():
        raise KeyboardInterrupt


def _print_until(
    is_ending: threading.Event,
    subscriber: Subscriber,
    store: _Store,
    arguments: argparse.Namespace,
    printer: Printer,
) -> None:
    left = arguments.count
    while (left is None or left > 0) and not is_ending.is_set():
        if store.is_full:
            message = None
            # Not `is_ending.wait`: a signal's handler that sets it would wait for the very lock
            # that the interrupted wait holds.
            time.sleep(_LOOK_S)
        else:
            message = subscriber.receive(_PAUSE_S if subscriber.is_awaited else _LOOK_S)
        if message is None:
            store.flush(subscriber, is_awaited=subscriber.is_awaited)
            _check_reader()
            continue
        is_of_use = store.take(message, subscriber)
        kind = message.topic.split("/")[2]
        is_event = kind == "event"
        # An empty availability is a device that somebody took away.
        is_presence = kind == "availability" and bool(message.payload)
        is_shown = is_event or (is_presence and not arguments.json)
        if not (is_of_use and is_shown):
            continue
        try:
            line = _line(message, is_json=arguments.json)
        except UNREADABLE as error:
            _say(printer, f"{message.topic}: skipped, not an event of this version: {error}")
            continue
        if line is None:
            _say(printer, f"{message.topic}: skipped, an event that names another device")
            continue
        printer.show(line)
        if left is not None and is_event:
            left -= 1


def _line(message: ReceivedMessage, *, is_json: bool) -> str | None:
    """None for an event that names another device than its topic.

    A broker's rules say who may publish on which topic, and nothing about what stands in it.
    """
    device = message.topic.split("/")[1]
    if not message.topic.endswith("/event"):
        return availability_line(device, message.payload, datetime.now(UTC))
    event = decode_event(message.payload)
    if event.device != device:
        return None
    return json_line(message.payload) if is_json else event_line(event)


def _check_reader() -> None:
    """Notice a closed pipe before the next event does, which may be tomorrow's."""
    poll = select.poll()
    poll.register(1, 0)
    if any(happened & select.POLLERR for _, happened in poll.poll(0)):
        raise BrokenPipeError
