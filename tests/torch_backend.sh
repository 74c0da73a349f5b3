#!/bin/sh
# The networks, training and what a run keeps on Keras' PyTorch backend, in an environment of its own: PyTorch is no
# part of .venv-dev. Quantizing needs TensorFlow, and figures of int8 models have no backend.
set -eu
cd "$(dirname "$0")/.."
venv=.venv-torch
if [ ! "$venv/.complete" -nt tests/torch_backend.sh ]; then
  "${PYTHON:-python3}" -m venv --clear "$venv"
  install="$venv/bin/python -m pip install -q --disable-pip-version-check"
  # The rest of the locked list holds TensorFlow.
  pins=$(sed -n 's/^\(\(keras\|h5py\|ai-edge-litert\|msgspec\|tqdm\|opencv-python-headless\|scikit-image\)==[^ ;]*\).*/\1/p' \
    requirements/dev.txt)
  $install torch==2.13.0 $pins pytest pytest-timeout
  $install --no-deps -e .
  touch "$venv/.complete"
fi
KERAS_BACKEND=torch "$venv/bin/python" -m pytest -q -p no:cacheprovider \
  tests/trainer/networks tests/trainer/test_training.py tests/trainer/test_cli.py tests/trainer/test_checkpoints.py \
  tests/trainer/test_averaging.py tests/trainer/test_augmentation.py tests/trainer/test_disguises.py \
  tests/trainer/test_occlusion.py tests/trainer/test_heads.py tests/trainer/test_kept_front.py \
  tests/trainer/test_lessons.py
