"""Events of a Mien that did not tell valence and arousal yet: they wait, are sent, and are read."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC
from pathlib import Path

from edge_app.events.payloads import EmotionChanged, FaceLeft, decode_event
from edge_app.history.recorder import Recorder
from edge_app.listen.message_line import event_line
from edge_app.mqtt.outbox.place import open_outbox
from edge_app.mqtt.publisher import MqttPublisher
from tests.brokers import Mosquitto
from tests.edge_app.mqtt.listener import Listener
from tests.edge_app.mqtt.samples import changed

#: Written by the code of before, which was ended with these three events undelivered.
OUTBOX = Path(__file__).with_name("outbox_without_affect.sqlite")


def test_an_outbox_of_before_is_delivered_first_and_understood(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    shutil.copy(OUTBOX, tmp_path / "outbox-kitchen.sqlite")
    with closing(sqlite3.connect(OUTBOX)) as database:
        stored = [
            json.loads(payload)
            for (payload,) in database.execute("SELECT payload FROM event ORDER BY sequence")
        ]
    with Listener(mosquitto.address, "mien/+/event") as listener:
        outbox = open_outbox(tmp_path, "kitchen", {})
        publisher = MqttPublisher(mosquitto.address, device="kitchen", outbox=outbox)
        publisher.connect()
        try:
            late = [each.payload for each in listener.wait_for("mien/kitchen/event", 3)]
            publisher.publish_event(changed())
            new = listener.wait_for("mien/kitchen/event", 4)[-1].payload
        finally:
            publisher.close()
    # As they were, nothing added: what was not measured is not told.
    assert [json.loads(each) for each in late] == [
        each | {"is_historical": True} for each in stored
    ]
    assert not any(b"valence" in each for each in late)
    first, second, third = map(decode_event, late)
    assert isinstance(second, EmotionChanged)
    assert isinstance(third, FaceLeft)
    assert (second.valence, second.arousal, third.valence, third.arousal) == (None,) * 4
    assert {event.schema_version for event in (first, second, third)} == {1}
    assert decode_event(new) == changed()
    assert event_line(second, zone=UTC).endswith("neutral → happy (0.83)  face …3f2a  (late)")
    with Recorder(tmp_path / "history.sqlite") as history:
        for payload in late:
            history.take("mien/kitchen/event", payload)
