"""What the SD-card image is made of."""

from __future__ import annotations

import configparser
import filecmp
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from edge_app.errors import MienError, UsageError
from edge_app.settings_file import read_settings
from systemd.image import boot_partition, root_partition
from systemd.image.boot_partition import NEEDED, complete, write_boot_partition
from systemd.image.build import raw_image, time_of, version_of
from systemd.image.first_boot.readers import READERS
from systemd.image.first_boot.wifi import read_wifi
from systemd.image.overlay import FILES, write_overlay
from systemd.image.packages import names
from systemd.image.partition_table import ALIGNMENT, FAT32_LBA, LINUX, decode, encode
from systemd.image.partition_table import place as place_partitions
from systemd.image.root_partition import root_size
from systemd.image.tools import Tools, debian_sources
from systemd.packaging.target import Target
from systemd.packaging.tree import FIRST_BOOT, copy_files

HERE = Path(__file__).parents[2] / "systemd/image"


# The partition table.


def test_partitions_are_aligned_and_read_back() -> None:
    partitions = place_partitions([(FAT32_LBA, 100_000_000), (LINUX, 5_000_001)])
    assert [p.start % ALIGNMENT for p in partitions] == [0, 0]
    assert partitions[0].start + partitions[0].size <= partitions[1].start
    assert all(
        p.size >= wanted for p, wanted in zip(partitions, (100_000_000, 5_000_001), strict=True)
    )
    assert decode(encode(partitions, disk_id=7)) == partitions


