"""A message, its Ed25519 signature and a public key → whether they belong together (RFC 8032).

Verification alone, which handles no secret: keys and signatures are made by `cryptography`, on a
workstation. On the device that library would take 13 MB of memory for one check at the start, and
has no wheels for 32 bit: docs/models.md.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
from dataclasses import dataclass
from typing import Self

#: A point in extended homogeneous coordinates: x = X/Z, y = Y/Z, x*y = T/Z.
Point = tuple[int, int, int, int]

#: The field's prime, the order of the base point, and the curve's constant (RFC 8032, 5.1).
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = 37095705934669439343138083508754565189542113879843219016388785533085940283555

#: The base point.
BASE: Point = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
    1,
    46827403850823179245072216630277197565144205554125654976674165829533817101731,
)

#: A root of -1.
ROOT = 19681161376707505956807079304988542015446066515923890162744021073123829784752

#: What DER puts before the 32 bytes of an Ed25519 public key (RFC 8410).
DER_PREFIX = bytes.fromhex("302a300506032b6570032100")
BEGIN, END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key: 32 bytes."""

    raw: bytes

    @classmethod
    def from_pem(cls, text: str) -> Self:
        """Read the key as `cryptography` and OpenSSL write it.

        Raises:
            ValueError: the text is no Ed25519 public key in PEM form.
        """
        lines = text.strip().splitlines()
        if len(lines) < 3 or (lines[0].strip(), lines[-1].strip()) != (BEGIN, END):
            raise ValueError("no public key in PEM form")
        try:
            der = base64.b64decode("".join(lines[1:-1]), validate=True)
        except binascii.Error as error:
            raise ValueError(f"damaged PEM: {error}") from error
        if len(der) != len(DER_PREFIX) + 32 or not der.startswith(DER_PREFIX):
            raise ValueError("no Ed25519 key")
        return cls(der[len(DER_PREFIX) :])

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key, to compare by eye."""
        return hashlib.sha256(self.raw).hexdigest()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Tell whether this key's owner signed `message`; `signature` is 64 bytes."""
        return _verifies(self.raw, signature, message)


@functools.lru_cache(maxsize=8)
def _verifies(key: bytes, signature: bytes, message: bytes) -> bool:
    if len(key) != 32 or len(signature) != 64:
        return False
    r_bytes, s = signature[:32], int.from_bytes(signature[32:], "little")
    public, r = _decompress(key), _decompress(r_bytes)
    # A larger s would be a second signature of the same message.
    if public is None or r is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(r_bytes + key + message).digest(), "little") % ORDER
    return _equal(multiply(s, BASE), _add(r, multiply(k, public)))


def multiply(factor: int, point: Point) -> Point:
    """Add `point` to itself `factor` times."""
    total = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total


def _add(one: Point, other: Point) -> Point:
    """RFC 8032, 5.1.4: complete, so that it doubles too."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _equal(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % P == 0


def _decompress(encoded: bytes) -> Point | None:
    """RFC 8032, 5.1.3; None where the bytes are no point."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P
