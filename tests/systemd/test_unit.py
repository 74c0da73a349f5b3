"""The unit as systemd itself reads it: clean, and closed to what no camera needs."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge_app.daemon.controller import RESTART, SOURCE_LOST
from edge_app.daemon.publishing import START_S
from edge_app.health.led import _NAMES
from edge_app.installation.purpose import UNACKNOWLEDGED
from edge_app.installation.service import SERVICE_BROKER_PASSWORD, SERVICE_SETTINGS
from edge_app.mqtt.credentials import PASSWORD_CREDENTIAL, USERNAME_CREDENTIAL
from edge_app.settings_file import read_settings

FOLDER = Path(__file__).parents[2] / "systemd"
UNIT = FOLDER / "mien.service"
#: systemd's own scale: 0 is closed to everything, 10 is open.
MOST_EXPOSURE = 2.0


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    return subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60
    )


def systemd_version() -> int:
    return int(analyze("--version").stdout.split()[1])


def settings_of(unit: Path) -> list[tuple[str, str]]:
    lines = [line for line in unit.read_text().splitlines() if re.match(r"[A-Z]\w+=", line)]
    return [(line.partition("=")[0], line.partition("=")[2]) for line in lines]


def test_the_exposure_is_low() -> None:
    done = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    said = re.search(r"Overall exposure level for mien.service: ([\d.]+)", done.stdout)
    assert said is not None, done.stderr
    sys.stdout.write(f"{said[0]}\n")
    assert float(said[1]) <= MOST_EXPOSURE


def test_systemd_has_nothing_against_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    # verify wants to see the program, which only an installation has.
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text()))
    done = analyze("verify", "--man=no", str(copy))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    copy.write_text(copy.read_text() + "\n[Service]\nWatchdogSeconds=3\n")
    assert "WatchdogSeconds" in analyze("verify", "--man=no", str(copy)).stderr


def test_systemd_has_nothing_against_the_growing_delay(tmp_path: Path) -> None:
    if systemd_version() < 254:
        pytest.skip("systemd is older than 254, which knows no growing delay")
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text()))
    shutil.copytree(FOLDER / "mien.service.d", tmp_path / "mien.service.d")
    done = analyze("verify", "--man=no", str(copy))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_unit_fits_the_daemon() -> None:
    said = settings_of(UNIT)
    of = dict(said)
    assert (of["StateDirectory"], of["RuntimeDirectory"]) == ("mien", "mien")
    assert of["RuntimeDirectoryPreserve"] == "yes"
    assert of["Type"] == "notify"
    assert float(of["TimeoutStartSec"]) == START_S
    # A camera that does not come back and a restart on request: systemd starts it again.
    assert {RESTART, SOURCE_LOST} == {75, 74}
    assert (of["Restart"], of["SuccessExitStatus"]) == ("always", "75")
    # The one end that waiting cannot mend.
    assert of["RestartPreventExitStatus"] == str(UNACKNOWLEDGED) == "78"
    assert of["ExecStart"].endswith(f" run --settings {SERVICE_SETTINGS}")
    assert f"{PASSWORD_CREDENTIAL}:{SERVICE_BROKER_PASSWORD.name}" in of["LoadCredential"]
    credentials = [value.partition(":")[0] for name, value in said if name == "LoadCredential"]
    assert credentials == [USERNAME_CREDENTIAL, PASSWORD_CREDENTIAL]
    # A path that is not there would keep the service from starting; a name does not.
    assert not [value for name, value in said if name == "LoadCredential" and "/" in value]
    # Events speak of people: they must not be kept in a journal.
    assert of["StandardOutput"] == "null"


def test_a_camera_that_is_plugged_in_after_the_start_may_be_opened() -> None:
    said = settings_of(UNIT)
    # systemd looks these names up in /proc/devices when it starts the service. The module videodev
    # enters the first, and what it needs the second. See systemd.resource-control(5).
    assert {("DeviceAllow", f"char-{kind} rw") for kind in ("video4linux", "media")} <= set(said)
    assert {(key, "modprobe@videodev.service") for key in ("Wants", "After")} <= set(said)


def test_the_account_may_blink_the_led_that_identify_tries_first() -> None:
    said = settings_of(UNIT)
    led, group = _NAMES[0], dict(said)["Group"]
    # systemd closes /sys to the service, and the kernel the file to whoever is not root.
    assert ("ReadWritePaths", f"-/sys/class/leds/{led}/trigger") in said
    rule = (FOLDER / "mien-led.rules").read_text()
    assert re.findall(r'KERNEL=="(.+?)"', rule) == [led]
    assert f'"/bin/chgrp {group} %S%p/trigger"' in rule
    assert '"/bin/chmod g+w %S%p/trigger"' in rule


def test_udev_has_nothing_against_the_rule() -> None:
    if systemd_version() < 254 or shutil.which("udevadm") is None:
        pytest.skip("udevadm of systemd 254 or later is missing: it checks rules")
    done = subprocess.run(
        ["udevadm", "verify", "--resolve-names=never", str(FOLDER / "mien-led.rules")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_default_settings_are_settings() -> None:
    settings = read_settings(FOLDER / "mien.toml", {})
    assert settings.mqtt.broker
    assert settings.privacy.mode == "full"
    # A person has to say it.
    assert settings.privacy.purpose == ""


@pytest.mark.parametrize("file", sorted((FOLDER / "optional").glob("*.conf")), ids=lambda f: f.name)
def test_each_drop_in_says_where_it_goes(file: Path) -> None:
    assert re.match(r"# To /etc/systemd/[a-z./]+\.d/", file.read_text())
    parser = configparser.ConfigParser()
    parser.read_string(file.read_text())
    assert len(parser.sections()) == 1
