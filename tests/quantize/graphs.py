"""TFLite bytes → what tests ask of their tensors."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from edge_app.perception.operations import read_graph
from quantize.graph import activations

_FLOATS = {
    getattr(schema.TensorType, name): name
    for name in ("FLOAT16", "BFLOAT16", "FLOAT32", "FLOAT64")
    if hasattr(schema.TensorType, name)
}


def float_tensors(model: bytes) -> list[str]:
    """Name the tensors, weights among them, that hold real numbers; none in a full int8 model."""
    return [
        f"{tensor.name.decode()}: {_FLOATS[tensor.type].lower()}"
        for subgraph in read_graph(model).subgraphs
        for tensor in subgraph.tensors
        if tensor.type in _FLOATS
    ]


def layer_names(float_model: bytes) -> list[str]:
    """Names of the tensors that operations make."""
    return list(activations(float_model).values())[1:]
