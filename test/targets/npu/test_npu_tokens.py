"""What goes over the channels of a token: attention, softmax, norms; a block of a transformer without scalar code.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json

import numpy as np
import pytest

from layers import Graph, needs_qemu
from test_npu_layers import check, done

pytestmark = needs_qemu


def shape(g, *dims):
    return g.constant(np.array(dims, np.int64))


def linear(g, x, inputs, outputs, low, high):
    y = g.node("MatMul", [x, g.weight((inputs, outputs), 1)])
    bias = g.constant(g.rng.uniform(-0.2, 0.2, outputs).astype(np.float32))
    return g.quantized(g.node("Add", [y, bias]), low, high)


def attention(g, x, tokens, width, heads):
    size = width // heads

    def split(y, order):
        return g.node("Transpose", [g.node("Reshape", [y, shape(g, 1, tokens, heads, size)])], perm=order)

    q = split(linear(g, x, width, width, -7.9, 7.9), [0, 2, 1, 3])
    k = split(linear(g, x, width, width, -7.7, 7.9), [0, 2, 3, 1])
    v = split(linear(g, x, width, width, -7.9, 7.5), [0, 2, 1, 3])
    scores = g.node("Mul", [g.node("MatMul", [q, k]), g.constant(np.float32(size**-0.5))])
    shares = g.quantized(g.node("Softmax", [g.quantized(scores, -19, 19)], axis=-1), 0, 1)
    y = g.quantized(g.node("MatMul", [shares, v]), -7.9, 7.9)
    return g.node("Reshape", [g.node("Transpose", [y], perm=[0, 2, 1, 3]), shape(g, 1, tokens, width)])


def norm(g, x, width):
    gain = g.constant(g.rng.uniform(0.5, 1.5, width).astype(np.float32))
    bias = g.constant(g.rng.uniform(-0.5, 0.5, width).astype(np.float32))
    return g.quantized(g.node("LayerNormalization", [x, gain, bias], axis=-1), -4.1, 3.9)


def counts(folder):
    """Packets of the run that check made, by kernel."""
    profile = json.loads((folder / "p.json").read_text())
    by = {}
    for kernel in profile["kernels"]:
        by[kernel["op"]] = by.get(kernel["op"], 0) + kernel["packets"]
    return profile["packets"], by


@pytest.mark.parametrize("signed, tokens, width, heads", [(False, 64, 128, 4), (True, 20, 24, 2), (False, 36, 16, 1)])
def test_attention(tmp_path, signed, tokens, width, heads):
    g = Graph(3, signed)
    y = attention(g, g.input((1, tokens, width), -2, 2), tokens, width, heads)
    g.output(y)
    check(tmp_path, g, {"tokens", "convolve", "product", "softmax", "floats"}, 15.8 / 255, odd=0.02, rounding="exact")
    _, by = counts(tmp_path)
    assert not {"scalar", "unblock", "block"} & set(by), by


@pytest.mark.parametrize("signed, tokens, width", [(False, 33, 128), (True, 7, 20)])
def test_norm_and_softmax(tmp_path, signed, tokens, width):
    g = Graph(4, signed)
    x = linear(g, g.input((1, tokens, width), -2, 2), width, width, -15.3, 14.9)
    g.output(norm(g, x, width))
    check(tmp_path, g, {"norm"}, 8 / 255, odd=0.01, rounding="exact")
    g = Graph(4, signed)
    x = linear(g, g.input((1, tokens, width), -2, 2), width, width, -15.3, 14.9)
    g.output(g.quantized(g.node("Softmax", [x], axis=-1), 0, 1))
    check(tmp_path, g, {"softmax"}, 1 / 255, odd=0.01, rounding="exact")


def test_odd_tokens_stay_scalar(tmp_path):
    """Sums over three channels are no whole words: linalg's loops do them, with the same results."""
    g = Graph(5)
    x, y = g.input((1, 6, 3)), g.input((1, 6, 3))
    g.output(g.quantized(g.node("MatMul", [x, g.node("Transpose", [y], perm=[0, 2, 1])]), -3, 3))
    check(tmp_path, g, {"scalar"}, 6 / 255, rounding="exact")


def test_block(tmp_path):
    """A block of a transformer: nothing is scalar, and the packets are those of the budget."""
    tokens, width = 64, 128
    g = Graph(6)
    x = g.input((1, tokens, width), -2, 2)
    a = linear(g, attention(g, x, tokens, width, 4), width, width, -15.3, 14.9)
    r = norm(g, g.quantized(g.node("Add", [x, a]), -15.1, 15.2), width)
    h = linear(g, r, width, 4 * width, -9.7, 10.1)
    erf = g.node("Erf", [g.node("Mul", [h, g.constant(np.float32(0.70710678))])])
    half = g.node("Mul", [h, g.constant(np.float32(0.5))])
    h = g.quantized(g.node("Mul", [half, g.node("Add", [erf, g.constant(np.float32(1))])]), -0.2, 9.9)
    y = linear(g, h, 4 * width, width, -30.3, 29.7)
    g.output(norm(g, g.quantized(g.node("Add", [r, y]), -31.3, 30.7), width))
    check(tmp_path, g, {"product", "softmax", "norm", "lookup", "add"}, 8 / 255, odd=0.12, rounding="exact", beyond=0.01)
    done("briskc", tmp_path / "m.onnx", "--target=npu", "--npu-fallback=error", "-o", tmp_path / "m.elf")
    total, by = counts(tmp_path)
    assert "scalar" not in by and "unblock" not in by, by
    assert abs(total / 125538 - 1) <= 0.02, (total, by)
