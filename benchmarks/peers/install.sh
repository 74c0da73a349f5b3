#!/bin/sh
# The peers' packages → build/peers, beside Mien's own environments and never inside of them.
set -eu
here=$(dirname "$0")
folder=${1:-build/peers}
mkdir -p "$folder/node"
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cp "$here/package.json" "$folder/node/"
cp "$here/face_api.js" "$folder/node/"
(cd "$folder/node" && npm install --no-audit --no-fund --silent)
