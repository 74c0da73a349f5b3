"""Models that were made → what somebody should know of them beside their figures."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge_app.perception.shipped import SHIPPED

if TYPE_CHECKING:
    from quantize.footprint import Footprint


def tell_unknown_names(models: Sequence[Path], known: Sequence[str]) -> None:
    """Before devices refuse them: Python loads a model of any name."""
    for model in models:
        if model.name not in known:
            sys.stderr.write(
                f"{model}: mien run looks for no model so called, and refuses a folder that holds"
                f" one; call it {' or '.join(known)} there\n"
            )


def tell_to_sign(folder: Path) -> None:
    """Mien's own models are refused when they are not as they were signed."""
    if folder.resolve() == SHIPPED.resolve():
        sys.stdout.write(
            "not loaded before they are signed: mien quantize sign --key PRIVATE-KEY\n"
        )


def tell_footprint(footprint: Footprint) -> None:
    """Size and speed in both forms, line by line."""
    from quantize.footprint import footprint_lines  # noqa: PLC0415 - loads LiteRT's schema

    sys.stdout.writelines(line + "\n" for line in footprint_lines(footprint))
