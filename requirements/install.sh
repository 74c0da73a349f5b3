#!/bin/sh
# Make a virtual environment from a locked list and put Mien into it.
# Usage: requirements/install.sh VENV LIST        (PYTHON names the interpreter, python3 if unset)
set -eu
venv=$1
list=$2
python=${PYTHON:-python3}

make_venv() {
  # Only Debian's python3-venv brings ensurepip; without it a half-made folder stays behind.
  "$python" -c 'import ensurepip, venv' 2>/dev/null && "$python" -m venv --clear "$venv"
}

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || {
  echo "$python is $("$python" --version); Mien needs Python 3.11 to 3.13: make PYTHON=python3.11 …" >&2
  exit 1
}
if ! make_venv; then
  "$(dirname "$0")/apt_install.sh" python3-venv "$python -m venv"
  make_venv
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$list"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable .
touch "$venv/.complete"
