"""What a result says of the faces and of the machine."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from tests.trainer.synthetic import synthetic_faces
from trainer.batches import as_input
from trainer.reproduction.measuring import accuracy, processor


def test_the_processor_is_named_where_the_system_tells(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nmodel name\t: A Processor @ 2 GHz\nflags\t: fpu\n")
    assert processor(told) == "A Processor @ 2 GHz"
    told.write_text("processor\t: 0\n")
    assert processor(told)
    assert processor(tmp_path / "missing")


def test_where_all_faces_were_trained_on_nothing_is_said_without_them() -> None:
    faces = synthetic_faces(14)
    right = np.eye(7, dtype=np.float32)[faces.labels]
    model = SimpleNamespace(predict=lambda shown, **_: {"logits": right[: len(shown)]})
    known = accuracy(model, as_input(faces.pixels), faces, trained_on=faces)
    assert (known.accuracy, known.without_twins) == (1.0, None)
    half = faces.where(np.arange(14) < 7)
    assert accuracy(model, as_input(faces.pixels), faces, trained_on=half).without_twins == 1.0
