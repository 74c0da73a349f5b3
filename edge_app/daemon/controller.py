"""Requests that are right → their effects on the daemon, on its own thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from edge_app.daemon.kept_privacy import KeptPrivacy
from edge_app.daemon.reports import Reports
from edge_app.daemon.request_desk import Handler
from edge_app.daemon.stages import Daemon
from edge_app.events.payloads import Info, PrivacyMode
from edge_app.events.privacy import PrivacyGate
from edge_app.events.requests import (
    ChangeSettings,
    Diagnostics,
    Identify,
    Pause,
    Privacy,
    ReactionName,
    Restart,
    Resume,
)
from edge_app.frames.hung import HungReaders
from edge_app.frames.source import FrameSource, SourceError
from edge_app.health.led import Led
from edge_app.perception.watcher import Watcher

#: The exit code that asks the service manager for another start (sysexits.h: EX_TEMPFAIL).
RESTART = 75
#: The exit code when only a new process may open the camera again, or this one's end closes it
#: (sysexits.h: EX_IOERR).
SOURCE_LOST = 74

_LOG = logging.getLogger(__name__)


class Controller:
    """Does what was asked; only the daemon's thread may call it.

    open_source: opens the source that the settings name; says whether each frame counts.
    camera_closed: told when a pause has closed the source. hung: the readers that still hang in a
    driver. closing_s: how long they may take to let go of the camera. is_stop_asked: whether the
    process ends anyway. make_watcher: from the name of a reaction. describe: what the device is,
    under a reaction. diagnose: what else `diagnostics` tells. check_settings: raises `MienError`
    where the next start would not get by.
    """

    def __init__(
        self,
        *,
        daemon: Daemon,
        gate: PrivacyGate,
        reports: Reports,
        kept: KeptPrivacy,
        led: Led,
        open_source: Callable[[], tuple[FrameSource, bool]],
        camera_closed: Callable[[], None],
        hung: HungReaders,
        closing_s: float,
        is_stop_asked: Callable[[], bool],
        make_watcher: Callable[[ReactionName], Watcher],
        describe: Callable[[ReactionName, PrivacyMode], Info],
        diagnose: Callable[[], Mapping[str, Any]],
        check_settings: Callable[[], object],
        reaction: ReactionName,
    ) -> None:
        self._daemon, self._gate, self._reports, self._kept = daemon, gate, reports, kept
        self._led = led
        self._reaction: ReactionName = reaction
        self._open_source, self._camera_closed, self._hung = open_source, camera_closed, hung
        self._closing_s, self._is_stop_asked = closing_s, is_stop_asked
        self._make_watcher = make_watcher
        self._describe, self._diagnose = describe, diagnose
        self._check_settings = check_settings
        self.exit_code = 0

    def announce(self) -> None:
        """Say what the device is, as it stands now."""
        self._gate.announce(self._describe(self._reaction, self._gate.mode))

    @property
    def reaction(self) -> ReactionName:
        """How soon a changed face changes its emotion, now."""
        return self._reaction

    @property
    def handlers(self) -> dict[str, Handler]:
        """What is done for each request; a handler raises `MienError` to refuse."""
        return {
            "pause": self._pause,
            "resume": self._resume,
            "privacy": self._privacy,
            "settings": self._settings,
            "restart": self._restart,
            "identify": self._identify,
            "diagnostics": self._diagnostics,
        }

    def _pause(self, request: Pause) -> None:
        self._set_paused(is_paused=request.paused)

    def _resume(self, _request: Resume) -> None:
        self._set_paused(is_paused=False)

    def _set_paused(self, *, is_paused: bool) -> None:
        if is_paused != self._daemon.is_paused:
            if is_paused:
                self._daemon.pause()
                self._reports.end_visits()
                self._camera_closed()
            else:
                source, every_frame = self._open_source()
                self._daemon.resume(
                    source, self._make_watcher(self._reaction), every_frame=every_frame
                )
            self._reports.say_telemetry()
        # Before anything ends: the next process is to leave the camera closed.
        self._kept.write(msgspec.structs.replace(self._kept.choice, is_paused=is_paused))
        # Several requests in one turn must not wait one after another.
        patience_s = 0.0 if self.exit_code else self._closing_s
        if is_paused and not self._hung.end_within(patience_s, self._is_stop_asked):
            self._end_for_camera()

    def _end_for_camera(self) -> None:
        # Whoever asked for a stop does not want the service manager to start it again.
        if not self._is_stop_asked():
            self._end("the camera is to be closed, and its driver does not answer", SOURCE_LOST)
        raise SourceError(
            "paused, but the camera's driver does not answer and may keep it open: this process"
            " ends, which closes it, and the next one leaves it closed"
        )

    def _privacy(self, request: Privacy) -> None:
        self._kept.check_allowed(request.mode)
        if request.mode != self._gate.mode:
            # In the old mode: the visits end, and what was seen of them is summed up.
            self._daemon.begin_anew(self._make_watcher(self._reaction))
            self._reports.say_summary()
            self._gate.switch(request.mode)
            self._reports.say_telemetry()
            self.announce()
        self._kept.write(msgspec.structs.replace(self._kept.choice, mode=request.mode))

    def _settings(self, request: ChangeSettings) -> dict[str, Any]:
        change = request.change
        if change.summary_interval_s is not None:
            self._reports.summary_interval_s = change.summary_interval_s
        if change.telemetry_interval_s is not None:
            self._reports.telemetry_interval_s = change.telemetry_interval_s
        if change.reaction is not None and change.reaction != self._reaction:
            # Under the old one's name: the visits end, and what was seen of them is summed up.
            self._daemon.begin_anew(self._make_watcher(change.reaction))
            self._reports.say_summary()
            self._reaction = change.reaction
            self.announce()
        return {
            "reaction": self._reaction,
            "summary_interval_s": self._reports.summary_interval_s,
            "telemetry_interval_s": self._reports.telemetry_interval_s,
        }

    def _restart(self, _request: Restart) -> None:
        # Otherwise it would be the last request that this device answers.
        self._check_settings()
        self._end("a request asks for a restart", RESTART)

    def _end(self, why: str, exit_code: int) -> None:
        _LOG.warning("%s: ending with code %d", why, exit_code)
        self.exit_code = exit_code
        self._daemon.end()

    def _identify(self, _request: Identify) -> dict[str, Any]:
        _LOG.warning("a request asks which device this is: it is this one")
        return {"led": self._led.blink()}

    def _diagnostics(self, _request: Diagnostics) -> dict[str, Any]:
        told = {
            "info": self._describe(self._reaction, self._gate.mode),
            "telemetry": self._reports.say_telemetry(),
        }
        result: dict[str, Any] = msgspec.to_builtins({**told, **self._diagnose()})
        return result
