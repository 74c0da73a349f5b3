"""What docs/analyze.md says is so."""

from __future__ import annotations

import argparse
import csv
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app import picture_file
from edge_app.analyze import command
from edge_app.frames import video_file
from tests.edge_app.analyze.fake_perception import FakePerception

PAGE = (Path(__file__).parents[3] / "docs" / "analyze.md").read_text()


def block(language: str) -> str:
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(text)


def analyze(folder: Path) -> None:
    """Run the page's own command on a photo of one happy face."""
    (folder / "photos").mkdir()
    cv2.imwrite(str(folder / "photos" / "a.jpg"), np.zeros((32, 32, 3), np.uint8))
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    arguments = parser.parse_args(shlex.split(block("sh"))[2:])
    command.run(arguments, FakePerception())


def test_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    analyze(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", block("python")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "photos/a.jpg: {'happy': 1}, valence +0.70\n"


def test_every_column_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    analyze(tmp_path)
    with Path("analysis/analysis.csv").open(newline="") as table:
        columns = next(csv.reader(table))
    told = []
    for cell in re.findall(r"^\| (`.*?) \|", PAGE.partition("## The table")[2], re.MULTILINE):
        name, *inner = re.findall(r"`(\w+)`", cell)
        told += [f"{name}_{part}" for part in inner] or [name]
    # One of them is told for all.
    group = ["probabilities" if name.startswith("probabilities_") else name for name in columns]
    assert told == list(dict.fromkeys(group))


def test_every_ending_is_told() -> None:
    taken = PAGE.partition("## What it takes")[2].partition("|")[0]
    readable = picture_file.SUFFIXES | video_file.SUFFIXES
    assert set(re.findall(r"`(\.\w+)`", taken)) == readable | picture_file.UNREADABLE_SUFFIXES
