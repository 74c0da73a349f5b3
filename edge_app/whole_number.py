"""A word of a command line → a whole number from 1 on, or what argparse says instead."""

from __future__ import annotations

import argparse


def whole_number(text: str, *, most: int | None = None) -> int:
    """Read a number of 1 or more, for `argparse`. most: the largest that is taken; None: any."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1 or (most is not None and number > most):
        limits = ", 1 or more" if most is None else f" from 1 to {most}"
        raise argparse.ArgumentTypeError(f"must be a whole number{limits}")
    return number
