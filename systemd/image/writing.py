"""An image's bytes → a device, in an order that leaves no card half-written and bootable."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from edge_app.errors import MienError, UsageError
from systemd.image.sd_image import CHUNK, SdImage

#: From <linux/fs.h>: forget what is cached of a device, and read its partitions again.
_BLKFLSBUF = 0x1261
_BLKRRPART = 0x125F
#: So many chunks are on the card before the bar moves further than that.
_SYNC_EVERY = 8


def write_and_verify(image: SdImage, device: Path, *, is_file: bool) -> None:
    """Write the image and read it back.

    The partition table comes last: a card that was left in the middle does not start at all.

    Raises:
        UsageError: the device may not be opened; nothing was written.
        MienError: it failed in the middle, or what was read back is not what was written.
    """
    # A block device that anything else has open for itself is refused by the kernel, too.
    flags = os.O_RDWR | (os.O_CREAT | os.O_TRUNC if is_file else os.O_EXCL)
    try:
        descriptor = os.open(device, flags | os.O_CLOEXEC, 0o644)
    except PermissionError:
        raise UsageError(
            f"{device}: only root may write it: use sudo; nothing was written"
        ) from None
    except OSError as error:
        raise UsageError(f"{device}: {error.strerror}; nothing was written") from None
    try:
        with _half_written(device):
            digest = _write(image, descriptor)
            _forget_cache(descriptor)
            found = _digest(descriptor, image.size)
        if found != digest:
            raise MienError(
                f"{device}: what was read back is not what was written: the card is bad, or the"
                " reader is: take another"
            )
        with contextlib.suppress(OSError):
            fcntl.ioctl(descriptor, _BLKRRPART)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _half_written(device: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(f"\nmien: {device} is half-written and does not start: flash it again\n")
        raise
    except MienError as error:
        raise MienError(f"{error}; {device} is half-written and does not start") from error
    except OSError as error:
        raise MienError(
            f"{device}: {error.strerror}: it is half-written and does not start: try another card"
        ) from error


def _write(image: SdImage, descriptor: int) -> str:
    """Returns the SHA-256 of what was written."""
    digest = hashlib.sha256()
    first = b""
    with tqdm(total=image.size, desc="writing", unit="B", unit_scale=True, disable=None) as bar:
        for number, chunk in enumerate(image.chunks()):
            digest.update(chunk)
            if number == 0:
                first = chunk
            _write_at(descriptor, bytes(len(chunk)) if number == 0 else chunk, number * CHUNK)
            if number % _SYNC_EVERY == 0:
                os.fdatasync(descriptor)
            bar.update(len(chunk))
        os.fsync(descriptor)
        _write_at(descriptor, first, 0)
        os.fsync(descriptor)
    return digest.hexdigest()


def _write_at(descriptor: int, chunk: bytes, offset: int) -> None:
    left = memoryview(chunk)
    while left:
        done = os.pwrite(descriptor, left, offset)
        left, offset = left[done:], offset + done


def _forget_cache(descriptor: int) -> None:
    """So that the card is read, and not this machine's memory."""
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    with contextlib.suppress(OSError):
        fcntl.ioctl(descriptor, _BLKFLSBUF)


def _digest(descriptor: int, size: int) -> str:
    digest = hashlib.sha256()
    with tqdm(total=size, desc="verifying", unit="B", unit_scale=True, disable=None) as bar:
        for offset in range(0, size, CHUNK):
            chunk = os.pread(descriptor, min(CHUNK, size - offset), offset)
            digest.update(chunk)
            bar.update(len(chunk))
    return digest.hexdigest()
