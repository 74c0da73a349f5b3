"""What was asked for the sake of privacy → a small file, so that it outlives a restart."""

from __future__ import annotations

import hashlib
import logging
import secrets
from pathlib import Path

import msgspec

from edge_app.durable_file import write_durably
from edge_app.errors import MienError
from edge_app.events.payloads import PrivacyMode
from edge_app.mistakes import UNREADABLE

_LOG = logging.getLogger(__name__)


class PrivacyChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What people asked for. mode: None leaves it to the settings."""

    is_paused: bool = False
    mode: PrivacyMode | None = None


class _Stored(PrivacyChoice, frozen=True, kw_only=True):
    """A choice as its file has it.

    number: random, so that the same choice made again is another file. answered: digests of the
    files under other names that were there when this choice was made.
    """

    number: str = ""
    answered: tuple[str, ...] = ()


class KeptPrivacy:
    """Reads and writes the choice in a folder.

    Each name has a file of its own, and a device that gets a new name must not forget what was
    asked of it under the old one. Nothing tells its old file from that of a second device in the
    folder: what either says for privacy's sake holds for whoever starts there, until it is asked
    otherwise. The other's file stays as it is, and so does what the other does.

    `aggregates` in the settings are a promise that no request takes back.
    """

    def __init__(self, folder: Path, device: str, settings: PrivacyMode = "full") -> None:
        """settings: the mode that they say now."""
        self._file = folder / f"privacy-{device}.json"
        self._decisive = self._file
        self._settings: PrivacyMode = settings
        self._choice = PrivacyChoice()

    def read(self) -> PrivacyChoice:
        """What was kept last; nothing kept: the defaults.

        A file that cannot be read may have said anything: then the camera stays closed.
        """
        own = _said_in(self._file)
        is_paused, mode = own.is_paused, own.mode
        if mode == "full" and self._settings == "aggregates":
            mode = None
        self._decisive = self._file
        for file in self._files_of_others(self._file):
            if _digest(file) in own.answered:
                continue
            other = _said_in(file)
            if other.is_paused and not is_paused:
                is_paused, self._decisive = True, file
            if other.mode == "aggregates":
                mode = other.mode
        self._choice = PrivacyChoice(is_paused=is_paused, mode=mode)
        return self._choice

    def check_allowed(self, mode: PrivacyMode) -> None:
        """See that nobody asks for less privacy than the settings promise.

        Raises:
            MienError: `mode` would be less.
        """
        if mode == "full" and self._settings == "aggregates":
            raise MienError(
                'the settings say `aggregates`, which no request ends; write mode = "full" there,'
                " and restart"
            )

    def write(self, choice: PrivacyChoice) -> None:
        """Keep it; a power cut leaves the old choice or the new one.

        What is kept already is not written again: whoever asks often does not wear a card.

        Raises:
            MienError: the file cannot be written; what is in force now holds until the end.
        """
        self._choice = choice
        self._decisive = self._file
        stored = _Stored(
            is_paused=choice.is_paused,
            mode=choice.mode,
            number=secrets.token_hex(8),
            answered=tuple(_digest(file) for file in self._files_of_others(self._file)),
        )
        if self._is_kept(stored):
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._file, msgspec.json.encode(stored))
        except OSError as error:
            raise MienError(
                f"{self._file}: {error.strerror}; done, but a restart will forget it:"
                " make the folder writable"
            ) from error

    def _is_kept(self, stored: _Stored) -> bool:
        """Whether the file says so. Whoever has another file and has answered it since has changed
        that one, which it did not answer yet.
        """
        try:
            own = _stored_in(self._file)
        except (OSError, *UNREADABLE):
            return False
        return msgspec.structs.replace(own, number=stored.number) == stored

    @property
    def file(self) -> Path:
        """Where it is kept: of a pause that was asked for under another name, that name's file."""
        return self._decisive

    @property
    def choice(self) -> PrivacyChoice:
        """What holds now."""
        return self._choice

    @staticmethod
    def _files_of_others(own: Path) -> list[Path]:
        return [file for file in sorted(own.parent.glob("privacy-*.json")) if file != own]


def _stored_in(file: Path) -> _Stored:
    return msgspec.json.decode(file.read_bytes(), type=_Stored)


def _said_in(file: Path) -> _Stored:
    try:
        return _stored_in(file)
    except FileNotFoundError:
        return _Stored()
    except (OSError, *UNREADABLE) as error:
        _LOG.warning(
            "%s: %s; paused to be safe: send the request resume, or remove the file", file, error
        )
        return _Stored(is_paused=True, mode="aggregates")


def _digest(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        # Why it cannot be read stands for what it says: a resume holds while that is the same.
        content = str(error).encode()
    return hashlib.sha256(content).hexdigest()
