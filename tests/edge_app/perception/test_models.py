"""Models that do not fit their cards are refused in one clear line."""

import hashlib
import json
import math
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edge_app.perception import EmotionClassifier, FaceDetector, ModelError, Perception
from edge_app.perception import runtime as runtime_module
from edge_app.perception.card import DEFAULT_ANSWER, Tensor, deciding_sha256, read_card
from edge_app.perception.classifier import check_classifier
from edge_app.perception.golden import golden_input
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.runtime import make_interpreter
from edge_app.perception.shipped import EMOTION, FACE_160, FACE_320


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the shipped classifier with its card."""
    for path in (EMOTION, EMOTION.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    return tmp_path / EMOTION.name


def refusal(model: Path) -> str:
    with pytest.raises(ModelError) as caught:
        EmotionClassifier.load(model)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(model.parent))
    return message


def change_card(model: Path, **changed: object) -> None:
    path = model.with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def replace_model(model: Path, content: bytes) -> None:
    model.write_bytes(content)
    change_card(model, sha256=hashlib.sha256(content).hexdigest())


def test_a_copy_with_its_card_is_taken(model: Path) -> None:
    assert EmotionClassifier.load(model).labels == EmotionClassifier.load().labels


def test_one_changed_byte_is_noticed(model: Path) -> None:
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    assert "install both again" in refusal(model)


def test_a_truncated_model_is_noticed(model: Path) -> None:
    model.write_bytes(model.read_bytes()[:-100])
    assert "SHA-256" in refusal(model)


def test_a_model_without_a_card_is_refused(model: Path) -> None:
    model.with_suffix(".json").unlink()
    assert "needs its card" in refusal(model)


def test_a_card_without_a_model_is_refused(model: Path) -> None:
    model.unlink()
    assert "No such file" in refusal(model)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"schema_version": 99}, "schema version 99"),
        ({"schema_version": 2, "task": "poetry", "colour": "blue"}, "schema version 2, this Mien"),
        ({"schema_version": "2"}, "not a model card"),
        ({"task": "poetry"}, "not a model card"),
        ({"temperature": "warm"}, "temperature"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_card_of_another_form_is_refused(
    model: Path, changed: dict[str, object], said: str
) -> None:
    change_card(model, **changed)
    assert said in refusal(model)


def test_a_card_that_is_no_json_is_refused(model: Path) -> None:
    model.with_suffix(".json").write_bytes(b"\xff{")
    assert "not a model card" in refusal(model)


def test_a_card_that_is_nested_deeply_is_refused(model: Path) -> None:
    model.with_suffix(".json").write_bytes(b'{"schema_version": 1, "figures": ' + b"[" * 100_000)
    assert "its JSON is nested too deeply" in refusal(model)


def test_a_card_whose_input_is_not_the_models_is_refused(model: Path) -> None:
    card = json.loads(model.with_suffix(".json").read_text())
    change_card(model, input=card["input"] | {"zero_point": 0})
    assert "its card says" in refusal(model)


def test_labels_that_are_not_as_many_as_outputs_are_refused(model: Path) -> None:
    change_card(model, heads=[{"name": "logits", "labels": ["happy", "sad"]}])
    assert "2 labels" in refusal(model)


@pytest.mark.parametrize(
    "changed",
    [
        *({"shape": shape} for shape in ((1,), (1, 9), (48, 48, 9), (1, 48, 48, 9, 1))),
        {"scale": 1 / 128},
        {"zero_point": 0},
    ],
)
def test_an_input_of_which_pixels_are_none_is_refused(changed: dict[str, Any]) -> None:
    """Without sides, or where 255 is not 1: it would be shown noise, or half of each face."""
    card = read_card(EMOTION)
    border = msgspec.structs.replace(card.input, **changed)
    with pytest.raises(ModelError, match=r"a classifier takes int8 .*: quantize it again"):
        check_classifier(EMOTION, msgspec.structs.replace(card, input=border), DEFAULT_ANSWER)


def test_logits_that_are_no_bytes_are_refused() -> None:
    card = read_card(EMOTION)
    logits = {"logits": Tensor(card.outputs["logits"].shape, "float32", 0.1, 0)}
    with pytest.raises(ModelError, match="one output, logits, int8"):
        check_classifier(EMOTION, msgspec.structs.replace(card, outputs=logits), DEFAULT_ANSWER)


@pytest.mark.parametrize(
    "changed",
    [
        {"right_eye": [15.2, 18.2], "left_eye": [32.0, 18.5],
         "right_mouth": [16.7, 38.9], "left_mouth": [30.3, 39.0]},
        {"right_eye": [0.5, 0.5], "left_eye": [0.5, 0.5],
         "right_mouth": [0.5, 0.5], "left_mouth": [0.5, 0.5]},
        {"left_mouth": [0.65, 1.01]},
        {"right_eye": [-0.01, 0.38]},
        {"right_eye": [0.67, 0.39], "left_eye": [0.32, 0.38]},
        {"right_eye": [0.60, 0.38]},
        {"right_mouth": [0.67, 0.81], "left_mouth": [0.35, 0.81]},
        {"right_mouth": [0.35, 0.2], "left_mouth": [0.65, 0.2]},
        {"right_mouth": [0.35, 0.45], "left_mouth": [0.65, 0.45]},
    ],
    ids=[
        "pixels", "one point", "beyond the crop", "before the crop", "eyes the other way round",
        "eyes too close", "mouth the other way round", "upside down", "too flat",
    ],
)  # fmt: skip
def test_an_alignment_that_cuts_out_no_face_is_refused(
    model: Path, changed: dict[str, list[float]]
) -> None:
    card = json.loads(model.with_suffix(".json").read_text())
    change_card(model, alignment=card["alignment"] | changed)
    assert "its card's alignment is no face's" in refusal(model)


def test_an_alignment_of_wide_crops_is_taken(model: Path) -> None:
    card = json.loads(model.with_suffix(".json").read_text())
    wide = {"right_eye": [0.44, 0.45], "left_eye": [0.56, 0.45],
            "right_mouth": [0.46, 0.6], "left_mouth": [0.54, 0.6]}  # fmt: skip
    change_card(model, alignment=card["alignment"] | wide)
    assert EmotionClassifier.load(model).alignment.left_mouth == (0.54, 0.6)


def test_a_label_that_is_mien_s_own_word_is_refused(model: Path) -> None:
    stored = model.with_suffix(".json").read_text()
    assert stored.count('"surprise"') > 2
    model.with_suffix(".json").write_text(stored.replace('"surprise"', '"unsure"'))
    assert "has the label 'unsure'" in refusal(model)


def test_an_answer_that_its_heads_cannot_give_is_refused(model: Path) -> None:
    stored = json.loads(model.with_suffix(".json").read_text())
    stored["answers"]["default"]["shares"] = {"nobody": 1.0}
    change_card(model, answers=stored["answers"])
    assert "do not make an answer" in refusal(model)


def test_an_unknown_answer_is_refused_with_those_that_there_are(model: Path) -> None:
    with pytest.raises(ModelError, match="no answer 'poetic'; ask for default"):
        EmotionClassifier.load(model, answer="poetic")


def test_a_detector_is_no_classifier_and_the_other_way_round() -> None:
    with pytest.raises(ModelError, match="no emotion classifier"):
        EmotionClassifier.load(FACE_320)
    with pytest.raises(ModelError, match="no face detector"):
        FaceDetector.load(EMOTION)


@pytest.mark.parametrize(
    ("model", "changed"),
    [
        (EMOTION, {"sha256": "0" * 64}),
        (EMOTION, {"alignment": {"margin": 0.5}}),
        (EMOTION, {"answers": {"default": {"temperature": 1.5}}}),
        (EMOTION, {"answers": {"default": {"labels": ["one", "two"]}}}),
        (FACE_320, {"sha256": "0" * 64}),
        (FACE_320, {"score_threshold": 0.7}),
    ],
)
def test_what_decides_answers_is_told_from_where_a_card_is_from(
    model: Path, changed: dict[str, Any]
) -> None:
    card = read_card(model)
    said = msgspec.to_builtins(card)

    def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        return old | {
            key: merged(old[key], value) if isinstance(value, dict) else value
            for key, value in new.items()
        }

    def hash_with(changes: dict[str, Any]) -> str:
        return deciding_sha256([msgspec.convert(merged(said, changes), type(card))])

    assert hash_with({}) == deciding_sha256([card])
    assert hash_with(changed) != deciding_sha256([card])
    told = {
        "name": "other", "licence": "MIT", "source": "s", "training_data": "t", "git_revision": "1",
        "figures": {"accuracy": 1.0}, "recipe": {"name": "r"},
    }  # fmt: skip
    assert hash_with(told) == deciding_sha256([card])
    assert deciding_sha256([card, card]) != deciding_sha256([card])


def test_a_path_may_be_text() -> None:
    assert FaceDetector.load(str(FACE_320)).model.path == FACE_320
    assert EmotionClassifier.load(str(EMOTION)).model.path == EMOTION


def test_without_a_runtime_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        runtime_module, "RUNTIMES", (("nothing", "no_such_runtime"), ("none", "nor_this_one"))
    )
    with pytest.raises(ModelError, match=r"install ai-edge-litert.*no_such_runtime.*nor_this_one"):
        make_interpreter(EMOTION.read_bytes(), threads=1)


def test_a_file_that_the_runtime_refuses_is_named(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_model(model, EMOTION.read_bytes()[:-100])
    monkeypatch.setattr(
        runtime_module, "RUNTIMES", (*runtime_module.RUNTIMES, ("nothing", "no_such_runtime"))
    )
    said = refusal(model)
    assert "refused by the TFLite runtime that is installed" in said
    assert "install ai-edge-litert" not in said
    assert "no_such_runtime" not in said


def test_a_model_without_a_signature_is_refused(model: Path) -> None:
    # tflite-runtime brings none.
    flatbuffers = pytest.importorskip("ai_edge_litert.tools.flatbuffer_utils")
    graph = flatbuffers.read_model_from_bytearray(bytearray(EMOTION.read_bytes()))
    graph.signatureDefs = []
    replace_model(model, bytes(flatbuffers.convert_object_to_bytearray(graph)))
    assert "needs one signature" in refusal(model)


def test_the_next_runtime_is_taken_where_the_first_does_not_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, usual = make_interpreter(EMOTION.read_bytes(), threads=1)
    monkeypatch.setattr(
        runtime_module, "RUNTIMES", (("nothing", "no_such_runtime"), *runtime_module.RUNTIMES)
    )
    _, runtime = make_interpreter(EMOTION.read_bytes(), threads=1)
    assert runtime == usual
    assert str(runtime) == f"{runtime.name} {runtime.version}"


def test_loading_says_nothing_on_standard_error() -> None:
    program = "from edge_app.perception import Perception; Perception.load()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_threads_that_load_at_once_leave_standard_error_where_it_is() -> None:
    program = """
