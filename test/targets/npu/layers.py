"""Quantized layers as ONNX models, built with QuantizeLinear and DequantizeLinear around float ops; what their tests need.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import shutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

BIN = pathlib.Path(__file__).resolve().parents[3] / "build" / "bin"
needs_qemu = pytest.mark.skipif(not shutil.which("qemu-hexagon"), reason="qemu-hexagon is not installed: scripts/setup does")


class Graph:
    """Tensors are names; every activation is quantized with the range that it is given."""

    def __init__(self, seed=0, signed=False):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []
        self.type = np.int8 if signed else np.uint8
        self.counter = 0

    def constant(self, array):
        name = self.fresh("c")
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def fresh(self, prefix):
        self.counter += 1
        return f"{prefix}{self.counter}"

    def node(self, op, inputs, **attributes):
        name = self.fresh("t")
        self.nodes.append(helper.make_node(op, inputs, [name], name=f"{op}_{name}", **attributes))
        return name

    def quantized(self, x, low, high):
        """x rounded to 256 steps of [low, high], as floats."""
        scale = np.float32((high - low) / 255)
        zero = np.clip(np.round(-low / scale), 0, 255).astype(int) - (128 if self.type == np.int8 else 0)
        parameters = [self.constant(scale), self.constant(self.type(zero))]
        return self.node("DequantizeLinear", [self.node("QuantizeLinear", [x, *parameters]), *parameters])

    def input(self, shape, low=-1.0, high=1.0):
        name = self.fresh("x")
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return self.quantized(name, low, high)

    def weight(self, shape, channels_axis=0):
        """Weights of one scale a channel."""
        scale = self.rng.uniform(0.5, 1.5, shape[channels_axis]).astype(np.float32) / 127
        values = self.constant(self.rng.integers(-127, 128, shape).astype(np.int8))
        zeros = self.constant(np.zeros(shape[channels_axis], np.int8))
        return self.node("DequantizeLinear", [values, self.constant(scale), zeros], axis=channels_axis)

    def conv(self, x, inputs, outputs, kernel, relu=False, spread=None, **attributes):
        groups = attributes.get("group", 1)
        shape = (outputs, inputs // groups, kernel, kernel)
        spread = spread or 2.0 * np.sqrt(inputs // groups * kernel * kernel) / 3
        bias = self.constant(self.rng.uniform(-spread / 4, spread / 4, outputs).astype(np.float32))
        attributes.setdefault("pads", [kernel // 2] * 4)
        y = self.node("Conv", [x, self.weight(shape), bias], kernel_shape=[kernel, kernel], **attributes)
        if relu:
            return self.quantized(self.node("Relu", [y]), 0, spread)
        return self.quantized(y, -spread, spread)

    def output(self, x):
        self.outputs.append(helper.make_tensor_value_info(x, TensorProto.FLOAT, None))
        return x

    def save(self, path):
        graph = helper.make_graph(self.nodes, "layers", self.inputs, self.outputs, self.constants)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
