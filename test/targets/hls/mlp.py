"""Quantized multi-layer perceptrons as ONNX models, built with QuantizeLinear and DequantizeLinear around float ops.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

JETS = (16, 64, 32, 32, 5)  # the jet-tagging network


def mlp(path, sizes, bits=8, powers=True, sparsity=0.0, activation="Relu", seed=0):
    """Weights of `bits` bits, activations of 8; scales are powers of two, or odd numbers. Tells the input's scale."""
    rng = np.random.default_rng(seed)
    nodes, constants = [], []

    def constant(name, array):
        constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(op, inputs, name, **attributes):
        nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def quantized(x, scale, zero, name):
        parameters = [constant(name + "_scale", scale), constant(name + "_zero", zero)]
        return node("DequantizeLinear", [node("QuantizeLinear", [x, *parameters], name + "_q"), *parameters], name + "_dq")

    first = scale = np.float32(1 / 16 if powers else 0.0613)
    x = quantized("x", scale, np.int8(0), "input")
    for layer, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        last = layer == len(sizes) - 2
        weights = rng.normal(0, 1 / np.sqrt(inputs), (inputs, outputs)).astype(np.float32)
        if sparsity:
            weights[np.abs(weights) < np.quantile(np.abs(weights), sparsity)] = 0
        most = (1 << (bits - 1)) - 1
        step = np.float32(2.0 ** (1 - bits) if powers else np.abs(weights).max() / most)
        integers = np.clip(np.rint(weights / step), -most, most).astype(np.int8)
        bias = np.rint(rng.normal(0, 0.1, outputs) / (scale * step)).astype(np.int32)
        w = node("DequantizeLinear", [constant(f"w{layer}", integers), constant(f"ws{layer}", step)], f"wd{layer}")
        b = node("DequantizeLinear", [constant(f"b{layer}", bias), constant(f"bs{layer}", np.float32(scale * step))], f"bd{layer}")
        x = node("Gemm", [x, w, b], f"dense{layer}")
        if not last:
            if activation != "Relu":  # a table of bytes
                x = quantized(x, np.float32(1 / 32), np.int8(0), f"before{layer}")
            x = node(activation, [x], f"activation{layer}")
        positive = activation == "Relu" and not last
        scale = np.float32(1 / 16 if powers else (0.07 if last else 0.031))
        if activation == "Tanh" and not last:
            scale = np.float32(1 / 128)
        x = quantized(x, scale, np.uint8(0) if positive else np.int8(0), f"requantize{layer}")
    graph = helper.make_graph(nodes, "mlp", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, sizes[0]])],
                              [helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, sizes[-1]])], constants)  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return first
