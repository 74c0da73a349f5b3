"""The clip that comes with Mien; README.md beside it says where it is from."""

from pathlib import Path

CLIP = Path(__file__).parent / "astronaut.mp4"
