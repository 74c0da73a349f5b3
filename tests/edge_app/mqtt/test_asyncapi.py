from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator

from edge_app.events.payloads import Alert, PresentFace, State, Summary, encode
from edge_app.events.requests import REQUESTS, Response
from edge_app.health.alerts import CAMERA, Alerts
from edge_app.mqtt import asyncapi, topics_page
from edge_app.mqtt.messages import MESSAGES
from edge_app.mqtt.outbox.alerts import OutboxAlerts
from tests.edge_app.mqtt.samples import (
    BOX,
    EPISODE,
    TIME,
    appeared,
    changed,
    info,
    left,
    state,
    telemetry,
)
from tests.json_schema import errors, resolve

DOCS = Path(__file__).parents[3] / "docs"


def test_the_documents_are_what_the_code_says() -> None:
    assert (DOCS / "asyncapi.yaml").read_text() == asyncapi.text(), "run make docs"
    assert (DOCS / "topics.md").read_text() == topics_page.page(), "run make docs"


def test_every_alert_is_on_the_page() -> None:
    said: dict[str, str | None] = {}
    OutboxAlerts(said.__setitem__).start()
    Alerts(
        said.__setitem__,
        is_clock_right=lambda: None,
        was_supply_weak=lambda: None,
        is_certificate_ending=lambda: False,
    ).update(telemetry())
    page = topics_page.page()
    for name in (CAMERA, *said):
        (line,) = re.findall(rf"^\| `{name}` \|(.*)\|$", page, re.MULTILINE)
        severity, wrong, remedy = (cell.strip() for cell in line.split("|"))
        assert severity in {"warning", "critical"}
        assert wrong
        assert remedy


def test_no_description_is_indented_whatever_python_made_it() -> None:
    schemas = asyncapi.document()["components"]["schemas"]
    descriptions = [schema.get("description", "") for schema in schemas.values()]
    assert any("\n\n" in text for text in descriptions)
    assert not [text for text in descriptions if "\n " in text]


def test_the_yaml_is_the_document() -> None:
    assert yaml.safe_load(asyncapi.text()) == asyncapi.document()
    assert not re.search(r"[&*]id\d", asyncapi.text()), "not every reader follows anchors"


def test_every_reference_leads_somewhere() -> None:
    document = asyncapi.document()
    found = 0

    def look(value: Any) -> None:
        nonlocal found
        if isinstance(value, dict):
            if "$ref" in value:
                resolve(value["$ref"], document)
                found += 1
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(document)
    assert found > 50


def test_every_schema_is_one() -> None:
    for schema in asyncapi.document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_message_and_request_has_a_channel_and_an_operation() -> None:
    document = asyncapi.document()
    channels = {channel["address"] for channel in document["channels"].values()}
    for message in MESSAGES.values():
        if message.sender == "device":
            assert message.address in channels
    for request in REQUESTS:
        assert f"mien/{{device}}/request/{request}" in channels
        assert document["operations"][f"receive_request_{request}"]["action"] == "receive"
    assert {each["channel"]["$ref"] for each in document["operations"].values()} == {
        f"#/channels/{name}" for name in document["channels"]
    }


def test_whatever_is_kept_may_be_taken_away() -> None:
    channels = asyncapi.document()["channels"].values()
    emptied = {channel["address"] for channel in channels if "Nothing" in channel["messages"]}
    assert emptied == {message.address for message in MESSAGES.values() if message.is_retained}


SAMPLES = [
    *(appeared(), changed(), changed(None), left(), info(), state()),
    State(
        time=TIME,
        faces=(
            PresentFace(episode=EPISODE, emotion=None, box=BOX),
            PresentFace(episode=EPISODE, emotion="sad", box=BOX, valence=-0.63, arousal=-0.27),
        ),
    ),
    Summary(
        start=TIME,
        end=TIME,
        faces=1,
        emotions_s={"sad": 1.0},
        minimum_group=1,
        withheld=False,
        valence=-1.0,
        arousal=1.0,
    ),
    Alert(id="too-hot", severity="warning", text="hot", since=TIME),
    Response(id=None, status="error", error="no"),
    Response(id="1", status="ok", result={"a": [1]}),
]


def test_valence_and_arousal_lie_on_their_scales() -> None:
    document = asyncapi.document()
    for kind in ("EmotionChanged", "FaceLeft", "PresentFace", "Summary"):
        for field in ("valence", "arousal"):
            rule = resolve(f"#/components/schemas/{kind}", document)["properties"][field]
            for value, is_right in (
                (-1, True),
                (1, True),
                (None, True),
                (1.01, False),
                ("", False),
            ):
                assert (errors(value, rule, document) == []) == is_right, (kind, field, value)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: type(each).__name__)
def test_the_schemas_take_what_is_sent_and_nothing_else(sample: msgspec.Struct) -> None:
    document = asyncapi.document()
    rule = {"$ref": f"#/components/schemas/{type(sample).__name__}"}
    said = json.loads(encode(sample))
    assert errors(said, rule, document) == []
    required = resolve(rule["$ref"], document)["required"]
    for name in said:
        if name in required:
            assert errors({k: v for k, v in said.items() if k != name}, rule, document)
        assert errors({**said, name: [[]]}, rule, document)
