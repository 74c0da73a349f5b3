"""Benchmarks as typed: `python -m benchmarks.<name>`."""

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import scenes
from edge_app.errors import UsageError
from tests.trainer.data.test_mosaic import write_mosaic


def typed(monkeypatch: pytest.MonkeyPatch, name: str, *words: str) -> object:
    """The exit code."""
    module = f"benchmarks.{name}"
    monkeypatch.setattr(sys, "argv", [name, *words])
    # Another test may have it already, of which Python would warn.
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")
    return ended.value.code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("clips", "{absent}"), 2),
        (("classifiers", "--data", "{absent}", "shipped=-"), 1),
        (("low_light", "--data", "{absent}"), 1),
        (("tight_crops", "--data", "{absent}"), 1),
        (("loose_crops", "--data", "{absent}"), 2),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else "",
)
def test_a_missing_folder_is_one_line(
    words: tuple[str, ...],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    absent = tmp_path / "absent"
    assert typed(monkeypatch, *(word.format(absent=absent) for word in words)) == code
    said = capsys.readouterr()
    assert re.fullmatch(rf"mien: {re.escape(str(absent))}\S*: [^\n]+\n", said.err)
    assert said.out == ""


@pytest.mark.parametrize("words", [("frame_budget", "--rounds", "0"), ("clips", "--every", "x")])
def test_fewer_than_one_is_usage(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, *words) == 2
    assert f"{words[1]}: must be a whole number, 1 or more" in capsys.readouterr().err


def test_a_folder_without_scenes_is_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match=r"no \.jpg picture"):
        scenes.backgrounds(tmp_path)
    write_mosaic(tmp_path, 341, 341, usage=np.ones(341, np.uint8))
    assert typed(monkeypatch, "roll", "--data", str(tmp_path), "--faces", "1") == 2
    assert capsys.readouterr().err.startswith(f"mien: {tmp_path / 'no_faces'}: no .jpg picture")


@pytest.mark.parametrize("name", ["crossings", "daemon_memory"])
def test_whoever_asks_for_help_waits_for_no_measurement(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, name, "--help") == 0
    assert capsys.readouterr().out.startswith(f"usage: {name}")
