#!/bin/sh
# Make a virtual environment from a locked list, and one of what builds Mien, and put Mien into it.
# Usage: requirements/install.sh VENV LIST [MODULE]
# PYTHON names the interpreter, python3 if unset. MODULE comes by apt alone: where the interpreter
# has it, VENV sees the system's packages, behind its own.
set -eu
venv=$1
list=$2
module=${3:-}
python=${PYTHON:-python3}

sees_system=
if [ -n "$module" ] && "$python" -c "import $module" >/dev/null 2>&1; then
  sees_system=--system-site-packages
fi

make_venv() {
  # Only Debian's python3-venv brings ensurepip; without it a half-made folder stays behind.
  "$python" -c 'import ensurepip, venv' 2>/dev/null &&
    "$python" -m venv --clear $sees_system "$venv"
}

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || {
  echo "$python is $("$python" --version); Mien needs Python 3.11 to 3.13: make PYTHON=python3.11 …" >&2
  exit 1
}
if ! make_venv; then
  "$(dirname "$0")/apt_install.sh" python3-venv "$python -m venv"
  make_venv
fi
# A package of the system, even in the version that is locked, has not been held to its hash.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --ignore-installed \
  --require-hashes -r "$list" -r "$(dirname "$0")/backend.txt"
# In an environment of its own, pip would build Mien with whatever an index calls hatchling today.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
  --no-build-isolation --editable .
# Parts of picamera2 are compiled for the system's NumPy, on bookworm 1.24, cannot be imported with
# NumPy 2, and one process has one NumPy: as in our Debian package, the system's.
if [ -n "$sees_system" ] && ! "$venv/bin/python" -c "import $module" >/dev/null 2>&1; then
  "$venv/bin/python" -m pip uninstall --quiet --disable-pip-version-check --yes numpy
fi
touch "$venv/.complete"
