"""Models of one's own through `mien run` and `mien doctor`: taken as signed, else refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.cli import main
from edge_app.doctor.models import check_models
from edge_app.from_settings import model_folder
from edge_app.perception.card import read_card
from edge_app.perception.shipped import EMOTION, RELEASE_KEY
from edge_app.settings_file import read_settings
from tests.edge_app.daemon.own_models import STRANGER, make, replace, sign


class Place:
    """A folder of models that its owner signed, the owner's public key, and a settings file."""

    def __init__(self, folder: Path) -> None:
        # What is tested is the real signing, where its library is installed.
        pytest.importorskip("cryptography")
        self.models, self.keys = make(folder / "models"), folder / "keys"
        self.key = self.keys / "signing-key.pub.pem"
        self.settings = folder / "mien.toml"
        self._state = folder / "state"
        assert main(["quantize", "keys", str(self.keys)]) == 0
        self.sign()
        self.write(directory=str(self.models), trusted_key=str(self.key))

    def sign(self) -> None:
        words = ("--key", str(self.keys / "signing-key.pem"), "--public-key", str(self.key))
        assert main(["quantize", "sign", str(self.models), *words]) == 0

    def write(self, **models: object) -> None:
        lines = [f"{name} = {json.dumps(value)}" for name, value in models.items()]
        self.settings.write_text("\n".join(("[models]", *lines, "")))

    def mien(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(sys.executable, "-W", "error", "-m", "edge_app.cli", command),
                *("--settings", str(self.settings), "--source", "sample:", *words),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
            env={**os.environ, "STATE_DIRECTORY": str(self._state), "PYTHONIOENCODING": "utf-8"},
        )

    def findings(self) -> dict[str, dict[str, str]]:
        """What `mien doctor` finds of the models, by name."""
        done = self.mien("doctor", "--json")
        assert done.stderr == ""
        found = json.loads(done.stdout)["findings"]
        of_models = {each["name"]: each for each in found if each["group"] == "models"}
        if any(each["verdict"] == "failure" for each in of_models.values()):
            assert done.returncode == 1
        return of_models


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_models_of_one_s_own_are_used(place: Place) -> None:
    done = place.mien("run", "--pace", "fast")
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {each["model"] for each in events} == {read_card(place.models / EMOTION.name).sha256}
    assert {each["model"] for each in events} != {read_card(EMOTION).sha256}


def test_a_folder_is_named_from_the_settings_file_on(place: Place) -> None:
    """Neither process stands there, as the service does not."""
    place.write(directory=place.models.name, trusted_key=f"keys/{place.key.name}")
    assert place.findings()["directory"]["verdict"] == "ok"
    done = place.mien("run", "--pace", "fast")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_doctor_names_folder_and_key(place: Place) -> None:
    found = place.findings()
    assert {name: each["verdict"] for name, each in found.items()} == {
        "signature": "ok", "directory": "ok", "emotion": "ok", "emotion_small": "ok",
        "face_160": "ok", "face_320": "ok",
    }  # fmt: skip
    assert str(place.models) in found["directory"]["text"]
    assert "emotion.tflite, face_160.tflite as signed, key" in found["directory"]["text"]


def corrupt(place: Place) -> str:
    content = bytearray((place.models / EMOTION.name).read_bytes())
    content[len(content) // 2] ^= 1
    (place.models / EMOTION.name).write_bytes(content)
    return f"emotion.tflite: {len(content)} bytes of SHA-256 "


def truncate(place: Place) -> str:
    model = place.models / EMOTION.name
    content = model.read_bytes()[:-1000]
    model.write_bytes(content)
    return f"emotion.tflite: {len(content)} bytes of SHA-256 "


def sign_otherwise(place: Place) -> str:
    """Another model, its card, its golden file, its manifest: all fit, but for the key."""
    replace(place.models / EMOTION.name, lambda content: content.extend(b"forged"))
    sign(place.models, STRANGER)
    return "signed by somebody else"


def name_another_key(place: Place) -> str:
    place.write(
        directory=str(place.models),
        trusted_key=str(STRANGER.write_public(place.keys / "stranger.pem")),
    )
    return "stranger.pem"


def name_no_key(place: Place) -> str:
    place.write(directory=str(place.models))
    return f"not signed with {RELEASE_KEY}"


def name_the_private_key(place: Place) -> str:
    place.write(directory=str(place.models), trusted_key=str(place.keys / "signing-key.pem"))
    return "signing-key.pem: not an Ed25519 public key"


def lose_the_key(place: Place) -> str:
    place.key.unlink()
    return "signing-key.pub.pem: No such file or directory"


def lose_the_signature(place: Place) -> str:
    (place.models / "manifest.sig").unlink()
    return "manifest.sig: No such file or directory"


def lose_a_model(place: Place) -> str:
    (place.models / EMOTION.name).unlink()
    return "emotion.tflite: No such file or directory"


@pytest.mark.parametrize(
    "spoil",
    [
        corrupt, truncate, sign_otherwise, name_another_key, name_no_key, name_the_private_key,
        lose_the_key, lose_the_signature, lose_a_model,
    ],
)  # fmt: skip
def test_what_is_not_as_signed_is_refused_in_one_line(
    place: Place, spoil: Callable[[Place], str]
) -> None:
    said = spoil(place)
    done = place.mien("run")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("mien: /")
    assert said in done.stderr
    assert "PRIVATE" not in done.stderr
    # What the doctor does, without a process of its own; how it tells is tested with other folders.
    settings = read_settings(place.settings, {})
    found = {
        each.name: each for each in check_models(settings.perception, model_folder(settings.models))
    }
    assert {name: each.verdict for name, each in found.items()} == {
        "signature": "ok", "directory": "failure",
    }  # fmt: skip
    assert said in found["directory"].text
    assert found["directory"].advice


def test_a_changed_model_signed_again_by_its_owner_is_taken(place: Place) -> None:
    replace(place.models / EMOTION.name, lambda content: content.extend(b"better"))
    assert place.mien("run").returncode == 1
    place.sign()
    assert place.findings()["emotion"]["verdict"] == "ok"


def test_a_model_in_another_s_place(place: Place) -> None:
    """Rightly signed, and yet no emotion classifier: both commands say so."""
    for path in place.models.glob("face_160.*"):
        path.rename(place.models / path.name.replace("face_160", "emotion"))
    place.sign()
    done = place.mien("run")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "its card is no emotion classifier's" in done.stderr
    assert place.findings()["emotion"]["verdict"] == "failure"


def test_without_signatures_the_folder_is_taken_and_the_doctor_says_so(place: Place) -> None:
    for path in (*place.models.glob("manifest.*"), *place.models.glob("*.golden.json")):
        path.unlink()
    place.write(directory=str(place.models), require_signature=False)
    done = place.mien("run", "--pace", "fast")
    assert (done.returncode, done.stderr) == (0, "")
    found = place.findings()
    assert "no signature is asked for" in found["directory"]["text"]
    assert found["emotion"]["verdict"] == "warning"
    assert "without a golden file" in found["emotion"]["text"]


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_a_key_without_a_folder_of_one_s_own(place: Place, command: str) -> None:
    place.write(trusted_key=str(place.key))
    done = place.mien(command)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"mien: {place.settings}: ")
    assert "`models" in done.stderr
