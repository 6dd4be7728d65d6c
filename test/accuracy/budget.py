"""What --latency-budget finds for trained models: met or not, speed against fp32, points lost.

The first half of the samples accepts variants (by true classes where they are known, else by cosine with fp32); the score is
that of all of them. Each model is compiled for the budget and, with --fastest, for the fastest within the floor.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import json
import pathlib
import statistics
import tempfile
from typing import Any

import numpy as np
from models.recipe import Unavailable
from models.trained import NAMES, trained

from .sets import SETS, EvaluationSet
from .variants import compiled, race


def write_half(judged: EvaluationSet, path: pathlib.Path) -> None:
    half = judged.samples[:max(1, len(judged.samples) // 2)]
    arrays = {key: np.stack([sample[key] for sample in half]) for key in half[0]}
    if judged.name in NAMES:
        with np.load(trained(judged.name).evaluation) as file:
            arrays["label"] = file["label"][:len(half)]
    np.savez(path, **arrays)


def search(name: str, budget: str, floor: float, seconds: int) -> dict[str, Any]:
    judged = SETS[name]()
    with tempfile.TemporaryDirectory(prefix="brisk-budget-") as scratch:
        folder = pathlib.Path(scratch)
        write_half(judged, folder / "eval.npz")
        floats = compiled(judged, folder)
        chosen = compiled(judged, folder, eval=folder / "eval.npz", latency_budget=budget, best_effort=True,
                          max_accuracy_drop=str(floor), search_time=seconds)
        exact = floats.answers(judged)
        before, after = judged.score(exact, exact), judged.score(chosen.answers(judged), exact)
        times = race({"fp32": floats, "chosen": chosen}, judged.samples[0])
        report = chosen.report["search"]
        picked = next((point for point in report["points"] if point["chosen"]), None)
    return {"model": name, "metric": judged.metric, "budget": budget, "met": report["met"], "fp32": before, "chosen": after,
            "drop": before - after, "fp32_us": times["fp32"], "chosen_us": times["chosen"],
            "speedup": times["fp32"] / times["chosen"], "variant": picked and picked["name"], "points": len(report["points"]),
            "compile_seconds": chosen.seconds}


def run(arguments: argparse.Namespace) -> int:
    rows = []
    print(f"{'model':<22}{'metric':<20}{'fp32':>7}{'found':>8}{'drop':>7}{'fp32 us':>11}{'speed':>8}  what", flush=True)
    for name in arguments.names or SETS:
        try:
            row = search(name, "0.1%" if arguments.fastest else arguments.budget, arguments.floor, arguments.seconds)
        except Unavailable as reason:
            print(f"{name:<22}left out: {reason}", flush=True)
            continue
        rows.append(row)
        print(f"{name:<22}{row['metric']:<20}{row['fp32']:7.2f}{row['chosen']:8.2f}{row['drop']:7.2f}{row['fp32_us']:11.1f}"
              f"{row['speedup']:7.2f}x  {'' if arguments.fastest else 'met, ' if row['met'] else 'missed, '}"
              f"{row['variant']}, {row['points']} points in {row['compile_seconds']:.0f} s", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    if not rows:
        return 1
    within = [row for row in rows if row["drop"] <= 1]
    if arguments.fastest:
        median = statistics.median(row["speedup"] if row["drop"] <= 1 else 1 for row in rows)
        print(f"median {median:.2f}x at a point or less; {sum(row['speedup'] >= 2 for row in within)} of {len(rows)} reach 2x")
        return 0 if median >= 2.5 and sum(row["speedup"] >= 2 for row in within) >= 0.8 * len(rows) else 1
    met = sum(row["met"] for row in within)
    print(f"{met} of {len(rows)} models meet {arguments.budget} at a point or less")
    return 0 if met >= 0.8 * len(rows) else 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="MODEL", help=f"some of {', '.join(SETS)}")
    parser.add_argument("--budget", default="60%")
    parser.add_argument("--floor", type=float, default=1, help="points that may be lost on the samples that accept")
    parser.add_argument("--seconds", type=int, default=300, help="of search for each model")
    parser.add_argument("--fastest", action="store_true", help="no budget: the fastest within the floor")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
