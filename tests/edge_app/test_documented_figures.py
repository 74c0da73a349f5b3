"""What documents promise in figures, beside what keeps it: other tests take the code's word."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.events import requests
from edge_app.health import alerts, governor
from edge_app.mqtt import connection, identity, refusal
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.outbox import filling, lanes, ledger, outbox, writer
from edge_app.mqtt.outbox.stored_event import Limits
from edge_app.perception import tilted, watcher
from edge_app.settings import OutboxSettings

REPOSITORY = Path(__file__).parents[2]
OUTBOX, BROKERS = "docs/decisions/0004-outbox.md", "docs/brokers.md"
TRACKING, TOPICS = "docs/tracking.md", "docs/topics.md"

#: What is kept, what is promised, and where it is, in which words.
PROMISES = [
    (outbox.LATE_S, 5, TOPICS, "Sent 5 s or more after it happened"),
    (outbox.LATE_S, 5, OUTBOX, "that is offered 5 s late or more"),
    (outbox.GROUP_S, 0.01, OUTBOX, "The thread waits 10 ms after the first event of a group"),
    (outbox.DRAIN_PER_S, 400, OUTBOX, "gets `drain_per_s` events a second (400)"),
    (OutboxSettings().drain_per_s, 400, OUTBOX, "gets `drain_per_s` events a second (400)"),
    (lanes.WINDOW, 16, OUTBOX, "at most sixteen events are handed to it"),
    (lanes.RESERVED, 4, OUTBOX, "four of the sixteen places in the window are theirs alone"),
    (Limits().events, 50_000, OUTBOX, "50,000 events, 64 MB of payload, 30 days"),
    (Limits().size, 64_000_000, OUTBOX, "50,000 events, 64 MB of payload, 30 days"),
    (Limits().age_s, 30 * 86_400, OUTBOX, "50,000 events, 64 MB of payload, 30 days"),
    (OutboxSettings().max_events, 50_000, OUTBOX, "50,000 events, 64 MB of payload, 30 days"),
    (OutboxSettings().max_megabytes, 64, OUTBOX, "50,000 events, 64 MB of payload, 30 days"),
    (OutboxSettings().max_age_days, 30, "PRIVACY.md", "of 30 days at most unless `[outbox]` says"),
    (ledger.REMOVAL_S, 60, OUTBOX, "with the next commit, after a minute, or 64 at once"),
    (ledger.REMOVAL_EVENTS, 64, OUTBOX, "with the next commit, after a minute, or 64 at once"),
    (ledger.MEMORY_EVENTS, 2000, OUTBOX, "up to 2,000 events stay in memory"),
    (writer.RETRY_S, 5, OUTBOX, "it is tried again every five seconds"),
    (writer.AGE_CHECK_S, 3600, OUTBOX, "too old, and one every hour where none comes"),
    (filling.HOPELESS_S, 3600, OUTBOX, "after an hour it counts as damaged"),
    (connection.KEEP_ALIVE_S, 15, BROKERS, "Keep-alive is 15 s"),
    (
        connection.ANSWER_PERIODS * connection.KEEP_ALIVE_S, 30, BROKERS,
        "on which the broker acknowledges nothing for 30 s",
    ),
    (Backoff(uniform=lambda: 0.0).next_delay_s(), 1, BROKERS, "after a random 1 s to 60 s"),
    (connection.FAREWELL_S, 0.5, BROKERS, "does not take the former within half a second"),
    (identity.SESSION_S, 60, BROKERS, "keeps the device's session for 60 s"),
    (connection.FIRST_ANSWER_S, 3.5, BROKERS, "does not answer MQTT 5 for 3.5 s"),
    (connection.ASK_AGAIN_S, 60, BROKERS, "after a minute, as soon as nothing is under way"),
    (connection.BRIEF_S, 5, BROKERS, "After a connection that ended within 5 s"),
    (refusal.HOLD_S, 60, OUTBOX, "After 60 s, and on each new connection, one event is offered"),
    (refusal.RETAINED_HOLD_S, 600, BROKERS, "tried again after ten minutes"),
    (connection.FORGET_S, 600, BROKERS, "only after ten minutes without an answer"),
    (refusal.WARNING_S, 3600, BROKERS, "The log reports refusals once an hour"),
    (requests.REPEAT_S, 600, TOPICS, "same `id` again within 10 minutes gets the first answer"),
    (alerts.HOT_C, 80, TOPICS, "the processor has 80 °C or more"),
    (alerts.SOUND_S, 600, TOPICS, "or was within the last 10 minutes"),
    (alerts.UNSET_S, 600, "docs/device.md", "no server has set the clock ten minutes after"),
    (governor.LOOK_S, 5, TRACKING, "It looks at the board every five seconds"),
    (
        governor.STEPS, (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1), TRACKING,
        "to 70, 50, 35, 25, 15 and 10 % of the target",
    ),
    (governor.LEAST_PER_SECOND, 1, TRACKING, "but not below one frame a second"),
    (governor.COOLER_C, 5, TRACKING, "five degrees cooler and all is well for 30 s"),
    (governor.FINE_S, 30, TRACKING, "five degrees cooler and all is well for 30 s"),
    (governor.LONGEST_FINE_S, 600, TRACKING, "twice as long, up to ten minutes"),
    (watcher.DOUBTFUL_SCORE, 0.4, TRACKING, "doubtful detections, from a score of 0.4"),
    *(
        (each._SURER, 0.1, "docs/perception.md", "that is higher by 0.1 than the card's threshold")
        for each in (watcher, tilted)
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kept", "promised", "document", "words"), PROMISES)
def test_what_a_document_promises_is_kept(
    kept: object, promised: object, document: str, words: str
) -> None:
    assert kept == promised
    said = " ".join((REPOSITORY / document).read_text(encoding="utf-8").split())
    assert words in said, f"{document} says otherwise: does the code?"
