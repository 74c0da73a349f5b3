"""The sample clip → the daemon → a broker → a subscriber, shown line by line."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from typing import Any

from edge_app.called import program
from edge_app.errors import MienError
from edge_app.events.payloads import EmotionChanged, Event, FaceAppeared, FaceLeft, decode_event
from edge_app.listen.message_line import event_line
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.embedded_broker import EmbeddedBroker
from edge_app.mqtt.messages import EVENT
from edge_app.mqtt.subscriber import Subscriber
from edge_app.terminal_lines import write_lines

DEVICE = "demo"
#: What the clip is bound to bring about.
EXPECTED = (FaceAppeared, EmotionChanged, FaceLeft)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "--fast", action="store_true", help="play the clip as fast as it can be read"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the daemon beside a broker and a subscriber of our own, and tell what came.

    Raises:
        MienError: the daemon failed, or a kind of event did not come.
    """
    _say("The sample clip: NASA's portrait of the astronaut Eileen Collins, brought to life.")
    with EmbeddedBroker(port=None) as broker:
        _say(f"An MQTT broker listens on {broker.address}; a subscriber prints what arrives.\n")
        events = _watch(broker.address, pace="fast" if arguments.fast else "own")
    _summarize(events)
    missing = [kind.__name__ for kind in EXPECTED if not any(isinstance(e, kind) for e in events)]
    if missing:
        raise MienError(f"the subscriber received no {', '.join(missing)}; run mien doctor")
    return 0


def _watch(address: BrokerAddress, pace: str) -> list[Event]:
    """Start `mien run` as a process of its own and collect its events until it ends."""
    events: list[Event] = []
    command = [
        sys.executable, "-m", "edge_app.cli", "run", "--source", "sample:", "--pace", pace,
        "--broker", str(address), "--device", DEVICE,
    ]  # fmt: skip
    with (
        Subscriber(address, (EVENT.topic(DEVICE),)) as subscriber,
        tempfile.TemporaryDirectory(prefix="mien-demo-") as state,
    ):
        # Nothing of a real installation's, a pause for example, reaches the demo.
        environment = os.environ | {"STATE_DIRECTORY": state}
        # Without a keyboard it does not say how to end it: that is the demo's affair.
        daemon: subprocess.Popen[Any] = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL
        )
        try:
            # One look more after its end: the last events may still be on their way.
            is_over = False
            while not is_over:
                is_over = daemon.poll() is not None
                while message := subscriber.receive(timeout_s=0.5):
                    events.append(decode_event(message.payload))
                    _say(event_line(events[-1]))
        finally:
            daemon.terminate()
            code = daemon.wait()
    if code:
        raise MienError(f"mien run ended with code {code}; its own message is above")
    return events


def _summarize(events: list[Event]) -> None:
    kinds = Counter(type(event).__name__ for event in events)
    shown: Counter[str] = Counter()
    for event in events:
        if isinstance(event, FaceLeft):
            shown.update(event.emotions_s)
    emotions = ", ".join(f"{name} for {seconds:.1f} s" for name, seconds in shown.most_common())
    _say(
        f"\n{len(events)} events arrived over MQTT: {kinds['FaceAppeared']} face_appeared,"
        f" {kinds['EmotionChanged']} emotion_changed, {kinds['FaceLeft']} face_left."
        f"\nThe face looked {emotions or 'like nothing in particular'}."
        f"\nNo picture left the daemon's process. Next: {program()} run --source /dev/video0"
    )


def _say(text: str) -> None:
    write_lines(sys.stdout, [text])
