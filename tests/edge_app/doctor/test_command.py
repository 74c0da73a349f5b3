"""`mien doctor` as a process."""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge_app.doctor import command
from edge_app.doctor.permissions import check_permissions
from edge_app.installation import service
from edge_app.settings_file import read_settings
from tests.brokers import HOST, Mosquitto, free_port
from tests.edge_app.doctor.holder import holding_outbox

#: What another machine than the test's may be told without a fault of ours.
OF_THE_MACHINE = {"board", "clock"}
#: A device that is there on every machine, and gives no picture to whoever opens it.
DEVICE = "/dev/null"


def doctor(state: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "edge_app.cli", "doctor", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        env={**os.environ, "STATE_DIRECTORY": str(state), "PYTHONIOENCODING": "utf-8"}
        | environment,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], dict[str, Any]]:
    return by_name(done.stdout)


def by_name(text: str) -> dict[tuple[str, str], dict[str, Any]]:
    report = json.loads(text)
    return {(each["group"], each["name"]): each for each in report["findings"]}


@pytest.fixture
def settings(tmp_path: Path, mosquitto: Mosquitto) -> Path:
    file = tmp_path / "mien.toml"
    file.write_text(
        '[device]\nname = "desk"\n[camera]\nsource = "sample:"\n'
        f'[mqtt]\nbroker = "{mosquitto.address}"\n'
    )
    return file


