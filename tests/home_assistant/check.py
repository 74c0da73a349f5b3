"""Home Assistant's own code reads what a device says, and presses its buttons.

Runs in an environment of its own, with Home Assistant and without Mien: see check.sh.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from homeassistant import bootstrap, loader, runner
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.setup import async_setup_component

#: How the entities are called that come of the device `desk`.
NAMES = {
    "people": "sensor.mien_desk_people",
    "emotion": "sensor.mien_desk_emotion",
    "emotion_change": "event.mien_desk_emotion_change",
    "paused": "switch.mien_desk_privacy_pause",
    "restart": "button.mien_desk_restart",
    "identify": "button.mien_desk_identify",
    "connection": "binary_sensor.mien_desk_connection",
    "frame_rate": "sensor.mien_desk_frame_rate",
    "temperature": "sensor.mien_desk_temperature",
    "memory": "sensor.mien_desk_memory",
    "outbox": "sensor.mien_desk_events_waiting",
    "privacy": "sensor.mien_desk_privacy_mode",
}
#: Those that are disabled until somebody enables them.
DISABLED = {"valence": "sensor.mien_desk_valence", "arousal": "sensor.mien_desk_arousal"}


class Complaints(logging.Handler):
    """Keeps the warnings of what reads our messages."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "mqtt" in record.name or "template" in record.name or "sensor" in record.name:
            self.lines.append(self.format(record))


def is_between(text: str, low: float, high: float) -> bool:
    try:
        return low <= float(text) <= high
    except ValueError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


async def until(what: str, condition: Callable[[], Any], timeout_s: float = 60.0) -> None:
    for _ in range(int(timeout_s / 0.1)):
        if condition():
            sys.stdout.write(f"ok: {what}\n")
            sys.stdout.flush()
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {timeout_s:.0f} s: {what}")


async def start_home_assistant(folder: Path, broker_port: int) -> HomeAssistant:
    (folder / "configuration.yaml").write_text(
        f"homeassistant:\nhttp:\n  server_host: 127.0.0.1\n  server_port: {free_port()}\n"
    )
    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(config_dir=str(folder), skip_pip=True, safe_mode=False)
    )
    assert hass is not None
    loader.async_setup(hass)
    await hass.async_start()
    # Newer ones want it; the pinned one does not know it.
    takes_subentries = "subentries_data" in inspect.signature(ConfigEntry).parameters
    newer: dict[str, Any] = {"subentries_data": ()} if takes_subentries else {}
    await hass.config_entries.async_add(
        ConfigEntry(
            data={"broker": "127.0.0.1", "port": broker_port, "discovery": True},
            discovery_keys={},  # type: ignore[arg-type]
            domain="mqtt",
            entry_id="mien",
            minor_version=2,
            options={},
            source="user",
            title="broker",
            unique_id=None,
            version=1,
            **newer,
        )
    )
    return hass


def start_device(folder: Path, broker_port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *shlex.split(os.environ["MIEN"]), "run", "--source", "sample:", "--device", "desk",
            "--broker", f"127.0.0.1:{broker_port}",
        ],
        env={**os.environ, "STATE_DIRECTORY": str(folder / "state")},
    )  # fmt: skip


def check_registered(hass: HomeAssistant) -> None:
    """One device, with the entities that we say it has."""
    registered = entity_registry.async_get(hass).entities
    unique = {entity.unique_id for entity in registered.values() if entity.platform == "mqtt"}
    assert unique == {f"mien_desk_{name}" for name in (*NAMES, *DISABLED)}, unique
    off = {entity.entity_id for entity in registered.values() if entity.disabled}
    assert off == set(DISABLED.values()), off
    devices = device_registry.async_get(hass).devices
    assert [each.name for each in devices.values()] == ["Mien desk"], devices


async def check_disabled(hass: HomeAssistant, state: Callable[[str], str]) -> None:
    """Enable what nobody asked for yet, and see what it tells."""
    registry = entity_registry.async_get(hass)
    for entity in DISABLED.values():
        registry.async_update_entity(entity, disabled_by=None)
    (broker,) = hass.config_entries.async_entries("mqtt")
    await hass.config_entries.async_reload(broker.entry_id)
    await until("valence is told", lambda: is_between(state("valence"), 0.5, 0.81))
    await until("arousal is told", lambda: is_between(state("arousal"), 0.2, 0.51))
    await until("all is there again", lambda: state("paused") == "off")


def automations() -> list[dict[str, Any]]:
    """Those that the page shows, for the device `desk`; silence is told at once."""
    page = (Path(__file__).parents[2] / "docs" / "home-assistant.md").read_text(encoding="utf-8")
    page = page.replace("mien_kitchen", "mien_desk").replace("mien/kitchen", "mien/desk")
    page = page.replace("00:05:00", "00:00:01")
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    return [
        {"id": name, "alias": name, **yaml.safe_load(each)}
        for name, each in zip(("smile", "camera", "silent"), shown, strict=True)
    ]


