"""A small quantized network whose frames have other numbers around them than zero, as an ONNX model.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def padded(path, rows=16, columns=12, seed=0):
    """Convolutions of bytes with zero points, maximum pools with padding, strides, a window of an even size."""
    rng = np.random.default_rng(seed)
    nodes, constants, x = [], [], "x"

    def constant(array):
        constants.append(numpy_helper.from_array(np.asarray(array), f"c{len(constants)}"))
        return constants[-1].name

    def then(op, *more, **attributes):
        nonlocal x
        name = f"{op}_{len(nodes)}"
        nodes.append(helper.make_node(op, [x, *more], [name], name=name, **attributes))
        x = name

    def quantize(scale, zero):
        parameters = [constant(np.float32(scale)), constant(zero)]
        then("QuantizeLinear", *parameters)
        then("DequantizeLinear", *parameters)

    def conv(outputs, inputs, size, **attributes):
        integers = constant(rng.integers(-31, 32, (outputs, inputs, size, size)).astype(np.int8))
        name = f"weights_{len(nodes)}"
        nodes.append(helper.make_node("DequantizeLinear", [integers, constant(np.float32(1 / 64))], [name], name=name))
        then("Conv", name, kernel_shape=[size, size], **attributes)

    quantize(1 / 64, np.uint8(128))
    conv(4, 2, 3, pads=[1, 1, 1, 1])
    quantize(1 / 32, np.uint8(140))
    then("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    conv(4, 4, 3, pads=[1, 1, 1, 1])
    then("Relu")
    quantize(1 / 16, np.int8(0))
    then("MaxPool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    conv(3, 4, 2, strides=[2, 2])
    quantize(1 / 2, np.int8(0))
    graph = helper.make_graph(
        nodes, "padded", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, rows, columns])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, 3, rows // 4, columns // 4])], constants)  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
