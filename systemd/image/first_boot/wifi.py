"""wifi.toml, with a network's name and passphrase → the settings of wpa_supplicant."""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import Annotated

import msgspec

from edge_app.errors import UsageError

_HEXADECIMAL_KEY = re.compile(r"[0-9A-Fa-f]{64}")
#: Printable ASCII, as IEEE 802.11 has it; there is the key's derivation, too (annex J.4).
_PASSPHRASE = re.compile(r"[ -~]{8,63}")


class Wifi(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One network.

    ssid: its name. passphrase: empty for an open network. country: two letters, ISO 3166-1;
    it decides which channels and powers are allowed. hidden: whether it does not tell its name.
    """

    ssid: Annotated[str, msgspec.Meta(min_length=1)]
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    passphrase: str = ""
    hidden: bool = False


def read_wifi(text: str) -> str:
    """Check `text`, and return what wpa_supplicant reads.

    Raises:
        UsageError: it is no TOML, or says what cannot be. The passphrase is never repeated.
    """
    try:
        wifi = msgspec.convert(tomllib.loads(text), Wifi)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"wifi.toml: not TOML: {error}") from None
    except msgspec.ValidationError as error:
        reason = re.sub(r" - at `\$\.?([^`]*)`", r", in `\1`", str(error))
        told = f"wifi.toml: {reason}; it takes ssid, passphrase, country, hidden"
        raise UsageError(told) from None
    for field, wrong in (
        ("ssid", name_mistake(wifi.ssid)),
        ("passphrase", passphrase_mistake(wifi.passphrase)),
    ):
        if wrong is not None:
            raise UsageError(f"wifi.toml: `{field}` {wrong}")
    name = wifi.ssid.encode()
    lines = [f"ssid={name.hex()}", *_security(wifi.passphrase, name)]
    if wifi.hidden:
        lines.append("scan_ssid=1")
    network = "".join(f"\t{line}\n" for line in lines)
    return f"country={wifi.country}\nupdate_config=0\nnetwork={{\n{network}}}\n"


def name_mistake(ssid: str) -> str | None:
    """What is wrong with a network's name; None: nothing."""
    if len(ssid.encode()) <= 32:
        return None
    return "has more than the 32 bytes that a network's name has"


def passphrase_mistake(passphrase: str) -> str | None:
    """What is wrong with it, without repeating it; None: nothing, or an open network's."""
    if (
        not passphrase
        or _HEXADECIMAL_KEY.fullmatch(passphrase)
        or _PASSPHRASE.fullmatch(passphrase)
    ):
        return None
    return "must have 8 to 63 printable ASCII characters, or be a key of 64 hexadecimal digits"


def _security(passphrase: str, ssid: bytes) -> list[str]:
    if not passphrase:
        return ["key_mgmt=NONE"]
    if _HEXADECIMAL_KEY.fullmatch(passphrase):
        return ["key_mgmt=WPA-PSK WPA-PSK-SHA256", f"psk={passphrase}"]
    # In hexadecimal: between quotes, wpa_supplicant takes `"` and `#` for something else.
    key = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), ssid, 4096, 32)
    return [
        "key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE",
        "ieee80211w=1",
        f"psk={key.hex()}",
        # WPA3 needs the passphrase itself.
        f"sae_password={passphrase.encode().hex()}",
    ]
