"""Mixed precision on trained models: each sensitivity metric with each search, beside fp32, bf16 and int8 everywhere.

Layers go to int8 as far as the metric's ranking and the search find that the floor (--max-accuracy-drop, measured on the
calibration samples) holds, then to bf16. Accuracy is measured on other samples; predicted latency is that of the recorded
decisions on the machine at hand; the gain is the time that int8 everywhere saves.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import collections
import json
import pathlib
import tempfile
from typing import Any

import brisk
from models.recipe import Unavailable

from .sets import SETS
from .variants import Variant, compiled, race

METRICS = ("divergence", "gauss-newton", "noise", "local")
SEARCHES = ("bisection", "greedy")
# The others take many minutes each: name them.
DEFAULT = ("digits_cnn", "digits_depthwise", "digits_transformer", "ppocr_v2_cls", "ultraface_rfb320")
# The best pair loses at most this many points and keeps this share of the gain.
LOSS, GAIN = 0.3, 0.9


def judge(name: str, floor: str, calibrator: str) -> dict[str, Any]:
    judged = SETS[name]()
    pairs = {f"{metric}, {search}": (metric, search) for metric in METRICS for search in SEARCHES}
    with tempfile.TemporaryDirectory(prefix="brisk-accuracy-") as scratch:
        folder = pathlib.Path(scratch)
        variants: dict[str, Variant] = {"fp32": compiled(judged, folder)}
        predicted = {"fp32": brisk.predict(judged.model, shape=judged.shape).total_us}

        def add(row: str, **options: Any) -> None:
            variants[row] = compiled(judged, folder, calibrator=calibrator, **options)
            predicted[row] = brisk.predict(judged.model, shape=judged.shape, decisions=folder / "report.json").total_us

        add("bf16", quantize="bf16", keep_slower=True)
        add("int8", quantize="int8", keep_slower=True, max_accuracy_drop="100")
        for row, (metric, search) in pairs.items():
            add(row, quantize="mixed", sensitivity=metric, precision_search=search, max_accuracy_drop=floor)
        exact = variants["fp32"].answers(judged)
        scores = {row: judged.score(variant.answers(judged), exact) for row, variant in variants.items()}
        measured = race(variants, judged.samples[0])
    saved = measured["fp32"] - measured["int8"]
    rows = []
    for row, variant in variants.items():
        layers = collections.Counter(layer["precision"] for layer in variant.report.get("layers", []))
        rows.append({"variant": row, "score": scores[row], "drop": scores["fp32"] - scores[row], "layers": dict(layers),
                     "predicted_us": predicted[row], "measured_us": measured[row],
                     "gain": (measured["fp32"] - measured[row]) / saved if saved > 0 else 0.0,
                     "trials": len(variant.report.get("steps", [])), "compile_seconds": variant.seconds})
    good = [row for row in rows if row["variant"] in pairs and row["drop"] <= LOSS + 1e-9 and row["gain"] >= GAIN]
    best = max(good, key=lambda row: (row["gain"], -row["drop"]))["variant"] if good else None
    return {"model": name, "metric": judged.metric, "rows": rows, "best": best}


def show(model: dict[str, Any]) -> None:
    print(f"\n{model['model']} ({model['metric']})\n  {'precision':<26}{'score':>8}{'drop':>7}{'predicted us':>14}"
          f"{'measured us':>13}{'of the gain':>13}{'trials':>8}  layers")
    for row in model["rows"]:
        layers = ", ".join(f"{count} {precision}" for precision, count in row["layers"].items())
        print(f"  {row['variant']:<26}{row['score']:>8.2f}{row['drop']:>7.2f}{row['predicted_us']:>14.1f}"
              f"{row['measured_us']:>13.1f}{row['gain']:>12.0%}{row['trials']:>9}  {layers}")
    print(f"  best pair within {LOSS} points that keeps {GAIN:.0%} of the gain: {model['best'] or 'none'}", flush=True)


def run(arguments: argparse.Namespace) -> int:
    models = []
    for name in arguments.names or DEFAULT:
        try:
            models.append(judge(name, arguments.max_accuracy_drop, arguments.calibrator))
            show(models[-1])
        except Unavailable as reason:
            print(f"\n{name} left out: {reason}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"models": models}, indent=1) + "\n")
    return 0 if models and all(model["best"] for model in models) else 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="MODEL", help=f"{', '.join(DEFAULT)} if none is given; also the "
                        f"others of {', '.join(SETS)}")
    parser.add_argument("--max-accuracy-drop", default="0.3", metavar="PCT")
    parser.add_argument("--calibrator", default="auto", help="ranges of int8; one that clips makes the choice harder")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
