"""Frames of a camera or recording → events on a broker or standard output, until stopped."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from edge_app.daemon import Daemon
from edge_app.events.episodes import Episodes
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import Info
from edge_app.events.publisher import JsonLinesPublisher, Publisher
from edge_app.frames.setting import CameraOptions, open_source
from edge_app.mqtt.address import BrokerAddress, parse_address
from edge_app.mqtt.embedded_broker import EmbeddedBroker
from edge_app.mqtt.publisher import MqttPublisher
from edge_app.perception import Perception
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import Watcher
from edge_app.settings import Settings, read_settings

#: The setting that asks for a broker in this process, a port behind it if need be.
EMBEDDED = "embedded"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes; docs/settings.md has the rest."""
    parser.add_argument("--settings", type=Path, metavar="FILE", help="TOML file of settings")
    parser.add_argument("--source", help="camera, video file, folder of pictures, or sample:")
    parser.add_argument("--pace", choices=("own", "fast"), help="of a recording")
    parser.add_argument("--broker", help="host[:port], mqtt://user@host[:port], or embedded[:port]")
    parser.add_argument("--password-file", metavar="FILE", help="the broker's password")
    parser.add_argument("--device", help="name of this device in topics and events")


def run(arguments: argparse.Namespace) -> int:
    """Build what the settings say and run it until the recording ends or a signal comes.

    Raises:
        MienError: settings, models, source or broker cannot be used.
    """
    settings = read_settings(
        arguments.settings,
        {
            "device": {"name": arguments.device},
            "camera": {"source": arguments.source, "pace": arguments.pace},
            "mqtt": {"broker": arguments.broker, "password_file": arguments.password_file},
        },
    )
    stop = threading.Event()
    with contextlib.ExitStack() as open_things, _signals(stop):
        source = open_source(
            settings.camera.source,
            options=CameraOptions(
                width=settings.camera.width,
                height=settings.camera.height,
                frames_per_second=settings.camera.frames_per_second,
                pace=settings.camera.pace,
            ),
        )
        open_things.callback(source.close)
        perception = Perception.load(threads=settings.perception.threads)
        publisher = _publisher(settings, open_things)
        publisher.announce(_info(settings, perception))
        daemon = Daemon(
            source=source,
            watcher=Watcher(perception, Tracker(), REACTIONS[settings.perception.reaction]),
            episodes=Episodes(
                device=settings.device_name,
                model=perception.classifier.card.sha256,
                ids=TimeOrderedIds(),
                now=_utc_now,
            ),
            publisher=publisher,
            every_frame=settings.camera.pace == "fast" and not source.is_live,
        )
        daemon.run(stop)
    return 0


def _publisher(settings: Settings, open_things: contextlib.ExitStack) -> Publisher:
    """What the events go to; whatever is opened for it is closed with `open_things`."""
    wanted = settings.mqtt.broker
    if not wanted:
        return JsonLinesPublisher(sys.stdout.buffer)
    if wanted == EMBEDDED or wanted.startswith(f"{EMBEDDED}:"):
        broker = EmbeddedBroker(*_ports(wanted))
        address: BrokerAddress = open_things.enter_context(broker).address
        sys.stderr.write(f"mien: embedded broker on {address}; listen with: mien events\n")
    else:
        address = parse_address(wanted)
    password_file = Path(settings.mqtt.password_file) if settings.mqtt.password_file else None
    publisher = MqttPublisher(address, device=settings.device_name, password_file=password_file)
    open_things.callback(publisher.close)
    publisher.connect()
    return publisher


def _ports(wanted: str) -> list[int]:
    """The port of `embedded:1884`, checked as any address is; none where none is said."""
    return (
        [parse_address(f"localhost{wanted.removeprefix(EMBEDDED)}").port] if ":" in wanted else []
    )


def _info(settings: Settings, perception: Perception) -> Info:
    classifier, detector = perception.classifier.model, perception.detector.model
    return Info(
        version=metadata.version("mien"),
        runtime=str(classifier.runtime),
        models={"face-detection": detector.card.sha256, "emotion": classifier.card.sha256},
        source=settings.camera.source,
        settings={"reaction": settings.perception.reaction},
    )


def _utc_now() -> datetime:
    return datetime.now(UTC)


@contextlib.contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C ask for a clean end; a second Ctrl-C ends at once."""

    def ask(number: int, _frame: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
