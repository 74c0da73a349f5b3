"""Frames of a camera or recording → events on a broker or standard output, until stopped."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2

from edge_app.called import program
from edge_app.daemon.asked_models import load_perception
from edge_app.daemon.assembly import Assembly
from edge_app.daemon.camera_trouble import Troubles
from edge_app.daemon.kept_privacy import KeptPrivacy
from edge_app.daemon.next_start import check_next_start
from edge_app.errors import UsageError
from edge_app.events.payloads import PrivacyMode
from edge_app.events.publisher import JsonLinesPublisher, Publisher
from edge_app.frames.hung import HungReaders
from edge_app.frames.setting import choose_source, open_lasting
from edge_app.frames.source import FrameSource
from edge_app.frames.stream_address import public_name
from edge_app.from_settings import camera_options, credentials_of, model_folder, outbox_directory
from edge_app.health.alerts import outbox_alert
from edge_app.health.notify import Notifier
from edge_app.installation.hearing import check_hearing
from edge_app.installation.purpose import UNACKNOWLEDGED, missing_purpose
from edge_app.mqtt.address import DEFAULT_PORT, BrokerAddress, Embedded, parse_broker
from edge_app.mqtt.connection import ConnectionHandler
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.discovery import Description
from edge_app.mqtt.home_assistant import HomeAssistant
from edge_app.mqtt.outbox.alerts import OnAlert
from edge_app.mqtt.outbox.outbox import Outbox
from edge_app.mqtt.outbox.place import memory_outbox, open_outbox, state_directory
from edge_app.mqtt.outbox.store import Limits
from edge_app.mqtt.publisher import MqttPublisher
from edge_app.mqtt.requests import RequestInbox
from edge_app.perception import Perception
from edge_app.perception.labels import UNSURE
from edge_app.settings import Camera, Settings, read_settings
from edge_app.standard_error import is_native_asked_for, own_stderr
from edge_app.version import mien_version

#: What goes over the settings, by section and key.
_OPTIONS = {
    "device.name": "--device", "camera.source": "--source", "camera.pace": "--pace",
    "camera.rotate": "--rotate", "mqtt.broker": "--broker", "mqtt.password_file": "--password-file",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes; docs/settings.md has the rest."""
    parser.add_argument("--settings", type=Path, metavar="FILE", help="TOML file of settings")
    parser.add_argument(
        "--source", help="camera, stream, video file, folder of pictures, or sample:"
    )
    parser.add_argument("--pace", choices=("own", "fast"), help="of a recording")
    parser.add_argument(
        "--rotate",
        type=int,
        choices=(0, 90, 180, 270),
        help="degrees clockwise until people stand upright: 180 for a camera upside down",
    )
    parser.add_argument("--broker", help="host[:port], mqtt://user@host[:port], or embedded[:port]")
    parser.add_argument("--password-file", metavar="FILE", help="of the broker's password")
    parser.add_argument("--device", help="name of this device in topics and events")


def run(arguments: argparse.Namespace) -> int:
    """Build what the settings say and run it until the recording ends or a signal comes.

    Returns UNACKNOWLEDGED where an installation's camera has no purpose yet.

    Raises:
        MienError: settings, models, source or broker cannot be used.
    """
    settings = settings_of(arguments)
    stop = threading.Event()
    is_native_asked = is_native_asked_for(os.environ)
    with contextlib.ExitStack() as open_things, _signals(stop):
        notifier = open_things.enter_context(Notifier.from_environment(os.environ))
        _check_source(settings)
        if (lacking := missing_purpose(settings, arguments.settings)) is not None:
            notifier.say("no purpose is acknowledged: sudo mien setup")
            sys.stderr.write(f"mien: {lacking}\n")
            return UNACKNOWLEDGED
        check_hearing(settings, os.environ)
        notifier.say("starting: loading the models, connecting to the broker")
        # Its own threads wait for one another more than they work on pictures of this size: a
        # quarter of the processor's time, for nothing.
        cv2.setNumThreads(settings.perception.threads)
        said = settings.privacy.mode
        kept = KeptPrivacy(state_directory(os.environ), settings.device_name, said)
        choice = kept.read()
        if choice.mode not in {None, said}:
            sys.stderr.write(
                f"mien: privacy mode {choice.mode}, as a request asked earlier; the settings say"
                f" {said}, which holds again without {kept.file}\n"
            )
        is_paused = choice.is_paused
        if is_paused:
            sys.stderr.write(
                "mien: paused by an earlier request; the camera stays closed until the request"
                f" resume, or without {kept.file}\n"
            )
        troubles, hung = Troubles(), HungReaders()
        source = None if is_paused else _open_source(settings.camera, troubles, hung)
        if source is not None:
            open_things.callback(source.close)
        perception = load_perception(settings.perception, model_folder(settings.models))
        inbox = RequestInbox(settings.device_name) if settings.mqtt.broker else None
        publisher = _publisher(
            settings,
            open_things,
            _beside(settings, perception, inbox),
            mode=choice.mode or said,
            is_lasting=source is None or source.is_live,
            stop=stop,
        )
        if source is not None and _is_watched():
            sys.stderr.write(f"mien: {_start(settings, choice.mode or said)}; Ctrl-C ends it\n")
        if not is_native_asked:
            # From here on: what a library says while its models are loaded is heard.
            open_things.enter_context(own_stderr())
        return Assembly(
            settings,
            perception=perception,
            publisher=publisher,
            source=source,
            open_source=lambda: _open_source(settings.camera, troubles, hung),
            check_settings=lambda: check_next_start(
                settings_of(arguments), arguments.settings, os.environ, running=settings
            ),
            troubles=troubles,
            hung=hung,
            since_file=_since_file(settings.device_name),
            kept=kept,
            inbox=inbox,
            stop=stop,
            notifier=notifier,
        ).run()


