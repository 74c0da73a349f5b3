from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.energy import Averaging, find_meter
from benchmarks.load import measure_idle
from benchmarks.machine import Beginning, commit, condition, describe, filesystem
from benchmarks.process import bytes_written, peak_mb, resident_mb
from edge_app.perception.shipped import MODELS


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_a_raspberry_pi_is_told_by_its_device_tree(tmp_path: Path) -> None:
    write(tmp_path, {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "proc/cpuinfo": "processor\t: 0\nCPU part\t: 0xd08\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
    })  # fmt: skip
    machine = describe("a runtime", "", tmp_path)
    assert machine.device == "Raspberry Pi 4 Model B Rev 1.4"
    assert (machine.processor, machine.governor) == ("Cortex-A72", "ondemand")
    assert {path.stem for path in MODELS} == set(machine.models)


def test_a_machine_without_a_name_has_its_processors(tmp_path: Path) -> None:
    write(tmp_path, {"proc/cpuinfo": "processor\t: 0\nmodel name\t: A Fast One\n"})
    assert describe("a runtime", "", tmp_path).device == "A Fast One"
    numbers = "cpu family\t: 25\nmodel\t\t: 17\n"
    write(tmp_path, {"proc/cpuinfo": f"{numbers}model name\t: AMD EPYC\n"})
    assert describe("a runtime", "", tmp_path).device == "AMD EPYC family 25 model 17"
    write(tmp_path, {"proc/cpuinfo": f"{numbers}model name\t: AMD EPYC 9755\n"})
    assert describe("a runtime", "", tmp_path).device == "AMD EPYC 9755"


def test_a_machine_that_tells_nothing_is_unknown(tmp_path: Path) -> None:
    machine = describe("a runtime", "", tmp_path)
    assert (machine.device, machine.processor, machine.governor) == ("unknown",) * 3
    now = condition(tmp_path)
    assert (now.temperature_c, now.throttled_bits, now.megahertz) == (None, None, None)


def test_all_throttling_bits_are_kept(tmp_path: Path) -> None:
    write(tmp_path, {
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n",
        "sys/class/thermal/thermal_zone0/temp": "48312\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000\n",
    })  # fmt: skip
    now = condition(tmp_path)
    assert (now.throttled_bits, now.temperature_c, now.megahertz) == (0x50000, 48.3, 1500.0)


def test_written_bytes_are_counted(tmp_path: Path) -> None:
    """As the kernel has them, of this process and of one by its number."""
    table = Path("/proc/self/io")
    if not table.exists():
        pytest.skip("this kernel does not tell")

    def kernels() -> int:
        said = dict(line.split(": ") for line in table.read_text().splitlines())
        return int(said["write_bytes"])

    with (tmp_path / "file").open("wb") as file:
        for _ in range(2):
            for process in ("self", os.getpid()):
                before, said, after = kernels(), bytes_written(process), kernels()
                assert said is not None
                assert before <= said <= after
            file.write(bytes(1 << 20))
            os.fsync(file.fileno())
    assert bytes_written(1 << 30) is None


