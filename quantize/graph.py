"""TFLite bytes → what their graph computes with."""

from __future__ import annotations

from collections import Counter

from ai_edge_litert import schema_py_generated as schema

from edge_app.perception.operations import kinds, read_graph

_FLOATS = {
    getattr(schema.TensorType, name): name
    for name in ("FLOAT16", "BFLOAT16", "FLOAT32", "FLOAT64")
    if hasattr(schema.TensorType, name)
}


def activations(model: bytes) -> dict[int, str]:
    """Index and name of each tensor that changes with the input, the input first, then in the
    order in which they are computed.
    """
    (subgraph,) = read_graph(model).subgraphs
    indices = [*subgraph.inputs, *(out for op in subgraph.operators for out in op.outputs)]
    return {int(index): subgraph.tensors[index].name.decode() for index in indices}


def count_operations(model: bytes) -> dict[str, int]:
    """How often each operation stands in the graph, the most frequent first."""
    return dict(Counter(kinds(read_graph(model))).most_common())


def float_operations(model: bytes) -> list[str]:
    """Kinds of operations that read or make real numbers, conversions to and from int8 aside."""
    graph = read_graph(model)
    (subgraph,) = graph.subgraphs
    return sorted(
        {
            kind
            for kind, operator in zip(kinds(graph), subgraph.operators, strict=True)
            if any(
                subgraph.tensors[index].type in _FLOATS
                for index in (*operator.inputs, *operator.outputs)
                if index >= 0
            )
        }
        - {"QUANTIZE", "DEQUANTIZE"}
    )


def inputs_of(model: bytes) -> dict[int, list[int]]:
    """For each tensor that an operation makes, the activations that the operation reads."""
    (subgraph,) = read_graph(model).subgraphs
    changing = activations(model)
    return {
        int(made): [int(index) for index in operator.inputs if int(index) in changing]
        for operator in subgraph.operators
        for made in operator.outputs
    }


def output_tensors(model: bytes) -> dict[str, str]:
    """The tensors that a model answers with, each with its name in the signature."""
    graph = read_graph(model)
    tensors = graph.subgraphs[0].tensors
    if not graph.signatureDefs:
        return {
            tensors[i].name.decode(): tensors[i].name.decode() for i in graph.subgraphs[0].outputs
        }
    return {
        tensors[said.tensorIndex].name.decode(): said.name.decode()
        for said in graph.signatureDefs[0].outputs
    }


def readers_of(model: bytes) -> dict[str, list[str]]:
    """For each activation, the names of what the operations that read it make."""
    names = activations(model)
    sources = inputs_of(model)
    return {
        name: [names[made] for made, read in sources.items() if index in read]
        for index, name in names.items()
    }
