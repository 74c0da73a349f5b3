"""NATS with JetStream and MQTT."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.brokers import HOST, Broker, find_program


class Nats(Broker):
    """nats-server of the system: MQTT 3.1.1 only.

    passwords: by user; without any, everybody may come.
    """

    serving = "Server is ready"

    def __init__(self, folder: Path, *, passwords: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self._program = find_program("nats-server")
        self._passwords = passwords

    def _command(self) -> list[str]:
        return [self._program, "-c", str(self._folder / "nats.conf")]

    def _write_configuration(self) -> None:
        # The file's language is a superset of JSON.
        settings: dict[str, Any] = {
            "server_name": "alone",
            "host": HOST,
            "port": -1,  # NATS's own clients: any free one
            "jetstream": {"store_dir": str(self._folder / "store")},
            "mqtt": {"host": HOST, "port": self.port},
        }
        if self._passwords is not None:
            users = [{"user": user, "password": word} for user, word in self._passwords.items()]
            settings["authorization"] = {"users": users}
        file = self._folder / "nats.conf"
        file.touch(mode=0o600)
        file.write_text(json.dumps(settings, indent=1), encoding="utf-8")
