"""The names that systemd/mien.service, the packages and the image agree on; whose a file is."""

from __future__ import annotations

from pathlib import Path

#: What the installed service reads; systemd/mien.service names it.
SERVICE_SETTINGS = Path("/etc/mien/mien.toml")
#: From here systemd hands user and password to the service, so that no setting names a file.
SERVICE_BROKER_USERNAME = Path("/etc/credstore/mien.mqtt-username")
SERVICE_BROKER_PASSWORD = Path("/etc/credstore/mien.mqtt-password")
SERVICE_ACCOUNT = "mien"
SERVICE_STATE = Path("/var/lib/mien")


def is_services(settings: Path) -> bool:
    """Whether it is the service's file, or lies beside it: a copy that may take its place."""
    file = settings.expanduser()
    return SERVICE_SETTINGS.resolve() == file.resolve() or (
        SERVICE_SETTINGS.parent.resolve() == file.absolute().parent.resolve()
    )
