"""What a device takes from its boot partition at its start, and what it leaves and tells of."""

from __future__ import annotations

import base64
import os
import re
import socket
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_app.durable_file import written_beside
from edge_app.errors import UsageError
from systemd.image.first_boot import command, placing, service
from systemd.image.first_boot.command import ERRORS, main, take
from systemd.image.first_boot.placing import erase, place
from systemd.image.first_boot.ssh_keys import read_keys
from systemd.image.first_boot.wifi import Wifi, read_wifi
from tests.brokers_certificates import Authority

KEY = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))).decode()
LIVE = '[camera]\nsource = "/dev/video0"\n[mqtt]\nbroker = "b"\n[privacy]\n'
SETTINGS = '[camera]\nsource = "sample:"\n\n[mqtt]\nbroker = "broker.local"\n'
WITH_USER = SETTINGS.replace("broker.local", "mqtt://porch@broker.local")
#: Both need files that the card has to bring.
STREAM = (
    '[camera]\nsource = "rtsp://viewer@camera.local/1"\n'
    'password_file = "/etc/mien/camera-password"\n[privacy]\npurpose = "test"\n'
)
OWN_CA = '[mqtt]\nbroker = "mqtts://b.lan"\nca_file = "/etc/mien/mqtt-ca.pem"\n'


