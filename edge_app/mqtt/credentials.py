"""Files of user, password and certificates → what a connection shows the broker."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.tls import TlsFiles, make_context
from edge_app.secret_file import first_line, warn_if_for_all

#: What a unit's `LoadCredential=` calls them.
USERNAME_CREDENTIAL = "mqtt-username"
PASSWORD_CREDENTIAL = "mqtt-password"  # noqa: S105 - a file's name

#: What a message calls it.
_PASSWORD_FILE = "password file"  # noqa: S105 - a file's name


@dataclass(frozen=True, slots=True)
class Login:
    """User and password, for one attempt; never to be kept."""

    username: str
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the secrets are; the files are read at each attempt, so that they can be changed.

    username_file: the user where the address names none.
    """

    username_file: Path | None = None
    password_file: Path | None = None
    tls: TlsFiles = field(default_factory=TlsFiles)

    def with_systemd(self, environment: Mapping[str, str]) -> Credentials:
        """The same, with the credentials that systemd hands to the unit where no file is named."""
        folder = environment.get("CREDENTIALS_DIRECTORY")
        if not folder:
            return self
        user, password = Path(folder, USERNAME_CREDENTIAL), Path(folder, PASSWORD_CREDENTIAL)
        return replace(
            self,
            username_file=self.username_file or (user if user.exists() else None),
            password_file=self.password_file or (password if password.exists() else None),
        )

    def login(self, address: BrokerAddress) -> Login | None:
        """User and password; None to come as nobody.

        Raises:
            UsageError: a file cannot be read, or there is a password and no user.
        """
        username = address.username
        if username is None and self.username_file is not None:
            username = _first_line("username file", self.username_file)
        if username is not None:
            return Login(username, self._password())
        if self.password_file is not None:
            raise UsageError(
                f"broker {address}: a password file needs a user; write mqtt://USER@HOST:PORT"
            )
        return None

    def context(self, address: BrokerAddress) -> ssl.SSLContext | None:
        """What TLS checks and shows; None for an address without TLS.

        Raises:
            UsageError: a file cannot be read or used, or there is one and no TLS.
        """
        if address.has_tls:
            return make_context(self.tls)
        if self.tls:
            raise UsageError(
                f"broker {address}: certificate files need TLS; write mqtts://HOST:PORT or wss://"
            )
        return None

    def warn_about_modes(self) -> None:
        """Log each secret's file that every user of this machine may read."""
        for file in (self.password_file, self.tls.key):
            if file is not None:
                warn_if_for_all(file)

    def _password(self) -> str | None:
        file = self.password_file
        return None if file is None else _first_line(_PASSWORD_FILE, file)


def _first_line(what: str, file: Path) -> str:
    advice = f"check {what.replace(' ', '_')} in [mqtt]"
    if what == _PASSWORD_FILE:
        advice += ", or --password-file"
    return first_line(file, what, advice)
