"""What a folder of one's own models stands in for, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.perception import model_folder
from edge_app.perception.card import ModelError, card_path, read_card
from edge_app.perception.golden import golden_path
from edge_app.perception.model_folder import ModelFolder
from edge_app.perception.shipped import EMOTION, FACE_160, FACE_320
from tests.edge_app.daemon.own_models import make, sign


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "models")


def refusal(folder: ModelFolder) -> str:
    with pytest.raises(ModelError) as caught:
        folder.load(EMOTION)
    message = str(caught.value)
    assert "\n" not in message
    assert "; " in message, "it says what to do"
    return message


def test_without_a_folder_all_are_the_shipped_ones() -> None:
    assert ModelFolder().check() == frozenset()
    assert ModelFolder().load(EMOTION).card == read_card(EMOTION)


def test_a_signed_folder_stands_in_for_what_it_holds(folder: Path, key: Path) -> None:
    sign(folder)
    own = ModelFolder(folder, key)
    assert own.check() == {EMOTION.name, FACE_160.name}
    assert own.load(EMOTION).card.sha256 != read_card(EMOTION).sha256
    assert own.load(FACE_160).path == folder / FACE_160.name
    assert own.load(FACE_320).path == FACE_320


def test_a_folder_is_read_once_and_what_is_loaded_once_more(
    folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(folder)
    read = []
    verify = model_folder.verify_folder
    monkeypatch.setattr(
        model_folder, "verify_folder", lambda *words: read.append(words) or verify(*words)
    )
    own = ModelFolder(folder, key)
    own.load(FACE_160)
    assert not own.has_a_pair_of_detectors()
    assert own.passed_over(EMOTION) is None
    (folder / EMOTION.name).write_bytes(EMOTION.read_bytes())
    assert "SHA-256" in refusal(own)
    assert len(read) == 1


def test_without_a_key_a_card_that_fits_is_enough(folder: Path) -> None:
    assert ModelFolder(folder, None).load(EMOTION).path == folder / EMOTION.name
    card_path(folder / EMOTION.name).write_bytes(card_path(FACE_160).read_bytes())
    assert "its card says" in refusal(ModelFolder(folder, None))


def test_an_unsigned_folder(folder: Path, key: Path) -> None:
    said = refusal(ModelFolder(folder, key))
    assert "not signed" in said
    assert "models.trusted_key" in said


def test_a_folder_with_the_key_forgotten(folder: Path) -> None:
    sign(folder)
    said = refusal(ModelFolder(folder))
    assert "signed by somebody else" in said
    assert "name your own key in models.trusted_key" in said


def test_a_listed_model_that_is_gone_is_not_replaced_by_mien_s(folder: Path, key: Path) -> None:
    sign(folder)
    (folder / EMOTION.name).unlink()
    assert f"{EMOTION.name}: No such file" in refusal(ModelFolder(folder, key))


def test_a_model_that_is_not_listed(folder: Path, key: Path) -> None:
    sign(folder)
    for path in (FACE_320, card_path(FACE_320)):
        (folder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelError, match="not in the signed manifest"):
        ModelFolder(folder, key).load(FACE_320)


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_model_that_would_never_be_used(folder: Path, key: Path, *, is_signed: bool) -> None:
    for path in (card_path(EMOTION), golden_path(EMOTION), EMOTION):
        (folder / path.name).rename(folder / path.name.replace("emotion", "emotions"))
    sign(folder)
    assert "emotions.tflite: not a name that Mien looks for" in refusal(
        ModelFolder(folder, key if is_signed else None)
    )


def test_a_folder_that_is_empty_missing_or_none(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no model" in refusal(ModelFolder(tmp_path / "empty", None))
    assert "No such file" in refusal(ModelFolder(tmp_path / "nowhere"))
    assert "Not a directory" in refusal(ModelFolder(folder / EMOTION.name))


def test_every_shipped_model_may_be_replaced() -> None:
    shipped = {path.name for path in EMOTION.parent.glob("*.tflite")}
    assert set(model_folder.NAMES) == shipped
