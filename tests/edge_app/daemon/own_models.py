"""A folder of somebody's own models, signed as `mien quantize sign` does it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from edge_app.perception.card import card_path
from edge_app.perception.golden import golden_path
from edge_app.perception.manifest import MANIFEST, Entry
from edge_app.perception.shipped import EMOTION, FACE_160
from tests.edge_app.perception.signatures import Signer

OWNER, STRANGER = Signer("owner"), Signer("stranger")


def make(folder: Path) -> Path:
    """An emotion model that is not Mien's by its hash, and a detector; nothing signed."""
    folder.mkdir()
    for model in (EMOTION, FACE_160):
        for path in (model, card_path(model), golden_path(model)):
            shutil.copy(path, folder)
    # What follows the network's bytes is never read.
    replace(folder / EMOTION.name, lambda content: content.extend(b"my own"))
    return folder


def replace(model: Path, edit: Callable[[bytearray], None]) -> None:
    """Change a model's bytes, and card and golden file with it, as a new training would."""
    content = bytearray(model.read_bytes())
    edit(content)
    model.write_bytes(content)
    sha256 = Entry.of(bytes(content)).sha256
    for path, field in ((card_path(model), "sha256"), (golden_path(model), "model_sha256")):
        path.write_text(json.dumps(json.loads(path.read_text()) | {field: sha256}))


def sign(folder: Path, signer: Signer = OWNER) -> None:
    """List every file as it is, and sign the list."""
    listed = [path for path in sorted(folder.iterdir()) if not path.name.startswith("manifest.")]
    files = {path.name: Entry.of(path.read_bytes()) for path in listed}
    entries = {name: {"sha256": each.sha256, "size": each.size} for name, each in files.items()}
    (folder / MANIFEST).write_text(json.dumps({"schema_version": 1, "files": entries}))
    signer.sign_folder(folder)
