"""An image reaches a card whole, or the card is left alone and somebody is told why."""

from __future__ import annotations

import errno
import hashlib
import io
import lzma
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_app.errors import MienError, UsageError
from systemd.image import flash as flash_module
from systemd.image import writing
from systemd.image.card import Machine, block_number
from systemd.image.flash import flash, main
from systemd.image.partition_table import FAT32_LBA, encode, place
from systemd.image.sd_image import CHUNK, SdImage
from systemd.image.xz_size import unpacked_size

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def content() -> bytes:
    """An image of three chunks, the last one short, no two of them equal."""
    body = bytearray(2 * CHUNK + MEBIBYTE)
    for offset in range(0, len(body), MEBIBYTE):
        body[offset : offset + 4] = offset.to_bytes(4, "big")
    body[-32 * 1024 :] = hashlib.shake_128(b"mien").digest(32 * 1024)
    return encode(place([(FAT32_LBA, CHUNK)]), disk_id=1) + bytes(body[512:])


@pytest.fixture(scope="module")
def packed(content: bytes) -> bytes:
    return lzma.compress(content, preset=0)


@pytest.fixture
def image(packed: bytes, tmp_path: Path) -> Path:
    file = tmp_path / "mien.img.xz"
    file.write_bytes(packed)
    return file


class Pc:
    """A machine with disks as the kernel shows them in /sys and /proc, made of files."""

    def __init__(self, folder: Path) -> None:
        self.sys, self.proc = folder / "sys", folder / "proc"
        for name in ("sys/class/block", "sys/dev/block", "sys/devices", "proc/self"):
            (folder / name).mkdir(parents=True)
        (self.proc / "self/mountinfo").touch()
        (self.proc / "swaps").write_text("Filename Type Size Used Priority\n")
        self._numbers: dict[str, str] = {}

    def add(self, name: str, number: str, *, part_of: str = "", size: int = 64 * MEBIBYTE) -> None:
        folder = self.sys / "devices" / part_of / name
        (folder / "holders").mkdir(parents=True)
        (folder / "dev").write_text(f"{number}\n")
        (folder / "size").write_text(f"{size // 512}\n")
        (folder / "ro").write_text("0\n")
        if part_of:
            (folder / "partition").write_text("1\n")
        else:
            (folder / "device").mkdir()
            (folder / "device/model").write_text("SD Reader  \n")
        (self.sys / "class/block" / name).symlink_to(folder)
        (self.sys / "dev/block" / number).symlink_to(folder)
        self._numbers[name] = number

    def mount(self, number: str, source: str, point: str) -> None:
        with (self.proc / "self/mountinfo").open("a") as stream:
            stream.write(f"36 25 {number} / {point} rw,relatime shared:1 - ext4 {source} rw\n")

    @property
    def machine(self) -> Machine:
        return Machine(self.sys, self.proc, lambda path: self._numbers[path.name])


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    pc = Pc(tmp_path / "pc")
    pc.add("sdx", "8:16")
    pc.add("sdx1", "8:17", part_of="sdx")
    return pc


def refusal(pc: Pc, name: str = "sdx") -> str:
    with pytest.raises(UsageError) as caught:
        pc.machine.card(Path("/dev", name))
    return str(caught.value)


def test_a_card_that_nobody_uses_is_one(pc: Pc) -> None:
    card = pc.machine.card(Path("/dev/sdx"))
    assert (card.name, card.size, card.model) == ("sdx", 64 * MEBIBYTE, "SD Reader")


def test_a_mounted_disk_is_refused(pc: Pc) -> None:
    pc.mount("8:16", "/dev/sdx", "/media/card")
    assert refusal(pc) == (
        "/dev/sdx is in use: sdx is mounted on /media/card: umount /media/card; nothing was written"
    )


def test_a_mounted_partition_is_refused(pc: Pc) -> None:
    pc.mount("8:17", "/dev/sdx1", "/media/my\\040card")
    assert "sdx1 is mounted on /media/my card" in refusal(pc)


def test_a_file_system_with_numbers_of_its_own_is_found_by_its_source(pc: Pc) -> None:
    pc.mount("0:31", "/dev/sdx1", "/media/btrfs")
    assert "sdx1 is mounted on /media/btrfs" in refusal(pc)


def test_the_disk_that_the_machine_runs_from_is_refused_as_such(pc: Pc) -> None:
    pc.mount("8:17", "/dev/sdx1", "/home")
    pc.mount("8:17", "/dev/sdx1", "/")
    assert "is this machine's own disk: sdx1 is mounted on /" in refusal(pc)


