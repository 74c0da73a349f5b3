"""Signing keys, and a folder of models → its signed manifest."""

from __future__ import annotations

from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_app.durable_file import written_beside
from edge_app.perception.card import card_path, read_card, read_model
from edge_app.perception.golden import golden_path, read_golden
from edge_app.perception.manifest import (
    MANIFEST,
    SCHEMA_VERSION,
    SIGNATURE,
    Entry,
    Manifest,
    verify_folder,
)
from edge_app.perception.shipped import RELEASE_KEY, SHIPPED
from quantize.artefact import write_together
from quantize.errors import QuantizeError

PRIVATE = "signing-key.pem"
PUBLIC = "signing-key.pub.pem"


def make_keys(folder: Path) -> tuple[Path, Path]:
    """Make a new pair of keys in `folder`: the private one, which only its owner can read, and
    the public one, both in PEM form.

    Raises:
        QuantizeError: there is a key already, or the folder cannot be written.
    """
    private, public = folder / PRIVATE, folder / PUBLIC
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    for path in (private, public):
        if path.exists():
            raise QuantizeError(
                f"{path}: is there already and is not replaced; name another folder"
            )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Both are on the disk before either has its name: half a pair would be in the way for good.
        with (
            written_beside(private, secret, mode=0o600) as put_private,
            written_beside(public, _pem(key), mode=0o644) as put_public,
        ):
            put_private()
            put_public()
    except OSError as error:
        raise QuantizeError(f"{folder}: keys cannot be written: {error.strerror}") from error
    return private, public


def public_half(folder: Path, private: Path) -> Path:
    """Where the public key of `folder` lies if nobody names it.

    Mien's own key for the shipped models; for any other folder the file beside `private`, as
    `make_keys` leaves it.
    """
    return RELEASE_KEY if _same(folder, SHIPPED) else private.parent / f"{private.stem}.pub.pem"


def check_keys(
    folder: Path, private: Path, public: Path, *, new_key: bool = False
) -> Ed25519PrivateKey:
    """The key in `private`, if `folder` may be signed with it for devices that trust `public`.

    They must be a pair, unless `new_key` says that `public` is to be written. Mien's own key is the
    shipped models' alone: replaced for another folder it would have devices refuse Mien's models,
    and so would any other key that these are signed with.

    Raises:
        QuantizeError: the keys are no pair, cannot be read, or are not for this folder.
    """
    is_shipped, is_release_key = _same(folder, SHIPPED), _same(public, RELEASE_KEY)
    if is_shipped and not is_release_key:
        raise QuantizeError(
            f"{public}: devices check Mien's own models, {folder}, with {RELEASE_KEY}; name the"
            " folder of your own models, or leave --public-key out"
        )
    if is_release_key and new_key and not is_shipped:
        raise QuantizeError(
            f"{public}: is replaced only as Mien's own models are signed, which devices check with"
            " it; name your own public key with --public-key"
        )
    key = _read_private(private)
    if not new_key and (not public.is_file() or public.read_bytes() != _pem(key)):
        remedy = "name this one's with --public-key"
        if is_shipped:
            remedy = "say --new-key to make devices trust this one"
        elif not is_release_key:
            remedy += ", or say --new-key to write it there"
        raise QuantizeError(
            f"{private}: not the other half of {public}, which devices check with; sign with the"
            f" key of that, or {remedy}"
        )
    return key


def sign_folder(folder: Path, private: Path, public: Path, *, new_key: bool = False) -> Manifest:
    """List every model of `folder` with card and golden file, and sign the list.

    private: the key to sign with; public: the key that devices check with, a pair as `check_keys`
    asks for. new_key: write `public` too.

    Raises:
        ModelError: a model, its card and its golden file do not belong together.
        QuantizeError: as `check_keys`, or there are no models, or the folder cannot be written.
    """
    key = check_keys(folder, private, public, new_key=new_key)
    manifest = Manifest(SCHEMA_VERSION, _entries(folder))
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    if new_key:
        # After the models were read: a wrong folder must not cost the key that is trusted now.
        write_together([(public, _pem(key))])
    write_together([(folder / MANIFEST, content), (folder / SIGNATURE, key.sign(content))])
    return verify_folder(folder, public)


def _entries(folder: Path) -> dict[str, Entry]:
    entries = {}
    for model in sorted(folder.glob("*.tflite")):
        card = read_card(model)
        read_model(model, card)
        if read_golden(model).model_sha256 != card.sha256:
            raise QuantizeError(f"{golden_path(model)}: another model's; make it again first")
        for path in (model, card_path(model), golden_path(model)):
            entries[path.name] = Entry.of(path.read_bytes())
    if not entries:
        raise QuantizeError(f"{folder}: holds no .tflite file; name a folder of models")
    return entries


def _read_private(path: Path) -> Ed25519PrivateKey:
    if path.is_dir():
        raise QuantizeError(f"{path}: a folder; name the private key in it, as {path / PRIVATE}")
    try:
        if path.stat().st_mode & 0o077:
            raise QuantizeError(f"{path}: others can read this private key; chmod 600 {path}")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise QuantizeError(
            f"{path}: {error.strerror}; mien quantize keys FOLDER makes a key"
        ) from error
    except (ValueError, TypeError) as error:
        raise QuantizeError(f"{path}: not a private key without a password: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise QuantizeError(f"{path}: not an Ed25519 key; mien quantize keys FOLDER makes one")
    return key


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
