"""Several devices → each batch split among them, their gradients averaged (data parallel).

Keras' own distribution API works on JAX, where it also spans machines; on TensorFlow the way is
`tf.distribute`. Both keep a copy of the weights on each device.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras

from edge_app.errors import MienError


class DistributionError(MienError):
    """Devices that cannot be used together: what is there, and what to do."""


@contextlib.contextmanager
def data_parallel(devices: int) -> Iterator[None]:
    """Build and train networks on the first `devices` GPUs, or processors where there is no GPU.

    1: as Keras does it by itself. Batch normalization takes its statistics from each device's
    part of a batch on TensorFlow, and from the whole on JAX.

    Raises:
        DistributionError: there are fewer devices, none are asked for, or the backend is another
            one.
    """
    if devices < 1:
        raise DistributionError(f"{devices} devices were asked for; a run takes at least 1")
    backend = keras.backend.backend()
    if devices == 1:
        yield
    elif backend == "jax":
        chosen = _first(keras.distribution.list_devices(), devices)
        before = keras.distribution.distribution()
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=chosen))
        try:
            yield
        finally:
            keras.distribution.set_distribution(before)
    elif backend == "tensorflow":
        import tensorflow as tf  # noqa: PLC0415 - only this backend has it

        there = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        chosen = _first([device.name for device in there], devices)
        with tf.distribute.MirroredStrategy(chosen).scope():
            yield
    else:
        raise DistributionError(
            f"the {backend} backend trains on one device; set KERAS_BACKEND to jax or tensorflow"
        )


def _first(there: list[str], devices: int) -> list[str]:
    if len(there) < devices:
        raise DistributionError(
            f"{devices} devices were asked for and there are {len(there)}: {', '.join(there)}"
        )
    return there[:devices]
