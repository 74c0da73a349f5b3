from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from edge_app import cli
from edge_app.analyze import command
from edge_app.analyze.analysis import Sees
from edge_app.analyze.outputs import OutputError
from edge_app.errors import MienError, UsageError
from edge_app.perception import SeenFace
from edge_app.perception.card import card_path
from edge_app.perception.shipped import EMOTION, EMOTION_SMALL
from edge_app.samples import CLIP
from tests.edge_app.analyze.fake_perception import MAKER, FakePerception, seen


def analyze(*words: str | Path, perception: Sees | None = None) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    arguments = parser.parse_args([str(word) for word in words])
    return command.run(arguments, perception or FakePerception())


def rows(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "analysis.jsonl").read_text().splitlines()]


def names(folder: Path) -> set[str]:
    """What a user sees: the record is hidden."""
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    path = tmp_path / "portrait.jpg"
    cv2.imwrite(str(path), np.ascontiguousarray(skimage.data.astronaut()[..., ::-1]))
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


def short_clip(path: Path, frames: int = 5) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for index in range(frames):
        writer.write(np.full((48, 64, 3), 20 * index, np.uint8))
    writer.release()
    return path


def test_real_portrait_is_read_as_happy(
    portrait: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command with the real models."""
    assert cli.main(["analyze", str(portrait), "--output", str(output)]) == 0
    (row,) = rows(output)
    assert row["file"] == str(portrait)
    assert row["emotion"] == "happy"
    assert row["box"] == pytest.approx(
        {"left": 0.35, "top": 0.13, "width": 0.18, "height": 0.21}, abs=0.04
    )
    annotated = cv2.imread(str(output / "portrait.jpg"))
    assert annotated.shape == (512, 512, 3)
    assert np.abs(annotated.astype(int) - cv2.imread(str(portrait))).mean() > 0.5
    out, err = capsys.readouterr()
    assert out == f"1 file, 1 face: happy 1; written to {output}/\n"
    assert err == f"mien: {portrait}: 1 face: happy 1\n"


@pytest.mark.parametrize("shipped", [EMOTION, EMOTION_SMALL])
def test_a_model_of_one_s_own_reads_the_faces(
    shipped: Path, portrait: Path, tmp_path: Path, output: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(shipped, models)
    card = card_path(shipped).read_text()
    (models / card_path(shipped).name).write_text(card.replace('"happy"', '"glad"'))
    words = ["analyze", str(portrait), "--output", str(output), "--no-pictures"]
    assert cli.main([*words, "--models", str(models)]) == 0
    assert [row["emotion"] for row in rows(output)] == ["glad"]
    assert cli.main(words) == 0
    assert [row["emotion"] for row in rows(output)] == ["happy"]


def test_a_folder_without_a_model_is_refused_before_anything_is_written(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["analyze", str(portrait), "--output", str(output), "--models"]
    assert cli.main([*words, str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"mien: {tmp_path}: holds no model; ")
    assert line.endswith("or leave --models out")
    assert cli.main([*words, str(tmp_path / "gone")]) == 1
    assert "name a folder of models in --models" in capsys.readouterr().err
    assert not output.exists()


def test_each_crop_has_one_row_whoever_is_found_in_it(
    portrait: Path, tmp_path: Path, output: Path
) -> None:
    """The whole command with the real models."""
    folder = tmp_path / "crops"
    folder.mkdir()
    noise = np.random.default_rng(1).integers(0, 256, (64, 48), np.uint8)
    cv2.imwrite(str(folder / "a.png"), noise)
    (folder / "b.jpg").write_bytes(portrait.read_bytes())
    near = cv2.imread(str(portrait))[:230, 110:340]
    far = cv2.copyMakeBorder(cv2.resize(near, (90, 90)), 0, 140, 0, 0, cv2.BORDER_REPLICATE)
    cv2.imwrite(str(folder / "c.png"), np.hstack([near, far]))
    words = ["analyze", str(folder), "--output", str(output)]
    assert cli.main(words) == 0
    assert [row["annotated"] for row in rows(output)] == ["b.jpg", "c.png", "c.png"]
    assert cli.main([*words, "--crops"]) == 0
    crop, found, one_of_two = rows(output)
    assert (crop["annotated"], crop["score"]) == ("a.png", 0.0)
    assert (one_of_two["annotated"], one_of_two["emotion"]) == ("c.png", "happy")
    assert found["emotion"] == "happy"
    assert (found["quality"], found["flaws"]) == (1.0, [])


def test_the_answer_that_is_asked_for_has_its_own_columns(
    portrait: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command with the real models."""
    words = ["analyze", str(portrait), "--output", str(output), "--no-pictures", "--answer"]
    assert cli.main([*words, "ferplus"]) == 0
    (row,) = rows(output)
    assert (row["answer"], row["emotion"]) == ("ferplus", "happy")
    assert list(row["probabilities"])[-1] == "contempt"
    assert cli.main([*words, "fer2013"]) == 0
    (other,) = rows(output)
    assert other["answer"] == "fer2013"
    assert "contempt" not in other["probabilities"]
    assert other["probabilities"]["happy"] != row["probabilities"]["happy"]
    capsys.readouterr()
    assert cli.main([*words, "affectnet"]) == 1
    assert "it has no answer 'affectnet'; ask for default, fer" in capsys.readouterr().err


def test_tiles_find_who_stands_far_away(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command with the real models."""
    small = cv2.resize(cv2.imread(str(portrait)), (256, 256), interpolation=cv2.INTER_AREA)
    square = np.full((2000, 2000, 3), 90, np.uint8)
    square[1500:1756, 300:556] = small
    cv2.imwrite(str(tmp_path / "square.png"), square)
    words = ["analyze", str(tmp_path / "square.png"), "--output", str(output), "--no-pictures"]
    assert cli.main(words) == 0
    assert "0 faces" in capsys.readouterr().out
    assert cli.main([*words, "--tiles", "4"]) == 0
    (row,) = rows(output)
    assert row["emotion"] == "happy"
    with pytest.raises(SystemExit, match="2"):
        cli.main([*words, "--tiles", "5"])


def test_group_photos_are_read(shared_data: Path, output: Path) -> None:
    photos = shared_data / "photos"
    assert cli.main(["analyze", str(photos), "--output", str(output)]) == 0
    faces: dict[object, int] = {}
    for row in rows(output):
        faces[row["annotated"]] = faces.get(row["annotated"], 0) + 1
    assert names(output) - {"analysis.jsonl"} == {path.name for path in photos.glob("*.jpg")}
    for photo, least in {
        "group-1.jpg": 11,
        "group_photo_10.jpg": 15,
        "group_photo_1.jpg": 40,
    }.items():
        assert faces[photo] >= least


def test_video_is_annotated_with_its_times(
    tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyze(short_clip(tmp_path / "a.avi"), "--output", output) == 0
    assert names(output) == {"analysis.jsonl", "a.mp4"}
    assert [row["frame"] for row in rows(output)] == [0, 1, 2, 3, 4]
    assert [row["time_s"] for row in rows(output)] == [0.0, 0.1, 0.2, 0.3, 0.4]
    capture = cv2.VideoCapture(str(output / "a.mp4"), cv2.CAP_FFMPEG)
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert capture.get(cv2.CAP_PROP_FPS) == 10
    capture.release()
    out, _ = capsys.readouterr()
    assert out == f"1 file, 5 faces in 5 frames: happy 5; written to {output}/\n"


def test_a_video_s_rows_are_written_as_they_are_found(tmp_path: Path, output: Path) -> None:
    """Those of an hour are a gigabyte in memory, which a small board has not."""
    crowd, written = [seen((n, 0, n + 20, 20)) for n in range(40)], []

    def find(_: NDArray[np.uint8]) -> list[SeenFace]:
        written.append((output / ".mien-analysis-part" / "rows.jsonl").stat().st_size)
        return crowd

    clip = short_clip(tmp_path / "a.avi")
    assert analyze(clip, "--output", output, perception=FakePerception(find)) == 0
    assert written == sorted(set(written))
    assert len(rows(output)) == 5 * 40


def test_a_video_that_fails_in_between_leaves_no_row(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its copy cannot be written on, say; the files behind it are done as ever."""

    class Failing(FakePerception):
        def see(self, frame: NDArray[np.uint8], /) -> list[SeenFace]:
            if self.calls == 3:
                self.calls += 1
                raise MienError("the fourth frame")
            return super().see(frame)

    bad, good = short_clip(tmp_path / "bad.avi"), short_clip(tmp_path / "good.avi")
    assert analyze(bad, portrait, good, "--output", output, perception=Failing()) == 1
    assert "mien: the fourth frame\n" in capsys.readouterr().err
    assert names(output) == {"analysis.jsonl", "portrait.jpg", "good.mp4"}
    at_once = tmp_path / "at_once"
    assert analyze(portrait, good, "--output", at_once) == 0
    assert contents(output) == contents(at_once)


def test_csv_and_no_pictures(portrait: Path, output: Path) -> None:
    assert analyze(portrait, "--output", output, "--format", "csv", "--no-pictures") == 0
    assert names(output) == {"analysis.csv"}
    header, line = (output / "analysis.csv").read_text().splitlines()
    row = dict(zip(header.split(","), line.split(","), strict=True))
    assert (row["annotated"], row["quality"], row["flaws"]) == ("", "1.0", "")


def test_default_folder_is_in_the_current_one(
    portrait: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert analyze(portrait.name) == 0
    assert names(tmp_path / "mien-analysis") == {"analysis.jsonl", "portrait.jpg"}
    assert capsys.readouterr().out.endswith("; written to mien-analysis/\n")


def test_same_names_do_not_collide(portrait: Path, tmp_path: Path, output: Path) -> None:
    other = tmp_path / "other" / "portrait.jpg"
    other.parent.mkdir()
    cv2.imwrite(str(other), np.zeros((16, 16, 3), np.uint8))
    assert analyze(portrait, other, "--output", output) == 0
    assert {row["file"]: row["annotated"] for row in rows(output)} == {
        str(portrait): "portrait.jpg", str(other): "portrait-2.jpg",
    }  # fmt: skip
    assert cv2.imread(str(output / "portrait.jpg")).shape == (512, 512, 3)
    assert cv2.imread(str(output / "portrait-2.jpg")).shape == (16, 16, 3)


def test_input_is_never_overwritten(portrait: Path, output: Path) -> None:
    """An earlier analysis may be analyzed again into its own folder."""
    assert analyze(portrait, "--output", output) == 0
    before = (output / "portrait.jpg").read_bytes()
    assert analyze(output, "--output", output, "--force") == 0
    assert (output / "portrait.jpg").read_bytes() == before
    assert (output / "portrait-2.jpg").exists()


def test_folder_with_other_files_is_refused(portrait: Path) -> None:
    before = portrait.read_bytes()
    with pytest.raises(UsageError, match="not from mien analyze"):
        analyze(portrait, "--output", portrait.parent)
    assert portrait.read_bytes() == before
    assert cli.main(["analyze", str(portrait), "--output", str(portrait.parent)]) == 2


def test_an_output_that_is_no_folder_is_refused(portrait: Path) -> None:
    for place in (portrait, Path("/proc/mien-analysis")):
        assert cli.main(["analyze", str(portrait), "--output", str(place)]) == 2


def test_own_table_and_photos_are_left_alone(portrait: Path) -> None:
    """The folder of somebody who has an analysis of their own."""
    here = portrait.parent
    (here / "raw").mkdir()
    shutil.copy(portrait, here / "raw" / "portrait.jpg")
    own = {"analysis.csv": b"day,mood\n1,good\n", "analysis.ipynb": b"{}", "portrait.jpg": b"mine"}
    for name, content in own.items():
        (here / name).write_bytes(content)
    with pytest.raises(UsageError, match="not from mien analyze"):
        analyze(here / "raw", "--output", here, "--format", "csv", "--force")
    assert {name: (here / name).read_bytes() for name in own} == own


def test_photo_put_beside_the_copies_is_left_alone(portrait: Path, output: Path) -> None:
    assert analyze(portrait, "--output", output) == 0
    other = shutil.copy(portrait, portrait.with_name("other.jpg"))
    (output / "other.jpg").write_bytes(b"mine")
    assert analyze(portrait, other, "--output", output) == 0
    assert (output / "other.jpg").read_bytes() == b"mine"
    assert names(output) == {"analysis.jsonl", "portrait.jpg", "other.jpg", "other-2.jpg"}


def test_rerun_replaces_its_own_files(portrait: Path, tmp_path: Path, output: Path) -> None:
    """With a picture in which there is no face: it has a copy and no row."""
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(portrait, photos / "a.jpg")
    cv2.imwrite(str(photos / "empty.jpg"), np.zeros((16, 16, 3), np.uint8))
    perception = FakePerception(lambda frame: FakePerception().see(frame) if frame.any() else [])
    for _ in range(3):
        assert analyze(photos, "--output", output, perception=perception) == 0
        assert names(output) == {"analysis.jsonl", "a.jpg", "empty.jpg"}
        assert [row["annotated"] for row in rows(output)] == ["a.jpg"]
    # More files than before lose nothing.
    shutil.copy(portrait, photos / "b.jpg")
    assert analyze(photos, "--output", output, perception=perception) == 0
    assert len(rows(output)) == 2


def test_analysis_of_other_files_is_replaced_by_force_only(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = short_clip(tmp_path / "a.avi")
    assert analyze(portrait, "--output", output) == 0
    before = (output / "analysis.jsonl").read_bytes()
    assert cli.main(["analyze", str(clip), "--output", str(output)]) == 2
    assert "other files, such as portrait.jpg" in capsys.readouterr().err
    assert (output / "analysis.jsonl").read_bytes() == before
    assert analyze(clip, "--output", output, "--force") == 0
    assert {row["file"] for row in rows(output)} == {str(clip)}
    # The copy of before is kept, and still known.
    assert names(output) == {"analysis.jsonl", "portrait.jpg", "a.mp4"}
    assert analyze(portrait, clip, "--output", output) == 0
    assert names(output) == {"analysis.jsonl", "portrait.jpg", "a.mp4"}


def test_missing_files_are_told_before_an_earlier_analysis(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.jpg"
    shutil.copy(portrait, other)
    assert analyze(other, "--output", output) == 0
    before = contents(output)
    missing = [tmp_path / "nope", tmp_path / "nobody.jpg"]
    lines = [f"mien: {path}: no such file; name another one" for path in missing]
    capsys.readouterr()
    for words in ([], ["--force"]):
        assert analyze(*missing, *words, "--output", output) == 1
        assert capsys.readouterr().err.splitlines() == lines
        assert contents(output) == before
    with pytest.raises(UsageError, match="an analysis of other files"):
        analyze(portrait, *missing, "--output", output)
    assert capsys.readouterr().err.splitlines() == lines


def test_no_table_of_the_other_format_stays(portrait: Path, output: Path) -> None:
    for kind in ("csv", "jsonl", "csv"):
        assert analyze(portrait, "--output", output, "--format", kind) == 0
        assert names(output) == {f"analysis.{kind}", "portrait.jpg"}


def test_what_is_left_out_is_told(
    portrait: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The output folder is not worth a word, though it lies in the one that is analyzed."""
    monkeypatch.chdir(tmp_path)
    for name in ("IMG_1.HEIC", "a.gif", ".hidden", "sub/group-3.jpg"):
        Path(name).parent.mkdir(exist_ok=True)
        shutil.copy(portrait, name)
    for _ in range(2):
        assert analyze(".") == 0
        assert capsys.readouterr().out == (
            "1 file, 1 face: happy 1; left out: 1 folder, 2 files of other kinds;"
            " written to mien-analysis/\n"
        )


def test_bad_files_do_not_stop_the_others(
    portrait: Path, tmp_path: Path, output: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Through file descriptors, so that OpenCV's own words would be seen."""
    bad = {
        "empty.jpg": (b"", "the file is empty"),
        "text.png": (b"hello", "not a picture"),
        "half.png": (cv2.imencode(".png", cv2.imread(str(portrait)))[1].tobytes()[:99], "damaged"),
        "empty.mp4": (b"", "the file is empty"),
        "text.mp4": (b"hello" * 99, "not a video"),
        "cut.mp4": (CLIP.read_bytes()[:99_999], "cut short"),
        "notes.txt": (b"hello\n" * 99, "not a video"),
    }
    for name, (content, _) in bad.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    paths = [tmp_path / name for name in (*bad, "folder", "missing.jpg")]
    assert analyze(*paths, portrait, "--output", output) == 1
    out, err = capfd.readouterr()
    assert out == f"1 file, 1 face: happy 1; written to {output}/\n"
    lines = err.splitlines()
    assert len(lines) == len(paths) + 1
    for name, (_, reason) in bad.items():
        (line,) = (line for line in lines if name in line)
        assert line.startswith(f"mien: {tmp_path / name}: ")
        assert reason in line
    assert "holds no picture" in lines[0]
    assert sum("missing.jpg: no such file" in line for line in lines) == 1
    assert names(output) == {"analysis.jsonl", "portrait.jpg"}


def test_odd_names_do_not_stop_the_others(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop, pipe, tape = tmp_path / "loop.jpg", tmp_path / "pipe.jpg", tmp_path / "tape.mp4"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    os.mkfifo(tape)
    too_long = tmp_path / f"{'a' * 300}.jpg"
    # The second one can be read, and its copy not be written: it has a number.
    long = shutil.copy(portrait, tmp_path / f"{'b' * 251}.jpg")
    (tmp_path / "folder").mkdir()
    longer = shutil.copy(portrait, tmp_path / "folder" / long.name)
    odd = (loop, pipe, tape, too_long, longer)
    assert analyze(portrait, long, *odd, "--output", output) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(odd) + 2
    assert all(line.startswith("mien: /") for line in lines)
    assert names(output) == {"analysis.jsonl", "portrait.jpg", long.name}


def test_names_that_are_not_utf_8_do_not_stop_the_others(
    portrait: Path, tmp_path: Path, output: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A picture is read under any name, and no video is."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("1.jpg", os.fsdecode(b"b\xe9.jpg"), "z.jpg"):
        shutil.copy(portrait, folder / name)
    shutil.copy(CLIP, folder / os.fsdecode(b"caf\xe9.mp4"))
    assert analyze(folder, "--output", output) == 1
    assert names(output) == {"analysis.jsonl", "1.jpg", os.fsdecode(b"b\xe9.jpg"), "z.jpg"}
    assert len(rows(output)) == 3
    out, err = capfd.readouterr()
    assert out == f"3 files, 3 faces: happy 3; written to {output}/\n"
    (line,) = (line for line in err.splitlines() if ".mp4" in line)
    assert line.startswith(rf"mien: {folder}/caf\xe9.mp4: ")
    assert "rename" in line


def test_bad_folder_beside_good_files_is_a_failure(
    portrait: Path, tmp_path: Path, output: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert analyze(portrait, tmp_path / "empty", "--output", output) == 1
    assert names(output) == {"analysis.jsonl", "portrait.jpg"}


def test_nothing_is_left_when_nothing_could_be_read(
    tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyze(tmp_path / "missing.jpg", "--output", output) == 1
    assert not output.exists()
    assert capsys.readouterr().out == ""


def test_pictures_without_faces_count_as_files(
    portrait: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyze(portrait, "--output", output, perception=FakePerception(lambda _: [])) == 0
    assert rows(output) == []
    assert capsys.readouterr().out == f"1 file, 0 faces; written to {output}/\n"


def test_no_files_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["analyze"])
    assert caught.value.code == 2
    assert "FILE" in capsys.readouterr().err


def interrupted_in_frame(number: int, **options: Any) -> FakePerception:
    """Ctrl-C comes with this one of all frames, from 1."""
    perception = FakePerception(**options)
    find = perception._find

    def interrupted(frame: np.ndarray) -> object:
        if perception.calls == number:
            raise KeyboardInterrupt
        return find(frame)

    perception._find = interrupted  # type: ignore[assignment]
    return perception


def contents(folder: Path) -> dict[str, bytes]:
    """All visible files."""
    return {name: (folder / name).read_bytes() for name in names(folder)}


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_interrupted_analysis_goes_on(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Ctrl-C in the third frame of a video behind a photo, the first time for another format."""
    clip, last = short_clip(tmp_path / "a.avi"), short_clip(tmp_path / "b.avi")
    words = (portrait, clip, last, "--output")
    assert analyze(*words, output, perception=interrupted_in_frame(4)) == 130
    assert names(output) == set()
    out, err = capsys.readouterr()
    assert out == ""
    told = "mien: stopped after 1 of 3 files; the same command goes on from there"
    assert err.splitlines()[-1] == told
    assert analyze(*words, output, perception=interrupted_in_frame(7)) == 130
    out, err = capsys.readouterr()
    assert "mien: going on: 1 of 3 files is done already\n" in err
    assert "stopped after 2 of 3 files" in err
    perception = FakePerception()
    assert analyze(*words, output, "--format", kind, perception=perception) == 0
    assert perception.calls == 5
    out, err = capsys.readouterr()
    assert out == f"3 files, 11 faces in 11 frames: happy 11; written to {output}/\n"
    assert err == (
        f"mien: going on: 2 of 3 files are done already\n"
        f"mien: {last}: 5 faces in 5 frames: happy 5\n"
    )
    at_once = tmp_path / "at_once"
    assert analyze(*words, at_once, "--format", kind) == 0
    assert contents(output) == contents(at_once)
    assert not (output / ".mien-analysis-part").exists()


def test_full_disk_ends_the_analysis_which_goes_on_once_there_is_room(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second copy finds no room; a table without what comes behind it would tell less."""
    photos = [portrait, *(shutil.copy(portrait, tmp_path / name) for name in ("b.jpg", "c.jpg"))]
    assert analyze(*photos, "--output", output, perception=interrupted_in_frame(2)) == 130
    (output / ".mien-analysis-part" / "b.jpg").symlink_to("/dev/full")
    capsys.readouterr()
    perception = FakePerception()
    with pytest.raises(OutputError, match=r"b\.jpg: cannot be written: No space left"):
        analyze(*photos, "--output", output, perception=perception)
    assert perception.calls == 1
    assert names(output) == set()
    out, err = capsys.readouterr()
    assert out == ""
    told = "mien: stopped after 1 of 3 files; the same command goes on from there"
    assert err.splitlines()[1:] == [told]
    assert analyze(*photos, "--output", output, perception=perception) == 0
    assert perception.calls == 3
    at_once = tmp_path / "at_once"
    assert analyze(*photos, "--output", at_once) == 0
    assert contents(output) == contents(at_once)


def test_interrupt_leaves_an_earlier_analysis_as_it_was(
    portrait: Path, tmp_path: Path, output: Path
) -> None:
    words = (portrait, short_clip(tmp_path / "a.avi"), "--output", output)
    assert analyze(*words) == 0
    before = contents(output)
    nobody = {"find": lambda _: []}
    assert analyze(*words, perception=interrupted_in_frame(4, **nobody)) == 130
    assert contents(output) == before
    assert analyze(*words, perception=FakePerception(**nobody)) == 0
    assert names(output) == set(before)
    assert all(content != before[name] for name, content in contents(output).items())


def test_analysis_with_other_options_begins_anew(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (portrait, short_clip(tmp_path / "a.avi"), "--output", output)
    assert analyze(*words, perception=interrupted_in_frame(4)) == 130
    capsys.readouterr()
    perception = FakePerception(maker=replace(MAKER, tiles=2))
    assert analyze(*words, perception=perception) == 0
    assert perception.calls == 6
    first, *_ = capsys.readouterr().err.splitlines()
    assert first == (
        "mien: beginning anew: dropped what was done of 1 file, as the files, options, models or"
        " Mien are others now"
    )


def test_smaller_analysis_tells_what_it_drops_of_one_that_was_stopped(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = [portrait, *(shutil.copy(portrait, tmp_path / f"{name}.jpg") for name in "abcd")]
    assert analyze(*photos, "--output", output, perception=interrupted_in_frame(5)) == 130
    capsys.readouterr()
    assert analyze(portrait, "--output", output) == 0
    assert capsys.readouterr().err == (
        "mien: going on: 1 of 1 file is done already; dropped what was done of 3 files, not named"
        " now or changed since\n"
    )
    assert names(output) == {"analysis.jsonl", portrait.name}


def test_table_stays_while_one_of_its_files_cannot_be_analyzed(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its rows may not tell of what the file is now, and a table without them tells less."""
    other = tmp_path / "other.jpg"
    shutil.copy(portrait, other)
    words = (portrait, other, "--output", output)
    assert analyze(*words) == 0
    before = contents(output)
    other.write_bytes(b"")
    capsys.readouterr()
    for _ in range(2):
        assert analyze(*words, perception=FakePerception(lambda _: [])) == 1
        assert contents(output) == before
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == (
        f"mien: {output}: the earlier table stays, as other.jpg is in it and could not be analyzed"
        " now; the same command goes on when it can be, --force does without it"
    )
    shutil.copy(portrait, other)
    perception = FakePerception(lambda _: [])
    assert analyze(*words, perception=perception) == 0
    assert perception.calls == 1
    assert names(output) == set(before)
    assert rows(output) == []
    other.unlink()
    assert analyze(*words, "--force") == 1
    assert [row["file"] for row in rows(output)] == [str(portrait)]


def test_csv_without_faces_has_its_names(portrait: Path, tmp_path: Path, output: Path) -> None:
    words = (portrait, "--format", "csv", "--output")
    assert analyze(*words, output, perception=FakePerception(lambda _: [])) == 0
    assert analyze(*words, tmp_path / "with") == 0
    (names_only,) = (output / "analysis.csv").read_text().splitlines()
    assert names_only == (tmp_path / "with" / "analysis.csv").read_text().splitlines()[0]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_real_command_that_is_ended_goes_on(
    portrait: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str],
    end: signal.Signals,
) -> None:  # fmt: skip
    """A process of its own with one photo, many times over, so that it cannot end first."""
    photos = [tmp_path / f"{number:02}.jpg" for number in range(100)]
    for photo in photos:
        shutil.copy(portrait, photo)
    process = subprocess.Popen(
        [sys.executable, "-m", "edge_app.cli", "analyze", *photos, "--output", output],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(end)
        out, err = process.communicate(timeout=60)
    assert process.returncode == (130 if end == signal.SIGINT else -end)
    assert "Traceback" not in first + err
    assert out == ""
    assert names(output) == set()
    whole = re.findall(r"mien: .*/(\d\d\.jpg): 1 face", first + err)
    assert 0 < len(whole) < 100
    # All that were done and one more, which may just have been.
    some = photos[: len(whole) + 1]
    assert cli.main(["analyze", *map(str, some), "--output", str(output)]) == 0
    assert re.match(
        rf"mien: going on: \d+ of {len(some)} files (is|are) done", capsys.readouterr().err
    )
    assert names(output) == {"analysis.jsonl", *(photo.name for photo in some)}
    assert [row["annotated"] for row in rows(output)] == [photo.name for photo in some]


def test_bars_are_drawn_on_a_terminal_only(
    portrait: Path, tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    paths = (portrait, short_clip(tmp_path / "a.avi"), tmp_path / "missing.jpg")
    assert analyze(*paths, "--output", output) == 1
    err = capsys.readouterr().err
    assert "3/3" in err
    assert "file/s" in err or "s/file" in err
    assert "missing.jpg: no such file" in err
    assert "1 face" not in err
