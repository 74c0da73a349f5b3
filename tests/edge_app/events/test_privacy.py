from __future__ import annotations

from datetime import UTC, datetime

from edge_app.events.payloads import PresentFace, PrivacyMode, State, Telemetry
from edge_app.events.privacy import PrivacyGate
from edge_app.events.publisher import Backlog
from edge_app.events.requests import Response
from edge_app.events.summaries import Interval
from edge_app.perception.affect import Affect
from tests.edge_app.events.recorder import Recorder
from tests.edge_app.mqtt.samples import BOX, EPISODE, appeared, changed, info, left, maker

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SOMEBODY = State(time=NOW, faces=(PresentFace(episode=EPISODE, emotion="happy", box=BOX),))


def telemetry(**fields: object) -> Telemetry:
    rest = {
        "time": NOW, "uptime_s": 1.0, "source": "open", "privacy": "full", "frames_seen": 9,
        "frames_refused": 0, "temperature_c": 50.0, "throttled": None, "rss_bytes": 10**8,
        "outbox_waiting": 0, "outbox_dropped": 0, "frame_rate_limit": 15.0,
    }  # fmt: skip
    return Telemetry(**(rest | fields))  # type: ignore[arg-type]


def gate(told: Recorder, mode: PrivacyMode) -> PrivacyGate:
    return PrivacyGate(
        told,
        mode=mode,
        interval=Interval(maker=maker, now=lambda: NOW, clock_s=lambda: 0.0),
        now=lambda: NOW,
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
    assert told.states == [State(time=NOW, faces=(), is_known=False)]


def test_events_are_counted_in_aggregates() -> None:
    interval = Interval(maker=maker, now=lambda: NOW, clock_s=lambda: 0.0)
    private = PrivacyGate(Recorder(), mode="aggregates", interval=interval, now=lambda: NOW)
    private.publish_event(appeared())
    assert interval.finish(1).faces == 1


def test_valence_and_arousal_leave_only_as_means_in_aggregates() -> None:
    interval = Interval(maker=maker, now=lambda: NOW, clock_s=lambda: 0.0)
    told = Recorder()
    private = PrivacyGate(told, mode="aggregates", interval=interval, now=lambda: NOW)
    private.publish_event(appeared())
    private.publish_event(changed())
    interval.show(EPISODE, "happy", Affect(0.75, 0.25), 1.0)
    moved = PresentFace(episode=EPISODE, emotion="happy", box=BOX, valence=0.5, arousal=0.25)
    private.publish_state(State(time=NOW, faces=(moved,)))
    assert told.events == []
    assert [state.faces for state in told.states] == [()]
    assert interval.finish(1).valence == 0.75
    interval.show(EPISODE, "happy", Affect(0.75, 0.25), 1.0)
    private.publish_summary(interval.finish(5))
    assert (told.summaries[0].valence, told.summaries[0].withheld) == (None, True)


def test_telemetry_says_nothing_that_a_face_changes_in_aggregates() -> None:
    """Reading one takes twenty times what an empty room does, and slows a small board down."""
    busy = telemetry(
        faces=1, cpu_share=0.6, frames_per_second=4.0, slowed_by=("heat", "cpu"),
        rss_bytes=94_570_000, frames_seen=240, frames_refused=100, frame_rate_limit=4.0,
    )  # fmt: skip
    idle = telemetry(
        faces=0, cpu_share=0.03, frames_per_second=15.0, slowed_by=("heat",),
        rss_bytes=92_410_000, frames_seen=900,
    )  # fmt: skip
    for mode, is_alike in (("full", False), ("aggregates", True)):
        told = Recorder()
        for each in (busy, idle):
            gate(told, mode).publish_telemetry(each)
        assert (told.telemetries[0] == told.telemetries[1]) is is_alike
    assert told.telemetries[0].temperature_c == idle.temperature_c
    assert told.telemetries[0].slowed_by == ("heat",)
    assert told.telemetries[0].rss_bytes == 96_000_000


def test_whoever_reads_telemetry_in_aggregates_learns_nothing_that_is_not_harmless() -> None:
    """A field that is added may tell who is at home: it is null, or somebody has thought about
    it and named it here.
    """
    harmless = {
        "time", "uptime_s", "source", "privacy", "temperature_c", "throttled", "outbox_waiting",
        "outbox_dropped", "schema_version",
    }  # fmt: skip
    seen = telemetry(faces=1, cpu_share=0.6, frames_per_second=4.0, throttled=("throttled",))
    told = Recorder()
    gate(told, "aggregates").publish_telemetry(seen)
    for field in set(Telemetry.__struct_fields__) - {"rss_bytes", "slowed_by"}:
        given, passed = getattr(seen, field), getattr(told.telemetries[0], field)
        assert given is not None, f"{field}: nothing is left out"
        assert passed == (given if field in harmless else None), field


def test_a_switch_empties_the_state_at_once() -> None:
    told = Recorder()
    switched = gate(told, "full")
    switched.publish_state(SOMEBODY)
    switched.switch("aggregates")
    assert told.states == [SOMEBODY, State(time=NOW, faces=(), is_known=False)]
    switched.publish_state(SOMEBODY)
    assert len(told.states) == 2
    switched.switch("full")
    switched.publish_state(SOMEBODY)
    assert told.states[-1] == SOMEBODY
    switched.switch("aggregates")
    assert told.states[-1].faces == (), "again"


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
