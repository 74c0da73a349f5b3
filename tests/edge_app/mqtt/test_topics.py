from __future__ import annotations

import pytest

from edge_app.errors import UsageError
from edge_app.mqtt.topics import TopicError, Topics


def test_the_topics_of_a_device() -> None:
    topics = Topics("kitchen-2")
    assert topics.availability == "mien/kitchen-2/availability"
    assert topics.info == "mien/kitchen-2/info"
    assert topics.state == "mien/kitchen-2/state"
    assert topics.event == "mien/kitchen-2/event"
    assert topics.summary == "mien/kitchen-2/summary"
    assert topics.telemetry == "mien/kitchen-2/telemetry"
    assert topics.alert("too_hot") == "mien/kitchen-2/alert/too_hot"
    assert topics.request("pause") == "mien/kitchen-2/request/pause"
    assert topics.response("pause") == "mien/kitchen-2/response/pause"


@pytest.mark.parametrize(
    "name", ["", "a/b", "+", "#", "a b", "küche", "kitchen\n", "x" * 65, "a\0"]
)
def test_a_name_that_is_no_topic_level(name: str) -> None:
    with pytest.raises(TopicError, match="letters, digits") as caught:
        Topics(name)
    assert isinstance(caught.value, UsageError)
    with pytest.raises(TopicError):
        Topics("kitchen").alert(name)
    with pytest.raises(TopicError):
        Topics("kitchen").request(name)


def test_the_longest_name() -> None:
    assert Topics("x" * 64).event == f"mien/{'x' * 64}/event"
