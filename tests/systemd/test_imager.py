"""Files for Raspberry Pi Imager and rpi-image-gen: read as their readers do, and run."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_app.installation.service import SERVICE_BROKER_PASSWORD, SERVICE_SETTINGS
from edge_app.mqtt.credentials import Credentials
from edge_app.settings_file import read_settings
from systemd.imager.build import files, main
from systemd.imager.cloud_init import INSTALLER, installer
from systemd.imager.device import PLACEHOLDER, Device, read_device
from systemd.imager.image_gen import LAYER, PACKAGES, package_file

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f you@desk"
#: What YAML, TOML and the shell would each like to read otherwise.
ODD = """it's "a" \\ name: #1 $HOME `id` ü"""


def loaded(device: Device, name: str) -> dict[str, Any]:
    document = yaml.safe_load(files(device)[name])
    assert isinstance(document, dict)
    return document


def files_of(user_data: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Mode and text, by path."""
    return {
        each["path"]: (each["permissions"], each["content"]) for each in user_data["write_files"]
    }


def test_the_user_data_are_a_cloud_config() -> None:
    text = files(Device())["user-data"]
    assert text.startswith("#cloud-config\n")
    document = yaml.safe_load(text)
    # `systemd/imager/try_cloud_init.sh` asks cloud-init itself.
    assert set(document) == {
        "hostname", "manage_etc_hosts", "ssh_pwauth", "users", "write_files", "runcmd",
    }  # fmt: skip
    for each in document["write_files"]:
        assert set(each) == {"path", "permissions", "content"}
        assert re.fullmatch(r"0[0-7]{3}", each["permissions"])
        assert each["content"].endswith("\n")
    assert all(isinstance(word, str) for words in document["runcmd"] for word in words)
    assert document["runcmd"][-1] == [INSTALLER]
    assert document["ssh_pwauth"] is False
    (account,) = document["users"]
    assert account["lock_passwd"] is True
    assert account["name"] != "mien"


def test_the_settings_are_taken_by_mien_and_are_the_same_for_both(tmp_path: Path) -> None:
    device = Device(
        name="porch", camera="/dev/video0", broker="mqtts://b.example", purpose=ODD,
        privacy="aggregates",
    )  # fmt: skip
    mode, text = files_of(loaded(device, "user-data"))[str(SERVICE_SETTINGS)]
    assert (mode, text) == ("0644", files(device)["mien.toml"])
    file = tmp_path / "mien.toml"
    file.write_text(text)
    settings = read_settings(file, {})
    assert (settings.device.name, settings.camera.source) == ("porch", "/dev/video0")
    assert (settings.mqtt.broker, settings.privacy.mode) == ("mqtts://b.example", "aggregates")
    assert settings.privacy.purpose == ODD


def test_the_password_is_systemds_and_none_else_reads_it(tmp_path: Path) -> None:
    mode, text = files_of(loaded(Device(mqtt_password=ODD), "user-data"))[
        str(SERVICE_BROKER_PASSWORD)
    ]
    assert mode == "0600"
    (tmp_path / "password").write_text(text)
    from edge_app.mqtt.address import parse_address

    login = Credentials(password_file=tmp_path / "password").login(parse_address("mqtt://a@b"))
    assert login is not None
    assert login.password == ODD
    assert str(SERVICE_BROKER_PASSWORD) not in files_of(
        loaded(Device(mqtt_password=""), "user-data")
    )


@pytest.mark.parametrize("password", [" secret", "secret ", "        ", "\\n", "#", "|2"])
def test_a_password_reaches_the_device_as_it_is(password: str) -> None:
    written = files_of(loaded(Device(mqtt_password=password), "user-data"))
    assert written[str(SERVICE_BROKER_PASSWORD)] == ("0600", f"{password}\n")


def test_the_network_is_a_cable_or_wifi_whatever_its_name() -> None:
    network = loaded(Device(wifi_name=ODD, wifi_password=ODD, wifi_country="NO"), "network-config")
    wifi = network["network"]["wifis"]["wlan0"]
    assert wifi["access-points"] == {ODD: {"password": ODD}}
    network = loaded(Device(wifi_name=ODD, wifi_password=""), "network-config")
    assert network["network"]["wifis"]["wlan0"]["access-points"] == {ODD: {}}
    assert wifi["regulatory-domain"] == "NO"
    assert network["network"]["version"] == 2
    assert "wifis" not in loaded(Device(wifi_name=""), "network-config")["network"]


def run_installer(
    folder: Path, device: Device, *, failures: int = 0, moved: tuple[str, str] = ("", "")
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run it with stand-ins for what would change this machine; returns what was called."""
    programs = folder / "bin"
    programs.mkdir()
    said = folder / "said"
    said.touch()
    fails = f'[ "$(grep -c update "{said}")" -gt {failures} ]'
    for name, more in (
        ("apt-get", f'case "$*" in *update) {fails} ;; esac'),
        ("curl", f'for last; do :; done; echo deb > "{folder}/mien.deb"'),
        ("sleep", ":"),
    ):
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{said}"\n{more}\n')
        program.chmod(0o755)
    script = folder / "install"
    text = installer(device).replace("/var/cache/mien.deb", f"{folder}/mien.deb")
    script.write_text(text.replace(*moved))
    done = subprocess.run(
        ["sh", str(script)],
        env={"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done, said.read_text().splitlines()


def test_the_package_of_the_boot_partition_is_installed_with_picamera2(tmp_path: Path) -> None:
    done, said = run_installer(tmp_path, Device(package="/boot/firmware/mien_1+deb13_arm64.deb"))
    assert done.returncode == 0, done.stderr
    assert [line.split()[-1] for line in said] == [
        "update",
        "/boot/firmware/mien_1+deb13_arm64.deb",
    ]
    assert "python3-picamera2" in said[1]
    assert "--force-confold" in said[1]
    assert "picamera2" not in installer(Device(camera="/dev/video0"))


def test_the_newest_package_is_installed_whatever_commit_it_is_of(tmp_path: Path) -> None:
    card = tmp_path / "firmware"
    card.mkdir()
    for version in ("0.1.0", "0.1.0+git1482.g20e4b7d0", "0.1.0+git483.gffffffff.dirty"):
        (card / f"mien_{version}+deb13_arm64.deb").write_text("deb")
        (card / f"mien_{version}+deb12_arm64.deb").write_text("deb")
    (card / "mien_9.9.9_amd64.deb").write_text("deb")
    done, said = run_installer(tmp_path, Device(), moved=("/boot/firmware", str(card)))
    assert done.returncode == 0, done.stderr
    assert said[1].endswith(f" {card}/mien_0.1.0+git1482.g20e4b7d0+deb13_arm64.deb")


def test_a_network_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    done, said = run_installer(tmp_path, Device(), failures=3)
    assert done.returncode == 0
    assert sum(line.startswith("sleep") for line in said) == 3
    assert done.stderr.count("failed") == 3


@pytest.mark.parametrize(
    ("sha256", "is_right"),
    [("", True), (hashlib.sha256(b"deb\n").hexdigest(), True), ("a" * 64, False)],
    ids=["any", "this one", "another"],
)
def test_a_package_from_elsewhere_is_installed_if_it_is_the_one(
    tmp_path: Path, sha256: str, *, is_right: bool
) -> None:
    url = "https://files.example/mien_1+deb13_arm64.deb"
    done, said = run_installer(tmp_path, Device(package=url, sha256=sha256))
    assert (done.returncode == 0) == is_right
    assert said[0].startswith("curl")
    assert said[0].endswith(url)
    assert any("install" in line for line in said) == is_right


def metadata(text: str) -> dict[str, str]:
    """The layer's head, as rpi-image-gen reads it: Debian's control form, in comments."""
    head = text.partition("# METABEGIN\n")[2].partition("# METAEND\n")[0]
    lines = [line.removeprefix("#").removeprefix(" ") for line in head.splitlines()]
    fields = [line.partition(": ") for line in lines if line]
    assert all(re.fullmatch(r"X-Env-[A-Za-z]+(-[A-Za-z_]+)*", name) for name, _, _ in fields)
    found = {name: value for name, _, value in fields}
    assert len(found) == len(fields)
    return found


def test_the_layer_declares_what_its_hooks_and_the_configuration_use() -> None:
    device = Device(name="porch")
    text = files(device)["layer/mien.yaml"]
    head = metadata(text)
    assert head["X-Env-Layer-Name"] == LAYER
    assert re.fullmatch(r"\d+\.\d+\.\d+", head["X-Env-Layer-Version"])
    variables = {
        name.split("-")[3] for name in head if name.startswith("X-Env-Var-") and name.count("-") > 3
    }
    for name in variables:
        for suffix in ("", "-Desc", "-Required", "-Valid", "-Set"):
            assert head[f"X-Env-Var-{name}{suffix}"]
    used = set(re.findall(rf"\$IGconf_{head['X-Env-VarPrefix']}_(\w+)", text))
    configured = loaded(device, "config/mien.yaml")
    assert used == variables == set(configured[head["X-Env-VarPrefix"]])
    assert configured["layer"] == {"base": head["X-Env-Layer-Requires"], "app": LAYER}
    assert configured["mien"]["package"] == package_file(device)
    assert configured["device"]["hostname"] == "porch"


def test_the_layers_hooks_put_settings_and_package_into_the_root(tmp_path: Path) -> None:
    device = Device()
    hooks = loaded(device, "layer/mien.yaml")["mmdebstrap"]
    root, programs = tmp_path / "root", tmp_path / "bin"
    (root / "tmp").mkdir(parents=True)
    programs.mkdir()
    (programs / "chroot").write_text(
        f'#!/bin/sh\necho "$*" "$(cat "$1/tmp/mien.deb")" > "{tmp_path}/said"\n'
    )
    (programs / "chroot").chmod(0o755)
    source = tmp_path / "source"
    assert main(["--output", str(source)]) == 0
    packages = source / package_file(device)
    for count in (482, 1482):
        (packages / f"mien_0.1.0+git{count}.g20e4b7d0+deb13_arm64.deb").write_text(f"deb {count}")
    for hook in (*hooks["customize-hooks"], *hooks["cleanup-hooks"]):
        subprocess.run(
            ["sh", "-c", hook, "hook", str(root)],
            cwd=source,
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "IGconf_mien_package": package_file(device),
                "IGconf_mien_settings": "mien.toml",
            },
            check=True,
            timeout=30,
        )
    settings = root / "etc/mien/mien.toml"
    assert settings.read_text() == device.settings
    assert settings.stat().st_mode & 0o777 == 0o644
    said = (tmp_path / "said").read_text()
    assert "install -y" in said
    assert said.endswith(" deb 1482\n")
    assert not list((root / "tmp").iterdir())


def test_the_command_says_what_is_to_be_filled_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--output", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "user-data, 3 to be filled in" in said
    assert "until sudo mien setup" in said
    assert (tmp_path / "user-data").stat().st_mode & 0o777 == 0o600
    secrets = re.findall(
        r"(?:password|key)\S* *[:=] *(.+)", (tmp_path / "network-config").read_text()
    )
    assert secrets == [PLACEHOLDER]
    told = tmp_path / "device.toml"
    told.write_text(
        f'name = "porch"\npurpose = "test"\nssh_key = "{KEY}"\nwifi_name = ""\n'
        'broker = "b.example"\nmqtt_password = ""\n'
    )
    assert main(["--output", str(tmp_path / "told"), "--from", str(told)]) == 0
    said = capsys.readouterr().out
    assert "filled in" not in said
    assert "mien setup" not in said


def test_the_page_shows_all_that_a_description_may_say(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/setup.md").read_text(encoding="utf-8")
    section = page.partition("## A card that sets itself up")[2]
    (shown,) = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    assert tuple(tomllib.loads(shown)) == Device.__struct_fields__
    file = tmp_path / "device.toml"
    # As an editor on Windows does it.
    file.write_text(shown, encoding="utf-8-sig", newline="\r\n")
    device = read_device(file)
    assert PLACEHOLDER not in "".join(files(device).values())
    table = " ".join(line for line in section.splitlines() if line.startswith("| `"))
    assert {f"{PACKAGES}/", *files(device)} == set(re.findall("`([^`]*)`", table))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "Porch!"', "name"),
        ('user = "mien"', "user"),
        ('nmae = "x"', "nmae.*did you mean `name`"),
        ('hdmi = "x"', "hdmi.*there are name, user, ssh_key, .*sha256"),
        ('package = "/boot/x.deb; reboot"', "package"),
        ('broker = "mqtt://a:pw@b"', "broker: .*give it as mqtt_password"),
        ('broker = ""', "broker: the service needs the address of one"),
        ('broker = "embedded"', "broker: the service needs the address of one"),
        ('broker = "b.lan"\nmqtt_password = "hidden pw"', "mqtt_password: broker names no user"),
        ('broker = "b.lan"', "mqtt_password: broker names no user"),
        (
            'camera = "rtsp://a:pw@b/"',
            "camera: .*can be read.*USER@HOST/PATH, and give it to sudo m",
        ),
        ('camera = "picamera2:front"', "camera: .*no such source"),
        ('wifi_password = "short"', "wifi_password: must have 8 to 63"),
        (f'wifi_name = "{"é" * 17}"', "wifi_name: has more than the 32 bytes"),
        ('ssh_key = "-----BEGIN OPENSSH PRIVATE KEY-----"', "ssh_key: this is a private key"),
        ('ssh_key = "ssh-ed25519 AAAA"', "ssh_key: no public key"),
        ('mqtt_password = "a\u2028b"', "mqtt_password"),
        ('ssh_key = "a\\nb"', "ssh_key"),
        ('purpose = "  "', "purpose: say"),
        ("name", "not TOML"),
    ],
)
def test_a_wrong_description_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    file = tmp_path / "device.toml"
    file.write_text(text)
    assert main(["--from", str(file), "--output", str(tmp_path / "out")]) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.startswith(f"{file}: ")
    assert re.search(said, line), line
    assert "pw" not in line
    assert not (tmp_path / "out").exists()
