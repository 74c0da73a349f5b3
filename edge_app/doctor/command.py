"""Settings and this machine → a report of what works and what to do where something does not.

Exit code: 0 if nothing fails, warnings or not; 1 if something does; 2 if the settings are invalid.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import edge_app.daemon.arguments
from edge_app.doctor import board, broker, camera, clock, disk, models, permissions, versions
from edge_app.doctor.closed import reason_to_stay_closed
from edge_app.doctor.credentials import see_credentials
from edge_app.doctor.finding import Check, Finding, Group, examine, worst
from edge_app.doctor.processes import Process, Processes
from edge_app.doctor.report import encode, lines
from edge_app.errors import MienError, UsageError
from edge_app.frames.setting import choose_source
from edge_app.from_settings import camera_options, model_folder
from edge_app.installation.exposed_password import exposed_password
from edge_app.installation.purpose import missing_purpose
from edge_app.installation.service import SERVICE_SETTINGS, SERVICE_STATE, is_services
from edge_app.installation.unit import read_unit
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.outbox.place import outbox_file, state_directory
from edge_app.settings import Settings
from edge_app.settings_file import read_settings
from edge_app.terminal_lines import write_lines

_SETTINGS = Group("settings")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes: what `mien run` takes, so that both mean the same device."""
    edge_app.daemon.arguments.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")


def run(arguments: argparse.Namespace) -> int:
    """Check everything that `mien run` would use with these words.

    Raises:
        UsageError: the settings cannot be read, or hold a wrong value.
    """
    settings = edge_app.daemon.arguments.settings_of(arguments)
    is_word = arguments.source is not None
    exposed = exposed_password(settings.camera.source, arguments.settings, is_word=is_word)
    found = list(examine(_checks(settings, arguments.settings, exposed)))
    if arguments.json:
        write_lines(sys.stdout, [encode(found, settings.device_name)])
    else:
        write_lines(sys.stdout, lines(found, has_colours=_has_colours(sys.stdout)))
    return 1 if worst(found) == "failure" else 0


def _checks(
    settings: Settings, file: Path | None, exposed: str | None = None
) -> Iterator[tuple[Group, Check]]:
    device, processes = settings.device_name, Processes()
    state, for_service = _state(file), _for_service(file)
    unit = read_unit() if for_service else None
    directory = Path(settings.outbox.directory) if settings.outbox.directory else state
    purpose = _purpose(settings, file)
    seen = see_credentials(
        settings.mqtt,
        os.environ,
        is_services=for_service,
        broker_in_force=_broker_in_force() if for_service else None,
    )

    def running() -> Process | None:
        """Whoever has the outbox."""
        try:
            return processes.locking(outbox_file(directory, device))
        except OSError:
            return None

    def check_settings() -> Iterator[Finding]:
        yield _SETTINGS.ok("file", str(file) if file is not None else "none: every default")
        yield _SETTINGS.ok("device", device)
        yield purpose

    def check_camera() -> Iterator[Finding]:
        closed = reason_to_stay_closed(purpose, state, device)
        return camera.check_camera(
            settings.camera, closed=closed, using=processes.using, running=running
        )

    def check_permissions() -> Iterator[Finding]:
        return permissions.check_permissions(
            _source(settings), _secret_files(settings, seen.credentials), exposed=exposed
        )

    yield _SETTINGS, check_settings
    yield camera.GROUP, check_camera
    yield (
        models.GROUP,
        lambda: models.check_models(settings.perception, model_folder(settings.models)),
    )
    yield (
        broker.GROUP,
        lambda: broker.check_broker(
            settings.mqtt,
            device,
            seen=seen,
            is_unheard=for_service and not (unit is not None and unit.has_output),
        ),
    )
    yield (
        disk.GROUP,
        lambda: disk.check_disk(
            settings.outbox,
            directory,
            device,
            locking=processes.locking,
            is_allowed=not for_service
            or directory.is_relative_to(state)
            or (unit is not None and unit.may_write(directory)),
        ),
    )
    yield board.GROUP, lambda: board.check_board(settings.governor)
    yield clock.GROUP, clock.check_clock
    yield versions.GROUP, versions.check_versions
    yield permissions.GROUP, check_permissions


def _state(file: Path | None) -> Path:
    """Where `mien run` would keep things; the service's own where its settings are asked about."""
    # Whoever asks with sudo has root's, where neither pause nor outbox of the service is.
    if _for_service(file) and not os.environ.get("STATE_DIRECTORY"):
        return SERVICE_STATE
    return state_directory(os.environ)


def _broker_in_force() -> str:
    """The installed service's, whatever file and words are asked about; empty: there is none."""
    try:
        return read_settings(SERVICE_SETTINGS, {}).mqtt.broker
    except UsageError:
        return ""


def _for_service(file: Path | None) -> bool:
    return file is not None and is_services(file)


def _purpose(settings: Settings, file: Path | None) -> Finding:
    try:
        lacking = missing_purpose(settings, file)
    except MienError as error:
        return _SETTINGS.failed("purpose", error)
    if lacking is not None:
        return _SETTINGS.failed("purpose", MienError(lacking))
    return _SETTINGS.ok("purpose", settings.privacy.purpose or "none is needed for this source")


def _source(settings: Settings) -> str:
    """A source's name, of a camera its device; where it cannot be chosen, the setting."""
    try:
        return choose_source(settings.camera.source, options=camera_options(settings.camera)).name
    except MienError:
        return settings.camera.source


def _secret_files(settings: Settings, credentials: Credentials) -> list[Path]:
    files = [credentials.password_file, credentials.tls.key]
    if settings.camera.password_file:
        files.append(Path(settings.camera.password_file))
    return [file for file in files if file is not None]


def _has_colours(output: TextIO) -> bool:
    return output.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
