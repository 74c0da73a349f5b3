"""TFLite bytes → what their graph computes with."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

_FLOATS = {
    getattr(schema.TensorType, name): name
    for name in ("FLOAT16", "BFLOAT16", "FLOAT32", "FLOAT64")
    if hasattr(schema.TensorType, name)
}


def float_tensors(model: bytes) -> list[str]:
    """Name the tensors, weights among them, that hold real numbers; none in a full int8 model."""
    graph = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    return [
        f"{tensor.name.decode()}: {_FLOATS[tensor.type].lower()}"
        for subgraph in graph.subgraphs
        for tensor in subgraph.tensors
        if tensor.type in _FLOATS
    ]