def test_all_is_well(tmp_path: Path, settings: Path) -> None:
    done = doctor(tmp_path / "state", "--settings", str(settings), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = findings(done)
    ours = [each for (group, _), each in found.items() if group not in OF_THE_MACHINE]
    assert {each["verdict"] for each in ours} == {"ok"}
    assert {
        "settings", "camera", "models", "broker", "disk", "board", "clock", "versions",
        "permissions",
    } == {group for group, _ in found}  # fmt: skip
    assert ("broker", "publish") in found
    assert not (tmp_path / "state").exists()


def test_lines_without_colours(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--source", "sample:", "--device", "desk", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        "settings",
        "  ok       file     none: every default",
        "  ok       device   desk",
        "  ok       purpose  none is needed for this source",
    ]
    assert "\x1b" not in done.stdout
    assert lines[-1] in {"all is well", *(f"{n} warning{'s' * (n > 1)}" for n in range(1, 9))}


def test_a_failure_is_exit_code_1(tmp_path: Path) -> None:
    done = doctor(
        tmp_path, "--source", "/dev/video99", "--broker", f"{HOST}:{free_port()}", "--json"
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["verdict"] == "failure"
    found = findings(done)
    assert found["camera", "source"]["verdict"] == "failure"
    assert found["broker", "connection"]["verdict"] == "failure"
    assert found["models", "signature"]["verdict"] == "ok"


@pytest.mark.parametrize(
    ("setting", "verdict"),
    [
        ("/dev/null", "ok"),
        ("v4l2:/dev/null", "ok"),
        ("V4L2:987", "warning"),
        ("picamera2:", "warning"),
        ("rtsp:/me:hunter2@cam/1", "ok"),
    ],
)
def test_however_a_camera_is_written_its_device_is_looked_at(setting: str, verdict: str) -> None:
    settings = read_settings(None, {"camera": {"source": setting}})
    (found,) = check_permissions(
        command._source(settings), (), user=lambda: "mien", groups=lambda: ()
    )
    assert found.verdict == verdict
    assert "hunter2" not in repr(found)


def test_settings_that_cannot_be_are_exit_code_2(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--settings", str(tmp_path / "none.toml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_paused(tmp_path: Path) -> None:
    (tmp_path / "privacy-desk.json").write_text('{"is_paused": true}')
    done = doctor(tmp_path, "--source", DEVICE, "--device", "desk", "--json")
    found = findings(done)["camera", "source"]
    assert found["verdict"] == "ok"
    assert "paused by a request" in found["text"]


@pytest.mark.parametrize("is_there", [True, False])
def test_beside_a_running_service(tmp_path: Path, *, is_there: bool) -> None:
    # A file that nobody has open.
    device = tmp_path / "camera"
    if is_there:
        device.touch()
    with holding_outbox(tmp_path / "outbox-desk.sqlite", "edge_app.cli") as mien:
        done = doctor(tmp_path, "--source", f"v4l2:{device}", "--device", "desk", "--json")
        assert mien.poll() is None
    found = findings(done)
    camera, outbox = found["camera", "source"], found["disk", "outbox"]
    assert (camera["verdict"], camera["text"]) == (
        ("warning", f"{device}: not opened: mien (process {mien.pid}) runs, and may have it")
        if is_there
        else ("failure", f"{device}: no such camera")
    )
    assert outbox["verdict"] == "ok"
    assert f"in use by mien (process {mien.pid})" in outbox["text"]


@pytest.mark.parametrize("name", ["mien.toml", "next.toml"])
@pytest.mark.parametrize("given", [False, True])
def test_the_services_settings_go_with_the_services_state(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    *,
    given: bool,
) -> None:
    """So does a copy beside them, which is tried before it takes their place."""
    settings, state, own = (tmp_path / each for each in (name, "state", "own"))
    settings.write_text(
        f'[device]\nname = "desk"\n[camera]\nsource = "{DEVICE}"\n[privacy]\npurpose = "test"\n'
    )
    for folder in (state, own):
        folder.mkdir()
    (state / "privacy-desk.json").write_text('{"is_paused": true}')
    monkeypatch.setattr(service, "SERVICE_SETTINGS", tmp_path / "mien.toml")
    monkeypatch.setattr(command, "SERVICE_STATE", state)
    monkeypatch.setenv("HOME", str(tmp_path / "root"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    if given:
        monkeypatch.setenv("STATE_DIRECTORY", str(own))
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    command.run(parser.parse_args(["--settings", str(settings), "--json"]))
    found = by_name(capsys.readouterr().out)
    assert ("paused by a request" in found["camera", "source"]["text"]) == (not given)
    assert found["disk", "directory"]["text"].startswith(str(own if given else state))
    assert found["broker", "address"]["verdict"] == "failure"


def test_the_service_shows_its_broker_what_systemd_hands_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, store = tmp_path / "mien.toml", tmp_path / "credstore"
    for folder in (store, tmp_path / "mosquitto"):
        folder.mkdir()
    password = store / "mien.mqtt-password"
    password.write_text("hunter2\n")
    password.chmod(0o600)
    for module in (service, command):
        monkeypatch.setattr(module, "SERVICE_SETTINGS", settings)
    monkeypatch.setattr(command, "SERVICE_STATE", tmp_path / "state")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    see = functools.partial(command.see_credentials, username=store / "none", password=password)
    monkeypatch.setattr(command, "see_credentials", see)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    guarded = Mosquitto(tmp_path / "mosquitto", passwords={"desk": "hunter2"})
    guarded.start()
    try:
        settings.write_text(
            f'[camera]\nsource = "sample:"\n[mqtt]\nbroker = "mqtt://desk@{guarded.address}"\n'
        )
        command.run(parser.parse_args(["--settings", str(settings), "--json"]))
        told = capsys.readouterr().out
        # A copy that names this broker is tried while the service's is another one.
        copied = settings.rename(tmp_path / "next.toml")
        settings.write_text('[mqtt]\nbroker = "mqtt://desk@broker.lan"\n')
        command.run(parser.parse_args(["--settings", str(copied), "--json"]))
        untold = capsys.readouterr().out
    finally:
        guarded.stop()
    login = by_name(untold)["broker", "login"]
    assert login["verdict"] == "warning"
    assert f"but without {password}, which is for the broker and the user in" in login["text"]
    found = by_name(told)
    assert found["broker", "publish"]["verdict"] == "ok"
    assert found["permissions", password.name]["text"] == f"{password}: mode 600"
    assert "hunter2" not in told


def test_the_service_may_not_write_its_outbox_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, state, other = (tmp_path / name for name in ("mien.toml", "state", "other"))
    settings.write_text(f'[camera]\nsource = "sample:"\n[outbox]\ndirectory = "{other}"\n')
    monkeypatch.setenv("STATE_DIRECTORY", str(state))
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    for services, verdict in ((settings, "warning"), (tmp_path / "etc/mien.toml", "ok")):
        monkeypatch.setattr(service, "SERVICE_SETTINGS", services)
        command.run(parser.parse_args(["--settings", str(settings), "--json"]))
        found = by_name(capsys.readouterr().out)["disk", "directory"]
        assert found["verdict"] == verdict, found


def test_a_camera_without_a_purpose_is_not_opened(tmp_path: Path) -> None:
    settings = tmp_path / "mien.toml"
    settings.write_text(f'[camera]\nsource = "{DEVICE}"\n', encoding="utf-8")
    done = doctor(tmp_path, "--settings", str(settings), "--json")
    assert done.returncode == 1
    found = findings(done)["camera", "source"]
    assert found["verdict"] == "warning"
    assert found["text"] == f"{DEVICE}: not opened: no purpose is acknowledged"
    assert found["advice"].startswith(f"mien setup --settings {settings} asks for it")


def test_secrets_stay_secret(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    secret.chmod(0o644)
    done = doctor(
        tmp_path, "--source", "rtsp://mien:hunter2@127.0.0.1:1/cam",
        "--broker", f"mqtt://desk@{HOST}:{free_port()}", "--password-file", str(secret),
    )  # fmt: skip
    assert done.returncode == 1
    assert "hunter2" not in done.stdout + done.stderr
    assert "chmod o= " in done.stdout
    assert "--source: every user of this machine can read the password" in done.stdout


def test_a_camera_without_a_purpose_fails(tmp_path: Path) -> None:
    settings = tmp_path / "mien.toml"
    for source in ("/dev/video99", "nonsense:"):
        settings.write_text(f'[camera]\nsource = "{source}"\n', encoding="utf-8")
        done = doctor(tmp_path, "--settings", str(settings), "--json")
        purpose = findings(done)["settings", "purpose"]
        assert purpose["verdict"] == "failure"
        if source == "/dev/video99":
            assert purpose["advice"].startswith(f"mien setup --settings {settings} asks for it")
