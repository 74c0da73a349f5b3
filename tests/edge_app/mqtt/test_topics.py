from __future__ import annotations

import pytest

from edge_app.errors import UsageError
from edge_app.mqtt.topics import TopicError, level


@pytest.mark.parametrize(
    "name", ["", "a/b", "+", "#", "a b", "küche", "kitchen\n", "x" * 65, "a\0"]
)
def test_a_name_that_is_no_topic_level(name: str) -> None:
    with pytest.raises(TopicError, match=r"^device name '.*: use 1 to 64 letters") as caught:
        level("device name", name)
    assert isinstance(caught.value, UsageError)


@pytest.mark.parametrize("name", ["x" * 64, "kitchen-2", "too_hot"])
def test_a_name_that_is_one(name: str) -> None:
    assert level("device name", name) == name
