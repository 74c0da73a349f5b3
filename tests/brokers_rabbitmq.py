"""RabbitMQ with its MQTT plugin."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks.loopback import accepts
from tests.brokers import HOST, Broker, MissingBrokerError, find_program, free_port, wait_until

#: Debian's /usr/sbin/rabbitmq-server steps down to a user who may not read the folder.
_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class RabbitMq(Broker):
    """rabbitmq-server of the system: MQTT 3.1.1 only. It asks everybody for the password."""

    start_s = 180.0
    stop_s = 120.0
    serving = "Server startup complete"

    def __init__(self, folder: Path, *, user: str, password: str) -> None:
        super().__init__(folder)
        if not _PROGRAM.exists():
            raise MissingBrokerError("install rabbitmq-server: sudo apt install rabbitmq-server")
        self._epmd_program = find_program("epmd")
        self._user, self._password = user, password
        self._epmd: subprocess.Popen[bytes] | None = None
        self._epmd_port = free_port()
        self._node_port = free_port()

    def launch(self) -> None:
        """Start; first the mapper of Erlang's names, which would else outlive the broker."""
        if self._epmd is None:
            self._epmd = subprocess.Popen(
                [self._epmd_program, "-port", str(self._epmd_port)], env=self._environment()
            )
            wait_until(lambda: accepts(self._epmd_port))
        super().launch()

    def close(self) -> None:
        """End everything, for good."""
        self.stop()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait(10)
            self._epmd = None

    def _command(self) -> list[str]:
        return [str(_PROGRAM)]

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HOME": str(self._folder),  # of Erlang's cookie
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_DIST_PORT": str(self._node_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "enabled_plugins"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_NODENAME": f"mien{self._node_port}@localhost",
            "RABBITMQ_PID_FILE": str(self._folder / "pid"),
            # The script then becomes the broker, instead of a parent that lives on without it.
            "RUNNING_UNDER_SYSTEMD": "1",
        }

    def _write_configuration(self) -> None:
        (self._folder / "enabled_plugins").write_text("[rabbitmq_mqtt].\n", encoding="utf-8")
        lines = [
            "listeners.tcp = none",
            f"mqtt.listeners.tcp.1 = {HOST}:{self.port}",
            "mqtt.allow_anonymous = false",
            f"default_user = {self._user}",
            f"default_pass = {self._password}",
            "log.console = true",
            "log.file = false",
        ]
        file = self._folder / "rabbitmq.conf"
        file.touch(mode=0o600)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
