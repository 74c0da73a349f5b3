from __future__ import annotations

import threading
from importlib import metadata
from pathlib import Path

import pytest

from edge_app import version
from edge_app.asked_models import load_perception
from edge_app.assembly import Assembly
from edge_app.cli import main
from edge_app.doctor.versions import check_versions
from edge_app.frames.video_file import VideoFileSource
from edge_app.kept_privacy import KeptPrivacy
from edge_app.perception.model_folder import ModelFolder
from edge_app.samples import CLIP
from edge_app.settings import Perception, Settings
from edge_app.version import BUILD, mien_version
from tests.edge_app.events.recorder import Recorder

BUILT = "0.1.0+git482.g20e4b7d0"


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "build"
    monkeypatch.setattr(version, "BUILD", file)
    return file


def test_a_package_says_everywhere_what_it_was_built_from(
    build: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build.write_text(f"{BUILT}\n")
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"mien {BUILT}\n"
    (found,) = (each for each in check_versions() if each.name == "mien")
    assert found.text == BUILT
    told = Recorder()
    source = VideoFileSource(CLIP, pace="fast")
    Assembly(
        Settings(),
        perception=load_perception(Perception(), ModelFolder()),
        publisher=told,
        source=source,
        open_source=lambda: source,
        check_settings=lambda: None,
        kept=KeptPrivacy(tmp_path, "d"),
        inbox=None,
        stop=threading.Event(),
    )._controller.announce()
    source.close()
    assert [info.version for info in told.infos] == [BUILT]


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_without_a_word_of_it_the_distribution_does(build: Path, content: bytes | None) -> None:
    """A card that lost a block keeps no daemon from starting."""
    if content is not None:
        build.write_bytes(content)
    assert mien_version() == metadata.version("mien")


def test_a_checkout_has_no_such_file() -> None:
    assert not BUILD.exists()
