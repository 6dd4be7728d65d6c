"""Causal networks over time, for steps that keep states.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib

import numpy as np

from .graphs import Graph


def conv(g: Graph, value: str, name: str, inside: int, outside: int, kernel: int, group: int = 1, **attributes) -> str:
    weight = g.uniform(name + ".weight", outside, inside // group, kernel, fan=inside // group * kernel)
    return g.node("Conv", [value, weight, g.uniform(name + ".bias", outside, fan=inside)], name + "_out", group=group, **attributes)


def padded(g: Graph, value: str, name: str, before: int, after: int = 0) -> str:
    return g.node("Pad", [value, g.constant(name + "_pads", np.array([0, 0, before, 0, 0, after], np.int64))], name)


def front(g: Graph, value: str, name: str, begin: int, end: int) -> str:
    """Frames begin ... end - 1 (end may count from the end)."""
    places = [g.constant(f"{name}_{kind}", np.array([number], np.int64))
              for kind, number in (("starts", begin), ("ends", end), ("axes", 2))]
    return g.node("Slice", [value, *places], name)


def wavenet(path: pathlib.Path, channels: int = 32, dilations=(1, 2, 4, 8, 16, 32), frames: int | str = "T") -> None:
    """Gated dilated convolutions with residuals and a sum of skips, as in WaveNet; padding in front by Pad."""
    g = Graph("wavenet")
    value = conv(g, padded(g, g.input("x", 1, 1, frames), "front", 1), "first", 1, channels, 2)
    skips = []
    for layer, dilation in enumerate(dilations):
        late = padded(g, value, f"late{layer}", dilation)
        gate, kept = (conv(g, late, f"{kind}{layer}", channels, channels, 2, dilations=[dilation]) for kind in ("gate", "value"))
        gated = g.node("Mul", [g.node("Sigmoid", [gate], f"sigmoid{layer}"), g.node("Tanh", [kept], f"tanh{layer}")], f"gated{layer}")
        skips.append(conv(g, gated, f"skip{layer}", channels, channels, 1))
        value = g.node("Add", [value, conv(g, gated, f"inner{layer}", channels, channels, 1)], f"sum{layer}")
    value = skips[0]
    for layer, skip in enumerate(skips[1:]):
        value = g.node("Add", [value, skip], f"skips{layer}")
    conv(g, g.node("Relu", [value], "relu"), "head", channels, 8, 1)
    g.output("head_out", 1, 8, frames)
    g.save(path)


def tcn(path: pathlib.Path, channels: int = 64, layers: int = 6, frames: int | str = "T") -> None:
    """Dilated convolutions that pad on both sides and lose the end again, as in Bai et al.'s TCN."""
    g = Graph("tcn")
    value, inside = g.input("x", 1, 16, frames), 16
    for layer in range(layers):
        branch, width = value, inside
        for part in "ab":
            pad = 2 * 2**layer
            wide = conv(g, branch, f"{part}{layer}", width, channels, 3, dilations=[2**layer], pads=[pad, pad])
            branch, width = g.node("Relu", [front(g, wide, f"chomp_{part}{layer}", 0, -pad)], f"relu_{part}{layer}"), channels
        if inside != channels:
            value = conv(g, value, f"fit{layer}", inside, channels, 1)
        value, inside = g.node("Relu", [g.node("Add", [value, branch], f"sum{layer}")], f"out{layer}"), channels
    conv(g, value, "head", channels, 4, 1)
    g.output("head_out", 1, 4, frames)
    g.save(path)


