"""TFLite bytes → its operations, each as a model of its own, with what each multiplies.

Needs LiteRT, which brings the format's schema; tflite-runtime has none.
`mien bench` times them on the device, and `mien quantize parity` on a workstation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; shape: of what it makes; macs: multiply-accumulates; content: a model."""

    name: str
    shape: tuple[int, ...]
    macs: int
    content: bytes


def operations(model: bytes) -> Iterator[Operation]:
    """The operations in order. A padding goes with what follows: XNNPACK runs them as one.

    Raises:
        ModuleNotFoundError: LiteRT is not installed.
    """
    graph = read_graph(model)
    subgraph = graph.subgraphs[0]
    names = kinds(graph)
    for position, (kind, operator) in enumerate(zip(names, subgraph.operators, strict=True)):
        if kind == "PAD":
            continue
        first = position - 1 if position and names[position - 1] == "PAD" else position
        shape = tuple(int(side) for side in subgraph.tensors[operator.outputs[0]].shape)
        yield Operation(
            kind, shape, _macs(kind, operator, subgraph), _cut(model, first, position + 1)
        )


def kinds(graph: Any) -> list[str]:
    """What each operation of a graph is, in order, as `CONV_2D` or `ADD`."""
    # Imported here: the rest of the benchmark runs under tflite-runtime, too.
    from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415 - see above

    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    return [
        names[graph.operatorCodes[operator.opcodeIndex].builtinCode]
        for operator in graph.subgraphs[0].operators
    ]


def read_graph(model: bytes) -> Any:
    """The file as objects, read anew each time: a cut changes them."""
    from ai_edge_litert.tools import flatbuffer_utils  # noqa: PLC0415 - as above

    # Weights may lie behind the flatbuffer proper; this brings them in.
    return flatbuffer_utils.read_model_from_bytearray(bytearray(model))


def _macs(kind: str, operator: Any, subgraph: Any) -> int:
    """Weights are [out, h, w, in] of a convolution, [1, h, w, out] of a depthwise one."""
    made = math.prod(map(int, subgraph.tensors[operator.outputs[0]].shape))
    if kind not in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}:
        return 0
    weights = [int(side) for side in subgraph.tensors[operator.inputs[1]].shape]
    outputs = weights[-1] if kind == "DEPTHWISE_CONV_2D" else weights[0]
    return made * math.prod(weights) // outputs


def _cut(model: bytes, first: int, end: int) -> bytes:
    """Operations `first` to `end` - 1 as a model: what they read is its input."""
    from ai_edge_litert.tools import flatbuffer_utils  # noqa: PLC0415 - as above

    graph = read_graph(model)
    subgraph = graph.subgraphs[0]
    kept = subgraph.operators[first:end]
    made = [index for operator in kept for index in operator.outputs]
    read = dict.fromkeys(index for operator in kept for index in operator.inputs if index >= 0)
    subgraph.operators = kept
    subgraph.inputs = [
        index
        for index in read
        if index not in made and graph.buffers[subgraph.tensors[index].buffer].data is None
    ]
    subgraph.outputs = [index for index in made if index not in read]
    graph.signatureDefs = []
    return bytes(flatbuffer_utils.convert_object_to_bytearray(graph))
