"""Settings, models and a publisher → the daemon with its reports and requests, ready to run."""

from __future__ import annotations

import logging
import platform
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from edge_app.daemon.camera_trouble import CameraTrouble, Troubles
from edge_app.daemon.controller import SOURCE_LOST, Controller
from edge_app.daemon.kept_privacy import KeptPrivacy
from edge_app.daemon.reports import Reports
from edge_app.daemon.request_desk import Inbox, RequestDesk
from edge_app.daemon.stages import Daemon
from edge_app.events.episodes import Episodes
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.maker import CARDS_DIGITS, Maker
from edge_app.events.payloads import Info, PrivacyMode, SourceState
from edge_app.events.privacy import PrivacyGate
from edge_app.events.publisher import Publisher
from edge_app.events.requests import ReactionName
from edge_app.events.summaries import Interval
from edge_app.frames.hung import HungReaders
from edge_app.frames.source import FrameSource
from edge_app.frames.stream_address import public_name
from edge_app.frames.supervised import MOST_REOPENINGS, OPENING_S, SourceLostError
from edge_app.frames.v4l2 import patience_s
from edge_app.from_settings import tls_files
from edge_app.health.board import Board
from edge_app.health.governor import Governor, Limits
from edge_app.health.led import Led
from edge_app.health.notify import Notifier
from edge_app.health.supply import Supply
from edge_app.health.telemetry import Activity, Telemeter
from edge_app.health.time_service import TimeService
from edge_app.health.watchdog import Watchdog
from edge_app.mqtt.certificate_ends import CertificateEnds
from edge_app.perception import Perception
from edge_app.perception.card import ModelCard, deciding_sha256
from edge_app.perception.schedule import DetectionSchedule, ReadingSchedule
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.watcher import Watcher, tracker_for
from edge_app.settings import Settings
from edge_app.version import mien_version

#: Between two openings of a source: its back-off, the end of its reader, and some to spare.
_BETWEEN_OPENINGS_S = 3.0
#: After its last wait for a picture, a driver's thread has to end.
_THREAD_ENDS_S = 0.5
#: The longest that a pause waits for a driver: systemd's watchdog bears 30 s, and may have been fed
#: half of them ago.
_LONGEST_CLOSING_S = 12.0

_LOG = logging.getLogger(__name__)