def separator(path: pathlib.Path, filters: int = 64, inner: int = 128, repeats: int = 2, blocks: int = 4, frames: int | str = "T",
              late: bool = False) -> None:
    """Conv-TasNet with norms over channels: an encoder of 16 samples every 8, masks for two sources, a decoder. The encoder
    waits for its last 8 samples (`late`) or has 8 zeros in front."""
    g = Graph("separator")
    value = g.input("x", 1, 1, frames)
    value = value if late else padded(g, value, "front", 8)
    codes = g.node("Relu", [conv(g, value, "encoder", 1, filters, 16, strides=[8])], "codes")

    def norm(value: str, name: str, width: int) -> str:
        rows = g.node("Transpose", [value], name + "_rows", perm=[0, 2, 1])
        scale, shift = g.constant(name + "_scale", np.ones(width, np.float32)), g.uniform(name + "_shift", width, fan=width)
        rows = g.node("LayerNormalization", [rows, scale, shift], name + "_normed", axis=-1)
        return g.node("Transpose", [rows], name, perm=[0, 2, 1])

    def prelu(value: str, name: str) -> str:
        return g.node("PRelu", [value, g.constant(name + "_slope", np.full((1, 1), 0.25, np.float32))], name)

    value = conv(g, norm(codes, "norm", filters), "bottleneck", filters, filters, 1)
    skips = []
    for block in range(repeats * blocks):
        dilation = 2**(block % blocks)
        wide = norm(prelu(conv(g, value, f"wide{block}", filters, inner, 1), f"prelu_a{block}"), f"norm_a{block}", inner)
        deep = conv(g, padded(g, wide, f"pad{block}", 2 * dilation), f"deep{block}", inner, inner, 3, group=inner, dilations=[dilation])
        deep = norm(prelu(deep, f"prelu_b{block}"), f"norm_b{block}", inner)
        skips.append(conv(g, deep, f"skip{block}", inner, filters, 1))
        value = g.node("Add", [value, conv(g, deep, f"back{block}", inner, filters, 1)], f"sum{block}")
    value = skips[0]
    for block, skip in enumerate(skips[1:]):
        value = g.node("Add", [value, skip], f"skips{block}")
    masks = g.node("Sigmoid", [conv(g, value, "masks", filters, 2 * filters, 1)], "mask")
    for source, half in enumerate(g.node("Split", [masks], ["mask0", "mask1"], axis=1) and ("mask0", "mask1")):
        code = g.node("Mul", [codes, half], f"code{source}")
        weight = g.uniform(f"decoder{source}.weight", filters, 1, 16, fan=filters)
        g.node("ConvTranspose", [code, weight], f"source{source}", strides=[8])
        g.output(f"source{source}", 1, 1, f"T{source}" if frames == "T" else frames + (0 if late else 8))
    g.save(path)


def pyramid(path: pathlib.Path) -> None:
    """An encoder and decoder with strides, skips and a GRU between them; pools and repeated frames."""
    g = Graph("pyramid")
    fine = g.node("Relu", [conv(g, g.input("x", 1, 8, 64), "fine", 8, 16, 3, pads=[2, 0])], "fine_relu")
    half = g.node("Relu", [conv(g, fine, "half", 16, 24, 4, strides=[2], pads=[3, 0])], "half_relu")
    half = g.node("MaxPool", [half], "pooled", kernel_shape=[3], pads=[2, 0])
    coarse = conv(g, half, "coarse", 24, 32, 2, strides=[2])
    rows = g.node("Transpose", [coarse], "rows", perm=[2, 0, 1])
    g.recurrent("GRU", rows, "gru", 32, 32, ["gru_y", ""], [], linear_before_reset=1)
    flat = g.node("Squeeze", ["gru_y", g.constant("one", np.array([1], np.int64))], "flat")
    coarse = g.node("Transpose", [flat], "columns", perm=[1, 2, 0])
    scales = g.constant("scales", np.array([1, 1, 2], np.float32))
    up = g.node("Resize", [coarse, "", scales], "repeated", mode="nearest", coordinate_transformation_mode="asymmetric",
                nearest_mode="floor")
    joined = g.node("Concat", [up, half], "joined", axis=1)
    weight = g.uniform("up.weight", 56, 16, 4, fan=56 * 4)
    up = front(g, g.node("ConvTranspose", [joined, weight], "wide", strides=[2]), "crop", 0, 64)
    value = g.node("Relu", [g.node("Add", [up, fine], "sum")], "relu")
    means = g.node("AveragePool", [padded(g, value, "before", 4)], "means", kernel_shape=[5])
    conv(g, g.node("Concat", [value, means], "both", axis=1), "head", 32, 2, 1)
    g.output("head_out", 1, 2, 64)
    g.save(path)
