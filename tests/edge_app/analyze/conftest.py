import pytest

from edge_app.frames.opencv_messages import silence_opencv


@pytest.fixture(scope="session", autouse=True)
def _silent_opencv() -> None:
    """FFmpeg's level holds from the first video that any test opens or writes."""
    silence_opencv()
