"""Models that --quantize=int8 --emit=onnx wrote, in onnxruntime and compiled again, beside the float model.

A decision is the largest element of each row of the first output, or which side of one half a single number lies.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import json
import pathlib
import tempfile
import warnings
from typing import Any

import brisk
import numpy as np
from models.recipe import Sample, Unavailable

from .agreement import session
from .sets import SETS

# Samples of each set.
INPUTS = 200


def decisions(output: np.ndarray) -> np.ndarray:
    """Of a batch of pictures, one for each pixel."""
    return output.argmax(-1).ravel() if output.shape[-1] > 1 and output.ndim < 4 else (output > 0.5).ravel()


def same(first: list[np.ndarray], second: list[np.ndarray]) -> float:
    return float(np.mean(np.concatenate(first) == np.concatenate(second)))


def judge(name: str, count: int) -> dict[str, Any]:
    judged = SETS[name]()
    with tempfile.TemporaryDirectory(prefix="brisk-accuracy-") as scratch:
        folder = pathlib.Path(scratch)
        judged.write_calibration(folder / "calibration.npz")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", brisk.CompileWarning)
            brisk.compile_file(judged.model, folder / "quantized.onnx", shape=judged.shape, emit="onnx", quantize="int8",
                               calibration=folder / "calibration.npz", max_accuracy_drop="100")
        written, floats = session(folder / "quantized.onnx"), session(judged.model)
        again = brisk.compile(folder / "quantized.onnx")
        output = floats.get_outputs()[0].name

        def run(samples: list[Sample], runs) -> list[np.ndarray]:
            return [decisions(np.asarray(runs(sample))) for sample in samples]

        samples = judged.samples[:count]
        theirs = run(samples, lambda sample: written.run([output], sample)[0])
        return {"model": name, "inputs": len(samples), "decisions": sum(map(len, theirs)),
                "as_compiled_again": same(theirs, run(samples, lambda sample: again.run(sample)[output])),
                "as_in_floats": same(theirs, run(samples, lambda sample: floats.run([output], sample)[0]))}


def run(arguments: argparse.Namespace) -> int:
    rows = []
    print(f"{'model':<22}{'decisions':>10}{'as compiled again':>19}{'as in floats':>14}", flush=True)
    for name in arguments.names or SETS:
        try:
            row = judge(name, arguments.inputs)
        except Unavailable as reason:
            print(f"{name:<22}left out: {reason}", flush=True)
            continue
        rows.append(row)
        print(f"{name:<22}{row['decisions']:>10}{row['as_compiled_again']:>19.3%}{row['as_in_floats']:>14.3%}"
              f"  {'ok' if row['as_compiled_again'] >= 0.995 else 'FAIL'}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    return 0 if rows and all(row["as_compiled_again"] >= 0.995 for row in rows) else 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="MODEL", help=f"some of {', '.join(SETS)}")
    parser.add_argument("--inputs", type=int, default=INPUTS, metavar="N")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
