"""Nodes of old opsets, whose form changed since, against onnxruntime.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import brisk
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

# Op, opset, attributes, further inputs; the first input is a 2x3x4 tensor of floats.
CASES = [
    ("Clip", 6, {"min": -0.5, "max": 0.25}, []),
    ("Clip", 10, {"max": 0.25}, []),
    ("Dropout", 7, {"ratio": 0.5}, []),
    ("Dropout", 10, {"ratio": 0.5}, []),
    ("Softmax", 11, {}, []),
    ("Softmax", 9, {"axis": 2}, []),
    ("Softmax", 11, {"axis": -2}, []),
    ("LogSoftmax", 11, {"axis": 1}, []),
    ("LogSoftmax", 11, {"axis": 0}, []),
    ("Hardmax", 11, {"axis": 1}, []),
    ("ReduceSum", 11, {"axes": [1], "keepdims": 0}, []),
    ("ReduceSum", 11, {}, []),
    ("ReduceMean", 13, {"axes": [-1, 0]}, []),
    ("ReduceMax", 12, {"axes": [2], "keepdims": 0}, []),
    ("ReduceL2", 13, {"axes": [1]}, []),
    ("ReduceLogSumExp", 13, {"axes": [1, 2]}, []),
    ("PRelu", 7, {}, [np.array([[0.5], [0.25], [2]], np.float32)]),
    ("Max", 8, {}, [np.zeros((3, 1), np.float32)]),
]


@pytest.mark.parametrize(("op", "opset", "attributes", "more"), CASES,
                         ids=[f"{case[0]}-{case[1]}-{number}" for number, case in enumerate(CASES)])
def test_old_form(op, opset, attributes, more):
    x = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)
    names = ["x"] + [f"p{i}" for i in range(len(more))]
    weights = [onnx.numpy_helper.from_array(value, name) for name, value in zip(names[1:], more, strict=True)]

    def model(shape):
        graph = helper.make_graph([helper.make_node(op, names, ["y"], name=op, **attributes)], op,
                                  [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)], weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)

    session = onnxruntime.InferenceSession(model(None).SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(None, {"x": x})[0]
    got = brisk.compile(model(expected.shape)).run({"x": x})["y"]
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
