#!/bin/sh
# A real Home Assistant beside a real device: its entities, its switch, its buttons.
# Slow (it installs Home Assistant, 300 MB), so it is no part of `make test`.
# PYTHON_HOME_ASSISTANT: a Python 3.13, python3.13 by default. MIEN: the command of the device.
set -eu
cd "$(dirname "$0")/../.."
environment=build/home-assistant
python="${PYTHON_HOME_ASSISTANT:-python3.13}"
if [ ! -e "$environment/.complete" ]; then
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null || {
    echo "$python is no Python 3.13: name one, PYTHON_HOME_ASSISTANT=… $0" >&2
    exit 2
  }
  "$python" -m venv "$environment"
  "$environment/bin/pip" install --quiet --disable-pip-version-check \
    -r tests/home_assistant/requirements.txt
  touch "$environment/.complete"
fi
PATH="$PATH:/usr/sbin" MIEN="${MIEN:-.venv-dev/bin/mien}" \
  "$environment/bin/python" tests/home_assistant/check.py
