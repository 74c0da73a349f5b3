"""A folder of models with its signed manifest → what of it may be loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from edge_app.perception.card import (
    ModelCard,
    ModelError,
    Sha256,
    card_path,
    decode_card,
    decode_versioned,
)
from edge_app.perception.ed25519 import PublicKey

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"

#: The 64 bytes of an Ed25519 signature over the manifest's bytes.
SIGNATURE = "manifest.sig"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file as it was when the manifest was signed."""

    sha256: Sha256
    size: Annotated[int, Meta(ge=0, description="In bytes.")]

    @classmethod
    def of(cls, content: bytes) -> Entry:
        """The entry that `content` is described by."""
        return cls(hashlib.sha256(content).hexdigest(), len(content))


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files of a folder by name: models, cards and golden files."""

    schema_version: int
    files: dict[str, Entry]


_DECODER = msgspec.json.Decoder(Manifest)


def read_key(path: Path) -> PublicKey:
    """Read a public key in PEM form.

    Raises:
        ModelError: it cannot be read, or is no Ed25519 public key.
    """
    try:
        return PublicKey.from_pem(path.read_text(encoding="ascii"))
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; models are checked with this key") from error
    except ValueError as error:
        raise ModelError(f"{path}: not an Ed25519 public key: {error}") from error


def read_manifest(folder: Path, key: Path) -> Manifest:
    """Read the manifest of `folder`, which must be signed with `key` (public, PEM).

    Raises:
        ModelError: manifest, signature or key are missing or damaged, or do not belong together.
    """
    path = folder / MANIFEST
    content = _read(path, "models are listed there and signed; install them again")
    signature = _read(folder / SIGNATURE, f"{MANIFEST} must be signed; install the models again")
    trusted = read_key(key)
    if not trusted.verifies(signature, content):
        raise ModelError(
            f"{path}: not signed with {key} (SHA-256 {trusted.fingerprint[:12]}…): it was changed,"
            " or signed by somebody else; install the models again from where you trust them"
        )
    return decode_versioned(
        _DECODER, content, version=SCHEMA_VERSION, what="a manifest of models", where=str(path)
    )


def read_signed_card(model: Path, key: Path) -> ModelCard:
    """Read the card of `model`, having checked that the manifest beside it lists card and model.

    The model's own bytes are held to the card when they are read.

    Raises:
        ModelError: the manifest is not signed with `key`, or does not list these files as they are.
    """
    manifest = read_manifest(model.parent, key)
    path = card_path(model)
    content = _read(path, "a model needs its card beside it")
    _compare(path, content, manifest)
    card = decode_card(content, str(path))
    entry = _entry(model, manifest)
    if entry.sha256 != card.sha256:
        raise ModelError(
            f"{path}: the card of another model: it says SHA-256 {card.sha256[:12]}…, the signed"
            f" manifest {entry.sha256[:12]}… of {model.name}; install the models again"
        )
    return card


def verify_folder(folder: Path, key: Path) -> Manifest:
    """Check every file that the signed manifest of `folder` lists.

    Raises:
        ModelError: the manifest is not signed with `key`, or a file is missing or was changed.
    """
    manifest = read_manifest(folder, key)
    for name in manifest.files:
        path = folder / name
        _compare(path, _read(path, "the manifest lists it; install the models again"), manifest)
    return manifest


def _compare(path: Path, content: bytes, manifest: Manifest) -> None:
    signed, found = _entry(path, manifest), Entry.of(content)
    if found != signed:
        raise ModelError(
            f"{path}: {found.size} bytes of SHA-256 {found.sha256[:12]}…, the signed manifest says"
            f" {signed.size} bytes of {signed.sha256[:12]}…; install the models again, or sign"
            " them if they are yours (docs/models.md)"
        )


def _entry(path: Path, manifest: Manifest) -> Entry:
    entry = manifest.files.get(path.name)
    if entry is None:
        raise ModelError(
            f"{path}: not in the signed manifest beside it; keep your own models in another folder"
        )
    return entry


def _read(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; {remedy}") from error
