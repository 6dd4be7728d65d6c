"""Quantized networks as ONNX models, layer by layer; every scale is a power of two, so fp32 computes them exactly.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np
from onnx import helper, numpy_helper


class Layers:
    """Collects nodes and constants; tensors are names."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.constants = [], []

    def constant(self, array):
        self.constants.append(numpy_helper.from_array(np.asarray(array), f"c{len(self.constants)}"))
        return self.constants[-1].name

    def node(self, op, inputs, **attributes):
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def quantized(self, x, scale, kind):
        parameters = [self.constant(np.float32(scale)), self.constant(kind(0))]
        return self.node("DequantizeLinear", [self.node("QuantizeLinear", [x, *parameters]), *parameters])

    def weights(self, shape):
        values = self.constant(self.rng.integers(-31, 32, shape).astype(np.int8))
        return self.node("DequantizeLinear", [values, self.constant(np.float32(1 / 64))])
