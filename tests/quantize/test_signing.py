"""`mien quantize keys` and `sign`, as a user calls them."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.cli import main
from edge_app.perception.card import ModelError, card_path
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.manifest import SIGNATURE, read_key, verify_folder
from edge_app.perception.model_folder import ModelFolder
from edge_app.perception.shipped import EMOTION, FACE_160, FACE_320
from tests.trainer.full_disk import full_disk

pytest.importorskip("cryptography")

from quantize import signing

PRIVATE, PUBLIC = "signing-key.pem", "signing-key.pub.pem"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    assert main(["quantize", "keys", str(folder)]) == 0
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A user's folder: two models with cards, nothing signed."""
    folder = tmp_path / "models"
    folder.mkdir()
    for model in (EMOTION, FACE_160):
        shutil.copy(model, folder)
        shutil.copy(card_path(model), folder)
    return folder


@pytest.fixture
def release_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Mien's own key, of an installation that no test must spoil."""
    assert main(["quantize", "keys", str(tmp_path / "release")]) == 0
    key = tmp_path / "release" / PUBLIC
    monkeypatch.setattr(signing, "RELEASE_KEY", key)
    return key


def sign(models: Path, keys: Path, *more: str) -> int:
    return main(["quantize", "sign", str(models), "--key", str(keys / PRIVATE), *more])


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_only_the_owner_can_read_the_private_key(keys: Path) -> None:
    assert stat.S_IMODE((keys / PRIVATE).stat().st_mode) == 0o600
    assert len(read_key(keys / PUBLIC).raw) == 32


