"""Models that come quantized against onnxruntime: integers of the first layers, and decisions on many inputs.

Integers are compared where the first products end: a step is one level of an
8-bit tensor, else 1/255 of the tensor's range. A decision is the place of the
largest element of the first output. onnxruntime runs as it does by default, and
once more without its optimizations: how far it is from itself says how much of
a difference the model makes of a rounding.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import json
import pathlib
import tempfile
from typing import Any

import brisk
import numpy as np
from models.__main__ import MODELS
from models.quantized import varied
from models.recipe import Sample, Unavailable, seeded

from . import sentences
from .sets import model_file

LAYERS = 5
# Samples on which the integers of the first layers are compared.
COMPARED = 8
PRODUCTS = {"Conv", "MatMul", "Gemm", "QLinearConv", "QLinearMatMul", "QGemm", "MatMulInteger", "ConvInteger"}
# What belongs to a layer behind its product.
TAIL = {"Relu", "Clip", "Cast", "Mul"}
NAMES = [name for name, model in MODELS.items() if model.quantized]


def inputs_of(name: str, count: int) -> list[Sample]:
    base = name.rsplit("_", 1)[0]
    if base == "minilm_l6":
        pairs = sentences.pairs((count + 1) // 2, seeded("agreement"))
        return sentences.tokens([text for pair in pairs for text in pair[:2]])[:count]
    return varied(base, count)


def session(path: pathlib.Path, optimized: bool = True):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def ends_of_layers(graph, count: int) -> list[str]:
    """Where the first products on activations end: their quantized results, where they are quantized."""
    readers: dict[str, list] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    ends: list[str] = []
    for node in graph.node:
        if node.op_type not in PRODUCTS:
            continue
        end = node.output[0]
        while following := readers.get(end, []):
            quantize = [reader for reader in following if reader.op_type == "QuantizeLinear"]
            if not quantize and (len(following) > 1 or following[0].op_type not in TAIL):
                break
            end = (quantize or following)[0].output[0]
            if quantize:
                break
        if end not in ends:
            ends.append(end)
        if len(ends) == count:
            break
    return ends


def first_layers(path: pathlib.Path, samples: list[Sample]) -> dict[str, Any]:
    """The share of elements within a step, and that of equal ones."""
    import onnx

    model = onnx.load(path)
    ends = ends_of_layers(model.graph, LAYERS)
    listed = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in ends if name not in listed)
    with tempfile.TemporaryDirectory(prefix="brisk-accuracy-") as scratch:
        probed = pathlib.Path(scratch, "probed.onnx")
        onnx.save(model, probed)
        theirs, ours = session(probed), brisk.compile(probed)
    total = within = equal = 0
    for sample in samples:
        got = ours.run(sample)
        for name, expected in zip(ends, theirs.run(ends, sample)):
            mine, other = got[name].astype(np.float64), expected.astype(np.float64)
            step = 1.0 if expected.dtype.itemsize == 1 else max(np.ptp(other) / 255, 1e-30)
            gap = np.abs(mine - other)
            total += gap.size
            within += int(np.sum(gap <= step * (1 + 1e-6)))
            equal += int(np.sum(gap <= 1e-5 * step))
    return {"layers": len(ends), "elements": total, "within_one_step": within / total, "equal": equal / total}


def judge(name: str, count: int) -> dict[str, Any]:
    path = model_file(name)
    samples = inputs_of(name, count)
    row: dict[str, Any] = {"model": name, "inputs": count, **first_layers(path, samples[:COMPARED])}
    model, theirs, plain = brisk.compile(path), session(path), session(path, optimized=False)
    first = theirs.get_outputs()[0].name
    same = own = near = 0
    for sample in samples:
        expected = theirs.run([first], sample)[0].ravel()
        got = model.run(sample)[first].ravel()
        same += int(got.argmax() == expected.argmax())
        near += int(expected.max() - expected[got.argmax()] <= (expected.max() - expected.min()) / 255)
        own += int(plain.run([first], sample)[0].argmax() == expected.argmax())
    return row | {"top1": same / count, "top1_within_one_step": near / count, "onnxruntime_unoptimized_top1": own / count}


def passes(row: dict[str, Any]) -> bool:
    return row["within_one_step"] >= 0.999 and row["top1"] >= 0.99


def run(arguments: argparse.Namespace) -> int:
    rows = []
    print(f"{'model':<20}{'first layers: 1 step':>21}{'equal':>11}{'top-1':>10}{'(by a step)':>12}{'onnxruntime unoptimized':>25}")
    for name in arguments.names or NAMES:
        try:
            rows.append(judge(name, arguments.inputs))
        except Unavailable as reason:
            print(f"{name:<20}left out: {reason}", flush=True)
            continue
        row = rows[-1]
        print(f"{name:<20}{row['within_one_step']:>20.4%}{row['equal']:>12.4%}{row['top1']:>10.1%}"
              f"{row['top1_within_one_step']:>12.1%}{row['onnxruntime_unoptimized_top1']:>25.1%}"
              f"  {'ok' if passes(row) else 'FAIL'}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    return 0 if rows and all(map(passes, rows)) else 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="MODEL", help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--inputs", type=int, default=500, metavar="N")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
