"""Quantized layers on HVX: within a step of the CPU everywhere, equal nearly everywhere, nothing left to scalar code.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import subprocess

import numpy as np
import onnx
import pytest

from layers import BIN, Graph, needs_qemu

pytestmark = needs_qemu


def done(name, *arguments):
    result = subprocess.run([BIN / name, *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def check(folder, graph, kernels, step, odd=0.002, seed=1, rounding="near", beyond=0.0):
    """Steps between both machines: at most one but for a share of `beyond`, which are three at most; any for a share of `odd`
    at most. `kernels` are those that must run."""
    path = folder / "m.onnx"
    graph.save(path)
    rng = np.random.default_rng(seed)
    feed = {i.name: rng.uniform(-1.1, 1.1, [d.dim_value for d in i.type.tensor_type.shape.dim]).astype(np.float32)
            for i in onnx.load(path).graph.input}  # fmt: skip
    np.savez(folder / "in.npz", **feed)
    done("briskc", path, "--target=npu", f"--npu-rounding={rounding}", "-o", folder / "m.elf")
    done("briskc", path, "--reference", "-o", folder / "m.so")
    done("brisk-run", folder / "m.elf", "--input", folder / "in.npz", "--output", folder / "npu.npz", "--profile",
         folder / "p.json")  # fmt: skip
    done("brisk-run", folder / "m.so", "--input", folder / "in.npz", "--output", folder / "cpu.npz")
    npu, cpu = np.load(folder / "npu.npz"), np.load(folder / "cpu.npz")
    ran = [k["op"] for k in json.loads((folder / "p.json").read_text())["kernels"]]
    assert set(kernels) <= set(ran), ran
    for name in cpu.files:
        steps = np.abs(npu[name] - cpu[name]) / step
        assert steps.max() < (3.01 if beyond else 1.01), f"{name}: {steps.max()} steps"
        assert (steps > 1.01).mean() <= beyond, f"{name}: {(steps > 1.01).mean()} differ by more than a step"
        assert (steps > 0.5).mean() <= odd, f"{name}: {(steps > 0.5).mean()} differ"


CONVOLUTIONS = [  # height, width, inputs, outputs, kernel, attributes
    (9, 11, 16, 24, 1, {}),
    (14, 14, 32, 32, 3, {}),
    (7, 7, 8, 130, 3, {}),
    (13, 40, 3, 16, 3, {"pads": [0, 0, 1, 1], "strides": [2, 2]}),
    (12, 12, 3, 8, 3, {"strides": [2, 2]}),
    (15, 15, 5, 7, 3, {"strides": [2, 2]}),
    (16, 33, 12, 20, 1, {"strides": [2, 2], "pads": [0, 0, 0, 0]}),
    (31, 29, 3, 12, 7, {"strides": [2, 2]}),
    (10, 10, 16, 16, 5, {}),
    (12, 12, 8, 8, 3, {"dilations": [2, 2], "pads": [2, 2, 2, 2]}),
    (8, 70, 6, 10, 3, {"pads": [0, 0, 0, 0]}),
]


@pytest.mark.parametrize("signed, height, width, inputs, outputs, kernel, attributes",
                         [(i % 2 == 1, *shape) for i, shape in enumerate(CONVOLUTIONS)])
def test_convolution(tmp_path, signed, height, width, inputs, outputs, kernel, attributes):
    g = Graph(3, signed)
    spread = 2.0 * np.sqrt(inputs * kernel * kernel) / 3
    g.output(g.conv(g.input((1, inputs, height, width)), inputs, outputs, kernel, spread=spread, **attributes))
    check(tmp_path, g, {"quantize", "convolve"}, 2 * spread / 255)


def test_exact(tmp_path):
    """By all bits of factors, one result in ten thousand is a step off at most."""
    g = Graph(3)
    x = g.input((1, 32, 28, 28))
    g.output(g.conv(g.conv(x, 32, 64, 1, relu=True), 64, 64, 3, relu=True, group=64, spread=2.0))
    check(tmp_path, g, {"convolve", "depthwise"}, 2 / 255, odd=0.0001, rounding="exact")


@pytest.mark.parametrize("height, width, channels, kernel, stride, pads", [
    (14, 14, 32, 3, 1, [1] * 4), (9, 37, 12, 3, 1, [1] * 4), (16, 16, 20, 3, 2, [0, 0, 1, 1]), (15, 15, 8, 3, 2, [1] * 4),
    (10, 12, 16, 5, 1, [2] * 4), (17, 17, 6, 5, 2, [2] * 4), (9, 9, 4, 7, 1, [3] * 4)])  # fmt: skip
def test_depthwise(tmp_path, height, width, channels, kernel, stride, pads):
    g = Graph(4)
    x = g.conv(g.input((1, 3, height, width)), 3, channels, 1, relu=True)
    y = g.conv(x, channels, channels, kernel, relu=True, group=channels, strides=[stride] * 2, pads=pads, spread=2.0)
    g.output(y)
    check(tmp_path, g, {"convolve", "depthwise"}, 2 / 255, odd=0.01)


def test_residual(tmp_path):
    g = Graph(5)
    x = g.conv(g.input((1, 8, 12, 12)), 8, 24, 3, relu=True)
    y = g.conv(x, 24, 24, 3)
    g.output(g.quantized(g.node("Relu", [g.node("Add", [x, y])]), 0, 12))
    check(tmp_path, g, {"convolve", "add"}, 12 / 255, odd=0.02)


def test_functions_of_a_byte(tmp_path):
    g = Graph(6)
    x = g.conv(g.input((1, 8, 12, 12)), 8, 16, 1, spread=6.0)
    y = g.quantized(g.node("HardSwish", [x]), -1, 6)
    z = g.quantized(g.node("Sigmoid", [y]), 0, 1)
    g.output(g.conv(z, 16, 8, 1, spread=6.0))
    check(tmp_path, g, {"lookup", "convolve"}, 12 / 255, odd=0.02)


def test_mean_and_matrix(tmp_path):
    g = Graph(7)
    x = g.conv(g.input((1, 8, 13, 13)), 8, 40, 3, relu=True)
    m = g.quantized(g.node("GlobalAveragePool", [x]), 0, 4)
    f = g.node("Flatten", [m])
    y = g.node("Gemm", [f, g.weight((40, 50), 1), g.constant(np.zeros(50, np.float32))])
    g.output(g.quantized(y, -8, 8))
    check(tmp_path, g, {"convolve", "mean", "row"}, 16 / 255, odd=0.04)


@pytest.mark.parametrize("kernel, stride, pads, size", [(3, 2, [1] * 4, 18), (2, 2, [0] * 4, 16), (3, 1, [1] * 4, 11)])
def test_largest(tmp_path, kernel, stride, pads, size):
    g = Graph(8)
    x = g.conv(g.input((1, 3, size, size + 3)), 3, 20, 3, relu=True)
    y = g.node("MaxPool", [x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads)
    g.output(g.conv(y, 20, 8, 1, spread=6.0))
    check(tmp_path, g, {"convolve", "largest"}, 12 / 255, odd=0.02)


def test_predictions_and_fallback(tmp_path):
    """The table predicts what the counter counts; --npu-fallback=error refuses what would be scalar."""
    g = Graph(9)
    x = g.conv(g.input((1, 3, 48, 48)), 3, 24, 3, relu=True, strides=[2, 2])
    y = g.conv(x, 24, 24, 3, relu=True, group=24)
    y = g.conv(y, 24, 40, 1)
    z = g.conv(g.node("MaxPool", [y], kernel_shape=[2, 2], strides=[2, 2]), 40, 64, 3, relu=True)
    m = g.node("Flatten", [g.quantized(g.node("GlobalAveragePool", [z]), 0, 4)])
    g.output(g.quantized(g.node("Gemm", [m, g.weight((64, 30), 1), g.constant(np.zeros(30, np.float32))]), -8, 8))
    g.save(tmp_path / "m.onnx")
    command = [BIN / "briskc", tmp_path / "m.onnx", "--target=npu", "-o", tmp_path / "m.elf"]
    result = subprocess.run([*command, "--npu-fallback=error", "--npu-vtcm=64K"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    table = result.stderr
    done("brisk-run", tmp_path / "m.elf", "--random", "--profile", tmp_path / "p.json")
    counted = json.loads((tmp_path / "p.json").read_text())
    predicted = int(next(line for line in table.splitlines() if "in all" in line).split()[0])
    assert abs(predicted / counted["packets"] - 1) < 0.05, (predicted, counted["packets"])
    near = int(next(line for line in table.splitlines() if "VTCM" in line).split()[3])
    assert 0 < near <= 64 << 10

    g = Graph(9)
    x = g.conv(g.input((1, 3, 16, 16)), 3, 8, 3)
    g.output(g.node("Softmax", [x]))
    g.save(tmp_path / "s.onnx")
    command = [BIN / "briskc", tmp_path / "s.onnx", "--target=npu", "-o", tmp_path / "s.elf"]
    result = subprocess.run([*command, "--npu-fallback=error"], capture_output=True, text=True)
    assert result.returncode == 1 and "no kernel takes this op over" in result.stderr
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0 and "of the predicted packets are scalar code" in result.stderr


@pytest.mark.parametrize("channels, kernels", [((8, 12, 6), {"join3"}), ((6, 10), {"block", "unblock"})])
def test_concat(tmp_path, channels, kernels):
    """Images side by side stay images where blocks stay whole; otherwise they are put together as linalg does."""
    g = Graph(10)
    x = g.conv(g.input((1, 3, 10, 13)), 3, 16, 3, relu=True)
    parts = [g.conv(x, 16, c, 3, relu=True, spread=8.0) for c in channels]
    joined = g.node("Concat", parts, axis=1)
    total = sum(channels)
    a = g.conv(joined, total, 20, 1, spread=8.0)
    b = g.conv(x, 16, 20, 1, spread=8.0)
    g.output(g.quantized(g.node("Relu", [g.node("Add", [a, b])]), 0, 12))
    check(tmp_path, g, kernels | {"convolve", "add"}, 12 / 255, odd=0.05, rounding="exact")


def test_tokens(tmp_path):
    """Matrix products of rank 3, and a float function between them: rows are pixels."""
    g = Graph(11)
    x = g.input((1, 20, 24))
    a = g.quantized(g.node("MatMul", [x, g.weight((24, 36), 1)]), -6, 6)
    half = g.node("Mul", [a, g.constant(np.float32(0.5))])
    erf = g.node("Erf", [g.node("Mul", [a, g.constant(np.float32(0.70710678))])])
    b = g.quantized(g.node("Mul", [half, g.node("Add", [erf, g.constant(np.float32(1))])]), -0.2, 6)
    g.output(g.quantized(g.node("MatMul", [b, g.weight((36, 12), 1)]), -16, 16))
    check(tmp_path, g, {"convolve", "lookup"}, 32 / 255, odd=0.02)
