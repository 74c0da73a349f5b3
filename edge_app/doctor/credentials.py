"""The broker's settings and systemd's store of secrets → what the service shows the broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edge_app.from_settings import credentials_of
from edge_app.installation.service import SERVICE_BROKER_PASSWORD, SERVICE_BROKER_USERNAME
from edge_app.mqtt.address import peer_of
from edge_app.mqtt.credentials import Credentials
from edge_app.peer import keeps_password
from edge_app.settings import MqttSettings


@dataclass(frozen=True, slots=True)
class SeenCredentials:
    """hidden: a file that this user may not see, and that the service may be given; with
    is_anothers, one that is not for this broker to see.
    """

    credentials: Credentials
    hidden: Path | None = None
    is_anothers: bool = False


def see_credentials(
    mqtt: MqttSettings,
    environ: Mapping[str, str],
    *,
    is_services: bool,
    username: Path = SERVICE_BROKER_USERNAME,
    password: Path = SERVICE_BROKER_PASSWORD,
    broker_in_force: str | None = None,
) -> SeenCredentials:
    """What `mien run` would have; of the service's settings, with what systemd would hand to it.

    username, password: where systemd keeps them. broker_in_force: who alone is shown the password,
    since a copy of the settings may name another broker; None: the one in `mqtt`.
    """
    credentials = credentials_of(mqtt, environ)
    if not is_services or environ.get("CREDENTIALS_DIRECTORY"):
        return SeenCredentials(credentials)
    hidden_user = hidden_password = None
    peer = peer_of(mqtt.broker)
    if credentials.username_file is None and not (peer is not None and peer.username is not None):
        file, hidden_user = _look(username)
        credentials = replace(credentials, username_file=file)
    if credentials.password_file is None:
        file, hidden_password = _look(password)
        if broker_in_force is not None and not keeps_password(peer_of(broker_in_force), peer):
            return SeenCredentials(credentials, file or hidden_password, is_anothers=True)
        credentials = replace(credentials, password_file=file)
    return SeenCredentials(credentials, hidden_user or hidden_password)


def _look(file: Path) -> tuple[Path | None, Path | None]:
    """The file, if it is there; and again, if this user may not see that."""
    try:
        with file.open("rb"):
            return file, None
    except (FileNotFoundError, NotADirectoryError):
        return None, None
    except OSError:
        return None, file
