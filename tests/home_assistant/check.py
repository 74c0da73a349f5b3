"""Home Assistant's own code reads what a device says, and presses its buttons.

Runs in an environment of its own, with Home Assistant and without Mien: see check.sh.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import logging
import multiprocessing
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import yaml
from homeassistant import bootstrap, loader, runner
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, ServiceCall, callback
from homeassistant.helpers import device_registry, entity_registry

#: How the entities are called that come of the device `desk`.
NAMES = {
    "people": "sensor.mien_desk_people",
    "emotion": "sensor.mien_desk_emotion",
    "emotion_change": "event.mien_desk_emotion_change",
    "paused": "switch.mien_desk_privacy_pause",
    "restart": "button.mien_desk_restart",
    "identify": "button.mien_desk_identify",
    "connection": "binary_sensor.mien_desk_connection",
    "visits": "sensor.mien_desk_visits",
    "camera": "sensor.mien_desk_camera",
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
        if any(part in record.name for part in ("mqtt", "template", "sensor", "automation")):
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


class Actions:
    """What the page's automations do, instead of doing it."""

    def __init__(self) -> None:
        self.lit: list[ServiceCall] = []
        self.told: list[ServiceCall] = []
        self.dismissed: list[ServiceCall] = []

    def register(self, hass: HomeAssistant) -> None:
        hass.services.async_register("light", "turn_on", self.lit.append)
        hass.services.async_register("persistent_notification", "create", self.told.append)
        hass.services.async_register("persistent_notification", "dismiss", self.dismissed.append)

    def notifications(self, notification_id: str) -> list[ServiceCall]:
        return [call for call in self.told if call.data["notification_id"] == notification_id]


class Shown:
    """What Home Assistant shows of the device. people: all that People was, in order."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.people: list[str] = []
        hass.bus.async_listen("state_changed", self._note)

    def state(self, name: str) -> str:
        found = self.hass.states.get({**NAMES, **DISABLED}[name])
        return found.state if found else "missing"

    def attribute(self, name: str, key: str) -> Any:
        found = self.hass.states.get(NAMES[name])
        return found.attributes.get(key) if found else None

    async def press(self, domain: str, service: str, name: str) -> None:
        target = {"entity_id": NAMES[name]}
        await self.hass.services.async_call(domain, service, target, blocking=True)

    async def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        said = {"topic": topic, "payload": payload, "qos": 1, "retain": retain}
        await self.hass.services.async_call("mqtt", "publish", said, blocking=True)

    @callback
    def _note(self, event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if (
            new is not None
            and new.entity_id == NAMES["people"]
            and new.state not in self.people[-1:]
        ):
            self.people.append(new.state)


async def start_home_assistant(folder: Path, actions: Actions, broker_port: int) -> HomeAssistant:
    """Start it with the page's automations, and with what it kept in `folder` if it did."""
    (folder / "automations.yaml").write_text(yaml.safe_dump(page_automations()))
    (folder / "configuration.yaml").write_text(
        f"homeassistant:\nhttp:\n  server_host: 127.0.0.1\n  server_port: {free_port()}\n"
        # Without a frontend, which is not installed, it would recover instead of start.
        f"frontend:\n  development_repo: {folder}\n"
        "automation: !include automations.yaml\n"
    )
    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(config_dir=str(folder), skip_pip=True, safe_mode=False)
    )
    assert hass is not None
    loader.async_setup(hass)
    actions.register(hass)
    if not hass.config_entries.async_entries("mqtt"):
        await add_broker(hass, broker_port)
    await hass.async_start()
    return hass


async def add_broker(hass: HomeAssistant, broker_port: int) -> None:
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


def start_device(folder: Path, broker_port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *shlex.split(os.environ["MIEN"]), "run", "--source", "sample:", "--device", "desk",
            "--broker", f"127.0.0.1:{broker_port}",
        ],
        env={**os.environ, "STATE_DIRECTORY": str(folder / "state")},
    )  # fmt: skip


def page_automations() -> list[dict[str, Any]]:
    """Those that the page shows, for the device `desk`; silence is told at once."""
    page = (Path(__file__).parents[2] / "docs" / "home-assistant.md").read_text(encoding="utf-8")
    page = page.replace("mien_kitchen", "mien_desk").replace("mien/kitchen", "mien/desk")
    page = page.replace("00:05:00", "00:00:01")
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    return [
        {"id": name, "alias": name, **yaml.safe_load(each)}
        for name, each in zip(("smile", "camera", "silent"), shown, strict=True)
    ]