async def watch_automations(hass: HomeAssistant) -> tuple[list[ServiceCall], list[ServiceCall]]:
    """Start the page's automations; what they do is in the lists: the light, the notification."""
    lit: list[ServiceCall] = []
    told: list[ServiceCall] = []
    hass.services.async_register("light", "turn_on", lit.append)
    hass.services.async_register("persistent_notification", "create", told.append)
    assert await async_setup_component(hass, "automation", {"automation": automations()})
    return lit, told


async def check_camera_is_told(hass: HomeAssistant, told: list[ServiceCall]) -> None:
    """It fails, is mended, and fails again: two notifications."""
    topic = "mien/desk/alert/camera"
    for payload in ('{"text": "cable"}', "", '{"text": "power"}'):
        said = {"topic": topic, "payload": payload, "qos": 1, "retain": True}
        await hass.services.async_call("mqtt", "publish", said, blocking=True)
    await until("the camera's troubles are told", lambda: len(named(topic, told)) == 2)
    for call, text in zip(named(topic, told), ("cable", "power"), strict=True):
        assert call.data["message"] == text, call


def named(notification: str, told: list[ServiceCall]) -> list[ServiceCall]:
    return [call for call in told if call.data["notification_id"] == notification]


async def check_smile_is_of_now(
    hass: HomeAssistant, smiles: list[ServiceCall], state: Callable[[str], str]
) -> None:
    """The device is said to be there again, and nobody has smiled since."""
    assert state("emotion_change") == "unavailable"
    before = len(smiles)
    await hass.services.async_call(
        "mqtt", "publish", {"topic": "mien/desk/availability", "payload": "online"}, blocking=True
    )
    await until("the last event is told again", lambda: state("emotion_change").startswith("20"))
    await hass.async_block_till_done()
    assert len(smiles) == before, "the light went on without a smile"


async def check(folder: Path, broker_port: int) -> None:
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    hass = await start_home_assistant(folder, broker_port)
    smiles, told = await watch_automations(hass)

    def state(name: str) -> str:
        found = hass.states.get({**NAMES, **DISABLED}[name])
        return found.state if found else "missing"

    def attribute(name: str, key: str) -> Any:
        found = hass.states.get(NAMES[name])
        return found.attributes.get(key) if found else None

    async def press(domain: str, service: str, name: str) -> None:
        await hass.services.async_call(domain, service, {"entity_id": NAMES[name]}, blocking=True)

    device = start_device(folder, broker_port)
    try:
        await until("all entities are there", lambda: "missing" not in map(state, NAMES))
        check_registered(hass)
        await until("one person is counted", lambda: state("people") == "1")
        await until("who is happy", lambda: state("emotion") == "happy")
        faces = attribute("emotion", "faces")
        assert [face["emotion"] for face in faces] == ["happy"], faces
        await until(
            "the change fired an event",
            lambda: attribute("emotion_change", "event_type") == "happy",
        )
        assert attribute("emotion_change", "confidence") > 0
        await until("the light goes on", lambda: smiles)
        assert int(state("memory")) > 1_000_000
        assert int(state("outbox")) >= 0
        assert state("privacy") == "full"
        assert state("paused") == "off"
        assert state("connection") == "on"

        await check_disabled(hass, state)

        await press("switch", "turn_on", "paused")
        await until("the switch pauses", lambda: state("paused") == "on")
        await until("nobody is said to be there", lambda: state("people") == "unavailable")
        await press("switch", "turn_off", "paused")
        await until("and lets it go on", lambda: state("paused") == "off")
        await until("somebody is seen again", lambda: state("people") == "1")
        await until("frames are counted", lambda: is_between(state("frame_rate"), 0.1, 60))
        await press("button", "press", "identify")
        await press("button", "press", "restart")
        await until("the button ends the device", lambda: device.poll() == 75)
        await until("which is then away", lambda: state("frame_rate") == "unavailable")
        await until("which is told", lambda: named("mien_desk_silent", told))
        assert state("connection") == "off"
        await check_smile_is_of_now(hass, smiles, state)
        await check_camera_is_told(hass, told)
    finally:
        device.kill()
        device.wait()
        await hass.async_stop(force=True)
        sys.stderr.writelines(f"{line}\n" for line in complaints.lines)
    assert complaints.lines == [], "Home Assistant complains"
    sys.stdout.write("ok: Home Assistant complains about nothing\n")


def main() -> None:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "mosquitto.conf"
        configuration.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        broker = subprocess.Popen(["mosquitto", "-c", str(configuration)])
        try:
            asyncio.run(check(Path(folder), port))
        except Exception as error:
            # Home Assistant takes tracebacks that nobody catches for its own log.
            raise SystemExit(f"failed:\n{traceback.format_exc()}") from error
        finally:
            broker.terminate()
            broker.wait()


if __name__ == "__main__":
    main()
