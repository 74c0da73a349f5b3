"""A settings file → where its secrets belong, and who has to be able to read them."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.installation.service import (
    SERVICE_ACCOUNT,
    SERVICE_BROKER_PASSWORD,
    SERVICE_SETTINGS,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answers go.

    has_credentials: the service's manager knows the broker's password file; otherwise a setting
    names it. account: reads the camera's password; None: whoever runs the setup.
    """

    settings: Path
    broker_password: Path
    camera_password: Path
    has_credentials: bool
    account: str | None

    @property
    def owner(self) -> tuple[int, int] | None:
        """User and group of the account; None where it is missing, or is nobody else's."""
        if self.account is None or os.geteuid() != 0:
            return None
        try:
            found = pwd.getpwnam(self.account)
        except KeyError:
            return None
        return found.pw_uid, found.pw_gid

    def must_be_writable(self) -> None:
        """Find out before anybody is asked anything.

        Raises:
            UsageError: this user may not write there.
        """
        there = self.settings.parent
        while not there.exists() and there != there.parent:
            there = there.parent
        if self.settings.is_dir() or not there.is_dir():
            raise UsageError(f"{self.settings}: no file; name one with --settings FILE")
        if not os.access(there, os.W_OK | os.X_OK):
            raise UsageError(
                f"{self.settings}: this user may not write it; sudo mien setup, or name another"
                " file with --settings FILE"
            )


def place_for(settings: Path | None) -> Place:
    """The service's place, or one beside a user's own settings file."""
    # What a link points at is replaced, not the link.
    file = SERVICE_SETTINGS if settings is None else settings.expanduser().resolve()
    if file == SERVICE_SETTINGS.resolve():
        return Place(
            settings=file,
            broker_password=SERVICE_BROKER_PASSWORD,
            camera_password=file.with_name("camera-password"),
            has_credentials=True,
            account=SERVICE_ACCOUNT,
        )
    return Place(
        settings=file,
        broker_password=file.with_name(f"{file.stem}.mqtt-password"),
        camera_password=file.with_name(f"{file.stem}.camera-password"),
        has_credentials=False,
        account=None,
    )