def test_the_disk_below_an_encrypted_root_is_refused_as_such(pc: Pc) -> None:
    pc.add("dm-0", "253:0")
    (pc.sys / "class/block/sdx1/holders/dm-0").touch()
    pc.mount("253:0", "/dev/mapper/root", "/")
    assert "is this machine's own disk: dm-0 is mounted on /" in refusal(pc)


def test_a_part_of_a_volume_group_is_refused_unmounted(pc: Pc) -> None:
    pc.add("dm-0", "253:0")
    (pc.sys / "class/block/sdx1/holders/dm-0").touch()
    assert "sdx1 is part of dm-0" in refusal(pc)


def test_swap_space_is_refused(pc: Pc) -> None:
    with (pc.proc / "swaps").open("a") as stream:
        stream.write("/dev/sdx1 partition 1048572 0 -2\n")
    assert "/dev/sdx1 is swap space" in refusal(pc)


def test_other_disks_may_be_mounted(pc: Pc) -> None:
    pc.add("sda", "8:0")
    pc.mount("8:0", "/dev/sda", "/")
    pc.mount("0:22", "tmpfs", "/run")
    assert pc.machine.card(Path("/dev/sdx")).name == "sdx"


def test_a_partition_is_no_card(pc: Pc) -> None:
    assert refusal(pc, "sdx1") == "/dev/sdx1 is a partition: name the whole card, /dev/sdx"


def test_a_locked_card_and_an_empty_reader_are_told_apart(pc: Pc) -> None:
    (pc.sys / "class/block/sdx/ro").write_text("1\n")
    assert "write-protected" in refusal(pc)
    (pc.sys / "class/block/sdx/ro").write_text("0\n")
    (pc.sys / "class/block/sdx/size").write_text("0\n")
    assert "no card in it" in refusal(pc)


def test_a_file_is_no_device(tmp_path: Path) -> None:
    file = tmp_path / "card"
    file.touch()
    with pytest.raises(UsageError, match="is no block device"):
        block_number(file)
    with pytest.raises(UsageError, match="No such file"):
        block_number(tmp_path / "missing")


def test_a_small_card_is_refused(pc: Pc, image: Path) -> None:
    (pc.sys / "class/block/sdx/size").write_text("2048\n")
    with pytest.raises(UsageError, match=r"too small: 0\.0 GB, and the image has 0\.0 GB; nothing"):
        flash(image, Path("/dev/sdx"), machine=pc.machine, is_file=False, answers=None)


@pytest.mark.parametrize("answer", ["sdx\n", "yes\n", ""])
def test_it_asks_with_size_and_model(
    pc: Pc,
    image: Path,
    answer: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written: list[Path] = []
    monkeypatch.setattr(
        flash_module, "write_and_verify", lambda _, device, **_more: written.append(device)
    )
    words = [str(image), "/dev/sdx"]
    code = main(words, machine=pc.machine, answers=io.StringIO(answer))
    assert "goes to /dev/sdx: SD Reader, 0.1 GB. All that is on it" in capsys.readouterr().out
    confirmed = answer == "sdx\n"
    assert (code, written) == ((0, [Path("/dev/sdx")]) if confirmed else (2, []))


def test_an_image_is_written_and_verified(
    image: Path, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = tmp_path / "card"
    assert main([str(image), str(card), "--file", "--yes"]) == 0
    assert card.read_bytes() == content
    assert "written and verified" in capsys.readouterr().out


def test_an_uncompressed_image_too(content: bytes, tmp_path: Path) -> None:
    image, card = tmp_path / "mien.img", tmp_path / "card"
    image.write_bytes(content)
    assert main([str(image), str(card), "--file", "--yes"]) == 0
    assert card.read_bytes() == content


def test_a_folder_or_device_is_no_file(image: Path, tmp_path: Path) -> None:
    for other in (tmp_path, Path(os.devnull)):
        assert main([str(image), str(other), "--file", "--yes"]) == 2


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda whole: whole[:-9], "damaged, or not a .xz file"),
        (lambda whole: whole[:5], "damaged, or not a .xz file"),
        (lambda _: lzma.compress(bytes(MEBIBYTE)), "no partition table"),
        (lambda _: lzma.compress(encode(place([(12, CHUNK)]), disk_id=1)), "ends before its last"),
    ],
    ids=["cut", "stub", "no table", "short"],
)
def test_what_is_no_image_is_refused(
    damage: object, said: str, image: Path, tmp_path: Path
) -> None:
    assert callable(damage)
    image.write_bytes(damage(image.read_bytes()))
    with pytest.raises(UsageError, match=said):
        flash(image, tmp_path / "card", machine=Machine(), is_file=True, answers=None)
    assert not (tmp_path / "card").exists()


