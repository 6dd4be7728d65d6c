"""A small quantized causal network over time as an ONNX model; every scale is a power of two, so fp32 computes it exactly.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np
import onnx
from onnx import TensorProto, helper
from spatial_layers import Layers


def causal(path, length=128, channels=8, inputs=2, classes=4, pool=True, seed=0):
    """Three convolutions that look back further and further, a residual sum, perhaps a mean and a dense layer."""
    layers = Layers(seed)
    rng, nodes, constants = layers.rng, layers.nodes, layers.constants
    constant, node, quantized, weights = layers.constant, layers.node, layers.quantized, layers.weights

    def conv(x, inputs, dilation):
        bias = constant((rng.integers(-400, 400, channels) / 1024).astype(np.float32))
        return node("Conv", [x, weights((channels, inputs, 3)), bias], kernel_shape=[3], pads=[2 * dilation, 0], dilations=[dilation])

    x = quantized("x", 1 / 64, np.int8)
    x = quantized(node("Relu", [conv(x, inputs, 1)]), 1 / 32, np.uint8)
    y = quantized(node("Relu", [conv(x, channels, 2)]), 1 / 8, np.uint8)
    y = quantized(conv(y, channels, 4), 1 / 16, np.int8)
    x = quantized(node("Add", [x, y]), 1 / 16, np.int8)
    shape = [1, channels, length]
    if pool:
        x = quantized(node("GlobalAveragePool", [x]), 1 / 64, np.int8)
        x = quantized(node("Gemm", [node("Flatten", [x]), weights((channels, classes))]), 1 / 32, np.int8)
        shape = [1, classes]
    graph = helper.make_graph(nodes, "causal", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, inputs, length])],
                              [helper.make_tensor_value_info(x, TensorProto.FLOAT, shape)], constants)  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
