"""An image → a card, written, read back and compared.

`python -m systemd.image.flash IMAGE DEVICE`; the image may be compressed with xz.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TextIO

from edge_app.errors import MienError, UsageError
from systemd.image.card import Card, Machine
from systemd.image.sd_image import SdImage
from systemd.image.writing import write_and_verify


def main(
    words: list[str] | None = None,
    *,
    machine: Machine | None = None,
    answers: TextIO = sys.stdin,
) -> int:
    """Write what was asked for; returns the exit code. answers: where a person types."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("image", type=Path, help="an .img or .img.xz")
    parser.add_argument("device", type=Path, help="the card, such as /dev/sdb")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--file", action="store_true", help="DEVICE is a file, and is made")
    asked = parser.parse_args(words)
    try:
        flash(
            asked.image,
            asked.device,
            machine=machine or Machine(),
            is_file=asked.file,
            answers=None if asked.yes else answers,
        )
    except MienError as error:
        sys.stderr.write(f"mien: {error}\n")
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(f"{asked.device}: written and verified; take the card out\n")
    return 0


def flash(
    image_file: Path, device: Path, *, machine: Machine, is_file: bool, answers: TextIO | None
) -> None:
    """Check everything, ask, write, verify. answers: where a person types; None asks nothing.

    Raises:
        UsageError: this image does not belong on this device; nothing was written.
        MienError: writing or reading back failed; the card is half-written.
    """
    image = SdImage.open(image_file)
    if is_file:
        if device.exists() and not device.is_file():
            raise UsageError(f"{device} is no regular file: leave --file away")
        card = Card(device, device.name, image.size, "a file")
    else:
        card = machine.card(device)
    if card.size < image.size:
        raise UsageError(
            f"{device} is too small: {_gigabytes(card.size)}, and the image has"
            f" {_gigabytes(image.size)}; nothing was written"
        )
    if answers is not None:
        _ask(image_file, card, answers)
    write_and_verify(image, device, is_file=is_file)


def _ask(image_file: Path, card: Card, answers: TextIO) -> None:
    sys.stdout.write(
        f"{image_file.name} goes to {card.path}: {card.model}, {_gigabytes(card.size)}."
        f" All that is on it is lost.\nType {card.name} to go on: "
    )
    sys.stdout.flush()
    if answers.readline().strip() != card.name:
        raise UsageError("not confirmed; nothing was written")


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


if __name__ == "__main__":
    sys.exit(main())