def test_sfdisk_reads_the_same_partitions(tmp_path: Path) -> None:
    if shutil.which("sfdisk", path=f"{os.environ['PATH']}:/sbin:/usr/sbin") is None:
        pytest.skip("sfdisk is missing: apt-get install fdisk")
    partitions = place_partitions([(FAT32_LBA, 64 << 20), (LINUX, 128 << 20)])
    disk = tmp_path / "disk"
    with disk.open("wb") as stream:
        stream.write(encode(partitions, disk_id=0x4D49454E))
        stream.truncate(partitions[-1].start + partitions[-1].size)
    dumped = subprocess.run(
        ["sfdisk", "--dump", disk],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL": "C"},
    ).stdout
    assert "label-id: 0x4d49454e" in dumped
    assert re.findall(r"start= *(\d+), size= *(\d+), type=(\w+)(, bootable)?", dumped) == [
        ("8192", str((64 << 20) // 512), "c", ", bootable"),
        (str((68 << 20) // 512), str((128 << 20) // 512), "83", ""),
    ]


def test_no_partition_table_is_told() -> None:
    with pytest.raises(MienError, match="no partition table"):
        decode(bytes(512))


def test_the_root_has_room_for_its_files_and_more(tmp_path: Path) -> None:
    archive = tmp_path / "root.tar"
    with tarfile.open(archive, "w") as tar:
        entry = tarfile.TarInfo("large")
        entry.size = 10_000_000
        with (tmp_path / "zeros").open("w+b") as zeros:
            zeros.truncate(entry.size)
            tar.addfile(entry, zeros)
    size = root_size(archive)
    assert 10_000_000 + (128 << 20) < size < 10_000_000 + (512 << 20)
    assert size % ALIGNMENT == 0


# What the image is told.


def test_the_partitions_names_are_the_ones_that_the_system_looks_for() -> None:
    fstab = (FILES / "etc/fstab").read_text()
    assert re.search(rf"(?m)^LABEL={root_partition.LABEL} +/ +ext4 ", fstab)
    assert re.search(rf"(?m)^LABEL={boot_partition.LABEL} +/boot/firmware +vfat ", fstab)
    firmware = (FILES / "etc/default/raspi-firmware").read_text()
    assert f"ROOTPART=LABEL={root_partition.LABEL}\n" in firmware
    # Without it the initramfs has no fsck for the root.
    assert "FSTYPE=ext4\n" in (FILES / "etc/initramfs-tools/conf.d/mien").read_text()


def test_packages_are_named_once_and_hold_what_our_own_package_needs() -> None:
    found = names()
    assert len(found) == len(set(found))
    control = (HERE.parent / "packaging/control").read_text()
    depends = re.search(r"(?m)^Depends: (.*)$", control)
    assert depends is not None
    needed = {entry.split()[0] for entry in depends[1].split(", ")}
    # These come with every Debian, or with systemd-sysv.
    assert needed - set(found) <= {"systemd", "init-system-helpers", "libc6"}


def test_the_overlay_is_the_same_every_time_and_belongs_to_root(tmp_path: Path) -> None:
    archives = [tmp_path / "one.tar", tmp_path / "two.tar"]
    for archive in archives:
        write_overlay(archive, epoch=1_700_000_000)
    assert archives[0].read_bytes() == archives[1].read_bytes()
    with tarfile.open(archives[0]) as tar:
        entries = {entry.name: entry for entry in tar}
    assert {(e.uid, e.gid, e.mtime) for e in entries.values()} == {(0, 0, 1_700_000_000)}
    assert entries["etc/resolv.conf"].issym()
    # A program there would stay behind when Mien is upgraded.
    assert not [name for name in entries if name.endswith(".py")]
    assert not [name for name in entries if "__pycache__" in name]


def test_the_program_runs_outside_of_the_repository(tmp_path: Path) -> None:
    copy_files(Target("trixie", "arm64"), tmp_path)
    unit = (FILES / "etc/systemd/system/mien-first-boot.service").read_text()
    assert f"-I /{FIRST_BOOT}\n" in unit
    compile((tmp_path / FIRST_BOOT / "__main__.py").read_text(), "__main__.py", "exec")
    sources = (tmp_path / FIRST_BOOT / "first_boot").glob("*.py")
    imports = {
        line.split()[1].split(".")[0]
        for source in sources
        for line in source.read_text().splitlines()
        if re.match(r"(from|import) ", line)
    }
    assert "systemd" not in imports
    assert {"edge_app", "msgspec"} < imports


@pytest.mark.parametrize("script", ["settle.sh", "files/usr/lib/mien-image/grow-root"])
def test_scripts_are_shell(script: str) -> None:
    checked = subprocess.run(["sh", "-n", HERE / script], check=False, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, b"")


def test_a_device_writes_its_updates_to_the_card(tmp_path: Path) -> None:
    root, programs = tmp_path / "root", tmp_path / "bin"
    copy_files(Target("trixie", "arm64"), root)
    for name, text in {
        "root/mien.deb": "",
        # As mmdebstrap leaves it behind.
        "root/etc/dpkg/dpkg.cfg.d/99mmdebstrap": "force-confold\nforce-unsafe-io\n",
        "root/etc/shadow": "root::20000:0:99999:7:::\n",
        "root/var/log/dpkg.log": "",
        "bin/chroot": "#!/bin/sh\n",
        "bin/systemctl": "#!/bin/sh\n",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for program in programs.iterdir():
        program.chmod(0o755)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run([HERE / "settle.sh", root], env=environment, check=True)
    assert (root / "etc/dpkg/dpkg.cfg.d/99mmdebstrap").read_text() == "force-confold\n"


@pytest.mark.parametrize(
    "unit", sorted((FILES / "etc/systemd/system").glob("*.service")), ids=lambda u: u.name
)
def test_systemd_has_nothing_against_the_units(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text()))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_no_one_may_log_in_with_a_password() -> None:
    sshd = (FILES / "etc/ssh/sshd_config.d/mien.conf").read_text()
    assert "PasswordAuthentication no\n" in sshd
    assert "KbdInteractiveAuthentication no\n" in sshd
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(FILES / "etc/systemd/system/ssh.service.d/mien.conf")
    (keys,) = [reader for reader in READERS if reader.name == "authorized_keys"]
    assert unit["Unit"]["ConditionFileNotEmpty"] == f"/{keys.place}"


def test_names_that_end_in_local_are_answered() -> None:
    networks = list((FILES / "etc/systemd/network").glob("*.network"))
    assert networks
    assert all("\nMulticastDNS=yes\n" in network.read_text() for network in networks)
    # Debian turns it off for all of them in /usr/lib/systemd/resolved.conf.d, by a file that one of
    # the same name in /etc hides (systemd-resolved 257).
    hiding = FILES / "etc/systemd/resolved.conf.d/00-disable-mdns.conf"
    assert not [line for line in hiding.read_text().splitlines() if not line.startswith("#")]


def boot_files(folder: Path) -> Path:
    folder.mkdir()
    for name in NEEDED:
        (folder / name.replace("*", "6.12.0-arm64")).touch()
    return folder


def test_the_boot_partition_gets_its_examples(tmp_path: Path) -> None:
    folder = boot_files(tmp_path / "boot")
    (folder / "start4x.elf").touch()
    complete(folder)
    assert not (folder / "start4x.elf").exists()
    assert (folder / "start4.elf").exists()
    read_wifi((folder / "wifi.example.toml").read_text())
    read_settings(folder / "mien.example.toml", {})
    readme = (folder / "README.txt").read_bytes()
    assert readme.count(b"\r\n") == readme.count(b"\n")
    assert all(reader.name in readme.decode() for reader in READERS)


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_boot_file_is_told(name: str, tmp_path: Path) -> None:
    folder = boot_files(tmp_path / "boot")
    (folder / name.replace("*", "6.12.0-arm64")).unlink()
    with pytest.raises(MienError, match=re.escape(name)):
        complete(folder)


def test_the_boot_partition_is_the_same_every_time(tmp_path: Path) -> None:
    # As if this machine were what the build unpacks.
    tools = Tools(Path("/"), 1_700_000_000)
    if not all(Path("/usr", place).exists() for place in ("sbin/mkfs.vfat", "bin/mcopy")):
        pytest.skip("mkfs.vfat or mcopy is missing: apt-get install dosfstools mtools")
    folder = boot_files(tmp_path / "boot")
    (folder / "overlays").mkdir()
    (folder / "overlays/one.dtbo").write_bytes(b"overlay")
    files = [tmp_path / "one.vfat", tmp_path / "two.vfat"]
    for file in files:
        write_boot_partition(folder, file, tools, size=64 << 20)
    assert filecmp.cmp(*files, shallow=False)
    assert tools.run("mtype", ["-i", files[0], "::/overlays/one.dtbo"]) == "overlay"
    assert tools.run("mlabel", ["-s", "-i", files[0]]).split()[-1] == boot_partition.LABEL


def package(folder: Path, *, architecture: str = "arm64", version: str = "1.2.3+deb13") -> Path:
    control = folder / "package/DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text(
        f"Package: mien\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: a <a@b>\n"
        "Description: test\n"
    )
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Znone", "--build", folder / "package", folder],
        check=True,
        stdout=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "1700000000"},
    )
    (made,) = folder.glob("*.deb")
    return made


def test_the_image_has_the_packages_version_and_time(tmp_path: Path) -> None:
    made = package(tmp_path)
    assert version_of(made, "trixie") == "1.2.3"
    assert time_of(made) == 1_700_000_000


def test_of_the_unpacked_images_only_the_last_one_stays(tmp_path: Path) -> None:
    for count in (482, 483, 483):
        raw_image(tmp_path, f"0.1.0+git{count}.g20e4b7d0", "trixie").touch()
    (tmp_path / "root.tar").touch()
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"mien_0.1.0+git483.g20e4b7d0_arm64_trixie.img", "root.tar"}


