"""The settings of an installation → whether its camera may be opened: its purpose must be said."""

from __future__ import annotations

from pathlib import Path

from edge_app.frames.setting import choose_source
from edge_app.from_settings import camera_options
from edge_app.installation.service import SERVICE_SETTINGS
from edge_app.settings import Settings

#: The exit code where it may not (sysexits.h: EX_CONFIG). systemd does not start it again.
UNACKNOWLEDGED = 78


def missing_purpose(settings: Settings, file: Path | None) -> str | None:
    """What to say instead of opening the camera, on one line; None: it may be opened.

    file: where the settings come from. Recordings, and whoever tries a camera without a settings
    file, need no purpose.

    Raises:
        MienError: the source names nothing that could be opened.
    """
    if file is None or settings.privacy.purpose.strip():
        return None
    if not choose_source(settings.camera.source, options=camera_options(settings.camera)).is_live:
        return None
    command = "sudo mien setup" if file == SERVICE_SETTINGS else f"mien setup --settings {file}"
    return (
        f"{file}: no purpose is acknowledged, so the camera stays closed; {command} asks for it,"
        " or read PRIVACY.md and write purpose in [privacy]"
    )
