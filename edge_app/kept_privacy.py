"""What was asked for the sake of privacy → a small file, so that it outlives a restart."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

from edge_app.errors import MienError
from edge_app.events.payloads import PrivacyMode

_LOG = logging.getLogger(__name__)


class PrivacyChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What people asked for. mode: None leaves it to the settings."""

    is_paused: bool = False
    mode: PrivacyMode | None = None


class KeptPrivacy:
    """Reads and writes the choice in a folder; without a folder it lasts as long as the process."""

    def __init__(self, folder: Path | None, device: str) -> None:
        self._file = None if folder is None else folder / f"privacy-{device}.json"
        self._choice = PrivacyChoice()

    def read(self) -> PrivacyChoice:
        """What was kept last; nothing kept: the defaults.

        A file that cannot be read may have said anything: then the camera stays closed.
        """
        if self._file is None:
            return self._choice
        try:
            self._choice = msgspec.json.decode(self._file.read_bytes(), type=PrivacyChoice)
        except FileNotFoundError:
            self._choice = PrivacyChoice()
        except (OSError, msgspec.DecodeError) as error:
            _LOG.warning(
                "%s: %s; paused to be safe: send the request resume, or remove the file",
                self._file,
                error,
            )
            self._choice = PrivacyChoice(is_paused=True, mode="aggregates")
        return self._choice

    def write(self, choice: PrivacyChoice) -> None:
        """Keep it; a power cut leaves the old choice or the new one.

        Raises:
            MienError: the file cannot be written; what is in force now holds until the end.
        """
        self._choice = choice
        if self._file is None:
            return
        beside = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as stream:
                stream.write(msgspec.json.encode(choice))
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(self._file)
            folder = os.open(self._file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise MienError(
                f"{self._file}: {error.strerror}; done, but a restart will forget it:"
                " make the folder writable"
            ) from error

    @property
    def file(self) -> Path | None:
        """Where it is kept."""
        return self._file

    @property
    def choice(self) -> PrivacyChoice:
        """What holds now."""
        return self._choice
