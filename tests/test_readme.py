"""What the README, and the page on measuring, say is so: commands, topics, payloads, Python."""

import argparse
import json
import re
import shlex
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from benchmarks import readme_figures
from edge_app import command_line
from edge_app.events.payloads import EmotionChanged, decode_event
from edge_app.mqtt.messages import MESSAGES
from edge_app.settings_file import read_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MEASURING = (ROOT / "docs/measuring.md").read_text()


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def commands(program: str) -> list[list[str]]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    found = [shlex.split(line, comments=True) for line in lines]
    return [words for words in found if words and words[0].rpartition("/")[2] == program]


@pytest.mark.parametrize("words", commands("mien"), ids=" ".join)
def test_commands_of_mien_are_understood(words: list[str]) -> None:
    assert isinstance(command_line._parse(words[1:]), argparse.Namespace)


@pytest.mark.parametrize("words", commands("make"), ids=" ".join)
def test_targets_of_make_exist(words: list[str]) -> None:
    assert re.search(rf"^{words[1]}:.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_topics_are_those_that_are_published() -> None:
    named = set(re.findall(r"`(mien/<device>/[\w/<>]+)`", README))
    addresses = {m.address for m in MESSAGES.values() if m.address.startswith("mien/")}
    assert named == {
        re.sub(r"\{(\w+)\}", r"<\1>", address)
        .replace("<alert>", "<id>")
        .replace("<request>", "<name>")
        for address in addresses
    }


def test_the_event_shown_is_an_event() -> None:
    shown = json.loads(blocks("json")[0])
    shown["id"] = shown["episode"] = "019"
    assert isinstance(decode_event(json.dumps(shown).encode()), EmotionChanged)


def test_the_settings_shown_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "mien.toml"
    path.write_text(blocks("toml")[0])
    assert read_settings(path, {}).device_name == "kitchen"


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A happy face, in the folder that the programs are run in."""
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("photo.jpg", cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR))
    return Path("photo.jpg")


def run(program: str) -> None:
    exec(compile(program, "page.md", "exec"), {})  # noqa: S102 - our own pages


@pytest.mark.usefixtures("photo")
def test_the_python_shown_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (see,) = blocks("python")
    run(see)
    assert "happy" in capsys.readouterr().out


def test_a_data_set_is_measured_as_shown(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (measure,) = blocks("python", MEASURING)
    with pytest.raises(SystemExit, match="faces: no picture"):
        run(measure)
    for emotion in ("happy", "sad"):
        Path("faces", emotion).mkdir(parents=True)
        shutil.copy(photo, f"faces/{emotion}")
    cv2.imwrite("faces/sad/wall.png", np.full((64, 64), 90, np.uint8))
    Path("faces", "happy", "labels.csv").write_text("photo.jpg,happy\n")
    run(measure)
    said = capsys.readouterr().out
    assert said == "33.3% of 3, 1 without a face that was found, 1 unreadable\n"
    Path("faces", "happy").rename("faces/Happiness")
    with pytest.raises(SystemExit, match=r"faces/Happiness: name it by one of angry, disgust,"):
        run(measure)


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)h][^)]*)\)", README))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_figures_are_those_of_the_shipped_models() -> None:
    assert readme_figures.section() in README, "run make docs"
