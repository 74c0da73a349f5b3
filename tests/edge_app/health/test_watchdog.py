"""The watchdog on a clock of its own: what feeds it, and what must not."""

from __future__ import annotations

from edge_app.events.payloads import PrivacyMode, Slowdown, SourceState
from edge_app.events.publisher import Backlog
from edge_app.health.notify import Notifier
from edge_app.health.telemetry import Activity
from edge_app.health.watchdog import STATUS_S, Watchdog

WATCHDOG_S = 30.0
PATIENCE_S = 60.0


class Manager(Notifier):
    """Kills as systemd does: the term begins when the service is ready, and with each feeding."""

    def __init__(self) -> None:
        super().__init__("", WATCHDOG_S)
        self.now_s = self.fed_s = 0.0
        self.is_ready = self.is_stopping = self.is_deaf = False
        self.feedings = 0
        self.statuses: list[str] = []

    def ready(self) -> bool:
        if not self.is_deaf:
            self.is_ready, self.fed_s = True, self.now_s
        return not self.is_deaf

    def feed(self) -> bool:
        if not self.is_deaf:
            self.feedings += 1
            self.fed_s = self.now_s
        return not self.is_deaf

    def say(self, status: str) -> bool:
        if not self.is_deaf:
            self.statuses.append(status)
        return not self.is_deaf

    def stopping(self) -> None:
        self.is_stopping = True

    @property
    def would_kill(self) -> bool:
        return self.is_ready and self.now_s - self.fed_s > WATCHDOG_S


class Loop:
    """A daemon's loop that turns four times a second."""

    def __init__(self) -> None:
        self.manager = Manager()
        self.watchdog = Watchdog(
            self.manager, patience_s=PATIENCE_S, clock_s=lambda: self.manager.now_s
        )
        self.frames = 0
        self.backlog = Backlog()
        self.privacy: PrivacyMode = "full"
        self.refused = self.reopenings = 0
        self.slowed_by: tuple[Slowdown, ...] = ()

    def run(
        self,
        seconds: float,
        *,
        frames: bool = True,
        source: SourceState = "open",
        faces: int | None = 1,
        reopened_every: int = 0,
    ) -> bool:
        """Whether it lived through it. reopened_every: as many turns, the source is."""
        for turn in range(int(seconds * 4)):
            self.reopenings += bool(reopened_every) and turn % reopened_every == 0
            self.manager.now_s += 0.25
            self.frames += frames
            self.refused += not frames
            activity = Activity(
                source=source, frames_seen=self.frames, frames_refused=self.refused, faces=faces,
                reopenings=self.reopenings, slowed_by=self.slowed_by,
            )  # fmt: skip
            self.watchdog.turn(activity, self.backlog, self.privacy)
            if self.manager.would_kill:
                return False
        return True


def test_frames_feed_it_at_half_its_time() -> None:
    loop = Loop()
    assert loop.run(600)
    assert loop.manager.is_ready
    assert 600 / 15 - 2 <= loop.manager.feedings <= 600 / 15


def test_a_loop_that_hangs_is_not_fed() -> None:
    loop = Loop()
    loop.run(100)
    loop.manager.now_s += WATCHDOG_S + 0.25
    assert loop.manager.would_kill


def test_it_is_not_ready_before_the_first_frame() -> None:
    loop = Loop()
    loop.run(20, frames=False)
    assert not loop.manager.is_ready
    assert loop.manager.feedings == 0
    loop.run(1)
    assert loop.manager.is_ready


def test_what_the_manager_did_not_take_is_said_again() -> None:
    loop = Loop()
    loop.manager.is_deaf = True
    loop.run(20)
    assert not loop.manager.is_ready
    loop.manager.is_deaf = False
    loop.run(0.25)
    assert loop.manager.is_ready
    loop.manager.is_deaf = True
    assert loop.run(WATCHDOG_S - 1)
    loop.manager.is_deaf = False
    loop.run(0.25)
    assert loop.manager.feedings == 1
    loop.run(STATUS_S)
    assert loop.manager.statuses == ["watching at 4 frames a second, faces: 1"]


def test_how_many_are_there_is_said_where_it_is_known() -> None:
    loop = Loop()
    loop.run(1.5 * STATUS_S, faces=None)
    assert loop.manager.statuses == ["watching at 4 frames a second"]


def test_a_camera_that_is_missing_at_the_start_keeps_nobody_waiting() -> None:
    loop = Loop()
    loop.run(1, frames=False, source="reopening")
    assert loop.manager.is_ready
    paused = Loop()
    paused.run(1, frames=False, source="paused")
    assert paused.manager.is_ready


def test_a_paused_daemon_lives_as_long_as_it_turns() -> None:
    loop = Loop()
    assert loop.run(10 * PATIENCE_S, frames=False, source="paused")
    loop.manager.now_s += WATCHDOG_S + 0.25
    assert loop.manager.would_kill


def test_a_camera_that_is_opened_again_has_its_patience_and_no_more() -> None:
    loop = Loop()
    loop.run(100)
    assert loop.run(PATIENCE_S - 1, frames=False, source="reopening")
    assert loop.run(100)
    assert not loop.run(PATIENCE_S + 2 * WATCHDOG_S, frames=False, source="reopening")


def test_a_camera_that_stays_away_is_waited_for_as_long_as_it_is_opened_again() -> None:
    loop = Loop()
    loop.run(100)
    every = int((PATIENCE_S - 1) * 4)
    assert loop.run(20 * PATIENCE_S, frames=False, source="reopening", reopened_every=every)
    assert not loop.run(PATIENCE_S + 2 * WATCHDOG_S, frames=False, source="reopening")


def test_frames_that_never_come_and_nobody_says_why_end_likewise() -> None:
    """Refused frames are no progress, nor is a reader that died without a word."""
    loop = Loop()
    loop.run(100)
    assert not loop.run(PATIENCE_S + 2 * WATCHDOG_S, frames=False)


def test_after_a_pause_the_patience_begins_anew() -> None:
    loop = Loop()
    loop.run(10)
    loop.run(1000, frames=False, source="paused")
    assert loop.run(PATIENCE_S - 1, frames=False)


def test_the_status_says_what_it_does() -> None:
    loop = Loop()
    loop.run(2 * STATUS_S, faces=2)
    loop.run(2 * STATUS_S, faces=2)
    assert loop.manager.statuses == ["watching at 4 frames a second, faces: 2"]
    loop.backlog = Backlog(waiting=7, dropped=1)
    loop.run(STATUS_S, frames=False, source="reopening")
    assert loop.manager.statuses[-1] == (
        "the camera failed and is being opened again; 7 events wait for the broker;"
        " 1 events were dropped"
    )
    loop.backlog = Backlog()
    loop.run(STATUS_S, frames=False, source="paused")
    assert loop.manager.statuses[-1] == "paused by request, the camera is closed"


def test_aggregates_say_nothing_about_who_is_there() -> None:
    loop = Loop()
    loop.privacy = "aggregates"
    loop.slowed_by = ("cpu",)
    loop.run(2 * STATUS_S, faces=2)
    assert loop.manager.statuses == ["watching"]
    loop.slowed_by = ("heat", "cpu")
    loop.run(STATUS_S)
    assert loop.manager.statuses[1:] == ["watching, slowed down by heat"]


def test_the_end_is_said() -> None:
    loop = Loop()
    loop.watchdog.stop()
    assert loop.manager.is_stopping
