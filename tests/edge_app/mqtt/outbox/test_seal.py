from __future__ import annotations

import json

import pytest

from edge_app.events.payloads import encode
from edge_app.mqtt.outbox.payload import is_sound
from edge_app.mqtt.outbox.seal import SpoiltError, sealed, unsealed
from tests.edge_app.mqtt.samples import changed


def test_what_was_sealed_is_json_still() -> None:
    payload = encode(changed())
    stored = sealed(payload)
    assert (len(stored), unsealed(stored)) == (len(payload) + 16, payload)
    assert json.loads(stored) == json.loads(payload)


def test_one_bit_that_flips_anywhere_is_noticed() -> None:
    stored = sealed(encode(changed()))
    for place in range(len(stored)):
        for bit in range(8):
            spoilt = bytearray(stored)
            spoilt[place] ^= 1 << bit
            with pytest.raises(SpoiltError):
                unsealed(bytes(spoilt))
            assert not is_sound(bytes(spoilt))


def test_what_has_no_checksum_is_looked_at_as_far_as_it_can_be() -> None:
    payload = encode(changed())
    assert unsealed(payload) == payload
    assert is_sound(payload)
    for other in (b"", b"{", b"}", b'{"id": "\xff"}', bytes(20)):
        assert not is_sound(other)
