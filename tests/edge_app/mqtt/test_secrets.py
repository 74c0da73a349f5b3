"""The daemon as a process, with a password: where the password must not be."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.brokers import Mosquitto, wait_until

SECRET = "correct-horse-4711"  # noqa: S105


def test_the_password_is_nowhere(tmp_path: Path) -> None:
    place, home, credentials = (tmp_path / each for each in ("broker", "home", "credentials"))
    for folder in (place, home, credentials):
        folder.mkdir()
    (credentials / "mqtt-username").write_text("kitchen", encoding="utf-8")
    password = credentials / "mqtt-password"
    password.write_text(SECRET, encoding="utf-8")
    password.chmod(0o600)
    broker = Mosquitto(place, passwords={"kitchen": SECRET})
    broker.start()
    settings = home / "mien.toml"
    settings.write_text(
        f'[mqtt]\nbroker = "127.0.0.1:{broker.port}"\n[camera]\nsource = "sample:"\n',
        encoding="utf-8",
    )
    environment = {
        **os.environ,
        "HOME": str(home),
        "STATE_DIRECTORY": str(home),
        "XDG_STATE_HOME": str(home),
        "TMPDIR": str(home),
        "CREDENTIALS_DIRECTORY": str(credentials),
        "PYTHONPATH": str(Path.cwd()),
    }
    # What paho and our own modules say at their most talkative.
    program = (
        "import logging, sys; logging.basicConfig(level=logging.DEBUG);"
        "from edge_app.cli import main; sys.exit(main(['run', '--settings', sys.argv[1]]))"
    )
    log = tmp_path / "daemon.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-c", program, str(settings)],
            env=environment,
            cwd=home,
            stdout=output,
            stderr=output,
        ) as daemon,
    ):
        try:
            wait_until(lambda: "u'kitchen'" in broker.log, 60)
            seen = b"".join(
                Path(f"/proc/{daemon.pid}/{name}").read_bytes() for name in ("cmdline", "environ")
            )
            # A password that is refused has its own messages.
            password.write_text(f"wrong-{SECRET}", encoding="utf-8")
            broker.stop()
            broker.start()
            wait_until(lambda: "is refused" in log.read_text(encoding="utf-8"), 60)
        finally:
            daemon.terminate()
            daemon.wait(30)
            broker.stop()
    said = log.read_bytes()
    assert b"connected, MQTT 5" in said
    assert SECRET.encode() not in seen
    assert SECRET.encode() not in said
    written = [file for file in home.rglob("*") if file.is_file() and file != settings]
    assert any(file.suffix == ".sqlite" for file in written), "the outbox is not here"
    for file in written:
        assert SECRET.encode() not in file.read_bytes()
        assert not file.stat().st_mode & stat.S_IROTH, file


@pytest.mark.parametrize("command", ["run", "events"])
def test_a_password_on_the_command_line_is_refused(command: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "edge_app.cli", command),
            *("--broker", f"mqtts://kitchen:{SECRET}@127.0.0.1", "--source", "sample:")[
                : 4 if command == "run" else 2
            ],
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "put the password into a password file" in done.stderr
    assert SECRET not in done.stdout + done.stderr
