"""The design's arrows: who may import whom, and what the device never imports."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PACKAGES = ("edge_app", "trainer", "quantize", "benchmarks")

#: What every room stands on.
FOUNDATION = {
    "edge_app.closing",
    "edge_app.durable_file",
    "edge_app.errors",
    "edge_app.extras",
    "edge_app.kernel_file",
    "edge_app.mistakes",
    "edge_app.peer",
    "edge_app.picture_file",
    "edge_app.secret_file",
    "edge_app.standard_error",
    "edge_app.tcp",
    "edge_app.terminal_lines",
    "edge_app.trouble_log",
    "edge_app.version",
    "edge_app.whole_number",
}

#: Folder, or module → what else its modules may import of our own. Nobody is listed: nobody may.
ALLOWED = {
    "edge_app/frames": {"edge_app.frames", "edge_app.samples"},
    "edge_app/perception": {"edge_app.frames.source", "edge_app.perception"},
    "edge_app/events": {"edge_app.perception", "edge_app.events"},
    "edge_app/history": {"edge_app.events", "edge_app.history"},
    "edge_app/mqtt": {"edge_app.events", "edge_app.mqtt"},
    # Tells what every alert means, not only those of the outbox.
    "edge_app/mqtt/topics_page.py": {"edge_app.events", "edge_app.health.alerts", "edge_app.mqtt"},
    # Knows of no broker: that is what it is for.
    "edge_app/mqtt/outbox": {"edge_app.events.payloads", "edge_app.mqtt.outbox"},
    "edge_app/listen": {
        "edge_app.events",
        "edge_app.mqtt",
        "edge_app.history.recorder",
        "edge_app.listen",
    },
    "edge_app/health": {"edge_app.events", "edge_app.health"},
    # What daemon, doctor and setup know of it together, so that none of them asks a later one.
    "edge_app/installation": {
        "edge_app.frames.setting",
        "edge_app.frames.stream_address",
        "edge_app.settings",
        "edge_app.from_settings",
        "edge_app.installation",
    },
    "edge_app/daemon": {
        "edge_app.frames",
        "edge_app.perception",
        "edge_app.events",
        "edge_app.mqtt",
        "edge_app.health",
        "edge_app.daemon",
        "edge_app.settings",
        "edge_app.settings_file",
        "edge_app.from_settings",
        "edge_app.called",
        "edge_app.installation",
    },
    "edge_app/analyze": {
        "edge_app.frames",
        "edge_app.perception",
        "edge_app.events",
        "edge_app.analyze",
    },
    "edge_app/doctor": {
        "edge_app.frames",
        "edge_app.perception",
        "edge_app.events",
        "edge_app.mqtt",
        "edge_app.health.board",
        "edge_app.doctor",
        "edge_app.settings",
        "edge_app.from_settings",
        "edge_app.daemon.kept_privacy",
        "edge_app.installation",
    },
    # Takes the words of `mien run`.
    "edge_app/doctor/command.py": {
        "edge_app.daemon.arguments",
        "edge_app.frames.setting",
        "edge_app.doctor",
        "edge_app.settings",
        "edge_app.settings_file",
        "edge_app.from_settings",
        "edge_app.installation",
        "edge_app.mqtt.credentials",
        "edge_app.mqtt.outbox.place",
    },
    "edge_app/setup": {
        "edge_app.frames",
        "edge_app.events.payloads",
        "edge_app.mqtt.address",
        "edge_app.setup",
        "edge_app.settings",
        "edge_app.settings_file",
        "edge_app.from_settings",
        "edge_app.installation",
    },
    # Ends with an offer to check the device.
    "edge_app/setup/command.py": {
        "edge_app.setup",
        "edge_app.doctor.command",
        "edge_app.called",
        "edge_app.installation",
    },
    "trainer": {"edge_app.perception", "trainer"},
    # `python -m trainer` opens the same door as `mien train`.
    "trainer/__main__.py": {"edge_app.cli"},
    "quantize": {"edge_app.perception", "trainer", "quantize"},
    "edge_app": {"edge_app"},
    # Accuracies are measured on a workstation; `mien bench` runs on the device: see below.
    "benchmarks": {"edge_app", "trainer", "quantize", "benchmarks"},
}


def imports(module: Path) -> Iterator[str]:
    """Our own modules that `module` imports, anywhere in it."""
    for node in ast.walk(ast.parse(module.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names = [node.module or ""]
        yield from (name for name in names if name.split(".")[0] in PACKAGES)


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_stream(module: Path) -> None:
    place = module.relative_to(ROOT)
    folder = next(f for f in (place, *place.parents) if str(f) in ALLOWED)
    allowed = ALLOWED[str(folder)] | FOUNDATION
    for name in imports(module):
        assert any(name == a or name.startswith(a + ".") for a in allowed), (
            f"{module.relative_to(ROOT)} imports {name}"
        )


def device_distributions() -> set[str]:
    """Mien's base requirements and everything that they require."""
    found: set[str] = set()
    waiting = ["mien"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for line in metadata.requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name.lower().replace("_", "-"))
    return found


def test_the_device_runs_with_its_own_packages_only() -> None:
    """Every other distribution is hidden, as in the environment of a Raspberry Pi."""
    kept = device_distributions()
    hidden = sorted(
        module
        for module, owners in metadata.packages_distributions().items()
        if not {owner.lower().replace("_", "-") for owner in owners} & kept
    )
    assert {"tensorflow", "keras", "matplotlib"} <= set(hidden)
    program = f"""
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {set(hidden)!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Hidden())
from edge_app.perception import EmotionClassifier, FaceDetector, Perception
import edge_app.cli, edge_app.daemon.stages, edge_app.daemon.command, edge_app.demo
import edge_app.analyze.command, edge_app.listen.command
import edge_app.doctor.command, edge_app.setup.command
import benchmarks.command
import numpy as np
Perception.load().see(np.zeros((480, 640, 3), np.uint8))
heavy = {{"tensorflow", "keras", "trainer", "quantize"}}
print(sorted(name for name in sys.modules if name.split(".")[0] in heavy))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