@pytest.mark.parametrize("wrong", [{"architecture": "amd64"}, {"version": "1.2.3+deb12"}])
def test_a_package_for_another_system_is_refused(wrong: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no package of Mien for arm64 and trixie"):
        version_of(package(tmp_path, **wrong), "trixie")


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mien.deb"
    file.write_text("none")
    with pytest.raises(UsageError, match="no package of Mien"):
        version_of(file, "trixie")


def apt_that_knows(folder: Path, *addresses: str) -> None:
    program = folder / "apt-get"
    program.write_text("#!/bin/sh\n" + "".join(f"echo {address}\n" for address in addresses))
    program.chmod(0o755)


def test_packages_come_from_the_mirrors_that_apt_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEBIAN_MIRROR", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    debian, security = "http://mirror.test/debian/", "http://mirror.test/debian-security/"
    apt_that_knows(tmp_path, "https://other.test/node", debian, debian, security)
    lines = [re.sub(r"\[.*\] ", "", line) for line in debian_sources("trixie", "main")]
    assert lines == [f"deb {debian} trixie main", f"deb {security} trixie-security main"]
    apt_that_knows(tmp_path, "https://other.test/node")
    with pytest.raises(MienError, match="set DEBIAN_MIRROR"):
        list(debian_sources("trixie", "main"))
    monkeypatch.setenv("DEBIAN_MIRROR", "http://mine.test/debian")
    (line,) = debian_sources("trixie", "main")
    assert line.endswith(" http://mine.test/debian trixie main")
