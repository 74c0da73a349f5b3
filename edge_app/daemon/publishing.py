"""Settings → what events go to: a broker, by way of an outbox, or standard output."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from edge_app.called import program
from edge_app.events.payloads import PrivacyMode, State
from edge_app.events.publisher import JsonLinesPublisher, Publisher
from edge_app.from_settings import credentials_of, outbox_directory
from edge_app.health.alerts import outbox_alert
from edge_app.mqtt.address import DEFAULT_PORT, BrokerAddress, Embedded, parse_broker
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.discovery import Description
from edge_app.mqtt.handler import ConnectionHandler
from edge_app.mqtt.home_assistant import HomeAssistant
from edge_app.mqtt.outbox.alerts import OnAlert
from edge_app.mqtt.outbox.outbox import Outbox
from edge_app.mqtt.outbox.place import memory_outbox, open_outbox, opening_s
from edge_app.mqtt.outbox.stored_event import Limits
from edge_app.mqtt.publisher import MqttPublisher
from edge_app.mqtt.requests import RequestInbox
from edge_app.perception import Perception
from edge_app.perception.labels import UNSURE
from edge_app.settings import Settings
from edge_app.version import mien_version

#: What the unit gives to a start that does not wait for an outbox.
START_S = 150.0


def open_publisher(
    settings: Settings,
    open_things: contextlib.ExitStack,
    beside: Sequence[ConnectionHandler],
    *,
    mode: PrivacyMode,
    is_lasting: bool,
    stop: threading.Event,
    begins_within: Callable[[float], object],
) -> Publisher:
    """What the events go to; whatever is opened for it is closed with `open_things`.

    mode: without a broker nobody can change it meanwhile. is_lasting: the source does not end, so
    that a broker that is away now may come later; events are kept for it. stop: once it is set,
    nobody waits for the broker. begins_within: is told how many seconds the start may take from now
    on, before an outbox is opened, which may be large.
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
        begins_within(opening_s(outbox_directory(settings.outbox, os.environ)) + START_S)
        outbox = _outbox(settings, on_alert)
    publisher = MqttPublisher(
        address,
        device=settings.device_name,
        credentials=credentials,
        outbox=outbox,
        beside=beside,
    )
    open_things.callback(publisher.close)
    # Before anybody hears that this device is online: what a killed process left at the broker.
    publisher.publish_state(State(time=datetime.now(UTC), faces=(), is_known=False))
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


def beside_publishing(
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
