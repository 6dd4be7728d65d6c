"""Budgets: packets that kernels take, to 2 %. The counter is exact, so what moves them is a change of code or of LLVM.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import subprocess

import numpy as np
import pytest

from layers import BIN, Graph, needs_qemu

pytestmark = needs_qemu


def packets(folder, graph, kernel):
    """Packets of the last call of a kernel."""
    graph.save(folder / "m.onnx")
    for command in (["briskc", folder / "m.onnx", "--target=npu", "-o", folder / "m.elf"],
                    ["brisk-run", folder / "m.elf", "--random", "--profile", folder / "p.json"]):  # fmt: skip
        result = subprocess.run([BIN / command[0], *map(str, command[1:])], capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
    profile = json.loads((folder / "p.json").read_text())
    return [k["packets"] for k in profile["kernels"] if k["op"] == kernel][-1]


def matrix(rows, inputs, outputs):
    g = Graph(1)
    x = g.conv(g.input((1, 4, 1, rows)), 4, inputs, 1, relu=True)
    return g, g.conv(x, inputs, outputs, 1)


def window(size, inputs, outputs, kernel, **attributes):
    g = Graph(1)
    x = g.conv(g.input((1, 4, size, size)), 4, inputs, 1, relu=True)
    return g, g.conv(x, inputs, outputs, kernel, relu=True, **attributes)


def row(inputs, outputs):
    g = Graph(1)
    x = g.quantized(g.node("GlobalAveragePool", [g.conv(g.input((1, 4, 4, 4)), 4, inputs, 1, relu=True)]), 0, 4)
    y = g.node("Gemm", [g.node("Flatten", [x]), g.weight((inputs, outputs), 1), g.constant(np.zeros(outputs, np.float32))])
    return g, g.quantized(y, -8, 8)


def function():
    g = Graph(1)
    x = g.conv(g.input((1, 4, 64, 64)), 4, 32, 1, spread=4.0)
    return g, g.conv(g.quantized(g.node("HardSwish", [x]), 0, 4), 32, 4, 1)


def residual():
    g = Graph(1)
    x = g.conv(g.input((1, 4, 64, 64)), 4, 32, 1, relu=True)
    y = g.conv(x, 32, 32, 1)
    return g, g.conv(g.quantized(g.node("Add", [x, y]), -8, 8), 32, 4, 1)


# What is built, the kernel, its work (products; vectors of bytes), the least work a packet that is promised, packets.
BUDGETS = {
    "matrix 128x768x768": (lambda: matrix(128, 768, 768), "convolve", 128 * 768 * 768, 215, 308005),
    "conv 3x3 56x56x64x64": (lambda: window(56, 64, 64, 3), "convolve", 56 * 56 * 64 * 64 * 9, 190, 541605),
    "conv 3x3 28x28x32x32": (lambda: window(28, 32, 32, 3), "convolve", 28 * 28 * 32 * 32 * 9, 187, 38385),
    "conv 1x1 28x28x64x128": (lambda: window(28, 64, 128, 1), "convolve", 28 * 28 * 64 * 128, 155, 33072),
    "depthwise 3x3 112x112x32": (lambda: window(112, 32, 32, 3, group=32), "depthwise", 112 * 112 * 32 * 9, 70, 50637),
    "depthwise 3x3 14x14x384": (lambda: window(14, 384, 384, 3, group=384), "depthwise", 14 * 14 * 384 * 9, 39, 17153),
    "row 768x768": (lambda: row(768, 768), "row", 768 * 768, 115, 5122),
    "lookup 64x64x32": (function, "lookup", 1032, 1 / 8.5, 8280),
    "add 64x64x32": (residual, "add", 1032, 1 / 3.3, 3385),
}


@pytest.mark.parametrize("name", BUDGETS)
def test_budget(tmp_path, name):
    make, kernel, work, promised, budget = BUDGETS[name]
    graph, result = make()
    graph.output(result)
    took = packets(tmp_path, graph, kernel)
    assert work / took >= promised, f"{took} packets: {work / took:.1f} a packet"
    assert abs(took / budget - 1) <= 0.02, f"{took} packets, but the budget is {budget}"
