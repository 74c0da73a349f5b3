"""An .img or .img.xz → its size and its bytes."""

from __future__ import annotations

import hashlib
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_app.errors import MienError, UsageError
from systemd.image.partition_table import SECTOR, decode
from systemd.image.xz_size import unpacked_size

#: Bytes written at once: what cards erase at once.
CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SdImage:
    """file: as it lies on disk. size: unpacked, in bytes."""

    file: Path
    size: int

    @classmethod
    def open(cls, file: Path) -> SdImage:
        """Look whether it is one, and whether it is what its .sha256 beside it says.

        Raises:
            UsageError: it cannot be read, is damaged, or holds no partitions.
        """
        try:
            _check_sum(file)
            size = unpacked_size(file) if file.suffix == ".xz" else file.stat().st_size
            image = cls(file, size)
            partitions = decode(next(image.chunks(), b"")[:SECTOR])
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}; make image builds one") from None
        except MienError as error:
            raise UsageError(
                str(error) if str(file) in str(error) else f"{file}: {error}"
            ) from None
        if any(partition.start + partition.size > size for partition in partitions):
            raise UsageError(f"{file}: it ends before its last partition: make or copy it again")
        return image

    def chunks(self) -> Iterator[bytes]:
        """The image's bytes, CHUNK at a time.

        Raises:
            MienError: the compressed data are damaged.
        """
        with lzma.open(self.file) if self.file.suffix == ".xz" else self.file.open("rb") as stream:
            try:
                while chunk := stream.read(CHUNK):
                    yield chunk
            except (lzma.LZMAError, EOFError) as error:
                raise MienError(f"{self.file}: damaged: {error}; make or copy it again") from None


def _check_sum(file: Path) -> None:
    beside = file.with_name(file.name + ".sha256")
    if not beside.is_file():
        return
    wanted = beside.read_text(encoding="utf-8").split()[0]
    with file.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != wanted:
            raise UsageError(f"{file}: damaged: {beside.name} has another sum: copy it again")
