"""Compiled variants of a model: their answers, their times in turns, their reports.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import dataclasses
import json
import math
import pathlib
import time
import warnings
from typing import Any

import brisk

from .sets import Answers, EvaluationSet, Sample

# A batch of runs that is timed at once takes about this many seconds.
BATCH = 0.01
ROUNDS = 15


@dataclasses.dataclass
class Variant:
    """`report` is what --report writes; empty where nothing was quantized."""

    model: brisk.CompiledModel
    report: dict[str, Any]
    seconds: float

    def run(self, sample: Sample) -> list:
        return list(self.model.run(sample).values())

    def answers(self, judged: EvaluationSet) -> Answers:
        return judged.answers(self.run)


def compiled(judged: EvaluationSet, folder: pathlib.Path, **options: Any) -> Variant:
    """The set's model with these options; quantized ones are calibrated on the set's samples."""
    if options:
        calibration = folder / f"{judged.name}.npz"
        if not calibration.exists():
            judged.write_calibration(calibration)
        options = {"calibration": calibration, "report": folder / "report.json"} | options
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", brisk.CompileWarning)
        model = brisk.compile(judged.model, shape=judged.shape, **options)
    seconds = time.perf_counter() - begin
    report = json.loads((folder / "report.json").read_text()) if options else {}
    return Variant(model, report, seconds)


def race(variants: dict[str, Variant], sample: Sample, rounds: int = ROUNDS) -> dict[str, float]:
    """Microseconds of processor time of one run, the least of batches that took turns."""
    counts, least = {}, dict.fromkeys(variants, math.inf)
    for name, variant in variants.items():
        variant.model.run(sample)
        begin = time.process_time()
        variant.model.run(sample)
        counts[name] = max(1, math.ceil(BATCH / max(time.process_time() - begin, 1e-6)))
    for _ in range(rounds):
        for name, variant in variants.items():
            begin = time.process_time()
            for _ in range(counts[name]):
                variant.model.run(sample)
            least[name] = min(least[name], (time.process_time() - begin) / counts[name] * 1e6)
    return least
