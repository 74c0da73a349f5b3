"""Model and card are both whole before one is replaced."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import msgspec
import pytest

from edge_app.perception.card import (
    ClassifierCard,
    ModelCard,
    ModelError,
    card_path,
    encode_card,
    read_card,
)
from edge_app.perception.shipped import EMOTION
from quantize.artefact import git_revision, write_artefact
from quantize.errors import QuantizeError


@pytest.fixture
def card() -> ModelCard:
    return read_card(EMOTION)


@pytest.fixture
def model(tmp_path: Path, card: ModelCard) -> Path:
    """An older model with its card."""
    model = tmp_path / "models" / "emotion.tflite"
    write_artefact(model, b"old", card)
    return model


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_both_are_written_and_nothing_else(model: Path, card: ModelCard) -> None:
    write_artefact(model, b"new", card)
    assert files(model.parent) == {
        model.name: b"new",
        card_path(model).name: encode_card(card),
    }


def test_a_card_that_its_schema_forbids_is_not_written(model: Path, card: ModelCard) -> None:
    before = files(model.parent)
    with pytest.raises(ModelError, match="sha256"):
        write_artefact(model, b"new", msgspec.structs.replace(card, sha256="none"))
    assert isinstance(card, ClassifierCard)
    warm = msgspec.structs.replace(card.answers["default"], temperature=float("nan"))
    with pytest.raises(ModelError, match="temperature"):
        write_artefact(model, b"new", msgspec.structs.replace(card, answers={"default": warm}))
    assert files(model.parent) == before


def test_a_full_disk_leaves_the_old_files(
    model: Path, card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(model.parent)
    write_bytes = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.suffix == ".json":
            raise OSError(28, "No space left on device")
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(QuantizeError, match="cannot be written: No space left"):
        write_artefact(model, b"new", card)
    assert files(model.parent) == before


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path, card: ModelCard) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(QuantizeError, match="cannot be written"):
        write_artefact(tmp_path / "file" / "emotion.tflite", b"new", card)


def test_a_machine_without_git_has_no_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert re.fullmatch("[0-9a-f]{40}", git_revision())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_revision() == ""


def test_an_environment_in_another_repository_has_no_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in (["init"], ["commit", "--allow-empty", "--message", "theirs"]):
        subprocess.run(
            ["git", "-c", "user.name=A", "-c", "user.email=a@b", *words, "--quiet"],
            cwd=tmp_path, check=True,
        )  # fmt: skip
    below = tmp_path / "venv/lib/site-packages"
    below.mkdir(parents=True)
    monkeypatch.setattr("quantize.artefact._ROOT", below)
    assert git_revision() == ""
