from __future__ import annotations

import pytest

from edge_app.mqtt.messages import ALERT, AVAILABILITY, EVENT, MESSAGES, REQUEST, RESPONSE
from edge_app.mqtt.topics import TopicError


def test_where_a_device_speaks_and_is_asked() -> None:
    assert AVAILABILITY.topic("kitchen-2") == "mien/kitchen-2/availability"
    assert ALERT.topic("kitchen-2", alert="too_hot") == "mien/kitchen-2/alert/too_hot"
    assert REQUEST.topic("kitchen-2", request="pause") == "mien/kitchen-2/request/pause"
    assert RESPONSE.topic("kitchen-2", request="pause") == "mien/kitchen-2/response/pause"


def test_each_begins_with_the_device_but_what_is_home_assistants() -> None:
    others = {"alert": "a", "request": "b", "prefix": "c"}
    for name, message in MESSAGES.items():
        levels = {kind: others[kind] for kind in message.levels if kind != "device"}
        begin = "c/device/mien_kitchen/" if name == "discovery" else f"mien/kitchen/{name}"
        assert message.topic("kitchen", **levels).startswith(begin)


def test_what_matches_all_of_a_device() -> None:
    assert EVENT.filter("kitchen") == EVENT.topic("kitchen")
    assert ALERT.filter("kitchen") == "mien/kitchen/alert/+"


def test_a_name_that_is_no_level_is_named() -> None:
    for wrong in (EVENT.topic, EVENT.filter):
        with pytest.raises(TopicError, match="device name 'a/b'"):
            wrong("a/b")
    with pytest.raises(TopicError, match=r"alert '\+'"):
        ALERT.topic("kitchen", alert="+")
