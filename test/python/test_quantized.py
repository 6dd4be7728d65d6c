"""Small models that onnxruntime's quantizer writes, against onnxruntime.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import brisk
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic,
                                      quantize_static)


class Graph:
    """Collects nodes and weights of a model from x to y."""

    def __init__(self, shape):
        self.rng = np.random.default_rng(7)
        self.nodes, self.weights, self.shape = [], [], shape

    def weight(self, *shape) -> str:
        name = f"w{len(self.weights)}"
        fan = max(1, int(np.prod(shape[1:])))
        values = self.rng.standard_normal(shape) / np.sqrt(fan)
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def constant(self, values) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, op: str, *inputs: str, **attributes) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name, **attributes))
        return name

    def conv(self, x: str, channels: int, inputs: int, kernel: int, group: int = 1, **attributes) -> str:
        return self.node("Conv", x, self.weight(channels, inputs // group, kernel, kernel), self.weight(channels),
                         group=group, kernel_shape=[kernel, kernel], **attributes)

    def write(self, path, result: str) -> None:
        self.nodes.append(helper.make_node("Identity", [result], ["y"]))
        value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, "g", [value("x", self.shape)], [value("y", None)], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(onnx.shape_inference.infer_shapes(model), path)


def network(path, tail: bool = True) -> None:
    """Every kind of layer that vision networks quantize."""
    g = Graph([1, 3, 20, 20])
    x = g.node("Relu", g.conv("x", 16, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1]))
    y = g.node("Clip", g.conv(x, 16, 16, 3, group=16, pads=[1, 1, 1, 1]), g.constant(np.float32(0)),
               g.constant(np.float32(6)))
    y = g.node("Add", g.conv(y, 16, 16, 1), x)
    z = g.node("MaxPool", y, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1])
    y = g.node("Concat", y, z, axis=1)
    y = g.node("AveragePool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = g.conv(y, 24, 32, 3, group=2)
    y = g.node("Mul", y, g.node("Sigmoid", y))
    y = g.node("Flatten", g.node("GlobalAveragePool", y))
    y = g.node("Gemm", y, g.weight(10, 24), g.weight(10), transB=1)
    g.write(path, y)


def attention(path) -> None:
    g = Graph([1, 12, 32])
    q, k, v = (g.node("Add", g.node("MatMul", "x", g.weight(32, 32)), g.weight(32)) for _ in range(3))
    scores = g.node("MatMul", q, g.node("Transpose", k, perm=[0, 2, 1]))
    y = g.node("MatMul", g.node("Softmax", scores, axis=-1), v)
    y = g.node("Reshape", y, g.constant(np.array([12, 32])))
    y = g.node("Gemm", y, g.weight(32, 16), g.weight(16))
    g.write(path, y)


class Reader(CalibrationDataReader):
    def __init__(self, shape):
        rng = np.random.default_rng(3)
        self.samples = iter([{"x": rng.standard_normal(shape).astype(np.float32)} for _ in range(4)])

    def get_next(self):
        return next(self.samples, None)


def shape_of(path) -> list[int]:
    return [dim.dim_value for dim in onnx.load(path).graph.input[0].type.tensor_type.shape.dim]


def check(path, steps: float, exact: float) -> None:
    """Within `steps` of 1/256 of the result's range of onnxruntime, and nearly equal in a share `exact`."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(5).standard_normal(shape_of(path)).astype(np.float32)
    expected = session.run(None, {"x": x})[0]
    got = brisk.compile(str(path)).run({"x": x})["y"]
    assert got.shape == expected.shape and got.dtype == expected.dtype
    step = (expected.max() - expected.min()) / 256
    difference = np.abs(got - expected)
    assert difference.max() <= steps * step, f"{difference.max() / step:.2f} steps"
    assert (difference <= 0.01 * step).mean() >= exact


KINDS = {"u8s8": (QuantType.QUInt8, QuantType.QInt8, True), "s8s8": (QuantType.QInt8, QuantType.QInt8, True),
         "u8u8": (QuantType.QUInt8, QuantType.QUInt8, False)}


