"""Home Assistant's documented rules for MQTT device discovery."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from edge_app.errors import UsageError
from edge_app.events.payloads import Alert, EmotionChanged, State, Summary
from edge_app.health.alerts import CAMERA
from edge_app.mqtt.discovery import Description, discovery, discovery_topic
from edge_app.mqtt.messages import ALERT, EVENT, STATE, SUMMARY
from edge_app.mqtt.topics import TopicError
from edge_app.perception.labels import FER2013
from edge_app.settings_file import read_settings

DESCRIPTION = Description(device="kitchen", version="1.2", emotions=("happy", "sad", "unsure"))
CONFIG = json.loads(json.dumps(discovery(DESCRIPTION)))
COMPONENTS: dict[str, dict[str, Any]] = CONFIG["cmps"]

#: What a platform cannot do without, beside `p` and `uniq_id`.
REQUIRED = {
    "sensor": {"stat_t"},
    "binary_sensor": {"stat_t", "pl_on", "pl_off"},
    "event": {"stat_t", "evt_typ"},
    "switch": {"cmd_t"},
    "button": {"cmd_t"},
}
#: Device class of a sensor → units that it may have, and whether it may have a state class.
SENSOR_CLASSES = {
    None: ({None, "fps"}, True),
    "temperature": ({"°C"}, True),
    "data_size": ({"MB"}, True),
    "enum": ({None}, False),
}


def test_the_topic_is_one_that_home_assistant_listens_to() -> None:
    topic = discovery_topic("kitchen", "homeassistant")
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", topic)
    with pytest.raises(TopicError):
        discovery_topic("kitchen/+", "homeassistant")


@pytest.mark.parametrize("prefix", ["home", "a/b_c-9", "", "/a", "a/", "a//b", "a/#", "+", "a b"])
def test_a_prefix_is_taken_where_the_settings_take_it(prefix: str) -> None:
    try:
        read_settings(None, {"home_assistant": {"prefix": prefix}})
    except UsageError:
        with pytest.raises(TopicError, match="discovery prefix"):
            discovery_topic("kitchen", prefix)
    else:
        assert discovery_topic("kitchen", prefix) == f"{prefix}/device/mien_kitchen/config"


def test_the_device_and_its_origin_are_named() -> None:
    assert CONFIG["dev"]["ids"] == ["mien_kitchen"]
    assert CONFIG["dev"]["name"]
    assert CONFIG["o"] == {"name": "Mien", "sw": "1.2"}
    assert CONFIG["avty"][0]["t"] == "mien/kitchen/availability"


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_has_what_its_platform_needs(name: str) -> None:
    component = COMPONENTS[name]
    assert REQUIRED[component["p"]] <= set(component)
    assert component["uniq_id"] == f"mien_kitchen_{name}"
    assert component.get("ent_cat") in {None, "config", "diagnostic"}
    for key in ("stat_t", "cmd_t", "json_attr_t"):
        assert component.get(key, "mien/kitchen/").startswith("mien/kitchen/")


@pytest.mark.parametrize(
    "name", [name for name, each in COMPONENTS.items() if each["p"] == "sensor"]
)
def test_a_sensor_s_class_unit_and_options_go_together(name: str) -> None:
    sensor = COMPONENTS[name]
    units, may_have_state_class = SENSOR_CLASSES[sensor.get("dev_cla")]
    assert sensor.get("unit_of_meas") in units
    assert ("ops" in sensor) == (sensor.get("dev_cla") == "enum")
    assert may_have_state_class or "stat_cla" not in sensor


def test_what_is_said_again_and_again_expires() -> None:
    for name, component in COMPONENTS.items():
        if component["p"] == "sensor":
            # A summary is of its interval, and that may be a day.
            assert component.get("exp_aft") == (None if name == "visits" else 1800)


def test_what_aggregates_tells_is_shown() -> None:
    visits = COMPONENTS["visits"]
    assert visits["stat_t"] == visits["json_attr_t"] == SUMMARY.topic("kitchen")
    assert visits["val_tpl"] == "{{ value_json.faces }}"
    assert "faces" in Summary.__struct_fields__
    assert "avty" not in visits, "in each privacy mode"


def test_a_device_that_is_away_is_told_as_such() -> None:
    connection = COMPONENTS["connection"]
    assert connection["stat_t"] == CONFIG["avty"][0]["t"]
    assert (connection["pl_on"], connection["pl_off"]) == ("online", "offline")
    assert connection["avty"] == []


@pytest.mark.parametrize("name", ["people", "emotion", "valence", "arousal"])
def test_who_is_there_and_whether_that_is_known_come_in_one_message(name: str) -> None:
    component = COMPONENTS[name]
    online, known = component["avty"]
    assert online == CONFIG["avty"][0]
    assert known["t"] == component["stat_t"] == STATE.topic("kitchen")
    field = re.fullmatch(r"{{ 'online' if value_json\.(\w+) else 'offline' }}", known["val_tpl"])
    assert field
    assert field[1] in State.__struct_fields__
    assert component["avty_mode"] == "all"


def test_valence_and_arousal_wait_for_somebody_who_wants_them() -> None:
    off = {name for name, component in COMPONENTS.items() if not component.get("en", True)}
    assert off == {"valence", "arousal"}
    for name in off:
        assert COMPONENTS[name]["stat_t"] == "mien/kitchen/state"
        assert f"attribute='{name}'" in COMPONENTS[name]["val_tpl"]


def test_the_emotions_are_those_of_the_model() -> None:
    assert COMPONENTS["emotion"]["ops"] == ["happy", "sad", "unsure"]
    assert COMPONENTS["emotion_change"]["evt_typ"] == ["happy", "sad", "unsure"]


def entity(name: str) -> str:
    """The id that Home Assistant makes of the names of device and component."""
    component = COMPONENTS[name]
    named = re.sub(r"\W+", "_", f"{CONFIG['dev']['name']} {component['name']}")
    return f"{component['p']}.{named.lower()}"


def test_the_page_s_automations_name_what_there_is() -> None:
    page = (Path(__file__).parents[3] / "docs/home-assistant.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    smile, camera, silent = (yaml.safe_load(each) for each in shown)
    assert silent["triggers"][0]["entity_id"] == entity("memory")
    assert silent["actions"][0]["wait_template"] == f"{{{{ has_value('{entity('memory')}') }}}}"
    assert [each["topic"] for each in smile["triggers"]] == [EVENT.topic("kitchen")]
    (trigger,) = smile["triggers"]
    fields = {*re.findall(r"value_json\.(\w+)", trigger["value_template"])}
    assert fields <= {*EmotionChanged.__struct_fields__, "type"}
    assert f"'{EmotionChanged.__struct_config__.tag}'" in trigger["value_template"]
    assert trigger["payload"] in FER2013
    assert [each["topic"] for each in camera["triggers"]] == [ALERT.topic("kitchen", alert=CAMERA)]
    (action,) = camera["actions"]
    (created,), (dismissed,) = action["then"], action["else"]
    assert created["data"]["notification_id"] == dismissed["data"]["notification_id"]
    told = re.findall(r"payload_json\.(\w+)", created["data"]["message"])
    assert told
    assert set(told) <= {field.name for field in msgspec.structs.fields(Alert)}
