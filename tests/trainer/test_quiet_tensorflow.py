import os
import signal
import subprocess
import sys
from pathlib import Path

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


def test_why_tensorflow_aborts_is_told(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(
        "import os\n"
        "os.write(2, b'I0000 a note\\nF0000 this processor has no AVX\\nand no end of line')\n"
        "os.abort()\n"
    )
    path = os.pathsep.join((str(tmp_path), str(Path(__file__).parents[2])))
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=tmp_path,
        env=_UNSET | {"KERAS_BACKEND": "tensorflow", "PYTHONPATH": path},
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == -signal.SIGABRT
    assert done.stderr.splitlines() == ["F0000 this processor has no AVX", "and no end of line"]


def test_another_backend_needs_no_tensorflow() -> None:
    program = (
        "import sys; from trainer.quiet_tensorflow import quiet_tensorflow; quiet_tensorflow();"
        " sys.exit('tensorflow' in sys.modules)"
    )
    environment = _UNSET | {"KERAS_BACKEND": "torch"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=200)
