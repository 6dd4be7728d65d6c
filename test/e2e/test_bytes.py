"""Integer products are exact on every instruction set: all signednesses, extreme values, constant and computed factors.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import itertools

import brisk
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

DTYPES = {np.int8: TensorProto.INT8, np.uint8: TensorProto.UINT8}
LEVELS = ("x86-64-v3", "x86-64-v3-vnni", "x86-64-v4", "x86-64-v4-vnni")
SIGNS = list(itertools.product(DTYPES, repeat=2))
rng = np.random.default_rng(3)


def extreme(dtype, shape):
    info = np.iinfo(dtype)
    ends = rng.choice([info.min, info.max], shape)
    return np.where(rng.random(shape) < 0.7, ends, rng.integers(info.min, info.max + 1, shape)).astype(dtype)


def check(path, products):
    """Each product (op, a, b, is b a constant, attributes, expected) is an output of one model."""
    nodes, inputs, outputs, weights, feed = [], [], [], [], {}
    for i, (op, a, b, is_constant, attributes, want) in enumerate(products):
        for name, array, constant in ((f"a{i}", a, False), (f"b{i}", b, is_constant)):
            if constant:
                weights.append(numpy_helper.from_array(array, name))
            else:
                inputs.append(helper.make_tensor_value_info(name, DTYPES[array.dtype.type], array.shape))
                feed[name] = array
        nodes.append(helper.make_node(op, [f"a{i}", f"b{i}"], [f"y{i}"], f"p{i}", **attributes))
        outputs.append(helper.make_tensor_value_info(f"y{i}", TensorProto.INT32, want.shape))
    model = helper.make_model(helper.make_graph(nodes, "bytes", inputs, outputs, weights),
                              opset_imports=[helper.make_opsetid("", 17)], ir_version=8)  # fmt: skip
    onnx.save(model, path / "bytes.onnx")
    brisk.compile_file(path / "bytes.onnx", path / "bytes.so")
    for level in LEVELS:
        got = brisk.load(path / "bytes.so", isa=level).run(feed)
        for i, product in enumerate(products):
            np.testing.assert_array_equal(got[f"y{i}"], product[-1], f"{level}: {product[0]} {i}")


def test_products(tmp_path):
    products = []
    for (m, k, n), (ta, tb) in zip([(5, 7, 33), (1, 130, 70), (13, 64, 64), (40, 3, 9)] * 2, SIGNS * 2, strict=True):
        a, b = extreme(ta, (m, k)), extreme(tb, (k, n))
        products.append(("MatMulInteger", a, b, len(products) < 6, {}, a.astype(np.int32) @ b.astype(np.int32)))
    check(tmp_path, products)


def test_computed_factors(tmp_path):
    products = []
    for (batch, m, k, n), (ta, tb) in zip([(3, 17, 50, 45), (2, 32, 64, 64), (1, 9, 5, 8), (2, 2, 8, 8)], SIGNS, strict=True):
        a, b = extreme(ta, (batch, m, k)), extreme(tb, (batch, k, n))
        products.append(("MatMulInteger", a, b, False, {}, a.astype(np.int32) @ b.astype(np.int32)))
    check(tmp_path, products)


def convolve(x, w, stride, dilation, group):
    """x [1, c, h, w], w [o, c / group, y, x], without padding."""
    k, c = w.shape[2], w.shape[1]
    out = [(size - (k - 1) * dilation - 1) // stride + 1 for size in x.shape[2:]]
    result = np.zeros((1, w.shape[0], *out), np.int32)
    for o, i, j in itertools.product(range(w.shape[0]), range(k), range(k)):
        first = o // (w.shape[0] // group) * c
        part = x[0, first : first + c, i * dilation :, j * dilation :][:, : (out[0] - 1) * stride + 1 : stride, : (out[1] - 1) * stride + 1 : stride]
        result[0, o] += np.tensordot(w[o, :, i, j].astype(np.int32), part.astype(np.int32), 1)
    return result


@pytest.mark.parametrize("signs", SIGNS, ids=lambda s: "-".join(t.__name__ for t in s))
def test_convolutions(tmp_path, signs):
    products = []
    for size, c, o, k, stride, dilation, group in ((9, 3, 16, 3, 2, 1, 1), (8, 10, 33, 1, 1, 1, 1), (11, 8, 40, 3, 1, 2, 1),
                                                   (9, 24, 24, 3, 1, 1, 24), (7, 20, 20, 5, 2, 1, 20), (8, 8, 16, 3, 1, 1, 2)):  # fmt: skip
        x, w = extreme(signs[0], (1, c, size, size)), extreme(signs[1], (o, c // group, k, k))
        attributes = {"strides": [stride] * 2, "dilations": [dilation] * 2, "group": group, "kernel_shape": [k, k]}
        products.append(("ConvInteger", x, w, True, attributes, convolve(x, w, stride, dilation, group)))
    check(tmp_path, products)


@pytest.mark.parametrize("transposed", (False, True))
@pytest.mark.parametrize("per_column", (False, True))
def test_weights_alone(tmp_path, transposed, per_column):
    """Large weights stay bytes: the artifact is small, the result that of floats."""
    k, n = 512, 650
    w, x = extreme(np.int8, (n, k) if transposed else (k, n)), rng.standard_normal((3, k)).astype(np.float32)
    scale = rng.uniform(1e-3, 1e-2, n if per_column else ()).astype(np.float32)
    axis = {"axis": 0 if transposed else 1} if per_column else {}
    nodes = [helper.make_node("DequantizeLinear", ["w", "s"], ["wf"], **axis),
             helper.make_node("Gemm", ["x", "wf", "b"], ["y"], transB=int(transposed))]  # fmt: skip
    bias = rng.standard_normal(n).astype(np.float32)
    weights = [numpy_helper.from_array(v, name) for name, v in (("w", w), ("s", scale), ("b", bias))]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)  # noqa: E731
    graph = helper.make_graph(nodes, "weights", [value("x", [3, k])], [value("y", [3, n])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "w.onnx")
    brisk.compile_file(tmp_path / "w.onnx", tmp_path / "w.so")
    assert (tmp_path / "w.so").stat().st_size < 2 * w.size
    wide = (w.T if transposed else w).astype(np.float64) * scale
    for level in ("x86-64-v3", "x86-64-v4"):
        got = brisk.load(tmp_path / "w.so", isa=level).run({"x": x})["y"]
        np.testing.assert_allclose(got, x @ wide + bias, rtol=1e-4, atol=1e-4)