def check_registered(hass: HomeAssistant) -> None:
    """One device, with the entities that we say it has."""
    registered = entity_registry.async_get(hass).entities
    unique = {entity.unique_id for entity in registered.values() if entity.platform == "mqtt"}
    assert unique == {f"mien_desk_{name}" for name in (*NAMES, *DISABLED)}, unique
    off = {entity.entity_id for entity in registered.values() if entity.disabled}
    assert off == set(DISABLED.values()), off
    devices = device_registry.async_get(hass).devices.values()
    # Newer ones have some of their own.
    ours = [each.name for each in devices if any("mqtt" in pair for pair in each.identifiers)]
    assert ours == ["Mien desk"], devices


async def check_seen(shown: Shown, actions: Actions) -> None:
    """Who is there, and how the device does."""
    await until("all entities are there", lambda: "missing" not in map(shown.state, NAMES))
    check_registered(shown.hass)
    await until("one person is counted", lambda: shown.state("people") == "1")
    await until("who is happy", lambda: shown.state("emotion") == "happy")
    faces = shown.attribute("emotion", "faces")
    assert [face["emotion"] for face in faces] == ["happy"], faces
    await until(
        "the change fired an event",
        lambda: shown.attribute("emotion_change", "event_type") == "happy",
    )
    assert shown.attribute("emotion_change", "confidence") > 0
    await until("the light goes on", lambda: actions.lit)
    assert is_between(shown.state("memory"), 10, 1000)
    assert int(shown.state("outbox")) >= 0
    assert shown.state("privacy") == "full"
    assert shown.state("paused") == "off"
    assert shown.state("camera") == "open"
    assert shown.state("connection") == "on"


async def check_disabled(shown: Shown) -> None:
    """Enable what nobody asked for yet, and see what it tells."""
    registry = entity_registry.async_get(shown.hass)
    for entity in DISABLED.values():
        registry.async_update_entity(entity, disabled_by=None)
    (broker,) = shown.hass.config_entries.async_entries("mqtt")
    await shown.hass.config_entries.async_reload(broker.entry_id)
    await until("valence is told", lambda: is_between(shown.state("valence"), 0.5, 0.81))
    await until("arousal is told", lambda: is_between(shown.state("arousal"), 0.2, 0.51))
    await until("all is there again", lambda: shown.state("paused") == "off")


async def check_visits(shown: Shown) -> None:
    """In each privacy mode; unknown where they are withheld."""
    topic, text = "mien/desk/request/privacy", "visits are counted"
    await shown.publish(topic, '{"id": "1", "mode": "aggregates"}')
    await until(text, lambda: is_between(shown.state("visits"), 1, 10))
    assert shown.attribute("visits", "emotions_s")["happy"] > 0
    assert shown.attribute("visits", "withheld") is False
    await until("nobody is told of", lambda: shown.state("people") == "unavailable")
    await shown.publish(topic, '{"id": "2", "mode": "full"}')
    await until("a few are withheld", lambda: shown.state("visits") == "unknown")
    assert shown.attribute("visits", "emotions_s") is None
    assert shown.attribute("visits", "withheld") is True


async def check_controls(shown: Shown, device: subprocess.Popen[bytes]) -> None:
    """The switch and the buttons; the last one ends the device."""
    await until("somebody is there", lambda: shown.state("people") == "1")
    before = len(shown.people)
    await shown.press("switch", "turn_on", "paused")
    await until("the switch pauses", lambda: shown.state("paused") == "on")
    await until("the camera is closed", lambda: shown.state("camera") == "paused")
    await until("nobody looks", lambda: shown.state("people") == "unavailable")
    assert shown.people[before:] == ["unavailable"], "nobody is said to be there"
    await shown.press("switch", "turn_off", "paused")
    await until("and lets it go on", lambda: shown.state("paused") == "off")
    await until("somebody is seen again", lambda: shown.state("people") == "1")
    await until("frames are counted", lambda: is_between(shown.state("frame_rate"), 0.1, 60))
    await shown.press("button", "press", "identify")
    before = len(shown.people)
    await shown.press("button", "press", "restart")
    await until("the button ends the device", lambda: device.poll() == 75)
    await until("which is then away", lambda: shown.state("frame_rate") == "unavailable")
    assert shown.people[before:] == ["unavailable"], "nobody is said to be there"
    assert shown.state("connection") == "off"


