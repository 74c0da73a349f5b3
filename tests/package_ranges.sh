#!/bin/sh
# The device's tests on the ends of what pyproject.toml allows: the oldest and the newest Python and
# packages, and tflite-runtime in LiteRT's place. An interpreter that is missing is named.
set -eu
cd "$(dirname "$0")/.."
litert=$(sed -n 's/^\(ai-edge-litert==[^ ]*\).*/\1/p' requirements/device.txt)
tests="tests/edge_app/perception tests/edge_app/events tests/edge_app/frames
       tests/edge_app/daemon/test_stages.py tests/edge_app/daemon/test_request_desk.py
       tests/edge_app/test_settings.py"
tools="pytest pytest-timeout scikit-image packaging"

row() { # NAME PYTHON PACKAGE…
  name=$1 python=$2
  shift 2
  echo "== $name: $python, $*"
  command -v "$python" >/dev/null || { echo "$python is not installed; left out"; missing=1; return; }
  venv=.venv-ranges/$name
  "$python" -m venv --clear "$venv"
  install="$venv/bin/python -m pip install -q --disable-pip-version-check"
  $install "$@"
  $install $tools
  $install --no-deps -e .
  "$venv/bin/python" -c 'import cv2, numpy, sys
from edge_app.perception import Perception
print(sys.version.split()[0], "NumPy", numpy.__version__, "OpenCV", cv2.__version__,
      Perception.load().classifier.model.runtime)'
  "$venv/bin/python" -m pytest -q -p no:cacheprovider $tests
}

missing=
oldest="opencv-python-headless==4.11.0.86 msgspec==0.20.0 paho-mqtt==2.1.0 tqdm==4.66.1"
row oldest python3.11 numpy==1.24.4 "$litert" $oldest
row tflite python3.11 numpy==1.26.4 tflite-runtime==2.14.0 $oldest
row newest python3.13 -r requirements/device.txt
[ -z "$missing" ] || { echo "not every row ran" >&2; exit 1; }