def test_keys_are_never_replaced(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (keys / PRIVATE).read_bytes()
    assert main(["quantize", "keys", str(keys)]) == 1
    assert "is there already and is not replaced" in capsys.readouterr().err
    assert (keys / PRIVATE).read_bytes() == before


def test_half_a_pair_is_not_made(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (keys / PRIVATE).unlink()
    assert main(["quantize", "keys", str(keys)]) == 1
    assert PUBLIC in capsys.readouterr().err
    assert not (keys / PRIVATE).exists()


def test_a_full_disk_leaves_no_key_in_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with full_disk(50):
        assert main(["quantize", "keys", str(tmp_path)]) == 1
    assert "keys cannot be written: File too large" in capsys.readouterr().err
    assert not files_of(tmp_path)
    assert main(["quantize", "keys", str(tmp_path)]) == 0
    assert sorted(files_of(tmp_path)) == [PRIVATE, PUBLIC]


def test_a_users_models_are_signed_and_taken(models: Path, keys: Path) -> None:
    assert sign(models, keys) == 0
    assert len(verify_folder(models, keys / PUBLIC).files) == 6
    model = Int8Model.load(models / EMOTION.name, trusted_key=keys / PUBLIC)
    assert model.card.name == EMOTION.stem


def test_a_name_that_devices_do_not_look_for_is_signed_and_told(
    models: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign(models, keys) == 0
    assert capsys.readouterr().err == ""
    for path in (models / EMOTION.name, card_path(models / EMOTION.name)):
        path.rename(path.with_stem("mine"))
    (models / "emotion.golden.json").unlink()
    assert sign(models, keys) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{models / 'mine.tflite'}: mien run looks for no model so called")
    with pytest.raises(ModelError, match=r"mine\.tflite: not a name that Mien looks for"):
        ModelFolder(models, keys / PUBLIC).check()


def test_a_new_model_needs_a_new_signature_and_one_command_makes_it(
    models: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign(models, keys) == 0
    (models / FACE_160.name).write_bytes(FACE_320.read_bytes())
    shutil.copy(card_path(FACE_320), card_path(models / FACE_160.name))
    capsys.readouterr()
    assert sign(models, keys) == 0
    assert "signed: 6 files" in capsys.readouterr().out
    verify_folder(models, keys / PUBLIC)


def test_another_key_than_the_devices_signs_nothing(
    models: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trusted, before = tmp_path / "trusted", files_of(models)
    assert main(["quantize", "keys", str(trusted)]) == 0
    capsys.readouterr()
    assert sign(models, keys, "--public-key", str(trusted / PUBLIC)) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "not the other half" in line
    assert "or name this one's with --public-key, or say --new-key to write it there" in line
    assert files_of(models) == before
    assert sign(models, keys, "--public-key", str(trusted / PUBLIC), "--new-key") == 0
    verify_folder(models, trusted / PUBLIC)


def test_mien_s_own_key_is_never_replaced_for_other_models(
    models: Path, keys: Path, release_key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With another one devices would refuse every model that comes with Mien."""
    trusted, before = release_key.read_bytes(), files_of(models)
    assert sign(models, keys, "--public-key", str(release_key)) == 1
    said = capsys.readouterr().err
    assert "or name this one's with --public-key\n" in said
    assert "--new-key" not in said
    assert sign(models, keys, "--public-key", str(release_key), "--new-key") == 1
    assert "name your own public key with --public-key" in capsys.readouterr().err
    assert files_of(models) == before
    (keys / PUBLIC).unlink()
    assert sign(models, keys) == 1
    assert f"not the other half of {keys / PUBLIC}" in capsys.readouterr().err
    assert files_of(models) == before
    assert sign(models, keys, "--new-key") == 0
    verify_folder(models, keys / PUBLIC)
    assert release_key.read_bytes() == trusted


def test_models_of_a_release_are_signed_with_its_key(models: Path, release_key: Path) -> None:
    assert sign(models, release_key.parent, "--public-key", str(release_key)) == 0
    verify_folder(models, release_key)


def test_mien_s_own_models_are_signed_with_its_key_or_a_new_one(
    models: Path,
    keys: Path,
    release_key: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(signing, "SHIPPED", models)
    assert sign(models, release_key.parent) == 0
    verify_folder(models, release_key)
    before = files_of(models)
    assert sign(models, keys, "--public-key", str(keys / PUBLIC)) == 1
    assert "name the folder of your own models" in capsys.readouterr().err
    assert sign(models, keys) == 1
    assert "say --new-key to make devices trust this one" in capsys.readouterr().err
    assert files_of(models) == before
    assert sign(models, keys, "--new-key") == 0
    assert release_key.read_bytes() == (keys / PUBLIC).read_bytes()
    verify_folder(models, release_key)


def test_a_model_that_does_not_fit_its_card_is_not_signed(
    models: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray((models / EMOTION.name).read_bytes())
    content[-1] ^= 1
    (models / EMOTION.name).write_bytes(content)
    assert sign(models, keys) == 1
    assert "the file is damaged" in capsys.readouterr().err
    assert not (models / SIGNATURE).exists()


def test_a_model_without_a_card_leaves_the_folder_as_it_was(
    models: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(EMOTION, models / "mine.tflite")
    before = files_of(models)
    assert sign(models, keys) == 1
    assert "mine.json" in capsys.readouterr().err
    assert files_of(models) == before


def test_an_empty_folder_is_not_signed(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign(tmp_path, keys) == 1
    assert "holds no .tflite file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda key: key.chmod(0o644), "chmod 600"),
        (lambda key: key.write_bytes(b""), "not a private key"),
        (lambda key: key.write_bytes(b"key"), "not a private key"),
        (lambda key: key.write_bytes(b"\xff"), "not a private key"),
        (Path.unlink, "mien quantize keys"),
    ],
    ids=["readable by others", "empty", "no key", "no text", "missing"],
)
def test_a_private_key_that_cannot_be_used_is_told_with_what_to_do(
    models: Path,
    keys: Path,
    spoil: Callable[[Path], object],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(keys / PRIVATE)
    assert sign(models, keys) == 1
    assert said in capsys.readouterr().err


def test_a_folder_is_no_private_key(
    models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(models)
    assert main(["quantize", "sign", str(models), "--key", "."]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"mien: .: a folder; name the private key in it, as {PRIVATE}"


def test_a_wrong_folder_costs_no_key_that_is_trusted(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trusted = tmp_path / "trusted.pem"
    trusted.write_text("the key of before", encoding="ascii")
    (tmp_path / "empty").mkdir()
    assert sign(tmp_path / "empty", keys, "--public-key", str(trusted), "--new-key") == 1
    assert "holds no .tflite file" in capsys.readouterr().err
    assert trusted.read_text(encoding="ascii") == "the key of before"