def settings_of(arguments: argparse.Namespace) -> Settings:
    """What file, defaults and the words of `add_arguments` say together.

    Raises:
        UsageError: the settings cannot be read, or hold a wrong value; or there is a password for
            a broker, and none that asks for it.
    """
    settings = read_settings(
        arguments.settings,
        {
            "device": {"name": arguments.device},
            "camera": {
                "source": arguments.source,
                "pace": arguments.pace,
                "rotate": arguments.rotate,
            },
            "mqtt": {"broker": arguments.broker, "password_file": arguments.password_file},
        },
        options=_OPTIONS,
    )
    if arguments.password_file is not None and _asks_no_password(settings.mqtt.broker):
        raise UsageError(
            "--password-file: it is for a broker that asks for one; name that with --broker, or the"
            " file for a stream's user as camera.password_file in the settings"
        )
    return settings


def _asks_no_password(broker: str) -> bool:
    """Whether there is no broker, or the embedded one; a wrong address is told elsewhere."""
    try:
        return not isinstance(parse_broker(broker), BrokerAddress)
    except UsageError:
        return False


def _check_source(settings: Settings) -> None:
    """Refuse a source that names nothing, also where it is not opened yet."""
    choose_source(settings.camera.source, options=camera_options(settings.camera))


def _is_watched() -> bool:
    """Whether somebody sits at a terminal: not under a service manager, nor as another's part."""
    return sys.stderr.isatty() and sys.stdin.isatty()


def _start(settings: Settings, mode: PrivacyMode) -> str:
    """Where frames come from, what is said of them, and where that goes."""
    broker = parse_broker(settings.mqtt.broker)
    if broker is None:
        target = "standard output"
    elif isinstance(broker, Embedded):
        target = "the embedded broker"
    else:
        target = f"broker {broker}"
    said = "events" if mode == "full" else "summaries"
    return f"looking for faces in {public_name(settings.camera.source)}; {said} go to {target}"


def _open_source(camera: Camera, troubles: Troubles, hung: HungReaders) -> FrameSource:
    options = camera_options(camera)
    return open_lasting(camera.source, options=options, on_trouble=troubles.put, hung=hung)


def _since_file(device: str) -> Path | None:
    """In the directory that systemd keeps from one start to the next; None where there is none."""
    runtime = os.environ.get("RUNTIME_DIRECTORY")
    return Path(runtime.split(":")[0], f"camera-{device}.since") if runtime else None


def _beside(
    settings: Settings, perception: Perception, inbox: RequestInbox | None
) -> list[ConnectionHandler]:
    """What is done on the broker's connection beside publishing."""
    beside: list[ConnectionHandler] = [] if inbox is None else [inbox]
    if settings.home_assistant.discovery:
        description = Description(
            device=settings.device_name,
            version=mien_version(),
            emotions=(*perception.classifier.labels, UNSURE),
            prefix=settings.home_assistant.prefix,
        )
        beside.append(HomeAssistant(description))
    return beside


def _publisher(
    settings: Settings,
    open_things: contextlib.ExitStack,
    beside: Sequence[ConnectionHandler],
    *,
    mode: PrivacyMode,
    is_lasting: bool,
    stop: threading.Event,
) -> Publisher:
    """What the events go to; whatever is opened for it is closed with `open_things`.

    mode: without a broker nobody can change it meanwhile. is_lasting: the source does not end, so
    that a broker that is away now may come later; events are kept for it. stop: once it is set,
    nobody waits for the broker.
    """
    wanted = parse_broker(settings.mqtt.broker)
    if wanted is None:
        return JsonLinesPublisher(sys.stdout.buffer, has_summaries=mode == "aggregates")

    def on_alert(alert_id: str, text: str | None) -> None:
        # The outbox speaks from `connect` on, when there is a publisher.
        publisher.publish_alert(alert_id, outbox_alert(alert_id, text, datetime.now(UTC)))

    if isinstance(wanted, Embedded):
        # Brings in asyncio: five megabytes that a device without it keeps free.
        from edge_app.mqtt.embedded_broker import EmbeddedBroker  # noqa: PLC0415

        broker = EmbeddedBroker(wanted.port)
        address: BrokerAddress = open_things.enter_context(broker).address
        listen = f"{program()} events"
        if address.port != DEFAULT_PORT:
            listen += f" --broker {address}"
        sys.stderr.write(f"mien: embedded broker on {address}; listen with: {listen}\n")
        credentials = Credentials()
        # That broker ends with this process: there is nobody to keep events for.
        outbox = memory_outbox(on_alert)
    else:
        address = wanted
        credentials = credentials_of(settings.mqtt, os.environ)
        outbox = _outbox(settings, on_alert)
    publisher = MqttPublisher(
        address,
        device=settings.device_name,
        credentials=credentials,
        outbox=outbox,
        beside=beside,
    )
    open_things.callback(publisher.close)
    publisher.connect(must_succeed=not is_lasting, stop=stop)
    return publisher


def _outbox(settings: Settings, on_alert: OnAlert) -> Outbox:
    wanted = settings.outbox
    return open_outbox(
        outbox_directory(wanted, os.environ),
        settings.device_name,
        os.environ,
        limits=Limits(
            events=wanted.max_events,
            size=wanted.max_megabytes * 1_000_000,
            age_s=wanted.max_age_days * 86_400,
        ),
        drain_per_s=wanted.drain_per_s,
        on_alert=on_alert,
    )


@contextlib.contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
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
