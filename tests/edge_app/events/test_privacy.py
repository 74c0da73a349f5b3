from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge_app.events.payloads import PresentFace, PrivacyMode, State
from edge_app.events.privacy import PrivacyGate
from edge_app.events.publisher import Backlog
from edge_app.events.requests import Response
from edge_app.events.summaries import Interval
from tests.edge_app.events.recorder import Recorder
from tests.edge_app.mqtt.samples import BOX, EPISODE, appeared, changed, info, left

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SOMEBODY = State(time=NOW, faces=(PresentFace(episode=EPISODE, emotion="happy", box=BOX),))


def gate(told: Recorder, mode: PrivacyMode) -> PrivacyGate:
    return PrivacyGate(
        told, mode=mode, interval=Interval(now=lambda: NOW, clock_s=lambda: 0.0), now=lambda: NOW
    )


def test_everything_passes_in_full() -> None:
    told = Recorder()
    whole = gate(told, "full")
    for event in (appeared(), changed(), left()):
        whole.publish_event(event)
    whole.publish_state(SOMEBODY)
    assert told.events == [appeared(), changed(), left()]
    assert told.states == [SOMEBODY]


def test_no_event_and_no_face_pass_in_aggregates() -> None:
    told = Recorder()
    private = gate(told, "aggregates")
    for event in (appeared(), changed(), left()):
        private.publish_event(event)
    private.publish_state(SOMEBODY)
    private.publish_state(SOMEBODY)
    assert told.events == []
    # Once, so that what an earlier process left at the broker goes.
    assert told.states == [State(time=NOW, faces=())]


def test_events_are_counted_in_aggregates() -> None:
    interval = Interval(now=lambda: NOW, clock_s=lambda: 0.0)
    private = PrivacyGate(Recorder(), mode="aggregates", interval=interval, now=lambda: NOW)
    private.publish_event(appeared())
    assert interval.finish(1).faces == 1


def test_valence_and_arousal_leave_only_as_means_in_aggregates() -> None:
    seconds = iter(range(100))
    interval = Interval(now=lambda: NOW, clock_s=lambda: float(next(seconds)))
    told = Recorder()
    private = PrivacyGate(told, mode="aggregates", interval=interval, now=lambda: NOW)
    private.publish_event(appeared())
    private.publish_event(changed())
    moved = PresentFace(episode=EPISODE, emotion="happy", box=BOX, valence=0.5, arousal=0.25)
    private.publish_state(State(time=NOW, faces=(moved,)))
    assert told.events == []
    assert [state.faces for state in told.states] == [()]
    assert interval.finish(1).valence == pytest.approx((0.6755 + 0.5) / 2, abs=1e-4)
    private.publish_summary(interval.finish(5))
    assert (told.summaries[0].valence, told.summaries[0].withheld) == (None, True)


def test_a_switch_empties_the_state_at_once() -> None:
    told = Recorder()
    switched = gate(told, "full")
    switched.publish_state(SOMEBODY)
    switched.switch("aggregates")
    assert [state.faces for state in told.states] == [SOMEBODY.faces, ()]
    switched.publish_state(SOMEBODY)
    assert len(told.states) == 2
    switched.switch("full")
    switched.publish_state(SOMEBODY)
    assert told.states[-1] == SOMEBODY


def test_the_rest_passes_in_any_mode() -> None:
    told = Recorder()
    told.backlog_now = Backlog(3, 4)
    private = gate(told, "aggregates")
    private.announce(info())
    private.publish_response("pause", Response(id="1", status="ok"))
    private.publish_alert("too_hot", None)
    private.close()
    assert told.infos == [info()]
    assert told.responses == [("pause", Response(id="1", status="ok"))]
    assert told.alerts == [("too_hot", None)]
    assert private.backlog == Backlog(3, 4)
    assert told.is_closed
