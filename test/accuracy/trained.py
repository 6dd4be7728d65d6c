"""What --quantize=int8 --calibrator=auto costs trained models, and what it gains.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import collections
import json
import pathlib
import tempfile
from typing import Any

from models.recipe import Unavailable

from .sets import SETS
from .variants import compiled, race

# A variant counts as slower from here: less is the noise of a busy machine.
SLOWER = 0.97


def judge(name: str, **options: Any) -> dict[str, Any]:
    """One row: scores of the float model and of the quantized one, the ratio of their times, and what was decided."""
    judged = SETS[name]()
    with tempfile.TemporaryDirectory(prefix="brisk-accuracy-") as scratch:
        floats = compiled(judged, pathlib.Path(scratch))
        quantized = compiled(judged, pathlib.Path(scratch), **options)
        exact = floats.answers(judged)
        before, after = judged.score(exact, exact), judged.score(quantized.answers(judged), exact)
        times = race({"fp32": floats, "quantized": quantized}, judged.samples[0])
        report = quantized.report
        precisions = collections.Counter(layer["precision"] for layer in report["layers"])
    return {"model": name, "metric": judged.metric, "labelled": judged.labelled, "samples": len(judged.samples),
            "fp32": before, "quantized": after, "drop": before - after, "allowed": judged.allowed,
            "fp32_us": times["fp32"], "quantized_us": times["quantized"],
            "speedup": times["fp32"] / times["quantized"], "decision": report["decision"], "kept": report["kept"],
            "precisions": dict(precisions), "compile_seconds": quantized.seconds}


def passes(row: dict[str, Any]) -> bool:
    # One sample more or less is no finding where there are few.
    return row["drop"] <= row["allowed"] + 1e-9 and row["speedup"] >= SLOWER


def show(row: dict[str, Any]) -> None:
    if "missing" in row:
        print(f"{row['model']:<22}left out: {row['missing']}", flush=True)
        return
    precisions = ", ".join(f"{count} {name}" for name, count in row["precisions"].items())
    print(f"{row['model']:<22}{row['metric']:<20}{row['fp32']:7.2f}{row['quantized']:9.2f}{row['drop']:7.2f}"
          f"{row['fp32_us']:11.1f}{row['speedup']:7.2f}x  {'ok  ' if passes(row) else 'FAIL'} {precisions or 'no layers'}"
          f" ({row['decision'] or 'as it is'})", flush=True)


def run(arguments: argparse.Namespace) -> int:
    rows = []
    print(f"{'model':<22}{'metric':<20}{'fp32':>7}{'int8':>9}{'drop':>7}{'fp32 us':>11}{'speed':>8}", flush=True)
    for name in arguments.names or SETS:
        try:
            rows.append(judge(name, quantize=arguments.quantize, calibrator=arguments.calibrator,
                              keep_slower=arguments.keep_slower, max_accuracy_drop=arguments.max_accuracy_drop))
        except Unavailable as reason:
            rows.append({"model": name, "missing": str(reason)})
        show(rows[-1])
    judged = [row for row in rows if "missing" not in row]
    good = sum(row["drop"] <= row["allowed"] + 1e-9 for row in judged)
    slower = [row["model"] for row in judged if row["speedup"] < SLOWER]
    print(f"{good} of {len(judged)} models stay within their allowance; "
          + (f"slower than fp32: {', '.join(slower)}" if slower else "none is slower than fp32"))
    if arguments.json:
        arguments.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    return 0 if judged and good >= 0.9 * len(judged) and (arguments.keep_slower or not slower) else 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="MODEL", help=f"some of {', '.join(SETS)}")
    parser.add_argument("--quantize", default="int8")
    parser.add_argument("--calibrator", default="auto")
    parser.add_argument("--max-accuracy-drop", default="", metavar="PCT")
    parser.add_argument("--keep-slower", action="store_true", help="judge accuracy where fp32 is as fast, too")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
