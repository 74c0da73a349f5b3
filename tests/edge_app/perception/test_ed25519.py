"""Verification against the vectors of RFC 8032 (7.1), and against what must not verify."""

from __future__ import annotations

import base64

import pytest

from edge_app.perception.ed25519 import BEGIN, DER_PREFIX, END, ORDER, P, PublicKey
from tests.edge_app.perception.signatures import Signer

#: Public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]

MESSAGE = b"what was signed"


def pem(der: bytes) -> str:
    return f"{BEGIN}\n{base64.b64encode(der).decode()}\n{END}\n"


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard_verify(key: str, message: str, signature: str) -> None:
    public = PublicKey(bytes.fromhex(key))
    signed = bytes.fromhex(signature)
    assert public.verifies(signed, bytes.fromhex(message))
    assert not public.verifies(signed, bytes.fromhex(message) + b"!")


@pytest.mark.parametrize("bit", range(0, 512, 37))
def test_one_changed_bit_of_a_signature_does_not_verify(bit: int) -> None:
    key = Signer("some")
    signature = bytearray(key.sign(MESSAGE))
    assert key.public.verifies(bytes(signature), MESSAGE)
    signature[bit // 8] ^= 1 << bit % 8
    assert not key.public.verifies(bytes(signature), MESSAGE)


def test_another_key_does_not_verify() -> None:
    assert not Signer("other").public.verifies(Signer("some").sign(MESSAGE), MESSAGE)


def test_a_second_form_of_a_signature_does_not_verify() -> None:
    """Adding the group's order to s gives the same point."""
    key = Signer("some")
    signature = key.sign(MESSAGE)
    s = int.from_bytes(signature[32:], "little") + ORDER
    assert not key.public.verifies(signature[:32] + s.to_bytes(32, "little"), MESSAGE)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        bytes(31),
        P.to_bytes(32, "little"),
        (2).to_bytes(32, "little"),
        (1 | 1 << 255).to_bytes(32, "little"),
    ],
    ids=["empty", "short", "beyond the prime", "not on the curve", "minus zero"],
)
def test_what_is_no_point_verifies_nothing(raw: bytes) -> None:
    assert not PublicKey(raw).verifies(Signer("some").sign(MESSAGE), MESSAGE)
    assert not Signer("some").public.verifies(raw + bytes(32), MESSAGE)


def test_a_second_form_of_a_key_verifies_nothing() -> None:
    """The curve's neutral element, as P + 1: a key by which anybody could sign anything."""
    neutral = (1).to_bytes(32, "little")
    assert PublicKey(neutral).verifies(neutral + bytes(32), MESSAGE)
    assert not PublicKey((P + 1).to_bytes(32, "little")).verifies(neutral + bytes(32), MESSAGE)


def test_it_agrees_with_cryptography() -> None:
    library = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    key = library.Ed25519PrivateKey.generate()
    public = PublicKey(key.public_key().public_bytes_raw())
    for length in range(0, 300, 60):
        message = bytes(range(length % 256))
        assert public.verifies(key.sign(message), message)
        assert not public.verifies(key.sign(message), message + b"!")


def test_a_key_is_read_from_pem() -> None:
    raw = Signer("some").public.raw
    assert PublicKey.from_pem(pem(DER_PREFIX + raw)).raw == raw


@pytest.mark.parametrize(
    "text",
    ["", "key", pem(b""), pem(DER_PREFIX + bytes(31)), pem(bytes(44)), f"{BEGIN}\n!\n{END}"],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"PEM|Ed25519"):
        PublicKey.from_pem(text)
