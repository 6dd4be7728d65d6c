"""A small quantized residual network as an ONNX model; every scale is a power of two, so fp32 computes it exactly.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np
import onnx
from onnx import TensorProto, helper
from spatial_layers import Layers


def cnn(path, channels=3, size=4, classes=4, colors=2, seed=0):
    """Two convolutions, a residual sum, a maximum pool, a mean over 2x2, a dense layer; activations of 8 bits."""
    layers = Layers(seed)
    rng, nodes, constants = layers.rng, layers.nodes, layers.constants
    constant, node, quantized, weights = layers.constant, layers.node, layers.quantized, layers.weights

    def conv(x, inputs):
        bias = constant((rng.integers(-400, 400, channels) / 1024).astype(np.float32))
        return node("Conv", [x, weights((channels, inputs, 3, 3)), bias], kernel_shape=[3, 3], pads=[1, 1, 1, 1])

    x = quantized("x", 1 / 64, np.int8)
    x = quantized(node("Relu", [conv(x, colors)]), 1 / 32, np.uint8)
    y = quantized(conv(x, channels), 1 / 16, np.int8)
    x = quantized(node("Relu", [node("Add", [x, y])]), 1 / 16, np.uint8)
    x = node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
    x = quantized(node("GlobalAveragePool", [x]), 1 / 16, np.uint8)
    x = node("Gemm", [node("Flatten", [x]), weights((channels, classes))])
    x = quantized(x, 1 / 16, np.int8)
    graph = helper.make_graph(nodes, "cnn", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, colors, size, size])],
                              [helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, classes])], constants)  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
