"""Checked answers → the settings file's new text, and which secrets are written or removed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.from_settings import credentials_of
from edge_app.installation.hearing import UNHEARD
from edge_app.installation.unit import read_unit
from edge_app.mqtt.address import BrokerAddress, parse_broker
from edge_app.settings import Settings
from edge_app.settings_file import parse_settings
from edge_app.setup.answers import Answers
from edge_app.setup.checks import camera_user, with_user
from edge_app.setup.places import Place
from edge_app.setup.stored import Stored
from edge_app.setup.toml_text import changed
from edge_app.setup.writing import Writing

_Changes = dict[tuple[str, str], str]


@dataclass(slots=True)
class Outcome:
    """What would be written. text: of the settings. secrets: a line by file; None: no file."""

    text: str
    secrets: dict[Path, str | None] = field(repr=False)

    def write(self, place: Place) -> list[str]:
        """Write it; returns a line for each file.

        Raises:
            MienError: a file cannot be written; for want of room, all are as they were.
        """
        said = []
        with Writing() as writing:
            # Removals first: where one fails, nothing has changed yet.
            for path, secret in sorted(self.secrets.items(), key=lambda each: each[1] is not None):
                if secret is not None:
                    # The broker's is read by systemd, as root, and handed over.
                    is_cameras = path == place.camera_password
                    writing.secret(path, secret, place.owner if is_cameras else None)
                    said.append(f"{path}: the password, for nobody else to read")
                elif writing.remove(path):
                    said.append(
                        f"{path}: removed, it was for the broker or camera of before, or for TLS"
                    )
            # Settings last: a new broker never meets the old one's password.
            backup = writing.settings(place.settings, self.text)
            writing.finish()
        kept = "" if backup is None else f"; what was there before: {backup}"
        return [*said, f"{place.settings}: written{kept}"]


def outcome_of(answers: Answers, stored: Stored, place: Place) -> Outcome:
    """Work out what to write, and read it as `mien run` will.

    Raises:
        UsageError: the settings would not be taken; nothing is written.
    """
    changes: _Changes = {("privacy", "purpose"): answers.purpose.strip()}
    secrets: dict[Path, str | None] = {}
    if answers.privacy is not None:
        changes["privacy", "mode"] = answers.privacy
    if answers.device is not None:
        changes["device", "name"] = answers.device
    if answers.camera is not None:
        _camera(answers, stored, place, changes, secrets)
    if answers.broker is not None:
        _broker(answers, stored, place, changes, secrets)
    try:
        text = changed(stored.text, changes)
    except UsageError as error:
        raise UsageError(f"{place.settings}: {error}; correct it, or move it away") from error
    _check(text, place)
    return Outcome(text, secrets)


def _camera(
    answers: Answers,
    stored: Stored,
    place: Place,
    changes: _Changes,
    secrets: dict[Path, str | None],
) -> None:
    known = stored.value("camera", "source")
    # A path that is kept starts at the settings' folder, a new one where the setup was called.
    source = known if answers.camera == known else _absolute(answers.camera or "")
    changes["camera", "source"] = source
    if answers.camera_password is not None and camera_user(source):
        changes["camera", "password_file"] = str(place.camera_password)
        secrets[place.camera_password] = answers.camera_password
    elif not stored.keeps_camera_password(source):
        _forget("camera", place.camera_password, stored, changes, secrets)


def _broker(
    answers: Answers,
    stored: Stored,
    place: Place,
    changes: _Changes,
    secrets: dict[Path, str | None],
) -> None:
    address = with_user(answers.broker or "", answers.broker_user)
    changes["mqtt", "broker"] = address
    if answers.broker_password is not None:
        secrets[place.broker_password] = answers.broker_password
        file = "" if place.has_credentials else str(place.broker_password)
        if file != stored.value("mqtt", "password_file"):
            changes["mqtt", "password_file"] = file
    elif not stored.keeps_broker_password(address):
        # One broker's password is not for another to see.
        _forget("mqtt", place.broker_password, stored, changes, secrets)


def _forget(
    section: str,
    file: Path,
    stored: Stored,
    changes: _Changes,
    secrets: dict[Path, str | None],
) -> None:
    named = stored.value(section, "password_file")
    if named:
        changes[section, "password_file"] = ""
    # Only what the setup itself writes is the setup's to remove.
    if not named or Path(named) == file:
        secrets[file] = None


def _check(text: str, place: Place) -> None:
    """Read the new text with the very reader of `mien run`."""
    try:
        _check_broker(parse_settings(text, place.settings, {}), place)
    except UsageError as error:
        raise UsageError(f"{error}; nothing was written") from error


def _check_broker(settings: Settings, place: Place) -> None:
    broker = parse_broker(settings.mqtt.broker)
    if broker is None and place.has_credentials:
        unit = read_unit()
        if unit is None or not unit.has_output:
            raise UsageError(f"{UNHEARD}; name a broker")
    if isinstance(broker, BrokerAddress):
        credentials_of(settings.mqtt, {}).context(broker)


def _absolute(source: str) -> str:
    """A recording's path as the service will find it, whatever its folder."""
    path = Path(source).expanduser()
    return str(path.absolute()) if ":" not in source and path.exists() else source
