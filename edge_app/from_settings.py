"""Sections of the settings → what sources, brokers and models are opened with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from edge_app.frames.setting import CameraOptions
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.outbox.place import state_directory
from edge_app.mqtt.tls import TlsFiles
from edge_app.perception.model_folder import ModelFolder
from edge_app.perception.shipped import RELEASE_KEY
from edge_app.settings import CameraSettings, ModelsSettings, MqttSettings, OutboxSettings


def camera_options(camera: CameraSettings) -> CameraOptions:
    """What a source may want to know."""
    return CameraOptions(
        width=camera.width,
        height=camera.height,
        frames_per_second=camera.frames_per_second,
        rotate=camera.rotate,
        pace=camera.pace,
        stall_s=camera.stall_s,
        frozen_s=camera.frozen_s,
        password_file=_named(camera.password_file),
    )


def model_folder(models: ModelsSettings) -> ModelFolder:
    """Where models of one's own lie, and whose signature they need."""
    key = _named(models.trusted_key) or RELEASE_KEY
    return ModelFolder(_named(models.directory), key if models.require_signature else None)


def credentials_of(mqtt: MqttSettings, environ: Mapping[str, str]) -> Credentials:
    """Where the secrets are: the files that are named, else systemd's credentials in `environ`."""
    return Credentials(
        username_file=_named(mqtt.username_file),
        password_file=_named(mqtt.password_file),
        tls=tls_files(mqtt),
    ).with_systemd(environ)


def tls_files(mqtt: MqttSettings) -> TlsFiles:
    """Whom to trust, and who we are."""
    return TlsFiles(_named(mqtt.ca_file), _named(mqtt.certificate_file), _named(mqtt.key_file))


def outbox_directory(outbox: OutboxSettings, environ: Mapping[str, str]) -> Path:
    """Where events wait: in the folder that is named, else where the system lets us keep things."""
    return _named(outbox.directory) or state_directory(environ)


def _named(setting: str) -> Path | None:
    # As a source: of the command line, where not every shell does it. Settings files have none.
    return Path(os.path.expanduser(setting)) if setting else None  # noqa: PTH111 - never raises