def test_a_commit_is_of_the_checkout_s_own_repository(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        names = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        return subprocess.run(
            ["git", "-C", str(tmp_path), *names, *words],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    assert commit(tmp_path) == ""
    git("init", "--quiet")
    (tmp_path / "file").touch()
    nothing = Beginning(tmp_path)
    git("add", "file")
    git("commit", "--quiet", "--message", "One")
    one = git("rev-parse", "--short=12", "HEAD")
    assert commit(tmp_path) == one
    before = Beginning(tmp_path)
    assert before.commit == one
    (tmp_path / "file").write_text("other")
    assert commit(tmp_path) == one + "+"
    changed = Beginning(tmp_path)
    # HEAD moves while something is measured.
    git("commit", "--quiet", "--all", "--message", "Two")
    assert (before.commit, changed.commit) == (one + "+", one + "+")
    assert nothing.commit == ""
    # Such as an environment in somebody's project.
    below = tmp_path / "venv/lib/site-packages"
    below.mkdir(parents=True)
    assert commit(below) == ""


def test_a_folder_s_file_system_is_the_deepest_mount_s(tmp_path: Path) -> None:
    write(tmp_path, {"proc/self/mountinfo": (
        "21 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw\n"
        "30 21 0:20 / /run rw shared:8 - tmpfs tmpfs rw\n"
        "31 30 8:1 / /run/my\\040stick rw - vfat /dev/sda1 rw\n"
        "32 21 8:2 / /mnt rw - vfat /dev/sda2 rw\n"
        "33 32 8:3 / /mnt rw - btrfs /dev/sda3 rw\n"
    )})  # fmt: skip
    for folder, said in (
        ("/home/pi/build", "ext4"), ("/run/bench", "tmpfs"), ("/runner", "ext4"),
        ("/run/my stick/a", "vfat"), ("/mnt/here", "btrfs"),
    ):  # fmt: skip
        assert filesystem(Path(folder), tmp_path) == said
    assert filesystem(Path("/home"), tmp_path / "silent") == "unknown"


def test_this_machine_s_processes_table_is_in_no_disk() -> None:
    assert filesystem(Path("/proc")) in {"proc", "unknown"}


def test_memory_is_the_process_s_own() -> None:
    now, highest = resident_mb(), peak_mb(os.getpid())
    if now is None or highest is None:
        pytest.skip("this kernel does not tell")
    assert 10 < now <= highest + 1
    assert (resident_mb(1 << 30), peak_mb(1 << 30)) == (None, None)


def test_the_peers_environment_needs_nothing_for_it() -> None:
    program = (
        "import sys, benchmarks.process; names = {name.split('.')[0] for name in sys.modules};"
        "print(sorted(names & {'numpy', 'edge_app', 'msgspec'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_an_ina219_is_read_in_watts(tmp_path: Path) -> None:
    chip = "sys/class/hwmon/hwmon1"
    write(tmp_path, {
        "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
        f"{chip}/name": "ina219\n",
        f"{chip}/curr1_input": "612\n",
        f"{chip}/in1_input": "5040\n",
    })  # fmt: skip
    meter = find_meter(tmp_path)
    assert meter is not None
    assert meter.name == "ina219 (hwmon1)"
    assert meter.watts() == pytest.approx(3.08448)
    write(tmp_path, {f"{chip}/power1_input": "3000000\n"})
    assert meter.watts() == 3.0
    with Averaging(meter) as power:
        pass
    assert power.watts == 3.0
    idle = measure_idle(0.01, meter)
    assert (idle.scene, idle.seen, idle.watts, idle.joules_a_frame) == ("idle", 0.0, 3.0, None)
    assert not idle.is_behind


def test_a_shunt_that_is_turned_around_is_no_meter(tmp_path: Path) -> None:
    chip = "sys/class/hwmon/hwmon0"
    write(tmp_path, {
        f"{chip}/name": "ina219\n",
        f"{chip}/curr1_input": "-612\n",
        f"{chip}/in1_input": "5040\n",
    })  # fmt: skip
    assert find_meter(tmp_path) is None
    # The chip's own product has no sign.
    write(tmp_path, {f"{chip}/power1_input": "3000000\n"})
    assert find_meter(tmp_path) is None


def test_a_battery_counts_while_it_is_discharged(tmp_path: Path) -> None:
    battery = "sys/class/power_supply/BAT0"
    write(tmp_path, {
        f"{battery}/status": "Charging\n",
        f"{battery}/current_now": "-2000000\n",
        f"{battery}/voltage_now": "12000000\n",
    })  # fmt: skip
    assert find_meter(tmp_path) is None
    write(tmp_path, {f"{battery}/status": "Discharging\n"})
    meter = find_meter(tmp_path)
    assert meter is not None
    assert meter.watts() == 24.0
    # Somebody plugs it in amid the run.
    write(tmp_path, {f"{battery}/status": "Charging\n", f"{battery}/current_now": "4000000\n"})
    assert meter.watts() is None


def test_without_a_meter_there_are_no_watts(tmp_path: Path) -> None:
    assert find_meter(tmp_path) is None
    with Averaging(None) as power:
        pass
    assert power.watts is None
