"""Nodes whose dims are only known at run time, against onnxruntime.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import brisk
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

RANDOM = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def integers(low: int, high: int, *shape: int) -> np.ndarray:
    return RANDOM.integers(low, high, shape)


X = (floats(5, 37), ["B", "S"])
X3 = (floats(3, 7, 21), ["A", "B", "C"])
IMAGE = (integers(0, 255, 2, 4, 9, 11).astype(np.uint8), ["B", 4, "H", "W"])
BYTES = (integers(0, 255, 5, 37).astype(np.uint8), ["B", "S"])
SCALE, ZERO = np.float32(0.02), np.uint8(120)

# Op, attributes, inputs as (array, symbolic shape) or constant arrays, number of outputs.
CASES = [
    ("Softmax", {}, [X], 1),
    ("Softmax", {"axis": 0}, [X], 1),
    ("Softmax", {"axis": 1}, [X3], 1),
    ("LogSoftmax", {}, [X], 1),
    ("Hardmax", {"axis": 0}, [X3], 1),
    *[(f"Reduce{kind}", {"keepdims": axis}, [X, np.array([axis])], 1)
      for kind in ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSumExp", "SumSquare") for axis in (0, 1)],
    ("ReduceSum", {"keepdims": 0}, [X, (np.array([-1]), [1])], 1),
    ("ReduceMax", {}, [(floats(3, 0), ["B", "S"]), np.array([0])], 1),
    ("ArgMax", {"axis": 1}, [X], 1),
    ("ArgMin", {"keepdims": 0, "select_last_index": 1}, [X], 1),
    ("CumSum", {"reverse": 1}, [X, np.array(1)], 1),
    ("Max", {}, [X, (floats(1, 37), ["P", "S"]), (floats(5, 1), ["B", "Q"])], 1),
    ("Add", {}, [X, (floats(1, 37), ["P", "Q"])], 1),
    ("Add", {}, [(floats(0, 4), ["B", 4]), floats(4)], 1),
    ("QuantizeLinear", {}, [X, (np.abs(floats(37)) + 0.1, ["S"]), (np.arange(37).astype(np.uint8), ["S"])], 1),
    ("DequantizeLinear", {"axis": 0}, [BYTES, (np.abs(floats(5)), ["B"]), (np.arange(5).astype(np.uint8), ["B"])], 1),
    ("DynamicQuantizeLinear", {}, [X], 3),
    ("MatMulInteger", {}, [BYTES, integers(-128, 127, 37, 16).astype(np.int8), ZERO, np.arange(16).astype(np.int8)], 1),
    ("QLinearMatMul", {}, [BYTES, SCALE, ZERO, integers(-128, 127, 37, 16).astype(np.int8), SCALE, np.int8(3),
                           np.float32(0.5), np.uint8(128)], 1),
    ("ConvInteger", {"pads": [1, 1, 1, 1]}, [IMAGE, integers(0, 255, 6, 4, 3, 3).astype(np.uint8), ZERO], 1),
    ("QLinearConv", {"pads": [1, 1, 1, 1], "strides": [2, 1]},
     [IMAGE, SCALE, ZERO, integers(-128, 127, 6, 4, 3, 3).astype(np.int8), np.linspace(0.01, 0.06, 6, dtype=np.float32),
      np.zeros(6, np.int8), np.float32(0.5), np.uint8(128), integers(-1000, 1000, 6).astype(np.int32)], 1),
    ("NegativeLogLikelihoodLoss", {"ignore_index": 3}, [X, (integers(0, 37, 5), ["B"])], 1),
    ("SoftmaxCrossEntropyLoss", {}, [X, (integers(0, 37, 5), ["B"]), np.abs(floats(37))], 2),
]


@pytest.mark.parametrize(("op", "attributes", "inputs", "count"), CASES,
                         ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)])
def test_open_dims(op, attributes, inputs, count):
    names, outputs = [f"x{i}" for i in range(len(inputs))], [f"y{i}" for i in range(count)]
    open_ones = {name: value for name, value in zip(names, inputs, strict=True) if isinstance(value, tuple)}
    weights = [onnx.numpy_helper.from_array(np.asarray(value), name)
               for name, value in zip(names, inputs, strict=True) if name not in open_ones]

    def model(results):
        graph = helper.make_graph(
            [helper.make_node(op, names, outputs, name=op, **attributes)], op,
            [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), shape)
             for name, (array, shape) in open_ones.items()], results, weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)

    feed = {name: array for name, (array, _) in open_ones.items()}
    reference = model([onnx.ValueInfoProto(name=name) for name in outputs]).SerializeToString()
    expected = onnxruntime.InferenceSession(reference, providers=["CPUExecutionProvider"]).run(None, feed)
    results = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype),
                                             [f"{name}_{axis}" for axis in range(value.ndim)])
               for name, value in zip(outputs, expected, strict=True)]
    got = brisk.compile(model(results)).run(feed)
    for name, value in zip(outputs, expected, strict=True):
        assert got[name].dtype == value.dtype
        np.testing.assert_allclose(got[name].astype(np.float64), value.astype(np.float64), rtol=1e-4, atol=1e-5)