@pytest.mark.parametrize("make", [network, attention])
@pytest.mark.parametrize("form", [QuantFormat.QDQ, QuantFormat.QOperator])
@pytest.mark.parametrize("kind", KINDS)
def test_static(tmp_path, make, form, kind):
    """Sums are exact, so results differ where an intermediate one lies on the border of two levels. Weights use 7
    bits: onnxruntime saturates wider products where the machine has no dot products of bytes."""
    activations, weights, channels = KINDS[kind]
    make(tmp_path / "float.onnx")
    quantize_static(tmp_path / "float.onnx", tmp_path / "q.onnx", Reader(shape_of(tmp_path / "float.onnx")),
                    quant_format=form, per_channel=channels, reduce_range=True, activation_type=activations,
                    weight_type=weights)
    check(tmp_path / "q.onnx", steps=2.5, exact=0.5)


def residual(path) -> None:
    """What residual networks consist of."""
    g = Graph([1, 3, 20, 20])
    x = g.node("Relu", g.conv("x", 16, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1]))
    for _ in range(3):
        y = g.node("Relu", g.conv(x, 32, 16, 1))
        y = g.node("Relu", g.conv(y, 32, 32, 3, group=32, pads=[1, 1, 1, 1]))
        x = g.node("Add", x, g.conv(y, 16, 32, 1))
    y = g.node("Flatten", g.node("GlobalAveragePool", x))
    g.write(path, g.node("Gemm", y, g.weight(10, 16), g.weight(10), transB=1))


@pytest.mark.parametrize("form", [QuantFormat.QDQ, QuantFormat.QOperator])
def test_residual_networks_agree_to_the_bit(tmp_path, form):
    """Biases, sums of two tensors and means round as onnxruntime's do: every level is the same."""
    residual(tmp_path / "float.onnx")
    quantize_static(tmp_path / "float.onnx", tmp_path / "q.onnx", Reader(shape_of(tmp_path / "float.onnx")),
                    quant_format=form, per_channel=True, reduce_range=True, activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8)
    check(tmp_path / "q.onnx", steps=0.001, exact=1)


@pytest.mark.parametrize("weights", [QuantType.QInt8, QuantType.QUInt8])
@pytest.mark.parametrize("make", [network, attention])
def test_dynamic(tmp_path, make, weights):
    """Scales come from the data: sums are in floats behind each product."""
    make(tmp_path / "float.onnx")
    quantize_dynamic(tmp_path / "float.onnx", tmp_path / "q.onnx", reduce_range=True, weight_type=weights)
    check(tmp_path / "q.onnx", steps=2.5, exact=0)


@pytest.mark.parametrize("k, n, block, rows", [(40, 24, 16, 3), (1024, 300, 32, 1), (1024, 300, 128, 3), (1024, 300, 32, 64)])
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("symmetric", [True, False])
def test_weight_only(tmp_path, bits, symmetric, k, n, block, rows):
    """MatMulNBits against the same matrix in floats: small and large ones, for few rows and many."""
    rng = np.random.default_rng(1)
    blocks, top = -(-k // block), (1 << bits) - 1
    levels = rng.integers(0, top + 1, (n, blocks * block), dtype=np.uint8)
    zeros = rng.integers(0, top + 1, (n, blocks), dtype=np.uint8)
    scales = rng.uniform(0.01, 0.1, (n, blocks)).astype(np.float32)

    def packed(values):
        if bits == 8:
            return values
        values = np.pad(values, ((0, 0), (0, values.shape[1] % 2)))
        return values[:, 0::2] | values[:, 1::2] << 4

    operands = {"b": packed(levels).reshape(n, blocks, -1), "s": scales.reshape(-1)}
    if not symmetric:
        operands["z"] = packed(zeros).reshape(-1)
    node = helper.make_node("MatMulNBits", ["x", *operands], ["y"], domain="com.microsoft", K=k, N=n, bits=bits,
                            block_size=block)
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph([node], "g", [value("x", [2, rows, k])], [value("y", [2, rows, n])],
                              [numpy_helper.from_array(array, name) for name, array in operands.items()])
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17),
                                                                   helper.make_opsetid("com.microsoft", 1)])
    middle = np.full_like(zeros, (top + 1) // 2) if symmetric else zeros
    matrix = (levels.astype(np.float32) - np.repeat(middle, block, axis=1)) * np.repeat(scales, block, axis=1)
    x = rng.standard_normal((2, rows, k)).astype(np.float32)
    got = brisk.compile(model).run({"x": x})["y"]
    want = x.astype(np.float64) @ matrix[:, :k].T
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 * np.sqrt(k) * np.abs(matrix).max())
