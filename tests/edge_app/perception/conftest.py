"""What several tests of perception stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.perception.detector import FaceDetector
from edge_app.perception.shipped import FACE_160, FACE_320
from tests.edge_app.daemon.own_models import OWNER


@pytest.fixture(scope="session", params=[FACE_320, FACE_160], ids=["320", "160"])
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    return FaceDetector.load(request.param)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The public key of whoever signs models of their own."""
    return OWNER.write_public(tmp_path / "key.pem")
