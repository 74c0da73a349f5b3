"""Frames of a camera or recording → events on a broker or standard output, until stopped."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from pathlib import Path

import cv2

from edge_app.daemon.arguments import add_arguments, settings_of
from edge_app.daemon.asked_models import load_perception
from edge_app.daemon.assembly import Assembly
from edge_app.daemon.camera_trouble import Troubles
from edge_app.daemon.kept_privacy import KeptPrivacy
from edge_app.daemon.next_start import check_next_start
from edge_app.daemon.publishing import beside_publishing, open_publisher
from edge_app.daemon.signals import ended_by_signals
from edge_app.events.payloads import PrivacyMode
from edge_app.frames.hung import HungReaders
from edge_app.frames.setting import choose_source, open_lasting
from edge_app.frames.source import FrameSource
from edge_app.frames.stream_address import public_name
from edge_app.from_settings import camera_options, model_folder
from edge_app.health.notify import Notifier
from edge_app.installation.exposed_password import exposed_password
from edge_app.installation.hearing import check_hearing
from edge_app.installation.purpose import UNACKNOWLEDGED, missing_purpose
from edge_app.mqtt.address import Embedded, parse_broker
from edge_app.mqtt.outbox.place import state_directory
from edge_app.mqtt.requests import RequestInbox
from edge_app.secret_file import warn_if_for_all
from edge_app.settings import CameraSettings, Settings
from edge_app.standard_error import is_native_asked_for, own_stderr

__all__ = ["add_arguments", "run"]


def run(arguments: argparse.Namespace) -> int:
    """Build what the settings say and run it until the recording ends or a signal comes.

    Returns UNACKNOWLEDGED where an installation's camera has no purpose yet.

    Raises:
        MienError: settings, models, source or broker cannot be used.
    """
    settings = settings_of(arguments)
    stop = threading.Event()
    is_native_asked = is_native_asked_for(os.environ)
    with contextlib.ExitStack() as open_things, ended_by_signals(stop):
        notifier = open_things.enter_context(Notifier.from_environment(os.environ))
        _check_source(settings)
        if (lacking := missing_purpose(settings, arguments.settings)) is not None:
            notifier.say("no purpose is acknowledged: sudo mien setup")
            sys.stderr.write(f"mien: {lacking}\n")
            return UNACKNOWLEDGED
        check_hearing(settings, os.environ)
        _warn_of_camera_password(settings, arguments)
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
        publisher = open_publisher(
            settings,
            open_things,
            beside_publishing(settings, perception, inbox),
            mode=choice.mode or said,
            is_lasting=source is None or source.is_live,
            stop=stop,
            begins_within=notifier.begins_within,
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


def _check_source(settings: Settings) -> None:
    """Refuse a source that names nothing, also where it is not opened yet."""
    choose_source(settings.camera.source, options=camera_options(settings.camera))


def _warn_of_camera_password(settings: Settings, arguments: argparse.Namespace) -> None:
    source, is_word = settings.camera.source, arguments.source is not None
    if exposed := exposed_password(source, arguments.settings, is_word=is_word):
        sys.stderr.write(f"mien: {exposed}\n")
    if (file := camera_options(settings.camera).password_file) is not None:
        warn_if_for_all(file)


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


def _open_source(camera: CameraSettings, troubles: Troubles, hung: HungReaders) -> FrameSource:
    options = camera_options(camera)
    return open_lasting(camera.source, options=options, on_trouble=troubles.put, hung=hung)


def _since_file(device: str) -> Path | None:
    """In the directory that systemd keeps from one start to the next; None where there is none."""
    runtime = os.environ.get("RUNTIME_DIRECTORY")
    return Path(runtime.split(":")[0], f"camera-{device}.since") if runtime else None
