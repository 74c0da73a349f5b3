"""`mien quantize golden`, `keys` and `sign`: models → what devices trust them by."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge_app.perception.card import read_card, read_model
from edge_app.perception.model_folder import NAMES
from edge_app.perception.shipped import SHIPPED
from quantize.notes import tell_unknown_names


def add_to(models: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Say what the commands take."""
    golden = models.add_parser("golden", help="models → the golden files beside them")
    golden.add_argument("models", nargs="+", type=Path, metavar="MODEL.tflite")
    golden.set_defaults(make=_golden)
    keys = models.add_parser("keys", help="make a pair of keys to sign models with")
    keys.add_argument("folder", type=Path, help="where to; best outside of any repository")
    keys.set_defaults(make=_keys)
    sign = models.add_parser("sign", help="golden files for a folder of models, and its signature")
    sign.add_argument("folder", type=Path, nargs="?", default=SHIPPED, help="the shipped models")
    sign.add_argument("--key", type=Path, required=True, help="private key of mien quantize keys")
    sign.add_argument(
        "--public-key",
        type=Path,
        help="what devices check with (Mien's own for its models, else the one beside the private)",
    )
    sign.add_argument(
        "--new-key", action="store_true", help="write the public key too: devices trust a new one"
    )
    sign.set_defaults(make=_sign)


def _golden(arguments: argparse.Namespace) -> int:
    from quantize.golden import write_golden  # noqa: PLC0415 - runs models

    for model in arguments.models:
        print(f"written: {write_golden(model)}")
    return 0


def _keys(arguments: argparse.Namespace) -> int:
    from quantize.signing import make_keys  # noqa: PLC0415 - needs cryptography

    private, public = make_keys(arguments.folder)
    print(f"{private}: sign with it, keep it secret, and keep a copy where nobody else comes")
    print(f"{public}: give it to the devices")
    return 0


def _sign(arguments: argparse.Namespace) -> int:
    from quantize.golden import write_golden  # noqa: PLC0415 - runs models
    from quantize.signing import (  # noqa: PLC0415 - needs cryptography
        check_keys,
        public_half,
        sign_folder,
    )

    folder, private = arguments.folder, arguments.key
    public = arguments.public_key or public_half(folder, private)
    # Keys and cards before the golden files: a refused call leaves the folder as it was.
    check_keys(folder, private, public, new_key=arguments.new_key)
    models = sorted(folder.glob("*.tflite"))
    for model in models:
        read_model(model, read_card(model))
    for model in models:
        write_golden(model)
    signed = sign_folder(folder, private, public, new_key=arguments.new_key)
    print(f"signed: {len(signed.files)} files of {folder}; devices check them with {public}")
    tell_unknown_names(models, NAMES)
    return 0
