"""Shapes → the large convolutions that `mien bench` measures this machine's peak with.

`python -m benchmarks.large_convolutions` writes them, float and int8, to benchmarks/models/ on a
workstation; a device only runs them. Their weights are noise: time does not depend on them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

FOLDER = Path(__file__).with_name("models")
SEED = 8

#: Name → channels and side of the kernel, at `SIDE` squared pixels. Together below a megabyte.
CONVOLUTIONS = {"conv3x3_96": (96, 3), "conv1x1_256": (256, 1)}
SIDE = 32


def macs(name: str) -> int:
    """Multiply-accumulates of one of `CONVOLUTIONS`."""
    channels, kernel = CONVOLUTIONS[name]
    return SIDE * SIDE * channels * channels * kernel * kernel


def write(folder: Path) -> list[Path]:
    """Make all of them."""
    # A workstation's libraries, which the device has not.
    import keras  # noqa: PLC0415 - see above
    import numpy as np  # noqa: PLC0415 - see above

    from quantize.static_int8 import quantize_int8, to_float_tflite  # noqa: PLC0415 - see above

    folder.mkdir(exist_ok=True)
    written = []
    for name, (channels, kernel) in CONVOLUTIONS.items():
        keras.utils.set_random_seed(SEED)
        picture = keras.Input((SIDE, SIDE, channels), name="picture")
        made = keras.layers.Conv2D(channels, kernel, padding="same", name="convolution")(picture)
        float_model = to_float_tflite(keras.Model(picture, made, name=name), "picture")
        rng = np.random.default_rng(SEED)
        samples = [rng.random((1, SIDE, SIDE, channels), np.float32) for _ in range(16)]
        int8_model = quantize_int8(float_model, "picture", samples, (0.0, 1.0))
        for form, content in (("float", float_model), ("int8", int8_model)):
            path = folder / f"{name}.{form}.tflite"
            path.write_bytes(content)
            written.append(path)
    return written


def main() -> int:
    """Write the files, and say how large they are."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for path in write(FOLDER):
        sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
