"""Models that are not as they were signed are refused in one clear line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.perception import FaceDetector, ModelError
from edge_app.perception import int8_model as int8_model_module
from edge_app.perception.card import card_path
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.manifest import MANIFEST, SIGNATURE, Entry, verify_folder
from edge_app.perception.shipped import FACE_160, FACE_320, RELEASE_KEY, SHIPPED
from tests.edge_app.daemon.own_models import OWNER, STRANGER

NAMES = [path.name for model in (FACE_160, FACE_320) for path in (model, card_path(model))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two models in a folder that their owner signed."""
    folder = tmp_path / "models"
    folder.mkdir()
    files = {}
    for name in NAMES:
        content = (SHIPPED / name).read_bytes()
        (folder / name).write_bytes(content)
        files[name] = {"sha256": Entry.of(content).sha256, "size": len(content)}
    (folder / MANIFEST).write_text(json.dumps({"schema_version": 1, "files": files}))
    OWNER.sign_folder(folder)
    return folder


def change(path: Path, edit: Callable[[bytearray], None]) -> None:
    content = bytearray(path.read_bytes())
    edit(content)
    path.write_bytes(content)


def flip(content: bytearray) -> None:
    content[len(content) // 2] ^= 1


def truncate(content: bytearray) -> None:
    del content[-100:]


def change_manifest(folder: Path, **changed: object) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def refusal(folder: Path, key: Path) -> str:
    """What is said of one of the models; the other one's state does not matter."""
    with pytest.raises(ModelError) as caught:
        Int8Model.load(folder / FACE_160.name, trusted_key=key)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith((str(folder), str(key)))
    return message


def test_a_signed_model_is_taken(folder: Path, key: Path) -> None:
    model = Int8Model.load(folder / FACE_160.name, trusted_key=key)
    assert model.card.name == FACE_160.stem
    assert sorted(verify_folder(folder, key).files) == sorted(NAMES)


@pytest.mark.parametrize("edit", [flip, truncate])
def test_a_changed_model_is_refused(
    folder: Path, key: Path, edit: Callable[[bytearray], None]
) -> None:
    change(folder / FACE_160.name, edit)
    assert "the file is damaged" in refusal(folder, key)
    with pytest.raises(
        ModelError, match=f"the signed manifest says {FACE_160.stat().st_size} bytes"
    ):
        verify_folder(folder, key)


@pytest.mark.parametrize("edit", [flip, truncate])
def test_a_changed_card_is_refused(
    folder: Path, key: Path, edit: Callable[[bytearray], None]
) -> None:
    change(card_path(folder / FACE_160.name), edit)
    assert "the signed manifest says" in refusal(folder, key)


def test_the_card_of_another_model_is_refused(folder: Path, key: Path) -> None:
    shutil.copy(card_path(folder / FACE_320.name), card_path(folder / FACE_160.name))
    assert "the signed manifest says" in refusal(folder, key)


def test_a_signed_card_of_another_model_is_refused(folder: Path, key: Path) -> None:
    other = card_path(folder / FACE_320.name).read_bytes()
    card_path(folder / FACE_160.name).write_bytes(other)
    files = json.loads((folder / MANIFEST).read_text())["files"]
    files[card_path(FACE_160).name] = {"sha256": Entry.of(other).sha256, "size": len(other)}
    change_manifest(folder, files=files)
    OWNER.sign_folder(folder)
    assert "the card of another model" in refusal(folder, key)


def test_a_changed_manifest_is_refused(folder: Path, key: Path) -> None:
    change(folder / MANIFEST, lambda content: content.extend(b" "))
    assert "it was changed, or signed by somebody else" in refusal(folder, key)


def test_a_manifest_that_somebody_else_signed_is_refused(folder: Path, key: Path) -> None:
    """A model, its card, the manifest and the signature all fit, but for the key."""
    change(folder / FACE_160.name, flip)
    content = (folder / FACE_160.name).read_bytes()
    card = card_path(folder / FACE_160.name)
    card.write_text(json.dumps(json.loads(card.read_text()) | {"sha256": Entry.of(content).sha256}))
    files = json.loads((folder / MANIFEST).read_text())["files"]
    for path in (folder / FACE_160.name, card):
        entry = Entry.of(path.read_bytes())
        files[path.name] = {"sha256": entry.sha256, "size": entry.size}
    change_manifest(folder, files=files)
    STRANGER.sign_folder(folder)
    assert "it was changed, or signed by somebody else" in refusal(folder, key)


@pytest.mark.parametrize("name", [MANIFEST, SIGNATURE])
def test_a_missing_manifest_or_signature_is_refused(folder: Path, key: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name}: No such file" in refusal(folder, key)


@pytest.mark.parametrize("edit", [flip, truncate, bytearray.clear])
def test_a_damaged_signature_is_refused(
    folder: Path, key: Path, edit: Callable[[bytearray], None]
) -> None:
    change(folder / SIGNATURE, edit)
    assert "not signed with" in refusal(folder, key)


def test_a_model_that_is_not_listed_is_refused(folder: Path, key: Path) -> None:
    change_manifest(folder, files={})
    OWNER.sign_folder(folder)
    assert "not in the signed manifest" in refusal(folder, key)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"schema_version": 9}, "schema version 9"),
        ({"schema_version": 2, "more": 1, "files": []}, "schema version 2, this Mien"),
        ({"files": []}, "not a manifest"),
        ({"more": 1}, "not a manifest"),
        ({"files": {"a": {"sha256": "short", "size": 1}}}, "not a manifest"),
    ],
)
def test_a_signed_manifest_of_another_form_is_refused(
    folder: Path, key: Path, changed: dict[str, object], said: str
) -> None:
    change_manifest(folder, **changed)
    OWNER.sign_folder(folder)
    assert said in refusal(folder, key)


def test_a_key_that_is_none_is_refused(folder: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    assert "No such file" in refusal(folder, nothing)
    nothing.write_text("key")
    assert "not an Ed25519 public key" in refusal(folder, nothing)
    nothing.write_bytes(b"\xff")
    assert "not an Ed25519 public key" in refusal(folder, nothing)


def test_a_listed_file_that_is_gone_is_noticed(folder: Path, key: Path) -> None:
    (folder / FACE_320.name).unlink()
    with pytest.raises(ModelError, match=r"face_320\.tflite: No such file"):
        verify_folder(folder, key)


def test_the_shipped_models_are_as_they_were_signed() -> None:
    files = verify_folder(SHIPPED, RELEASE_KEY).files
    there = {path.name for path in SHIPPED.iterdir() if path.name not in {MANIFEST, SIGNATURE}}
    assert set(files) == there


def test_the_shipped_models_need_the_release_key(
    folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8_model_module, "SHIPPED", folder)
    with pytest.raises(ModelError, match="signed by somebody else"):
        FaceDetector.load(folder / FACE_160.name)
    monkeypatch.setattr(int8_model_module, "RELEASE_KEY", key)
    assert FaceDetector.load(folder / FACE_160.name).model.card.name == FACE_160.stem


def test_a_model_of_ones_own_needs_no_signature(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    (folder / SIGNATURE).unlink()
    assert Int8Model.load(folder / FACE_160.name).card.name == FACE_160.stem
