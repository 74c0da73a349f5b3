from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from edge_app import version
from edge_app.cli import main
from edge_app.doctor.versions import check_versions
from edge_app.settings import Settings
from edge_app.version import BUILD, mien_version
from tests.edge_app.daemon.assemblies import assemble, sample
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
    source = sample()
    assemble(Settings(), told, source, tmp_path)._controller.announce()
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
