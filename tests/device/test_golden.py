"""The shipped models on emulated Raspberry Pis, through Mien's own loading and checks.

Needs `tests/device/arm64_root.sh` to have run; without, these tests are left out.
"""

from __future__ import annotations

import pytest

from edge_app.perception.shipped import MODELS
from tests.device.emulation import REPOSITORY, SUITES, Emulated, run

PROGRAM = """
import platform, sys
from edge_app.perception.golden import check
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.shipped import MODELS
print(platform.machine(), "%d.%d" % sys.version_info[:2])
for path in MODELS:
    print(path.stem, check(Int8Model.load(path)).verdict.value)
"""


#: Every core, and every release: docs/exactness.md has all of them together.
MACHINES = [
    Emulated("cortex-a53", "bookworm"),
    Emulated("cortex-a72", "trixie"),
    Emulated("cortex-a76", "trixie"),
]


@pytest.mark.timeout(600)  # emulated, and machines are busy
@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: f"{m.suite}-{m.core}")
def test_shipped_models_are_verified_and_exact_on_arm64(machine: Emulated) -> None:
    if not machine.is_there:
        pytest.skip("no arm64 root: run tests/device/arm64_root.sh")
    environment = dict(machine.environment)
    environment["PYTHONPATH"] += f":{REPOSITORY}"
    said = run(machine.python(["-c", PROGRAM]), **environment).stdout.splitlines()
    assert said == [
        f"aarch64 {SUITES[machine.suite]}",
        *(f"{path.stem} exact" for path in MODELS),
    ]
