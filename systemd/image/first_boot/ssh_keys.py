"""authorized_keys, as a user dropped it → the same, checked."""

from __future__ import annotations

import base64

from edge_app.errors import UsageError

_KINDS = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
_PRIVATE = "this is a private key, which nobody else should see"
_NO_KEY = "no public key: it begins with ssh-ed25519, ssh-rsa or ecdsa-sha2-…, and has no options"


def key_mistake(line: str) -> str | None:
    """What is wrong with one public key; None: nothing."""
    if "PRIVATE KEY-----" in line:
        return f"{_PRIVATE}: write the line of the file whose name ends in .pub"
    return None if _is_key(line.split()) else _NO_KEY


def read_keys(text: str) -> str:
    """Check that each line is a public key, and return them.

    Raises:
        UsageError: a line is none, a private key above all, or there is no key.
    """
    if "PRIVATE KEY-----" in text:
        raise UsageError(f"authorized_keys: {_PRIVATE}: drop the file whose name ends in .pub")
    keys = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not _is_key(line.split()):
            raise UsageError(f"authorized_keys: line {number} is {_NO_KEY}")
        keys.append(line.strip())
    if not keys:
        raise UsageError("authorized_keys: there is no key in it")
    return "".join(f"{key}\n" for key in keys)


def _is_key(words: list[str]) -> bool:
    if len(words) < 2 or words[0] not in _KINDS:
        return False
    try:
        blob = base64.b64decode(words[1], validate=True)
    # Beside its own error, base64 has another for what is no ASCII.
    except ValueError:
        return False
    # The blob names its kind again, behind the name's length.
    length = int.from_bytes(blob[:4], "big")
    return blob[4 : 4 + length] == words[0].encode() and len(blob) > 4 + length