async def check_smile_is_of_now(shown: Shown, actions: Actions) -> None:
    """The device is said to be there again, and nobody has smiled since."""
    assert shown.state("emotion_change") == "unavailable"
    before = len(actions.lit)
    await shown.publish("mien/desk/availability", "online")
    await until("the event is told again", lambda: shown.state("emotion_change").startswith("20"))
    await shown.hass.async_block_till_done()
    assert len(actions.lit) == before, "the light went on without a smile"


async def check_each_smile_counts(shown: Shown, actions: Actions) -> None:
    """Also where another face changes in the same frame; not where it is one of yesterday."""

    def changed(emotion: str, *, is_historical: bool = False) -> Awaitable[None]:
        event = {
            "type": "emotion_changed", "emotion": emotion, "previous": None, "confidence": 0.9,
            "episode": "e", "is_historical": is_historical,
        }  # fmt: skip
        return shown.publish("mien/desk/event", json.dumps(event))

    before = len(actions.lit)
    await changed("happy", is_historical=True)
    for number in range(before + 1, before + 11):
        await asyncio.gather(changed("neutral"), changed("happy"))
        await until("a smile counts", functools.partial(lambda n: len(actions.lit) >= n, number))
    assert len(actions.lit) == before + 10


async def check_camera_is_told(shown: Shown, actions: Actions) -> None:
    """It fails, is mended, and fails again: two notifications, of which the first is over."""
    topic = "mien/desk/alert/camera"
    # A device that starts ends what an earlier process told.
    actions.dismissed.clear()
    for payload in ('{"text": "cable"}', "", '{"text": "power"}'):
        await shown.publish(topic, payload)
    await until("the camera's troubles are told", lambda: len(actions.notifications(topic)) == 2)
    for call, text in zip(actions.notifications(topic), ("cable", "power"), strict=True):
        assert call.data["message"] == text, call
    assert [call.data["notification_id"] for call in actions.dismissed] == [topic]


async def check_run(folder: Path, broker_port: int) -> None:
    """What it shows of a device that comes, works and goes."""
    actions = Actions()
    hass = await start_home_assistant(folder, actions, broker_port)
    shown = Shown(hass)
    device = start_device(folder, broker_port)
    try:
        await check_seen(shown, actions)
        # The device was started after Home Assistant was.
        actions.told.clear()
        await check_disabled(shown)
        await check_visits(shown)
        await check_controls(shown, device)
        await until("which is told", lambda: actions.notifications("mien_desk_silent"))
        await check_smile_is_of_now(shown, actions)
        await check_each_smile_counts(shown, actions)
        await check_camera_is_told(shown, actions)
        await shown.publish("mien/desk/availability", "offline", retain=True)
    finally:
        device.kill()
        device.wait()
        await hass.async_stop(force=True)


async def check_next_run(folder: Path, broker_port: int) -> None:
    """What it tells when it is started, with the same device still away."""
    actions = Actions()
    hass = await start_home_assistant(folder, actions, broker_port)
    try:
        await until(
            "silence is told after its own start, too",
            lambda: actions.notifications("mien_desk_silent"),
        )
        assert actions.lit == []
    finally:
        await hass.async_stop(force=True)


def run(check: Callable[[Path, int], Coroutine[Any, Any, None]], folder: Path, port: int) -> None:
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    try:
        asyncio.run(check(folder, port))
    except Exception as error:
        # Home Assistant takes tracebacks that nobody catches for its own log.
        raise SystemExit(f"failed:\n{traceback.format_exc()}") from error
    finally:
        sys.stderr.writelines(f"{line}\n" for line in complaints.lines)
    if complaints.lines:
        raise SystemExit("failed: Home Assistant complains")
    sys.stdout.write("ok: Home Assistant complains about nothing\n")
    sys.stdout.flush()


def main() -> None:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "mosquitto.conf"
        configuration.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        broker = subprocess.Popen(["mosquitto", "-c", str(configuration)])
        try:
            for check in (check_run, check_next_run):
                # It starts once in a process.
                process = multiprocessing.get_context("spawn").Process(
                    target=run, args=(check, Path(folder), port)
                )
                process.start()
                process.join()
                if process.exitcode:
                    raise SystemExit(process.exitcode)
        finally:
            broker.terminate()
            broker.wait()


if __name__ == "__main__":
    main()
