"""What to do about missing packages, where Mien came as Debian's package, a clone or a wheel."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edge_app.doctor.versions import check_versions
from edge_app.extras import how_to_add


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The books of a distribution `mien` that is found before the one of the tests."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setattr(sys, "executable", "/venv/bin/python")
    books = tmp_path / "site/mien-0.1.0.dist-info"
    books.mkdir(parents=True)
    (books / "METADATA").write_text("Metadata-Version: 2.4\nName: mien\nVersion: 0.1.0\n")
    return books


def test_a_clone_is_named(installed: Path, tmp_path: Path) -> None:
    clone = tmp_path / "my clone"
    clone.mkdir()
    origin = installed / "direct_url.json"
    origin.write_text(f'{{"url": "{clone.as_uri()}", "dir_info": {{}}}}')
    assert how_to_add("train") == f"/venv/bin/python -m pip install '{clone}[train]'"
    origin.write_text(f'{{"url": "{clone.as_uri()}", "dir_info": {{"editable": true}}}}')
    assert how_to_add("train") == f"/venv/bin/python -m pip install --editable '{clone}[train]'"


def test_a_wheel_is_named(installed: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "mien-0.1.0-py3-none-any.whl"
    wheel.touch()
    (installed / "direct_url.json").write_text(
        f'{{"url": "{wheel.as_uri()}", "archive_info": {{"hashes": {{}}}}}}'
    )
    assert how_to_add("train") == f"/venv/bin/python -m pip install '{wheel}[train]'"


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param(None, id="as in Debian's package"),
        pytest.param('{"url": "file:///gone/mien-0.1.0-py3-none-any.whl"}', id="gone"),
        pytest.param('{"url": "https://host.example/mien.git", "vcs_info": {}}', id="elsewhere"),
        pytest.param("{", id="damaged"),
    ],
)
def test_what_it_came_from_is_not_here(installed: Path, origin: str | None) -> None:
    if origin is not None:
        (installed / "direct_url.json").write_text(origin)
    assert how_to_add("train") == "in a clone of Mien: pip install '.[train]'"


def test_debians_package_takes_nothing_from_pip(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", "/usr/lib/mien")
    assert how_to_add("embedded-broker").startswith("sudo apt install mosquitto,")
    with (installed / "METADATA").open("a") as books:
        books.write("Requires-Dist: msgspec>=99\nRequires-Dist: nowhere>=1\n")
    advice = {found.name: found.advice for found in check_versions() if found.verdict == "warning"}
    assert {advice["msgspec"], advice["nowhere"]} == {"install Mien's package anew"}
