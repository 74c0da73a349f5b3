"""The schema that other people's tools check cards with."""

from __future__ import annotations

import json
import operator
import re
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from edge_app.perception.card import ModelError, decode_card
from edge_app.perception.shipped import EMOTION, FACE_320, SHIPPED
from quantize.card_schema import json_schema
from tests.json_schema import errors

PAGE = Path(__file__).parents[2] / "docs" / "schemas" / "model-card.schema.json"


def test_the_schema_is_that_of_the_structs() -> None:
    assert PAGE.read_bytes() == json_schema(), (
        f"python -m quantize.card_schema > {PAGE.relative_to(PAGE.parents[2])}"
    )
    Draft202012Validator.check_schema(json.loads(PAGE.read_text()))


def definition(card: dict[str, Any]) -> dict[str, Any]:
    schema = json.loads(PAGE.read_text())
    reference = schema["discriminator"]["mapping"][card["task"]]
    return schema["$defs"][reference.rpartition("/")[2]]


@pytest.mark.parametrize("name", ["emotion", "emotion_small", "face_160", "face_320"])
def test_the_shipped_cards_have_what_the_schema_asks_for_and_no_more(name: str) -> None:
    card = json.loads((SHIPPED / f"{name}.json").read_text())
    assert errors(card, json.loads(PAGE.read_text())) == []
    described = definition(card)
    assert described["additionalProperties"] is False
    assert set(described["required"]) == set(card) == set(described["properties"])
    assert re.fullmatch(described["properties"]["sha256"]["pattern"], card["sha256"])


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("sha256",), "abc", "sha256"),
        (("sha256",), "A" * 64, "sha256"),
        (("name",), "", "name"),
        (("outputs",), {}, "outputs"),
        (("answers", "default", "temperature"), 0, "answers[...].temperature"),
        (("answers", "default", "temperature"), None, "answers[...].temperature"),
        (("answers", "default", "unsure_below"), 1.5, "answers[...].unsure_below"),
        (("answers", "default", "labels"), ["happy"], "answers[...].labels"),
        (("answers", "default", "shares", "fer2013"), -0.5, "answers[...].shares[...]"),
        (("answers", "default", "weights", 0), 5e-324, "answers[...].weights[0]"),
        (("answers", "default", "weights", 0), 1e300, "answers[...].weights[0]"),
        (("heads",), [], "heads"),
        (("heads", 0, "labels"), ["happy"], "heads[0].labels"),
        (("input", "shape"), [], "input.shape"),
        (("input", "shape"), [0], "input.shape[0]"),
        (("input", "scale"), 0.0, "input.scale"),
        (("input", "zero_point"), 128, "input.zero_point"),
    ],
    ids=str,
)
def test_what_the_schema_forbids_is_refused_at_load(
    place: tuple[Any, ...], value: object, said: str
) -> None:
    card = json.loads(EMOTION.with_suffix(".json").read_text())
    changed = reduce(operator.getitem, place[:-1], card)
    assert isinstance(changed, list) or place[-1] in changed
    changed[place[-1]] = value
    refused = rf"here: not a model card: Expected .* - at `\$\.{re.escape(said)}`"
    with pytest.raises(ModelError, match=refused):
        decode_card(msgspec.json.encode(card), "here")


@pytest.mark.parametrize(
    "changed", [{"strides": []}, {"strides": [0]}, {"score_threshold": 2}, {"nms_iou": -0.1}]
)
def test_a_detectors_own_fields_are_checked(changed: dict[str, Any]) -> None:
    card = json.loads(FACE_320.with_suffix(".json").read_text()) | changed
    with pytest.raises(
        ModelError, match=rf"not a model card: Expected .* - at `\$\.{next(iter(changed))}"
    ):
        decode_card(msgspec.json.encode(card), "here")