def test_the_sum_beside_the_image_is_heeded(image: Path, tmp_path: Path) -> None:
    (tmp_path / "mien.img.xz.sha256").write_text(f"{'0' * 64}  mien.img.xz\n")
    with pytest.raises(UsageError, match="has another sum"):
        SdImage.open(image)


def test_a_missing_image_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.img.xz"), str(tmp_path / "card"), "--file", "--yes"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_damage_in_the_middle_leaves_a_card_that_does_not_start(
    image: Path, tmp_path: Path
) -> None:
    damaged = bytearray(image.read_bytes())
    damaged[len(damaged) * 3 // 4] ^= 0xFF
    image.write_bytes(damaged)
    card = tmp_path / "card"
    with pytest.raises(MienError, match=r"damaged: .*half-written and does not start"):
        flash(image, card, machine=Machine(), is_file=True, answers=None)
    assert card.read_bytes()[:512] == bytes(512)


def test_an_interrupt_says_that_the_card_is_half_written(
    image: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write = writing._write_at

    def interrupt(descriptor: int, chunk: bytes, offset: int) -> None:
        if offset:
            raise KeyboardInterrupt
        write(descriptor, chunk, offset)

    monkeypatch.setattr(writing, "_write_at", interrupt)
    assert main([str(image), str(tmp_path / "card"), "--file", "--yes"]) == 130
    assert "half-written and does not start" in capsys.readouterr().err
    assert (tmp_path / "card").read_bytes()[:512] == bytes(512)


def test_a_card_that_fails_is_told_of(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(writing, "_write_at", fail)
    with pytest.raises(MienError, match="Input/output error: it is half-written"):
        flash(image, tmp_path / "card", machine=Machine(), is_file=True, answers=None)


def test_a_card_that_lies_is_found_out(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = writing._write_at

    def forget(descriptor: int, chunk: bytes, offset: int) -> None:
        write(descriptor, bytes(len(chunk)) if offset == CHUNK else chunk, offset)

    monkeypatch.setattr(writing, "_write_at", forget)
    with pytest.raises(MienError, match="not what was written"):
        flash(image, tmp_path / "card", machine=Machine(), is_file=True, answers=None)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 300_000])
def test_the_size_in_an_xz_file_is_read_from_its_index(size: int, tmp_path: Path) -> None:
    file = tmp_path / "some.xz"
    file.write_bytes(lzma.compress(bytes(size)))
    assert unpacked_size(file) == size


def test_many_blocks_are_added_up(tmp_path: Path) -> None:
    if shutil.which("xz") is None:
        pytest.skip("xz is missing: apt-get install xz-utils")
    raw = tmp_path / "some"
    raw.write_bytes(bytes(300_000))
    subprocess.run(["xz", "-0", "-T2", "--block-size=64KiB", raw], check=True)
    assert unpacked_size(tmp_path / "some.xz") == 300_000


@pytest.fixture
def loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """A real block device and the file behind it."""
    # Users have no sbin in their path.
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin:/sbin")
    for program in ("losetup", "mke2fs", "mount"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: apt-get install mount e2fsprogs")
    backing = tmp_path / "backing"
    backing.write_bytes(bytes(16 * MEBIBYTE))
    done = subprocess.run(
        ["losetup", "--find", "--show", "--partscan", backing],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"no loop devices here: {done.stderr.strip()}")
    device = Path(done.stdout.strip())
    yield device, backing
    subprocess.run(["losetup", "--detach", device], check=True)


def test_a_real_block_device(loop: tuple[Path, Path], image: Path, content: bytes) -> None:
    device, backing = loop
    assert main([str(image), str(device), "--yes"]) == 0
    assert backing.read_bytes()[: len(content)] == content


def test_a_real_block_device_that_is_mounted(
    loop: tuple[Path, Path], image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device, backing = loop
    subprocess.run(["mke2fs", "-q", device], check=True)
    before = backing.read_bytes()
    point = tmp_path / "mounted"
    point.mkdir()
    if subprocess.run(["mount", "-o", "ro", device, point], check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        assert main([str(image), str(device), "--yes"]) == 2
    finally:
        subprocess.run(["umount", point], check=True)
    assert f"is mounted on {point}" in capsys.readouterr().err
    assert backing.read_bytes() == before