class Device:
    """A boot partition and a root, as folders."""

    def __init__(self, folder: Path) -> None:
        self.boot, self.root = folder / "boot", folder / "root"
        (self.root / "etc/mien").mkdir(parents=True)
        self.boot.mkdir()
        self.settings.write_text("# as installed\n")
        (self.root / "etc/hostname").write_text("mien\n")

    @property
    def settings(self) -> Path:
        return self.root / "etc/mien/mien.toml"

    @property
    def password(self) -> Path:
        return self.root / "etc/credstore/mien.mqtt-password"

    @property
    def error(self) -> str:
        file = self.boot / ERRORS
        return file.read_text() if file.exists() else ""

    def drop(self, name: str, text: str | bytes) -> Path:
        file = self.boot / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def start(self) -> None:
        assert main(self.boot, self.root) == 0


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    # The machine that runs the tests keeps its own.
    monkeypatch.setattr(socket, "sethostname", lambda _: None)
    monkeypatch.setattr(os, "umask", lambda mask: mask)
    return Device(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_that_was_dropped_is_taken(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[str] = []
    monkeypatch.setattr(socket, "sethostname", named.append)
    device.drop("mien.toml", WITH_USER)
    device.drop("wifi.toml", 'ssid = "Café"\npassphrase = "correct horse"\ncountry = "FR"\n')
    device.drop("authorized_keys", f"ssh-ed25519 {KEY} me@desk\n")
    device.drop("hostname", "Porch\n")
    device.drop("mqtt-password", "secret\n")
    device.drop("config.txt", "arm_64bit=1\n")
    device.start()
    assert [file.name for file in device.boot.iterdir()] == ["config.txt"]
    assert device.settings.read_text() == WITH_USER
    keys = device.root / "root/.ssh/authorized_keys"
    assert (keys.read_text(), mode(keys)) == (f"ssh-ed25519 {KEY} me@desk\n", 0o600)
    wifi = device.root / "etc/wpa_supplicant/mien.conf"
    assert mode(wifi) == 0o600
    assert f"ssid={'Café'.encode().hex()}\n" in wifi.read_text()
    assert (device.password.read_text(), mode(device.password)) == ("secret\n", 0o600)
    assert ((device.root / "etc/hostname").read_text(), named) == ("porch\n", ["porch"])


def test_nothing_dropped_changes_nothing(device: Device) -> None:
    device.start()
    assert device.settings.read_text() == "# as installed\n"
    assert list(device.boot.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[mqtt]\nbroker = \n", "mien.toml: not TOML"),
        ('[mqtt]\nbroker = "b"\n[camra]\n', "mien.toml: unknown field `camra`"),
        ('[camera]\nwidth = "wide"\n', "in `camera.width`"),
        ('[mqtt]\nbroker = "mqtt://"\n', "mien.toml: "),
        ('[camera]\nsource = "sample:"\n', "`broker` in [mqtt] is missing"),
        (
            LIVE,
            "stays closed; read PRIVACY.md and write purpose in [privacy]",
        ),
        (LIVE + "purpose = ' '\n", "mien.toml: no purpose is acknowledged"),
        (
            (LIVE + 'purpose = "test"\n').replace("/dev/video0", "nonsense:"),
            "mien.toml: nonsense:: no such source",
        ),
        (b"\xff\xfe[\x00", "mien.toml: not UTF-8"),
        (b"#" * 300_000, "mien.toml: larger than 256 KiB"),
    ],
)
def test_wrong_settings_stay_where_they_are_and_are_told_of(
    text: str | bytes, said: str, device: Device
) -> None:
    file = device.drop("mien.toml", text)
    device.drop("hostname", "porch")
    device.start()
    assert said in device.error
    assert tempfile.gettempdir() not in device.error
    assert file.exists()
    assert device.settings.read_text() == "# as installed\n"
    assert (device.root / "etc/hostname").read_text() == "porch\n"
    file.write_text(SETTINGS)
    device.start()
    assert (device.settings.read_text(), device.error, file.exists()) == (SETTINGS, "", False)


def test_a_camera_with_a_purpose_is_taken(device: Device) -> None:
    device.drop("mien.toml", LIVE + 'purpose = "test"\n')
    device.start()
    assert (device.settings.read_text(), device.error) == (LIVE + 'purpose = "test"\n', "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            STREAM + OWN_CA.replace("mqtt-ca", "ca"),
            "ca_file in [mqtt]: /etc/mien/ca.pem is not on this device; drop it as mqtt-ca.pem,"
            ' with ca_file = "/etc/mien/mqtt-ca.pem" in [mqtt]\n',
            id="an authority of another name",
        ),
        pytest.param(
            STREAM + OWN_CA,
            "ca_file in [mqtt]: /etc/mien/mqtt-ca.pem is not on this device; drop it as"
            " mqtt-ca.pem\n",
            id="an authority",
        ),
        pytest.param(
            STREAM + '[mqtt]\nbroker = "b.lan"\n',
            "password_file in [camera]: /etc/mien/camera-password is not on this device; drop it"
            " as camera-password\n",
            id="the camera's password",
        ),
        pytest.param(
            WITH_USER + 'password_file = "/etc/mien/password"\n',
            "password_file in [mqtt]: /etc/mien/password is not on this device; leave that out,"
            " and drop mqtt-password\n",
            id="the broker's password",
        ),
        pytest.param(
            WITH_USER + '[models]\ndirectory = "/etc/mien/models"\n',
            "/etc/mien/models: No such file or directory; name a folder of models",
            id="models",
        ),
        pytest.param(
            WITH_USER + '[perception]\nanswer = "ferpuls"\n', "no answer 'ferpuls'", id="an answer"
        ),
        pytest.param(
            SETTINGS.replace("broker.local", "embedded"),
            "the embedded broker is not installed",
            id="a broker that no device brings along",
        ),
    ],
)
def test_settings_that_the_service_cannot_start_with_are_not_taken(
    text: str, said: str, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Also where the machine that runs the tests has it.
    monkeypatch.setitem(sys.modules, "amqtt.broker", None)
    if "ca_file" in text:
        device.drop("camera-password", "secret\n")
    file = device.drop("mien.toml", text)
    device.start()
    assert device.error.splitlines()[3].startswith("mien.toml: ")
    assert said in device.error
    # Not where it was looked for.
    assert str(device.root) not in device.error
    assert f"{tempfile.gettempdir()}/mien-" not in device.error
    assert file.exists()
    assert device.settings.read_text() == "# as installed\n"
    assert list(device.settings.parent.iterdir()) == [device.settings]


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("/etc/hostname", "/etc/hostname: a file is in its place; name another folder\n"),
        ("/etc/hostname/x", "/etc/hostname/x: a file is in its place"),
        ("/proc/x", "/proc/x: the service can keep nothing in /proc; name another folder\n"),
        ("/home/pi/events", "/home/pi/events: the service can keep nothing in /home"),
        ("/srv/events", "/srv/events: the account mien may not write there"),
        ("/srv/closed/events", "/srv/closed/events: the account mien may not write there"),
    ],
)
def test_a_folder_for_events_that_the_service_cannot_have_is_told(
    folder: str, said: str, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_account", lambda: (os.getuid() + 1, os.getgid() + 1))
    (device.root / "srv/events").mkdir(parents=True)
    (device.root / "srv/closed").mkdir(mode=0o700)
    device.drop("mien.toml", f'{WITH_USER}[outbox]\ndirectory = "{folder}"\n')
    device.start()
    assert f"mien.toml: directory in [outbox]: {said}" in device.error
    assert device.settings.read_text() == "# as installed\n"


@pytest.mark.parametrize("folder", ["/srv/events/porch", "/media/usb", "/var/lib/mien/events"])
def test_a_folder_for_events_that_can_be_is_taken_and_not_made(
    folder: str, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_account", lambda: (os.getuid() + 1, os.getgid() + 1))
    (device.root / "srv/events").mkdir(parents=True)
    # Before the first start of the service, systemd has not given it to the account yet.
    (device.root / "var/lib/mien/events").mkdir(mode=0o700, parents=True)
    text = f'{WITH_USER}[outbox]\ndirectory = "{folder}"\n'
    device.drop("mien.toml", text)
    device.start()
    assert (device.error, device.settings.read_text()) == ("", text)
    assert not (device.root / "srv/events/porch").exists()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/etc/mien/cam", "the account mien may not read it; give it to that (chown)"),
        ("/etc/private/cam", "the account mien may not read it; give it to that (chown)"),
        ("/root/cam", "the service sees nothing in /root; put it into /etc/mien"),
    ],
)
def test_a_file_that_only_root_may_read_is_told(
    path: str, said: str, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = (os.getuid() + 1, os.getgid() + 1)
    monkeypatch.setattr(service, "_account", lambda: account)
    file = device.root / path.removeprefix("/")
    file.parent.mkdir(mode=0o755 if "mien" in path else 0o700, exist_ok=True)
    file.write_text("secret\n")
    file.chmod(0o600 if "mien" in path else 0o644)
    text = f'{STREAM.replace("/etc/mien/camera-password", path)}[mqtt]\nbroker = "b.lan"\n'
    device.drop("mien.toml", text)
    device.start()
    assert device.error.splitlines()[3:] == [
        f"mien.toml: password_file in [camera]: {path}: {said}"
    ]
    account = (os.getuid(), os.getgid())
    device.start()
    assert (device.error == "") == (path != "/root/cam")


@pytest.mark.parametrize("named", ["/etc/mien/mqtt-ca.pem", "mqtt-ca.pem"])
def test_an_authority_without_tls_is_told(device: Device, tmp_path: Path, named: str) -> None:
    device.drop("mqtt-ca.pem", Authority(tmp_path / "authority").file.read_bytes())
    text = SETTINGS + f'ca_file = "{named}"\n'
    device.drop("mien.toml", text)
    device.start()
    needs_tls, stays = device.error.splitlines()[3:]
    assert needs_tls.startswith("mien.toml: broker broker.local:1883: certificate files need TLS")
    assert stays == "mqtt-ca.pem: stays until that is mended: they are taken together"
    device.drop("mien.toml", text.replace("broker.local", "mqtts://broker.local"))
    device.start()
    assert device.error == ""
    assert (device.root / "etc/mien/mqtt-ca.pem").exists()


@pytest.mark.parametrize(
    "source", ["rtsp://me:hunter2@camera.local/1", "rtsp://camera.local/user=me&password=hunter2"]
)
def test_settings_with_a_stream_are_for_the_service_alone(
    device: Device, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    account = (os.getuid(), os.getgid())
    monkeypatch.setattr(service, "_account", lambda: account)
    device.drop("mien.toml", SETTINGS.replace("sample:", source) + '[privacy]\npurpose = "test"\n')
    device.start()
    assert (device.error, mode(device.settings)) == ("", 0o640)
    assert (device.settings.stat().st_uid, device.settings.stat().st_gid) == account
    device.drop("mien.toml", SETTINGS)
    device.start()
    assert (device.error, mode(device.settings)) == ("", 0o644)


def test_a_password_without_a_user_stays_with_its_settings(device: Device) -> None:
    file = device.drop("mien.toml", SETTINGS)
    password = device.drop("mqtt-password", "secret\n")
    device.start()
    needs_user, stays = device.error.splitlines()[3:]
    assert needs_user.startswith("mien.toml: broker broker.local:1883: a password file needs a us")
    assert stays == "mqtt-password: stays until that is mended: they are taken together"
    # Otherwise the broker of before would be shown it.
    assert password.exists()
    assert not device.password.exists()
    file.write_text(WITH_USER)
    device.start()
    assert (device.settings.read_text(), device.password.read_text()) == (WITH_USER, "secret\n")
    assert list(device.boot.iterdir()) == []


def test_a_broken_password_keeps_its_settings_from_being_taken(device: Device) -> None:
    device.drop("mien.toml", WITH_USER)
    device.drop("mqtt-password", "\n")
    device.start()
    assert device.error.splitlines()[3:] == [
        "mqtt-password: its first line is empty",
        "mien.toml: stays until that is mended: they are taken together",
    ]
    assert device.settings.read_text() == "# as installed\n"


def test_a_password_alone_is_for_the_settings_in_force(device: Device) -> None:
    device.settings.write_text(SETTINGS)
    file = device.drop("mqtt-password", "new\n")
    device.start()
    assert "mqtt-password: broker broker.local:1883: a password file needs a user" in device.error
    assert file.exists()
    device.settings.write_text(WITH_USER)
    device.start()
    assert (device.password.read_text(), device.error, file.exists()) == ("new\n", "", False)


def test_another_broker_is_not_shown_the_password_of_before(device: Device) -> None:
    device.drop("mien.toml", WITH_USER)
    device.drop("mqtt-password", "secret\n")
    device.start()
    # The same broker, and the same user.
    device.drop("mien.toml", WITH_USER.replace("mqtt://", "mqtts://"))
    device.start()
    assert device.password.exists()
    device.drop("mien.toml", SETTINGS)
    device.start()
    assert (device.settings.read_text(), device.error) == (SETTINGS, "")
    assert not device.password.exists()


def test_a_password_for_tls_is_not_shown_without_it(device: Device) -> None:
    device.drop("mien.toml", WITH_USER.replace("mqtt://", "mqtts://"))
    device.drop("mqtt-password", "secret\n")
    device.start()
    assert device.password.exists()
    device.drop("mien.toml", WITH_USER)
    device.start()
    assert (device.settings.read_text(), device.error) == (WITH_USER, "")
    assert not device.password.exists()


@pytest.mark.parametrize(
    "before",
    [WITH_USER + '[models]\ndirectory = "gone"\n', "[mqtt\n", WITH_USER + "purpose = 1\n", ""],
    ids=["a missing folder", "no TOML", "an unknown setting", "no broker"],
)
def test_settings_that_do_not_start_just_now_leave_their_password_to_nobody(
    before: str, device: Device
) -> None:
    device.settings.write_text(before)
    device.password.parent.mkdir()
    device.password.write_text("secret\n")
    text = WITH_USER.replace("porch@broker.local", "eve@elsewhere.lan")
    device.drop("mien.toml", text)
    device.start()
    assert (device.error, device.settings.read_text()) == ("", text)
    assert not device.password.exists()


def test_a_password_that_came_first_is_for_the_settings_that_come_next(device: Device) -> None:
    # Of a new card: no start of theirs has shown anybody the password.
    shipped = device.root / "usr/share/mien/mien.toml"
    shipped.parent.mkdir(parents=True)
    for file in (shipped, device.settings):
        file.write_text(LIVE)
    device.drop("mqtt-password", "secret\n")
    device.start()
    device.drop("mien.toml", WITH_USER)
    device.start()
    assert (device.error, device.password.read_text()) == ("", "secret\n")


def test_certificates_and_the_cameras_password_come_by_the_card(
    device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = (os.getuid(), os.getgid())
    owned: list[str] = []

    def noting(path: Path, content: bytes, **words: Any) -> Any:
        if words["owner"] == account:
            owned.append(path.name)
        return written_beside(path, content, **words)

    monkeypatch.setattr(placing, "written_beside", noting)
    monkeypatch.setattr(service, "_account", lambda: account)
    authority = Authority(tmp_path / "authority")
    issued, other = authority.issue("porch"), authority.issue("shed")
    device.drop("mqtt-ca.pem", authority.file.read_bytes())
    device.drop("mqtt-certificate.pem", issued.file.read_bytes())
    device.drop("mqtt-key.pem.txt", issued.key.read_bytes())
    device.drop("camera-password", "secret\n")
    named = "".join(f'{n}_file = "/etc/mien/mqtt-{n}.pem"\n' for n in ("certificate", "key"))
    device.drop("mien.toml", STREAM + OWN_CA + named)
    device.start()
    assert device.error == ""
    assert list(device.boot.iterdir()) == []
    folder = device.settings.parent
    assert {file.name: mode(file) for file in folder.iterdir()} == {
        "mqtt-ca.pem": 0o644,
        "mqtt-certificate.pem": 0o600,
        "mqtt-key.pem": 0o600,
        "camera-password": 0o600,
        "mien.toml": 0o640,
    }
    assert (folder / "mqtt-key.pem").read_bytes() == issued.key.read_bytes()
    # The service, which is not root, reads these itself.
    assert owned == ["mqtt-certificate.pem", "mqtt-key.pem", "camera-password", "mien.toml"]
    device.drop("mqtt-key.pem", other.key.read_bytes())
    device.start()
    assert "mqtt-key.pem: key file /etc/mien/mqtt-key.pem: it does not fit" in device.error
    assert (folder / "mqtt-key.pem").read_bytes() == issued.key.read_bytes()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("mqtt-ca.pem", "none", "mqtt-ca.pem: no certificate in PEM"),
        ("mqtt-ca.pem", "-----BEGIN PRIVATE KEY-----", "mqtt-ca.pem: there is a private key in it"),
        ("mqtt-certificate.pem", "none", "mqtt-certificate.pem: no certificate in PEM"),
        ("mqtt-key.pem", "none", "mqtt-key.pem: no private key in PEM"),
        ("camera-password", "", "camera-password: its first line is empty"),
        ("camera-password", "a\0secret", "camera-password: a control character is in its first"),
        ("mqtt-password", "a\x1bsecret", "mqtt-password: a control character is in its first"),
        (
            *("camera-password", "secret"),
            'of use only with password_file = "/etc/mien/camera-password" in [camera]',
        ),
    ],
)
def test_what_nothing_could_use_stays(name: str, text: str, said: str, device: Device) -> None:
    file = device.drop(name, text)
    device.start()
    assert said in device.error
    assert "secret" not in device.error
    assert file.exists()


def test_a_password_beside_one_that_the_settings_name_is_told(device: Device) -> None:
    device.drop("mien.toml", WITH_USER + 'password_file = "/etc/hostname"\n')
    device.drop("mqtt-password", "secret\n")
    device.start()
    assert "mien.toml: mqtt-password needs no password_file in [mqtt]: leave that" in device.error


def test_a_disk_that_is_full_in_the_midst_changes_nothing(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_for_settings(path: Path, content: bytes, **words: Any) -> Any:
        if path == device.settings:
            raise OSError(28, os.strerror(28), str(path))
        return written_beside(path, content, **words)

    monkeypatch.setattr(placing, "written_beside", full_for_settings)
    device.drop("mien.toml", WITH_USER)
    device.drop("mqtt-password", "secret\n")
    device.start()
    assert f"mien.toml: {device.settings}: No space left on device" in device.error
    assert {"mien.toml", "mqtt-password"} < {file.name for file in device.boot.iterdir()}
    assert list(device.password.parent.iterdir()) == []


def test_a_power_cut_amid_the_erasing_costs_no_password(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        """What no handler catches."""

    def cut(file: Path) -> None:
        if file.name == "mien.toml":
            raise PowerCut
        erase(file)

    device.drop("mien.toml", WITH_USER)
    device.drop("mqtt-password", "secret\n")
    with monkeypatch.context() as patched:
        patched.setattr(service, "erase", cut)
        with pytest.raises(PowerCut):
            device.start()
    assert [file.name for file in device.boot.iterdir()] == ["mien.toml"]
    device.start()
    assert list(device.boot.iterdir()) == []
    assert (device.settings.read_text(), device.password.read_text()) == (WITH_USER, "secret\n")


@pytest.mark.parametrize("name", ["mien.toml", "mqtt-password", "wifi.toml", "hostname.txt"])
def test_a_power_cut_amid_the_erasing_of_one_file_takes_nothing(name: str, device: Device) -> None:
    device.settings.write_text(WITH_USER)
    device.password.parent.mkdir()
    device.password.write_text("secret\n")
    before = {file: file.read_bytes() for file in device.root.rglob("*") if file.is_file()}
    # All of it, and the first sector of one that is longer.
    for left in (bytes(70), bytes(512) + b"#" * 600):
        device.drop(name, left)
        device.start()
        assert list(device.boot.iterdir()) == []
    after = {file: file.read_bytes() for file in device.root.rglob("*") if file.is_file()}
    assert after == before


def test_a_source_that_this_system_cannot_have_is_told(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Also where the machine that runs the tests has the library.
    monkeypatch.setitem(sys.modules, "picamera2", None)
    text = (LIVE + 'purpose = "test"\n').replace("/dev/video0", "picamera2:")
    file = device.drop("mien.toml", text)
    device.start()
    assert "mien.toml: picamera2: cannot be imported" in device.error
    assert file.exists()


def test_a_file_that_breaks_its_reader_keeps_no_other_from_being_taken(device: Device) -> None:
    # Deeper than Python's own TOML reader goes.
    file = device.drop("wifi.toml", "x = " + "[" * 100_000)
    device.drop("mqtt-password", "secret\n")
    device.drop("authorized_keys", f"ssh-ed25519 {KEY[:-1]}é me\n")
    device.drop("hostname", "porch")
    device.start()
    wifi, keys = device.error.splitlines()[3:]
    assert wifi == "wifi.toml: reading it broke off (RecursionError); write it anew"
    assert keys.startswith("authorized_keys: line 1 is no public key")
    assert file.exists()
    assert (device.root / "etc/credstore/mien.mqtt-password").read_text() == "secret\n"
    assert (device.root / "etc/hostname").read_text() == "porch\n"


def test_what_editors_on_windows_write_is_taken(device: Device) -> None:
    device.drop("mien.toml.txt", b"\xef\xbb\xbf" + SETTINGS.replace("\n", "\r\n").encode())
    device.start()
    assert device.settings.read_text() == SETTINGS
    assert device.error == ""


def test_of_two_files_of_one_name_none_is_taken(device: Device) -> None:
    stale = device.drop("mien.toml.txt", SETTINGS)
    file = device.drop("mien.toml", WITH_USER)
    device.start()
    said = "mien.toml: mien.toml.txt is there, too: remove one of the two"
    assert device.error.splitlines()[3:] == [said]
    assert device.settings.read_text() == "# as installed\n"
    assert (file.exists(), stale.exists()) == (True, True)
    stale.unlink()
    device.start()
    assert (device.settings.read_text(), device.error) == (WITH_USER, "")


def test_a_full_disk_is_told_and_the_file_is_kept(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, *_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28), str(path))

    file = device.drop("hostname", "porch")
    monkeypatch.setattr(command, "place", fail)
    (said,) = take(device.boot, device.root)
    assert said == f"hostname: {device.root}/etc/hostname: No space left on device"
    assert file.exists()


def test_a_secret_is_overwritten_before_it_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    file = tmp_path / "wifi.toml"
    file.write_text("passphrase")
    unlink = Path.unlink

    def look(path: Path, *, missing_ok: bool = False) -> None:
        seen.append(path.read_bytes())
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", look)
    erase(file)
    assert seen == [bytes(10)]
    assert not file.exists()


def test_a_power_cut_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mien.toml"
    file.write_text("old")

    def cut(_: int) -> None:
        raise OSError(5, "cut")

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(OSError, match="cut"):
        place(file, "new", mode=0o600)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


# Wi-Fi and keys.


def test_a_network_in_the_words_of_wpa_supplicant() -> None:
    # The key is the standard's own example.
    text = 'ssid = "IEEE"\npassphrase = "password"\ncountry = "DE"\nhidden = true\n'
    assert read_wifi(text).splitlines() == [
        "country=DE",
        "update_config=0",
        "network={",
        "\tssid=49454545",
        "\tkey_mgmt=WPA-PSK WPA-PSK-SHA256 SAE",
        "\tieee80211w=1",
        "\tpsk=f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e",
        "\tsae_password=70617373776f7264",
        "\tscan_ssid=1",
        "}",
    ]


def test_open_networks_and_ready_keys() -> None:
    assert "key_mgmt=NONE" in read_wifi('ssid = "x"\ncountry = "DE"\n')
    key = "0123456789abcdef" * 4
    assert f"\tpsk={key}\n" in read_wifi(f'ssid = "x"\ncountry = "DE"\npassphrase = "{key}"\n')


def test_the_page_has_every_word_about_a_network() -> None:
    page = (Path(__file__).parents[2] / "docs/image.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| `wifi\.toml` \|.*", page, re.MULTILINE)
    for field in msgspec.structs.fields(Wifi):
        assert re.search(rf"`{field.name}\b", row), field.name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('ssid = "x"\n', "country"),
        ('ssid = ""\ncountry = "DE"\n', "ssid"),
        ('ssid = "x"\ncountry = "Germany"\n', "country"),
        (f'ssid = "{"é" * 17}"\ncountry = "DE"\n', "32 bytes"),
        ('ssid = "x"\ncountry = "DE"\npassphrase = "hunter2"\n', "8 to 63"),
        ('ssid = "x"\ncountry = "DE"\npassphrase = "hunter2\\nssid=evil"\n', "8 to 63"),
        ('ssid = "x"\ncountry = "DE"\npassphrase = hunter2\n', "not TOML"),
        ('ssid = "x"\ncountry = "DE"\npsk = "hunter2hunter2"\n', "unknown field .* hidden"),
    ],
)
def test_wrong_wifi_is_told_without_the_passphrase(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read_wifi(text)
    assert "hunter2" not in str(caught.value)


def test_public_keys_are_taken_with_comments_and_empty_lines() -> None:
    text = f"# mine\n\nssh-ed25519 {KEY} me\n  ssh-ed25519 {KEY}\n"
    assert read_keys(text) == f"ssh-ed25519 {KEY} me\nssh-ed25519 {KEY}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no key"),
        ("# only this\n", "no key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n", "private key"),
        (f"ssh-rsa {KEY}\n", "line 1 is no public key"),
        (f"ssh-ed25519 {KEY}\nssh-ed25519 AAAA\n", "line 2 is no public key"),
        (f'command="/bin/sh" ssh-ed25519 {KEY}\n', "line 1 is no public key"),
        ("ssh-ed25519 ***\n", "line 1 is no public key"),
        (f"ssh-ed25519 {KEY}é\n", "line 1 is no public key"),
    ],
)
def test_what_is_no_public_key_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_keys(text)
