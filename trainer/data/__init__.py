"""Readers: each turns one data set as it lies on disk into `Faces`."""

from trainer.data.faces import DataError, Faces, Split
from trainer.data.mosaic import read_mosaic
from trainer.data.reading import read

__all__ = ["DataError", "Faces", "Split", "read", "read_mosaic"]