import os, sys, threading
from edge_app.perception import EmotionClassifier, FaceDetector

def load():
    both.wait()
    FaceDetector.load()
    EmotionClassifier.load()

for _ in range(3):
    both = threading.Barrier(2)
    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print("still here", file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "still here\n")


def test_without_standard_error_models_load_too() -> None:
    program = "from edge_app.perception import Perception; Perception.load(); print('loaded')"
    words = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", program]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "loaded\n")


@pytest.mark.parametrize("threads", [0, -1, 1.5, 2.0, math.nan, "2", "two", None])
def test_what_is_no_number_of_threads_is_refused(threads: Any) -> None:
    with pytest.raises(ModelError, match=f"threads is {threads!r}; ask for a whole number, 1 or"):
        EmotionClassifier.load(threads=threads)


def test_threads_may_be_counted_by_numpy() -> None:
    threads: Any = np.int64(2)
    assert EmotionClassifier.load(threads=threads).labels


@pytest.mark.parametrize("path", ["", "/"])
def test_a_path_that_names_no_file_is_refused(path: str) -> None:
    for load in (EmotionClassifier.load, FaceDetector.load):
        with pytest.raises(ModelError, match="names no file; name a model"):
            load(path)
    with pytest.raises(ModelError, match="names no file"):
        Perception.load(detector=path)


