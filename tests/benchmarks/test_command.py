from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from benchmarks import large_convolutions, report
from benchmarks.command import file_name, main, prepare, write
from benchmarks.energy import Meter
from benchmarks.machine import filesystem
from benchmarks.results import Plan, encode, json_schema, read_result
from tests.benchmarks.synthetic_results import result
from tests.json_schema import errors

FLOAT, INT8 = (
    large_convolutions.FOLDER / f"conv1x1_256.{form}.tflite" for form in ("float", "int8")
)


@pytest.mark.timeout(400)
def test_a_quick_run_measures_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Somebody pulls meanwhile.
    commits = iter(["0123456789ab", "ba9876543210"])
    monkeypatch.setattr("benchmarks.machine.commit", lambda _: next(commits))
    # … and plugs the battery in.
    meters = iter([Meter("battery BAT0", lambda: 5.0)])
    monkeypatch.setattr("benchmarks.session.find_meter", lambda: next(meters, None))
    words = ["--quick", "--seconds", "1", "--float", str(FLOAT), "--output", str(tmp_path)]
    assert main(words) == 0
    (file,) = tmp_path.glob("*.json")
    schema = msgspec.to_builtins(json_schema())
    assert not errors(json.loads(file.read_bytes()), schema)
    measured = read_result(file)
    assert measured.machine.commit == "0123456789ab+"
    for workload in measured.workloads:
        names = {stage.name for stage in workload.stages}
        assert {"grab", "detect", "align", "classify", "track", "decide", "publish"} <= names
        assert sum(stage.share for stage in workload.stages) == pytest.approx(1.0, abs=0.1)
        assert workload.outside_share is not None
        assert 0.0 < workload.outside_share < 1.0
    assert {(run.model, run.form) for run in measured.models} == {
        ("emotion", "int8"), ("emotion_small", "int8"),
        ("face_160", "int8"), ("face_320", "int8"),
        ("conv1x1_256.float", "float"),
    }  # fmt: skip
    assert measured.plan == Plan(seconds=1.0, starts=1, events=8, with_layers=False)
    assert measured.start_up is not None
    assert measured.start_up.rss_mb > 20
    assert {load.offered for load in measured.loads} == {0.0, 5.0, 10.0, 15.0}
    assert {load.watts for load in measured.loads} == {5.0}
    assert measured.energy_meter == "battery BAT0"
    assert all(load.seconds is not None and load.seconds > 0 for load in measured.loads)
    # The outbox is below it, for as long as it is written to.
    assert measured.storage == filesystem(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".md", ".svg"}
    shown = capsys.readouterr().out
    assert "Stages, every frame searched" in shown
    ET.parse(file.with_suffix(".svg"))  # noqa: S314 - made by ourselves
    assert main(["compare", str(file), str(file)]) == 0
    assert "B slower" not in capsys.readouterr().out


def test_files_are_named_after_device_time_and_commit(tmp_path: Path) -> None:
    assert file_name(result()) == "raspberry-pi-4-model-b-rev-1-4-2026-03-01-120000-0123456789ab"
    prepare(tmp_path / "a/new")
    path = write(result(), tmp_path / "a/new")
    assert read_result(path) == result()
    assert "### Models alone" in path.with_suffix(".md").read_text()


def test_two_runs_of_one_minute_are_two_files(tmp_path: Path) -> None:
    second = msgspec.structs.replace(result([9.0]), time=result().time + timedelta(seconds=40))
    paths = [write(each, tmp_path) for each in (result(), second)]
    assert [read_result(path) for path in paths] == [result(), second]


def test_a_folder_that_cannot_be_used_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.command.measure_all", lambda *_: pytest.fail("measured"))
    (tmp_path / "taken").touch()
    assert main(["--output", str(tmp_path / "taken")]) == 1
    said = capsys.readouterr().err
    assert said == f"mien: {tmp_path / 'taken'}: File exists; name another folder\n"


def test_writes_are_told_with_their_time_and_none_without_a_disk() -> None:
    shown = "\n".join(report.terminal(result()))
    assert "4 KB in 6 s" in shown
    assert "temperature 45.1 °C to 45.1 °C; clock 1500 MHz to 1500 MHz; throttled 0x0" in shown
    assert "file system unknown." in shown
    shown = "\n".join(report.terminal(msgspec.structs.replace(result(), storage="tmpfs")))
    assert " KB" not in shown
    assert shown.count("in memory") == 2


def test_two_runs_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = []
    for name, factor in (("a", 1.0), ("b", 2.0)):
        path = tmp_path / f"{name}.json"
        path.write_bytes(encode(result([factor, 1.01 * factor, 0.99 * factor, factor])))
        names.append(str(path))
    assert main(["compare", *names]) == 0
    line = next(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("frame, as sch")
    )
    assert line.endswith("B slower")
    assert "2.000" in line


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--seconds", "0"], "--seconds 0"),
        (["--float", "none.tflite"], "none.tflite"),
        (["--float", "/dev/null"], "--float /dev/null: is empty; name a model in real numbers"),
        (["--float", __file__], f"--float {__file__}: refused by the TFLite runtime that is"),
        (["--float", str(INT8)], "takes int8"),
        (["--float", str(FLOAT), "--float", str(FLOAT)], "another is called conv1x1_256.float"),
        (["soak", "--hours", "0"], "above 0"),
        (["soak", "--hours", "nan"], "above 0"),
        (["soak"], "say --hours"),
        (["soak", "--hours", "1", "--file", "new.svg"], "the plot takes that name"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1


def test_a_soak_whose_folder_cannot_be_made_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").touch()
    folder = tmp_path / "taken"
    assert main(["soak", "--hours", "1", "--file", str(folder / "soak.jsonl")]) == 1
    assert capsys.readouterr().err == f"mien: {folder}: File exists; name another folder\n"


def test_a_soak_takes_no_other_s_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "soak.jsonl"
    file.write_text("three days of lines\n")
    for taken in (file, tmp_path):
        assert main(["soak", "--hours", "1", "--file", str(taken)]) == 2
        said = capsys.readouterr().err
        assert said == f"mien: {taken}: is there already; name another --file\n"
    assert file.read_text() == "three days of lines\n"
    plot = tmp_path / "other.svg"
    plot.touch()
    assert main(["soak", "--hours", "1", "--file", str(plot.with_suffix(".jsonl"))]) == 2
    assert f"{plot}: is there already" in capsys.readouterr().err


def test_the_device_s_packages_are_enough() -> None:
    hidden = {"tensorflow", "keras", "matplotlib", "ai_edge_quantizer", "onnx", "trainer",
              "quantize", "PIL", "skimage"}  # fmt: skip
    program = f"""
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Hidden())
from benchmarks.command import main
from edge_app.perception.operations import operations
from benchmarks.limit import shipped_models
print(len(list(operations(shipped_models()[0].content))) > 10)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "True"
