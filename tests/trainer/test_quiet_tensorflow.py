import os
import subprocess
import sys

import pytest

_PROGRAM = """
import sys
from trainer.quiet_tensorflow import quiet_tensorflow
quiet_tensorflow()
import tensorflow, keras, numpy
model = keras.Sequential([keras.layers.Dense(2)])
model.compile("sgd", "mse")
model.fit(numpy.zeros((4, 3)), numpy.zeros((4, 2)), verbose=0)
sys.stderr.write("ours\\n")
"""
_UNSET = {key: value for key, value in os.environ.items() if not key.startswith("TF_CPP_")}


@pytest.mark.parametrize(
    ("asked", "is_quiet"), [({}, True), ({"TF_CPP_MIN_LOG_LEVEL": "0"}, False)]
)
def test_notes_are_for_who_asks_for_them(asked: dict[str, str], *, is_quiet: bool) -> None:
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=_UNSET | {"KERAS_BACKEND": "tensorflow"} | asked,
        capture_output=True, text=True, check=True, timeout=200,
    ).stderr.splitlines()  # fmt: skip
    assert said[-1] == "ours"
    assert (len(said) == 1) == is_quiet, said


def test_another_backend_needs_no_tensorflow() -> None:
    program = (
        "import sys; from trainer.quiet_tensorflow import quiet_tensorflow; quiet_tensorflow();"
        " sys.exit('tensorflow' in sys.modules)"
    )
    environment = _UNSET | {"KERAS_BACKEND": "torch"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=200)
