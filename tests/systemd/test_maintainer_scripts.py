"""The package's scripts in a folder that stands in for the root, and dpkg's own part in another."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from systemd.packaging.build import _write_control
from systemd.packaging.target import Target
from systemd.packaging.tree import copy_files

FOLDER = Path(__file__).parents[2] / "systemd"
SHIPPED = (FOLDER / "mien.toml").read_text(encoding="utf-8")
TARGET = Target("trixie", "arm64")
#: What would change the machine that runs the tests.
STAND_INS = (
    "py3compile", "py3clean", "systemd-sysusers", "deb-systemd-helper", "deb-systemd-invoke",
    "systemctl", "udevadm", "runuser", "getent", "userdel",
)  # fmt: skip
#: Root where the tests have none: in a name space of their own.
AS_ROOT = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]


class Machine:
    """A root with what the package brings, without the package's programs."""

    def __init__(self, folder: Path) -> None:
        self.root, self._programs, self._said = folder / "root", folder / "bin", folder / "said"
        copy_files(TARGET, self.root)
        self.state.mkdir(parents=True)
        self._programs.mkdir()
        for name in STAND_INS:
            self.stand_in(name, "exit 0")
        self.stand_in("getent", f"echo mien:x:997:997::{self.state}:/usr/sbin/nologin")

    def stand_in(self, name: str, does: str) -> None:
        program = self._programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self._said}"\n{does}\n')
        program.chmod(0o755)

    def run(
        self, script: str, words: str, *, before: str = ":", within: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """A maintainer script, with this root for /; before: a command of the same shell."""
        text = (FOLDER / "packaging" / script).read_text(encoding="utf-8")
        text = re.sub(r"(?<![\w.])/(?=(etc|run|var|usr/share)/)", f"{self.root}/", text)
        return subprocess.run(
            [*AS_ROOT, *within, "sh", "-c", f"{before}\nset -- {words}\n{text}"],
            env={"PATH": f"{self._programs}:{os.environ['PATH']}:/usr/sbin:/sbin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def said(self) -> str:
        return self._said.read_text()

    @property
    def settings(self) -> Path:
        return self.root / "etc/mien/mien.toml"

    @property
    def state(self) -> Path:
        return self.root / "var/lib/mien"

    def use(self) -> None:
        """Leave behind what a device does that was set up and has seen something."""
        for name in (
            "etc/credstore/mien.mqtt-password", "etc/credstore/mien.mqtt-username",
            "etc/mien/camera-password", "etc/mien/camera-password.new", "etc/mien/mien.toml",
            "etc/mien/mien.toml.bak", "etc/mien/mqtt-password", "etc/mien/mqtt-ca.pem",
            "etc/mien/mqtt-certificate.pem", "etc/mien/mqtt-key.pem", "etc/mien/mqtt-key.pem.new",
            "etc/systemd/system/mien.service.d/own.conf",
            "var/lib/mien/outbox-porch.sqlite", "var/lib/mien/lost+found/something",
        ):  # fmt: skip
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("secret")

    def left(self, *folders: str) -> list[str]:
        found = [path for folder in folders for path in (self.root / folder).rglob("*")]
        return sorted(str(path.relative_to(self.root)) for path in found if path.is_file())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def may_mount() -> bool:
    tried = [*AS_ROOT, "unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return subprocess.run(tried, capture_output=True, check=False, timeout=60).returncode == 0


def test_the_first_installation_copies_the_settings(machine: Machine) -> None:
    done = machine.run("postinst", "configure ''")
    assert done.returncode == 0, done.stderr
    assert machine.settings.read_text() == SHIPPED
    assert machine.settings.stat().st_mode & 0o777 == 0o644
    assert machine.settings.parent.stat().st_mode & 0o777 == 0o755
    assert [file.name for file in machine.settings.parent.iterdir()] == ["mien.toml"]


def test_settings_that_are_there_stay(machine: Machine) -> None:
    machine.use()
    assert machine.run("postinst", "configure 0.1.0").returncode == 0
    assert machine.settings.read_text() == "secret"


def test_a_link_to_settings_elsewhere_stays(machine: Machine) -> None:
    machine.settings.parent.mkdir(parents=True)
    machine.settings.symlink_to("/not/mounted/yet/mien.toml")
    assert machine.run("postinst", "configure 0.1.0").returncode == 0
    assert machine.settings.is_symlink()


@pytest.mark.parametrize(
    ("state", "is_masked", "old", "done"),
    [
        pytest.param("active", False, "0.1.0", "restart", id="runs"),
        pytest.param("failed", False, "0.1.0", "restart", id="failed"),
        # Its camera stays closed.
        pytest.param("inactive", False, "0.1.0", None, id="stopped"),
        pytest.param("inactive", True, "0.1.0", "restart", id="removed before"),
        pytest.param("inactive", False, "", "start", id="new"),
    ],
)
def test_an_upgrade_starts_nothing_that_somebody_stopped(
    machine: Machine, state: str, old: str, done: str | None, *, is_masked: bool
) -> None:
    (machine.root / "run/systemd/system").mkdir(parents=True)
    machine.stand_in("systemctl", f'if [ "$1" = is-active ]; then echo {state}; exit 3; fi')
    mask = machine.root / "var/lib/systemd/deb-systemd-helper-masked/mien.service"
    if is_masked:
        _made(mask).touch()
        machine.stand_in("deb-systemd-helper", f'if [ "$1" = unmask ]; then rm -f "{mask}"; fi')
    said = machine.run("postinst", f"configure '{old}'")
    assert said.returncode == 0, said.stderr
    invoked = re.findall(r"^deb-systemd-invoke (.*)$", machine.said, re.MULTILINE)
    assert invoked == ([f"{done} mien.service"] if done else [])
    assert ("stays stopped" in said.stderr) == (done is None)


def test_a_purge_leaves_nothing(machine: Machine) -> None:
    machine.use()
    done = machine.run("postrm", "purge")
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.left("etc", "var") == []
    assert not machine.state.exists()
    # The next account would get its number, and with it whatever lies elsewhere.
    assert "userdel" not in machine.said


def test_somebodys_own_account_does_not_become_the_services(machine: Machine) -> None:
    machine.stand_in("getent", "echo mien:x:1000:1000::/home/mien:/bin/bash")
    done = machine.run("postinst", "configure ''")
    assert (done.returncode, "whose home is /home/mien" in done.stderr) == (1, True)
    # An older package's may run as it.
    assert done.stderr.index("systemctl stop mien") < done.stderr.index("usermod --login NEW mien")
    assert not machine.settings.exists()
    assert machine.said.splitlines() == ["getent passwd mien"]


def test_a_purge_takes_every_secret_that_a_page_puts_there() -> None:
    removed = (FOLDER / "packaging/postrm").read_text(encoding="utf-8")
    pages = [FOLDER.parent / "README.md", *(FOLDER.parent / "docs").glob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"/etc/(?:mien|credstore)/[\w.-]*password", text))
    assert "/etc/mien/mqtt-password" in named
    assert {file for file in named if not re.search(rf"{re.escape(file)}\s", removed)} == set()


def test_a_purge_keeps_files_of_others(machine: Machine) -> None:
    machine.use()
    kept = ["etc/mien/ca.pem", "etc/mien/models/emotion.tflite"]
    for name in kept:
        _made(machine.root / name).write_text("mine")
    done = machine.run("postrm", "purge")
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.left("etc", "var") == kept


def test_a_removal_keeps_settings_secrets_and_state(machine: Machine) -> None:
    machine.use()
    before = machine.left("etc", "var")
    assert machine.run("postrm", "remove").returncode == 0
    assert machine.left("etc", "var") == before


def test_a_purge_empties_a_partition_of_its_own(machine: Machine) -> None:
    if not may_mount():
        pytest.skip("nothing may be mounted here, not even in a name space of its own")
    machine.use()
    shutil.rmtree(machine.state)
    machine.state.mkdir()
    waits = machine.state / "outbox-porch.sqlite"
    done = machine.run(
        "postrm",
        "purge",
        before=f"mount -t tmpfs none {machine.state} && chmod 700 {machine.state} && echo > {waits}"
        # What is in the mount is seen in the name space only.
        f" && trap 'ls -A {machine.state}' EXIT",
        within=["unshare", "--mount"],
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.left("etc", "var") == []


def test_a_state_that_cannot_be_removed_keeps_no_secret(machine: Machine) -> None:
    machine.use()
    machine.stand_in("find", "echo read-only >&2; exit 1")
    done = machine.run("postrm", "purge")
    assert (done.returncode, done.stderr) == (1, "read-only\n")
    assert machine.left("etc") == []


class Dpkg:
    """dpkg with a root and books of its own; packages without scripts: it would chroot for them."""

    def __init__(self, folder: Path) -> None:
        self.root, self._folder = folder / "root", folder
        self._books = folder / "books"
        self.root.mkdir()
        for name in ("info", "updates", "triggers"):
            (self._books / name).mkdir(parents=True)
        (self._books / "status").touch()

    def package(self, version: str, *, is_configuration: bool = False) -> Path:
        """Each version with other default settings; is_configuration: as they came before."""
        tree = self._folder / version
        copy_files(TARGET, tree)
        (settings,) = tree.rglob("mien.toml")
        settings.write_text(f"{SHIPPED}# as of {version}\n")
        _write_control(TARGET, version, tree, [settings])
        for script in ("postinst", "prerm", "postrm"):
            (tree / "DEBIAN" / script).unlink()
        if is_configuration:
            settings = settings.rename(_made(tree / "etc/mien/mien.toml"))
            (tree / "DEBIAN/conffiles").write_text("/etc/mien/mien.toml\n")
        file = self._folder / f"mien_{version}.deb"
        self._must(["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(file)])
        return file

    def install(self, package: Path) -> str:
        """Install it where nobody answers; returns what dpkg says."""
        return self._must([
            *AS_ROOT, "dpkg", f"--root={self.root}", f"--admindir={self._books}",
            "--force-depends", "--force-architecture", "--install", str(package),
        ])  # fmt: skip

    def _must(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _made(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


@pytest.fixture
def dpkg(tmp_path: Path) -> Dpkg:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg is missing: apt-get install dpkg")
    return Dpkg(tmp_path)


def test_an_upgrade_asks_nothing_about_settings_that_were_set_up(dpkg: Dpkg) -> None:
    dpkg.install(dpkg.package("0.0.1"))
    settings = _made(dpkg.root / "etc/mien/mien.toml")
    settings.write_text("mine")
    assert "Configuration file" not in dpkg.install(dpkg.package("0.0.2"))
    assert settings.read_text() == "mine"


def test_settings_that_an_older_package_brought_stay_as_they_are(dpkg: Dpkg) -> None:
    dpkg.install(dpkg.package("0.0.1", is_configuration=True))
    settings = dpkg.root / "etc/mien/mien.toml"
    settings.write_text("mine")
    for version in ("0.0.2", "0.0.3"):
        assert "Configuration file" not in dpkg.install(dpkg.package(version))
        assert settings.read_text() == "mine"
    assert [file.name for file in settings.parent.iterdir()] == ["mien.toml"]


def test_dpkg_would_ask_about_a_configuration_file(dpkg: Dpkg) -> None:
    dpkg.install(dpkg.package("0.0.1", is_configuration=True))
    (dpkg.root / "etc/mien/mien.toml").write_text("mine")
    with pytest.raises(AssertionError, match=r"Configuration file '/etc/mien/mien\.toml'"):
        dpkg.install(dpkg.package("0.0.2", is_configuration=True))
