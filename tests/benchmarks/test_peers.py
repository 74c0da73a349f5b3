from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers.run import Measured, Worker, commands, run, table
from edge_app.errors import MienError


@pytest.mark.timeout(300)
def test_peers_that_are_not_installed_are_left_out_and_mien_is_measured(tmp_path: Path) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48), np.uint8)
    measured = run(tmp_path, faces, np.array([0, 3, 6]), rounds=1)
    assert list(measured) == [
        "mien, each frame searched",
        "mien, as it runs",
        "mien, answer fer2013",
    ]
    searched = measured["mien, each frame searched"]
    assert searched.found == 10
    assert len(searched.rows[0]) == 10
    assert searched.frame_ms > 0
    assert searched.cpu_ms > 0
    assert 20 < searched.peak_mb < 2000
    assert searched.accuracy in {0.0, 1 / 3, 2 / 3, 1.0}


def test_what_is_installed_is_started(tmp_path: Path) -> None:
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").touch()
    names = [name for name, _ in commands(tmp_path, Path("a"), Path("b"))]
    assert "fer, Haar, TFLite" in names
    assert "face-api, SSD" not in names


def test_a_peer_that_ends_is_told_by_name() -> None:
    with pytest.raises(MienError, match="other: ended with 3"):
        Worker("other", [sys.executable, "-c", "raise SystemExit(3)"])


def test_the_table_counts_in_mien_s_own_time() -> None:
    own = Measured(start_s=1.0, rows=[[2.0, 2.0]], cpu_ms=4.0, found=2, accuracy=0.75)
    other = Measured(start_s=9.0, rows=[[30.0, 34.0]], cpu_ms=80.0, found=1, accuracy=0.5)
    _, first, second = table({"mien": own, "other": other}, 2)
    assert first[:4] == ["mien", "2.00", "1.0", "2.00"]
    assert second == [
        "other", "32.00", "16.0", "40.00", "50 %", "9.00", "0", "50.0 %",
    ]  # fmt: skip