def test_the_classifier_takes_crops_of_any_size() -> None:
    classifier = EmotionClassifier.load()
    rng = np.random.default_rng(2)
    for height, width in ((8, 8), (48, 48), (31, 77), (500, 400)):
        crops = rng.integers(0, 256, (3, height, width), np.uint8)
        probabilities = classifier.predict(crops)
        assert probabilities.shape == (3, len(classifier.labels))
        assert probabilities.dtype == np.float32
        assert np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
        assert np.array_equal(classifier.predict(crops[1:2])[0], probabilities[1])


def test_a_fine_pattern_of_a_large_crop_makes_no_coarse_one_in_the_small() -> None:
    classifier = EmotionClassifier.load()
    rows, columns = np.indices((5 * classifier.side, 5 * classifier.side))
    checked = ((rows + columns) % 2 * 255).astype(np.uint8)
    assert np.ptp(classifier._fitted(checked)) < 20


def test_no_crops_are_no_answers() -> None:
    classifier = EmotionClassifier.load()
    empty = classifier.predict(np.empty((0, 48, 48), np.uint8))
    assert empty.shape == (0, len(classifier.labels))


def test_what_is_laid_out_in_place_runs_like_a_batch() -> None:
    model = Int8Model.load(FACE_160)
    given = golden_input(model.card.input.shape, 0)
    expected = model.run(given)
    found = model.run_laid_out(partial(np.copyto, src=given))
    assert list(found) == list(expected)
    assert len(found) == len(expected)
    assert all((found[name] == values).all() for name, values in expected.items())
    other = model.run_laid_out(partial(np.copyto, src=np.bitwise_not(given)))
    assert any((other[name] != values).any() for name, values in expected.items())