class Assembly:
    """Everything between an open publisher and a stop.

    open_source: opens the source that the settings name. check_settings: raises `MienError` where
    another process could not start with what they say now. kept: decides with the settings whether
    the source is opened at all. inbox: where requests wait; None where nobody can ask. troubles:
    where a live source says what is wrong with it. hung: the readers that still hang in a driver.
    since_file: keeps since when, over restarts; None: nothing does. notifier: speaks to the service
    manager.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        perception: Perception,
        publisher: Publisher,
        source: FrameSource | None,
        open_source: Callable[[], FrameSource],
        check_settings: Callable[[], object],
        kept: KeptPrivacy,
        inbox: Inbox | None,
        stop: threading.Event,
        troubles: Troubles,
        hung: HungReaders,
        since_file: Path | None,
        notifier: Notifier,
    ) -> None:
        self._settings, self._perception = settings, perception
        self._open, self._inbox, self._stop = open_source, inbox, stop
        # Once: no process changes its models.
        self._cards = deciding_sha256(self._cards_by_task().values())[:CARDS_DIGITS]
        interval = Interval(maker=self._maker, now=_utc_now)
        mode: PrivacyMode = kept.choice.mode or settings.privacy.mode
        gate = PrivacyGate(publisher, mode=mode, interval=interval, now=_utc_now)
        asked = settings.governor
        self._governor = Governor(
            Board(),
            Limits(
                frames_per_second=asked.frames_per_second,
                temperature_c=asked.temperature_c,
                cpu_share=asked.cpu_share,
            ),
            may_tell_load=lambda: gate.mode == "full",
        )
        episodes = Episodes(
            device=settings.device_name,
            maker=self._maker,
            ids=TimeOrderedIds(),
            now=_utc_now,
            show=interval.show,
        )
        self._reports = Reports(
            gate,
            activity=self._activity,
            state=lambda: self._daemon.state,
            telemeter=Telemeter(Board(), now=_utc_now),
            interval=interval,
            telemetry_interval_s=settings.telemetry.interval_s,
            summary_interval_s=settings.summary.interval_s,
            minimum_group=settings.summary.minimum_group,
            is_clock_right=TimeService().keeps_right,
            was_supply_weak=Supply(Board()).was_weak,
            is_certificate_ending=CertificateEnds(tls_files(settings.mqtt)).is_soon,
        )
        self._daemon = Daemon(
            source=source,
            watcher=self._make_watcher(settings.perception.reaction),
            episodes=episodes,
            publisher=gate,
            every_frame=source is not None and self._counts_every_frame(source),
            governor=self._governor,
            visits_ended=self._reports.end_visits,
            watched=interval.watched,
        )
        self._trouble = CameraTrouble(
            troubles,
            publish_alert=gate.publish_alert,
            say_telemetry=self._reports.say_telemetry,
            now=_utc_now,
            since_file=since_file,
        )
        self._led = Led()
        self._controller = Controller(
            daemon=self._daemon,
            gate=gate,
            reports=self._reports,
            kept=kept,
            led=self._led,
            open_source=self._open_source,
            camera_closed=self._trouble.camera_closed,
            hung=hung,
            closing_s=closing_s(settings.camera.stall_s),
            is_stop_asked=stop.is_set,
            make_watcher=self._make_watcher,
            describe=self._info,
            diagnose=self._diagnose,
            check_settings=check_settings,
            reaction=settings.perception.reaction,
        )
        self._desk = RequestDesk(self._controller.handlers)
        self._publisher = publisher
        opening_s = settings.camera.stall_s + OPENING_S + _BETWEEN_OPENINGS_S
        self._watchdog = Watchdog(notifier, patience_s=(MOST_REOPENINGS + 1) * opening_s)
        self._gate = gate

    def run(self) -> int:
        """Work until the stop or the end of a recording; returns the exit code.

        It is SOURCE_LOST where a live source does not come back, or is not closed by a pause, and a
        new process may help.

        Raises:
            SourceError: the recording failed.
        """
        self._controller.announce()
        try:
            self._daemon.run(self._stop, self._turn)
        except SourceLostError as error:
            _LOG.error("%s (exit code %d)", error, SOURCE_LOST)
            return SOURCE_LOST
        finally:
            self._watchdog.stop()
            self._led.stop()
            self._reports.say_summary()
        self._tell_if_nobody()
        return self._controller.exit_code

    def _tell_if_nobody(self) -> None:
        """Say why a recording came to nothing; not in the mode `aggregates`, where it betrays."""
        daemon = self._daemon
        if daemon.is_over and not daemon.is_anybody_told and self._gate.mode == "full":
            _LOG.warning(
                "%s: %d %s, and nobody in it for long enough: a face counts from its third frame"
                " on; for photos there is mien analyze",
                public_name(self._settings.camera.source),
                daemon.frames_seen,
                "frame" if daemon.frames_seen == 1 else "frames",
            )

    def _turn(self) -> None:
        if self._inbox is not None:
            self._desk.turn(self._inbox, self._publisher.publish_response)
        self._trouble.turn(
            is_paused=self._daemon.is_paused, has_frames=self._daemon.frames_seen > 0
        )
        self._reports.turn()
        self._led.turn()
        self._watchdog.turn(self._activity(), self._gate.backlog, self._gate.mode)

    def _make_watcher(self, reaction: ReactionName) -> Watcher:
        asked = self._settings.perception
        return Watcher(
            self._perception,
            tracker_for(self._perception.detector),
            REACTIONS[reaction],
            DetectionSchedule(asked.detections_per_second),
            readings=ReadingSchedule(asked.readings_per_second),
        )

    def _open_source(self) -> tuple[FrameSource, bool]:
        source = self._open()
        return source, self._counts_every_frame(source)

    def _counts_every_frame(self, source: FrameSource) -> bool:
        """Not at a recording's own pace: there it stands for a camera, and is governed like one."""
        return self._settings.camera.pace == "fast" and not source.is_live

    def _activity(self) -> Activity:
        return Activity(
            source=self._source_state(),
            frames_seen=self._daemon.frames_seen,
            frames_refused=self._daemon.frames_refused,
            faces=self._daemon.faces,
            reopenings=self._daemon.reopenings,
            frame_rate_limit=round(self._governor.frames_per_second, 2),
            slowed_by=self._governor.reasons,
        )

    def _source_state(self) -> SourceState:
        if self._daemon.is_paused:
            return "paused"
        return "reopening" if self._trouble.is_reopening else "open"

    def _maker(self) -> Maker:
        return Maker(
            model=self._perception.classifier.card.sha256,
            answer=self._settings.perception.answer,
            reaction=self._controller.reaction,
            cards=self._cards,
        )

    def _cards_by_task(self) -> dict[str, ModelCard]:
        perception = self._perception
        return {
            "face-detection": perception.detector.card,
            "face-detection-nearby": perception.small_detector.card,
            "emotion": perception.classifier.card,
        }

    def _info(self, reaction: ReactionName, privacy: PrivacyMode) -> Info:
        return Info(
            version=mien_version(),
            runtime=str(self._perception.classifier.model.runtime),
            models={task: card.sha256 for task, card in self._cards_by_task().items()},
            source=public_name(self._settings.camera.source),
            settings={
                "answer": self._settings.perception.answer,
                "reaction": reaction,
                "privacy": privacy,
                "purpose": self._settings.privacy.purpose,
            },
            cards=self._cards,
        )

    def _diagnose(self) -> Mapping[str, Any]:
        """What the device runs on, and its settings but for [mqtt], where secrets are near."""
        camera = self._settings.camera
        return {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "kernel": platform.release(),
            "packages": {
                name: metadata.version(name) for name in ("numpy", "msgspec", "paho-mqtt")
            },
            "settings": {
                "camera": {
                    "source": public_name(camera.source),
                    "width": camera.width,
                    "height": camera.height,
                    "frames_per_second": camera.frames_per_second,
                    "rotate": camera.rotate,
                    "pace": camera.pace,
                },
                "threads": self._settings.perception.threads,
                "minimum_group": self._settings.summary.minimum_group,
                "home_assistant": self._settings.home_assistant.discovery,
            },
        }


def closing_s(stall_s: float) -> float:
    """How long a driver may take to let go of a camera that a pause closes.

    OpenCV lets go of it by itself when its wait for a picture is over: `stall_s` of a stream, whole
    seconds of a V4L2 camera, three at least.
    """
    return min(patience_s(stall_s) + _THREAD_ENDS_S, _LONGEST_CLOSING_S)


def _utc_now() -> datetime:
    return datetime.now(UTC)
