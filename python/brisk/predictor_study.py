"""How far predicted latencies are from measured ones.

    python -m brisk.predictor_study --machine=FILE [MODEL...]

Compiles each model (a file, or the name of one that scripts/models made; all of
them if none is given) for the shapes of its samples, with the variants that
--variants names, predicts it, runs it and compares. FILE comes from
briskc --calibrate-machine, which sees none of these models. Times are the least
processor time of a run on one thread, of the clock on more; --table keeps them,
so that a second study measures only what is missing, and keeps the lesser of
two times with --again.

Three tables: whole models; the gain of variants over their base, from the cost
model alone and from the base's measured kernels (predict_variant); and, if
--adapt names the table of another setting (--isa, --threads, another machine),
models that were left out when N random ones adapted the scales.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import dataclasses
import json
import pathlib
import random
import statistics
import sys
import tempfile
import time
from typing import Any

import numpy as np

import brisk
from brisk.bench import model_path, samples

#: Options of each variant; the samples serve as calibration.
VARIANTS: dict[str, dict[str, Any]] = {
    "f32": {},
    "bf16": {"quantize": "bf16", "keep_slower": True},
    "int8": {"quantize": "int8", "calibrator": "minmax", "keep_slower": True},
    "dynamic": {"quantize": "dynamic", "keep_slower": True},
}


@dataclasses.dataclass
class Row:
    """A model at one shape and in one variant; microseconds."""

    name: str
    variant: str
    measured: float
    predicted: brisk.Prediction
    kernels: dict[int, float]  # measured, by index

    @property
    def error(self) -> float:
        return self.predicted.total_us / self.measured - 1


def options_of(variant: str, sample: pathlib.Path, isa: str | None) -> dict[str, Any]:
    options = dict(VARIANTS[variant])
    if options.get("quantize") == "int8":
        options["calibration"] = str(sample)
    if isa:
        options["march"] = isa
    return options


def measure(model: brisk.CompiledModel, inputs: dict[str, np.ndarray], threads: int, seconds: float) -> tuple[float, dict[int, float]]:
    """The least time of a run but for outliers, and that of each kernel in one."""
    clock = time.process_time_ns if threads == 1 else time.perf_counter_ns
    model.run(inputs)
    begin = clock()
    model.run(inputs)
    count = max(1, int(1_000_000 / max(clock() - begin, 1000)))
    batches, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        begin = clock()
        for _ in range(count):
            model.run(inputs)
        batches.append((clock() - begin) / count / 1e3)
    # The clock of processor time is not above a lapse: not the very least.
    best = float(np.quantile(batches, 0.05))
    runs = 5 if best > 20_000 else 20
    spans: dict[int, list[float]] = {}
    for kernel, thread, _, duration in model._profile([inputs[value.name] for value in model.inputs], runs, None):
        if kernel >= 0 and thread == 0:
            spans.setdefault(kernel, []).append(duration / 1e3)
    # Kernels inside loops run many times: their mean then, else the least of all runs.
    return best, {kernel: min(times) if len(times) <= runs else sum(times) / runs for kernel, times in spans.items()}


def study(paths: list[pathlib.Path], arguments: argparse.Namespace, table: dict[str, Any]) -> list[Row]:
    rows = []
    for path in paths:
        for name, inputs in samples(path, None):
            shapes = {key: value.shape for key, value in inputs.items()}
            sample = path.with_name(f"{name}.npz")
            for variant in arguments.variants.split(","):
                key = f"{name} {variant}"
                try:
                    options = options_of(variant, sample, arguments.isa)
                    predicted = brisk.predict(path, shape=shapes, machine=arguments.machine, **options)
                    if key not in table or arguments.again:
                        with tempfile.TemporaryDirectory(prefix="brisk-") as folder:
                            artifact = pathlib.Path(folder, "model.so")
                            brisk.compile_file(path, artifact, shape=shapes, **options)
                            model = brisk.load(artifact, threads=arguments.threads, isa=arguments.isa)
                            taken = {value.name: inputs[value.name] for value in model.inputs}
                            us, kernels = measure(model, taken, arguments.threads, arguments.seconds)
                        before = table.get(key, {"us": us})
                        table[key] = {"us": min(us, before["us"]), "kernels": {str(k): v for k, v in kernels.items()}}
                except (brisk.CompileError, ValueError, RuntimeError) as error:
                    print(f"{key}: {str(error).splitlines()[0]}", file=sys.stderr)
                    continue
                known = table[key]
                rows.append(Row(name, variant, known["us"], predicted, {int(k): v for k, v in known["kernels"].items()}))
                print(f"{key:36} {known['us']:11.1f} us, predicted {predicted.total_us:11.1f} ({rows[-1].error:+.0%})", flush=True)
                if arguments.table:
                    arguments.table.write_text(json.dumps(table))
    return rows


def spearman(x: list[float], y: list[float]) -> float:
    ranks = [np.argsort(np.argsort(values)) for values in (x, y)]
    return float(np.corrcoef(*ranks)[0, 1]) if len(x) > 2 else 1.0


def summary(errors: list[float]) -> dict[str, float]:
    return {"count": len(errors), "median": float(np.median(errors)), "p90": float(np.quantile(errors, 0.9))}


def whole_models(rows: list[Row]) -> dict[str, Any]:
    groups = {variant: [row for row in rows if row.variant == variant] for variant in {row.variant for row in rows}}
    result = {}
    for name, group in [*sorted(groups.items()), ("all", rows)]:
        result[name] = summary([abs(row.error) for row in group]) | {
            "spearman": spearman([row.predicted.total_us for row in group], [row.measured for row in group])}
    return result


def gains(rows: list[Row]) -> dict[str, Any]:
    """|predicted - measured| of the time of a variant relative to its base."""
    bases = {row.name: row for row in rows if row.variant == "f32"}
    alone, from_base = [], []
    for row in rows:
        base = bases.get(row.name)
        if row is base or not base:
            continue
        truth = row.measured / base.measured
        alone.append(abs(row.predicted.total_us / base.predicted.total_us - truth))
        closed = brisk.predict_variant(row.predicted, base.predicted, base.kernels, base.measured)
        from_base.append(abs(closed.total_us / base.measured - truth))
    return {"alone": summary(alone), "from the measured base": summary(from_base)} if alone else {}


def adapted(rows: list[Row], other: dict[str, Any], count: int, splits: int = 40) -> dict[str, Any]:
    """Errors on models left out, over random choices of `count` models of the other setting."""
    pairs = [(row, other[f"{row.name} {row.variant}"]["us"]) for row in rows if f"{row.name} {row.variant}" in other]
    if len(pairs) <= count:
        return {}
    compiler, generator = brisk.compiler._compiler(), random.Random(0)
    errors, ones, correlations = [], [], []
    for _ in range(splits):
        generator.shuffle(pairs)
        chosen, rest = pairs[:count], pairs[count:]
        scales = compiler.adapted_scales([(row.predicted.by_class(), us) for row, us in chosen])
        guesses = [sum(scales[kind] * us for kind, us in row.predicted.by_class().items()) for row, _ in rest]
        errors += [abs(guess / us - 1) for guess, (_, us) in zip(guesses, rest)]
        one = statistics.median(us / row.predicted.total_us for row, us in chosen)
        ones += [abs(one * row.predicted.total_us / us - 1) for row, us in rest]
        correlations.append(spearman(guesses, [us for _, us in rest]))
    return summary(errors) | {"spearman": statistics.mean(correlations), "one scale": summary(ones)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m brisk.predictor_study", description=__doc__.split("\n\n")[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help="files or names; all that scripts/models made if none")
    parser.add_argument("--machine", default="", help="machine file; what the target says of this machine if not given")
    parser.add_argument("--variants", default="f32", help=f"of {', '.join(VARIANTS)}; f32 if not given")
    parser.add_argument("--isa", help="use no instruction set above it")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2, help="of measuring each model; default 2")
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE.json", help="measured times, kept there")
    parser.add_argument("--again", action="store_true", help="measure what the table has, too")
    parser.add_argument("--adapt", type=pathlib.Path, metavar="FILE.json", help="the table of another setting")
    parser.add_argument("--count", type=int, default=10, help="measurements that --adapt may use; default 10")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the results there")
    arguments = parser.parse_args()
    for variant in arguments.variants.split(","):
        if variant not in VARIANTS:
            parser.error(f"unknown variant '{variant}': expects {', '.join(VARIANTS)}")
    folder = model_path("x").parent
    paths = [model_path(name) for name in arguments.models] or sorted(folder.glob("*.onnx"))
    if not paths:
        parser.error(f"no models in {folder}: run scripts/models")
    table = json.loads(arguments.table.read_text()) if arguments.table and arguments.table.exists() else {}
    rows = study(paths, arguments, table)
    if not rows:
        return 1
    result = {"models": whole_models(rows), "gains": gains(rows)}
    if arguments.adapt:
        result["adapted"] = adapted(rows, json.loads(arguments.adapt.read_text()), arguments.count)
    for name, group in result["models"].items():
        print(f"{name}: {group['count']} models, median error {group['median']:.1%}, p90 {group['p90']:.1%}, "
              f"Spearman {group['spearman']:.3f}")
    for name, group in result["gains"].items():
        print(f"gain of variants, {name}: median error {100 * group['median']:.1f} points, p90 {100 * group['p90']:.1f}")
    if group := result.get("adapted"):
        print(f"adapted to {arguments.count} models: median error {group['median']:.1%}, p90 {group['p90']:.1%}, "
              f"Spearman {group['spearman']:.3f}; one scale {group['one scale']['median']:.1%}, {group['one scale']['p90']:.1%}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
