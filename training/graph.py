"""Write the computation of a published BERT model as ``graph.onnx``, without its weights.

The weights stay where they are, in ``model.safetensors``; ``assistant.inference`` rounds them to
integers when it opens the model and hands them to ONNX Runtime under the names used here. One
text is computed at a time, so there is no padding and no mask: the result is a pure function of
the text, whatever it is computed beside.

Usage: python training/graph.py src/assistant/models/dossier-fr
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import onnx
from onnx import TensorProto, helper

OPSET = 20
"""The first with Gelu, which ONNX Runtime computes in one pass."""


class Graph:
    """A growing list of nodes and of weights to be given at load."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, op: str, *inputs: str, outputs: int = 1, **attributes: object) -> list[str]:
        """Add a node and return the names of its outputs."""
        names = [f"{op}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names

    def one(self, op: str, *inputs: str, **attributes: object) -> str:
        """Add a node of one output."""
        return self.node(op, *inputs, **attributes)[0]

    def weight(self, name: str, shape: list[int], kind: int = TensorProto.FLOAT) -> str:
        """Declare a weight that is given when the model is opened."""
        tensor = TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="model.safetensors")
        self.weights.append(tensor)
        return name

    def constant(self, values: list[int]) -> str:
        """Add a constant vector of integers."""
        return self.one("Constant", value_ints=values)

    def linear(self, name: str, x: tuple[str, str, str], size: tuple[int, int]) -> str:
        """Multiply quantised *x* by integer weights, one scale an output; add the bias."""
        values, scale, zero = x
        product = self.one("MatMulInteger", values, self.weight(f"{name}.weight", list(size), TensorProto.INT8), zero)
        scales = self.one("Mul", scale, self.weight(f"{name}.scale", [size[1]]))
        scaled = self.one("Mul", self.one("Cast", product, to=TensorProto.FLOAT), scales)
        return self.one("Add", scaled, self.weight(f"{name}.bias", [size[1]]))

    def norm(self, name: str, x: str, width: int, epsilon: float) -> str:
        """Normalise each token."""
        gain, bias = self.weight(f"{name}.weight", [width]), self.weight(f"{name}.bias", [width])
        return self.one("LayerNormalization", x, gain, bias, axis=-1, epsilon=epsilon)

    def quantised(self, x: str) -> tuple[str, str, str]:
        """Round *x* to bytes."""
        return tuple(self.node("DynamicQuantizeLinear", x, outputs=3))


def layer(g: Graph, name: str, x: str, config: dict) -> str:
    """Add one encoder layer over tokens *x*, shape (tokens, width)."""
    width, heads, inner = config["hidden_size"], config["num_attention_heads"], config["intermediate_size"]
    epsilon = config["layer_norm_eps"]
    qkv = g.linear(f"{name}.qkv", g.quantised(x), (width, 3 * width))
    split = g.one("Reshape", qkv, g.constant([-1, 3, heads, width // heads]))
    by_head = g.one("Transpose", split, perm=[1, 2, 0, 3])
    q, k, v = (g.one("Gather", by_head, g.one("Constant", value_int=i), axis=0) for i in range(3))
    scores = g.one("MatMul", q, g.one("Transpose", k, perm=[0, 2, 1]))
    root = g.one("Constant", value_float=(width / heads) ** -0.5)
    mixed = g.one("MatMul", g.one("Softmax", g.one("Mul", scores, root), axis=-1), v)
    joined = g.one("Reshape", g.one("Transpose", mixed, perm=[1, 0, 2]), g.constant([-1, width]))
    attended = g.one("Add", g.linear(f"{name}.out", g.quantised(joined), (width, width)), x)
    x = g.norm(f"{name}.attention_norm", attended, width, epsilon)
    up = g.one("Gelu", g.linear(f"{name}.up", g.quantised(x), (width, inner)))
    down = g.one("Add", g.linear(f"{name}.down", g.quantised(up), (inner, width)), x)
    return g.norm(f"{name}.norm", down, width, epsilon)


def build(config: dict) -> onnx.ModelProto:
    """Return the graph: token ids, shape (tokens,), to one vector or one score."""
    g = Graph()
    width = config["hidden_size"]
    words = g.weight("words", [config["vocab_size"], width], TensorProto.FLOAT16)
    positions = g.weight("positions", [config["max_position_embeddings"], width])
    length = g.one("Shape", "ids")
    x = g.one(
        "Add",
        g.one("Cast", g.one("Gather", words, "ids"), to=TensorProto.FLOAT),
        g.one("Slice", positions, g.constant([0]), length),
    )
    x = g.norm("embeddings_norm", x, width, config["layer_norm_eps"])
    for number in range(config["num_hidden_layers"]):
        x = layer(g, f"layers.{number}", x, config)
    if "BertForSequenceClassification" in config["architectures"]:
        first = g.one("Gather", x, g.constant([0]), axis=0)
        pooled = g.one("Tanh", g.one("Gemm", first, g.weight("pooler.weight", [width, width]), g.weight("pooler.bias", [width]), transB=1))
        out = g.one("Gemm", pooled, g.weight("classifier.weight", [1, width]), g.weight("classifier.bias", [1]), transB=1)
        size = 1
    else:
        out, size = g.one("ReduceMean", x, g.constant([0]), keepdims=1), width
    g.nodes.append(helper.make_node("Identity", [out], ["out"]))
    graph = helper.make_graph(
        g.nodes,
        "bert",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["tokens"])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, size])],
        initializer=g.weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


def main() -> None:
    """Write the graph beside the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    args = parser.parse_args()
    model = build(json.loads((args.model / "config.json").read_text(encoding="utf-8")))
    (args.model / "graph.onnx").write_bytes(model.SerializeToString(deterministic=True))
    print(args.model / "graph.onnx", f"{model.ByteSize() / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
