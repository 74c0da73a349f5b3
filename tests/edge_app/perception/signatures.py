"""Signs as RFC 8032 says, so that the device's tests need no library that the device lacks."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from edge_app.perception import ed25519
from edge_app.perception.manifest import MANIFEST, SIGNATURE


class Signer:
    """Somebody with a private key, made of a word. For tests only: anybody can guess it."""

    def __init__(self, word: str) -> None:
        expanded = hashlib.sha512(hashlib.sha256(word.encode()).digest()).digest()
        number = int.from_bytes(expanded[:32], "little")
        self._scalar = number & (2**254 - 8) | 2**254
        self._prefix = expanded[32:]
        self.public = ed25519.PublicKey(encode(ed25519.multiply(self._scalar, ed25519.BASE)))

    def sign(self, message: bytes) -> bytes:
        r = int.from_bytes(hashlib.sha512(self._prefix + message).digest(), "little")
        point = encode(ed25519.multiply(r % ed25519.ORDER, ed25519.BASE))
        k = int.from_bytes(hashlib.sha512(point + self.public.raw + message).digest(), "little")
        return point + ((r + k * self._scalar) % ed25519.ORDER).to_bytes(32, "little")

    def write_public(self, path: Path) -> Path:
        der = base64.b64encode(ed25519.DER_PREFIX + self.public.raw).decode()
        path.write_text(f"{ed25519.BEGIN}\n{der}\n{ed25519.END}\n")
        return path

    def sign_folder(self, folder: Path) -> None:
        (folder / SIGNATURE).write_bytes(self.sign((folder / MANIFEST).read_bytes()))


def encode(point: ed25519.Point) -> bytes:
    inverse = pow(point[2], -1, ed25519.P)
    x, y = point[0] * inverse % ed25519.P, point[1] * inverse % ed25519.P
    return (y | (x & 1) << 255).to_bytes(32, "little")
