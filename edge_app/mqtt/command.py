"""`mien events`: a broker's address → its devices' events on standard output."""

from __future__ import annotations

import argparse
import contextlib
import select
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import msgspec

from edge_app.events.payloads import decode_event
from edge_app.mqtt.address import parse_address
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.event_log import availability_line, event_line, printable
from edge_app.mqtt.subscriber import ReceivedMessage, Subscriber
from edge_app.mqtt.tls import TlsFiles
from edge_app.mqtt.topics import ROOT, Topics

#: How often to look whether somebody still reads, while nothing comes.
_LOOK_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "--broker",
        metavar="ADDRESS",
        default="localhost",
        help="HOST, HOST:PORT or mqtt://USER@HOST:PORT; mqtts:// for TLS, ws:// or wss:// for"
        " websockets (default: %(default)s)",
    )
    parser.add_argument("--password-file", metavar="FILE", type=Path, help="the user's password")
    parser.add_argument("--ca-file", metavar="FILE", type=Path, help="who signed the broker's name")
    parser.add_argument("--certificate-file", metavar="FILE", type=Path, help="the user's, for TLS")
    parser.add_argument("--key-file", metavar="FILE", type=Path, help="the certificate's key")
    parser.add_argument("--device", metavar="NAME", help="only this device (default: all)")
    parser.add_argument("--json", action="store_true", help="JSON Lines, as published")
    parser.add_argument(
        "--count", metavar="N", type=_positive, help="end after N events (default: never)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print events as they come, until there are enough or Ctrl-C ends it.

    Raises:
        UsageError: an address, a device or a password file that cannot be.
        BrokerError: the broker cannot be reached, or refuses.
    """
    with contextlib.suppress(KeyboardInterrupt), _subscribe(arguments) as subscriber:
        _print_events(subscriber, arguments, sys.stdout)
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _say(text: str) -> None:
    sys.stderr.write(f"mien: {printable(text)}\n")
    sys.stderr.flush()


def _subscribe(arguments: argparse.Namespace) -> Subscriber:
    address = parse_address(arguments.broker)
    if arguments.device is None:
        event, availability = f"{ROOT}/+/event", f"{ROOT}/+/availability"
    else:
        topics = Topics(arguments.device)
        event, availability = topics.event, topics.availability
    filters = (event,) if arguments.json else (event, availability)
    credentials = Credentials(
        password_file=arguments.password_file,
        tls=TlsFiles(arguments.ca_file, arguments.certificate_file, arguments.key_file),
    )
    return Subscriber(address, filters, credentials=credentials)


def _print_events(subscriber: Subscriber, arguments: argparse.Namespace, output: TextIO) -> None:
    _say(f"listening to {subscriber.address}")
    left = arguments.count
    while left is None or left > 0:
        message = subscriber.receive(_LOOK_S)
        if message is None:
            _check_reader(output)
            continue
        is_event = message.topic.endswith("/event")
        try:
            line = _line(message, is_json=arguments.json)
        except (msgspec.DecodeError, OverflowError, RecursionError, UnicodeError) as error:
            _say(f"{message.topic}: skipped, not an event of this version: {error}")
            continue
        _write(line, output)
        if left is not None and is_event:
            left -= 1


def _line(message: ReceivedMessage, *, is_json: bool) -> str:
    if not message.topic.endswith("/event"):
        device = message.topic.split("/")[1]
        return availability_line(device, message.payload, datetime.now(UTC))
    event = decode_event(message.payload)
    if not is_json:
        return event_line(event)
    if b"\n" in message.payload:  # pretty-printed by somebody else: one line again
        return msgspec.json.format(message.payload, indent=-1).decode()
    return message.payload.decode()


def _write(line: str, output: TextIO) -> None:
    # A terminal without UTF-8 gets a question mark for an arrow.
    encoding = output.encoding or "utf-8"
    output.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    output.flush()


def _check_reader(output: TextIO) -> None:
    """Notice a closed pipe before the next event does, which may be tomorrow's."""
    try:
        descriptor = output.fileno()
    except OSError:  # a test's buffer has none
        return
    poll = select.poll()
    poll.register(descriptor, 0)
    if any(happened & select.POLLERR for _, happened in poll.poll(0)):
        raise BrokenPipeError
