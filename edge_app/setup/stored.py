"""A settings file as it stands: its text and its values, right or wrong."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_app.errors import UsageError
from edge_app.frames.stream_address import peer_of_stream
from edge_app.mqtt.address import peer_of
from edge_app.peer import keeps_password


@dataclass(frozen=True, slots=True)
class Stored:
    """text: empty where there is no file yet."""

    text: str = ""
    _values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Stored:
        """Read `path`, if it is there.

        Raises:
            UsageError: it cannot be read, or is no TOML.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
            return cls(text, tomllib.loads(text))
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise UsageError(
                f"{path}: {error.strerror}; run this as a user who may read it"
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: not TOML: {error}; correct it, or move it away") from error

    def value(self, section: str, key: str) -> str:
        """A text setting; empty where it is missing, or is no text."""
        table = self._values.get(section)
        found = table.get(key) if isinstance(table, dict) else None
        return found if isinstance(found, str) else ""

    def keeps_camera_password(self, source: str) -> bool:
        """Whether the password of the camera that is set may be shown to `source`."""
        known = self.value("camera", "source")
        return source == known or keeps_password(peer_of_stream(known), peer_of_stream(source))

    def keeps_broker_password(self, address: str) -> bool:
        """Whether the password of the broker that is set may be shown to the one at `address`."""
        known = self.value("mqtt", "broker")
        return address == known or keeps_password(peer_of(known), peer_of(address))
