"""Small models built node by node with fixed seeds: they need no framework.

The node patterns are those that PyTorch's exporter writes for the same
modules (batch-first recurrent layers, a selective scan).

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .recipe import Model, Sample, seeded


class Graph:
    """Collects nodes and weights; every node is named after its first output."""

    def __init__(self, name: str, opset: int = 17):
        self.name, self.opset = name, opset
        self.rng = seeded(name)
        self.nodes, self.weights, self.inputs, self.outputs = [], [], [], []

    def node(self, op: str, inputs: list[str], outputs: list[str] | str, **attributes):
        names = [outputs] if isinstance(outputs, str) else outputs
        first = next(name for name in names if name)
        self.nodes.append(helper.make_node(op, inputs, names, f"{op}_{first}", **attributes))
        return names[0]

    def constant(self, name: str, array) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def uniform(self, name: str, *shape: int, fan: int) -> str:
        """PyTorch's default: uniform in +-1/sqrt(fan)."""
        bound = 1 / np.sqrt(fan)
        return self.constant(name, self.rng.uniform(-bound, bound, shape).astype(np.float32))

    def input(self, name: str, *shape: int | str, dtype=TensorProto.FLOAT) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name: str, *shape: int | str) -> None:
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def linear(self, value: str, name: str, inside: int, outside: int, output: str) -> str:
        """Rank-2 input: one Gemm with the weight as PyTorch keeps it."""
        return self.node("Gemm", [value, self.uniform(name + ".weight", outside, inside, fan=inside),
                                  self.uniform(name + ".bias", outside, fan=inside)], output, transB=1)

    def recurrent(self, op: str, value: str, name: str, inside: int, hidden: int,
                  outputs: list[str], states: list[str], **attributes) -> None:
        gates = {"GRU": 3, "LSTM": 4}[op]
        weights = [self.uniform(name + ".W", 1, gates * hidden, inside, fan=hidden),
                   self.uniform(name + ".R", 1, gates * hidden, hidden, fan=hidden),
                   self.uniform(name + ".B", 1, 2 * gates * hidden, fan=hidden)]
        self.node(op, [value, *weights, "", *states], outputs, hidden_size=hidden, **attributes)

    def save(self, path: pathlib.Path) -> None:
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.weights)
        model = helper.make_model(graph, producer_name="brisk-models", ir_version=8,
                                  opset_imports=[helper.make_opsetid("", self.opset)])
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)


def jet_mlp(path: pathlib.Path) -> None:
    """16-64-32-32-5 jet tagger: what a call costs."""
    g = Graph("jet_mlp")
    value = g.input("x", "N", 16)
    for layer, (inside, outside) in enumerate([(16, 64), (64, 32), (32, 32)]):
        value = g.linear(value, f"fc{layer}", inside, outside, f"fc{layer}_out")
        value = g.node("Relu", [value], f"relu{layer}_out")
    value = g.linear(value, "fc3", 32, 5, "logits")
    g.node("Softmax", [value], "probabilities", axis=-1)
    g.output("probabilities", "N", 5)
    g.save(path)


def jets(_) -> list[Sample]:
    rng = seeded("jets")
    return [{"x": rng.standard_normal((n, 16)).astype(np.float32)} for n in (1, 1024)]


def squeezed(g: Graph, value: str, output: str, axis: int = 1) -> str:
    return g.node("Squeeze", [value, g.constant(output + "_axes", np.array([axis], np.int64))], output)


def gru_seq(path: pathlib.Path) -> None:
    """Two GRU layers of 128 over 50 steps of 80 features, then a classifier."""
    g = Graph("gru_seq")
    value = g.node("Transpose", [g.input("x", 1, 50, 80)], "steps", perm=[1, 0, 2])
    zero = g.constant("h0", np.zeros((1, 1, 128), np.float32))
    for layer, inside in enumerate((80, 128)):
        g.recurrent("GRU", value, f"gru{layer}", inside, 128, [f"y{layer}", f"h{layer}_n"], [zero],
                    linear_before_reset=1)
        value = squeezed(g, f"y{layer}", f"y{layer}_one")
    value = g.node("Transpose", [value], "sequence", perm=[1, 0, 2])
    g.output("sequence", 1, 50, 128)
    last = g.node("Gather", [value, g.constant("last", np.array(-1, np.int64))], "final", axis=1)
    g.linear(last, "head", 128, 12, "logits")
    g.output("logits", 1, 12)
    g.save(path)


