"""What tests of several sources of faces stand on."""

from __future__ import annotations

import pytest

from edge_app.perception import Perception
from trainer.data.face_crops import FaceCrops


@pytest.fixture(scope="session")
def perception() -> Perception:
    """The shipped models; nothing that a test does to a frame changes them."""
    return Perception.load()


@pytest.fixture(scope="session")
def crops(perception: Perception) -> FaceCrops:
    return FaceCrops(lambda: perception)
