#!/bin/sh
# What differs on Keras' PyTorch backend, in an environment of its own: PyTorch is no part of .venv-dev.
set -eu
cd "$(dirname "$0")/.."
venv=.venv-torch
if [ ! -e "$venv/.complete" ]; then
  "${PYTHON:-python3}" -m venv --clear "$venv"
  install="$venv/bin/python -m pip install -q --disable-pip-version-check"
  # The rest of the locked list holds TensorFlow.
  pins=$(sed -n 's/^\(\(keras\|h5py\|ai-edge-litert\|msgspec\|tqdm\|opencv-python-headless\)==[^ ;]*\).*/\1/p' \
    requirements/dev.txt)
  $install torch==2.13.0 $pins pytest pytest-timeout
  $install --no-deps -e .
  touch "$venv/.complete"
fi
KERAS_BACKEND=torch "$venv/bin/python" -m pytest -q -p no:cacheprovider tests/trainer/networks/test_fused.py