def lstm_step(path: pathlib.Path) -> None:
    """One step of a two-layer LSTM of 128; the state goes in and comes out."""
    g = Graph("lstm_step")
    value = g.node("Transpose", [g.input("x", 1, 1, 64)], "steps", perm=[1, 0, 2])
    halves = {}
    for state in ("h", "c"):
        names = [f"{state}0", f"{state}1"]
        g.node("Split", [g.input(state, 2, 1, 128), g.constant(state + "_sizes", np.array([1, 1], np.int64))],
               names, axis=0)
        halves[state] = names
    for layer, inside in enumerate((64, 128)):
        g.recurrent("LSTM", value, f"lstm{layer}", inside, 128, [f"y{layer}", f"h{layer}_n", f"c{layer}_n"],
                    [halves["h"][layer], halves["c"][layer]])
        value = squeezed(g, f"y{layer}", f"y{layer}_one")
    g.node("Transpose", [value], "y", perm=[1, 0, 2])
    g.output("y", 1, 1, 128)
    for state in ("h", "c"):
        g.node("Concat", [f"{state}0_n", f"{state}1_n"], state + "_next", axis=0)
        g.output(state + "_next", 2, 1, 128)
    g.save(path)


def cnn_lstm(path: pathlib.Path) -> None:
    """Keyword spotting: two convolutions over 64x50 features, an LSTM over time."""
    g = Graph("cnn_lstm")
    value, channels = g.input("x", 1, 1, 64, 50), 1
    for layer, width in enumerate((16, 32)):
        fan = channels * 9
        value = g.node("Conv", [value, g.uniform(f"conv{layer}.weight", width, channels, 3, 3, fan=fan),
                                g.uniform(f"conv{layer}.bias", width, fan=fan)], f"conv{layer}_out",
                       kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        value = g.node("Relu", [value], f"relu{layer}_out")
        value = g.node("MaxPool", [value], f"pool{layer}_out", kernel_shape=[2, 1], strides=[2, 1])
        channels = width
    flat = g.node("Reshape", [value, g.constant("flat", np.array([1, 32 * 16, 50], np.int64))], "columns")
    value = g.node("Transpose", [flat], "steps", perm=[2, 0, 1])
    zero = g.constant("zero", np.zeros((1, 1, 64), np.float32))
    g.recurrent("LSTM", value, "lstm", 512, 64, ["y", "h_n", "c_n"], [zero, zero])
    g.linear(squeezed(g, "h_n", "last", axis=0), "head", 64, 10, "logits")
    g.node("LogSoftmax", ["logits"], "scores", axis=1)
    g.output("scores", 1, 10)
    g.save(path)


def mamba(name: str, scan: bool):
    """A selective state-space block: in-projection, causal depthwise
    convolution, selective scan, gate, out-projection. The scan is either
    ONNX's Scan or its closed form exp(L) * cumsum(exp(-L) * dt * B * x) with
    L = cumsum(dt * A), which holds as long as L stays above about -80."""

    length, model, inner, state = 128, 256, 512, 8

    def make(path: pathlib.Path) -> None:
        # Both spellings share one set of weights.
        g = Graph(name)
        g.rng = seeded("mamba")
        x = g.input("x", 1, length, model)

        def dense(value, label, inside, outside, output):
            return g.node("MatMul", [value, g.uniform(label, inside, outside, fan=inside)], output)

        def split(value, sizes, names):
            g.node("Split", [value, g.constant(names[0] + "_sizes", np.array(sizes, np.int64))], names, axis=-1)

        def unsqueeze(value, axis, output):
            return g.node("Unsqueeze", [value, g.constant(output + "_axes", np.array([axis], np.int64))], output)

        split(dense(x, "in_proj", model, 2 * inner, "xz"), [inner, inner], ["u", "z"])
        g.node("Transpose", ["u"], "u_channels", perm=[0, 2, 1])
        g.node("Conv", ["u_channels", g.uniform("conv.weight", inner, 1, 4, fan=4),
                        g.uniform("conv.bias", inner, fan=4)], "conv_out",
               kernel_shape=[4], pads=[3, 0], group=inner)
        g.node("Transpose", ["conv_out"], "v", perm=[0, 2, 1])
        g.node("Sigmoid", ["v"], "v_gate")
        g.node("Mul", ["v", "v_gate"], "s")
        split(dense("s", "x_proj", inner, 16 + 2 * state, "dbc"), [16, state, state], ["d", "B", "C"])
        dense("d", "dt_proj", 16, inner, "dt_raw")
        # Softplus of the bias lies between 0.001 and 0.02.
        dt = np.exp(g.rng.uniform(np.log(1e-3), np.log(2e-2), inner))
        g.node("Add", ["dt_raw", g.constant("dt_bias", np.log(np.expm1(dt)).astype(np.float32))], "dt_in")
        g.node("Softplus", ["dt_in"], "dt")
        rates = g.constant("A", -np.tile(np.arange(1, state + 1, dtype=np.float32), (inner, 1)))
        g.node("Mul", [unsqueeze("dt", 3, "dt4"), rates], "dA")  # 1 x length x inner x state
        g.node("Mul", ["dt", "s"], "dts")
        g.node("Mul", [unsqueeze("dts", 3, "dts4"), unsqueeze("B", 2, "B4")], "dBs")
        if scan:
            g.node("Exp", ["dA"], "decay")
            body = helper.make_graph(
                [helper.make_node("Mul", ["h_in", "decay_t"], ["h_kept"], "decay_step"),
                 helper.make_node("Add", ["h_kept", "dBs_t"], ["h_out"], "input_step"),
                 helper.make_node("Identity", ["h_out"], ["h_t"], "state_step")], "step",
                [helper.make_tensor_value_info(n, TensorProto.FLOAT, (1, inner, state))
                 for n in ("h_in", "decay_t", "dBs_t")],
                [helper.make_tensor_value_info(n, TensorProto.FLOAT, (1, inner, state)) for n in ("h_out", "h_t")])
            start = g.constant("h0", np.zeros((1, inner, state), np.float32))
            g.node("Scan", [start, "decay", "dBs"], ["h_last", "h"], body=body, num_scan_inputs=2,
                   scan_input_axes=[1, 1], scan_output_axes=[1])
        else:
            axis = g.constant("time", np.array(1, np.int64))
            g.node("CumSum", ["dA", axis], "L")
            g.node("Neg", ["L"], "L_neg")
            g.node("Exp", ["L_neg"], "grow")
            g.node("Mul", ["dBs", "grow"], "grown")
            g.node("CumSum", ["grown", axis], "summed")
            g.node("Exp", ["L"], "shrink")
            g.node("Mul", ["summed", "shrink"], "h")
        g.node("Mul", ["h", unsqueeze("C", 2, "C4")], "hC")
        g.node("ReduceSum", ["hC", g.constant("state_axis", np.array([3], np.int64))], "y_scan", keepdims=0)
        g.node("Mul", ["s", g.constant("D", np.ones(inner, np.float32))], "skip")
        g.node("Add", ["y_scan", "skip"], "y_sum")
        g.node("Sigmoid", ["z"], "z_gate")
        g.node("Mul", ["z", "z_gate"], "z_act")
        g.node("Mul", ["y_sum", "z_act"], "gated")
        dense("gated", "out_proj", inner, model, "y")
        g.output("y", 1, length, model)
        g.save(path)

    return make


def normal(**shapes):
    """One sample of standard normal inputs."""
    def samples(_) -> list[Sample]:
        rng = seeded("".join(shapes))
        return [{name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}]
    return samples


MODELS = [
    Model("jet_mlp", jet_mlp, jets),
    Model("gru_seq", gru_seq, normal(x=(1, 50, 80))),
    Model("lstm_step", lstm_step, normal(x=(1, 1, 64), h=(2, 1, 128), c=(2, 1, 128))),
    Model("cnn_lstm", cnn_lstm, normal(x=(1, 1, 64, 50))),
    Model("mamba_block", mamba("mamba_block", scan=False), normal(x=(1, 128, 256))),
    Model("mamba_scan", mamba("mamba_scan", scan=True), normal(x=(1, 128, 256))),
]
