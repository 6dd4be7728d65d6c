"""Compares the latency of compiled models with other runtimes.

    python -m brisk.bench MODEL.onnx --against onnxruntime,openvino

Every contestant runs in this process on the same inputs, in rounds that take
turns, so that a slow moment of the machine hits all of them. MODEL is a file,
or the name of one that scripts/models made. Inputs are those of MODEL.npz (or
MODEL.1.npz, MODEL.2.npz ...: one row each) beside the model, or of --input, or
random ones of the declared shapes with open dims set to 1.

A ratio is the other's median over ours: above 1, ours is faster. With --first it
is the time from opening the model to its first result that is compared, each
taken in a process of its own: what a program pays that runs a model once.

Old files list their weights among the inputs, which forbids folding them; the others get a
copy without that.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import dataclasses
import importlib.util
import json
import math
import multiprocessing
import os
import pathlib
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

# A run shorter than this is timed in batches, or the clock would be part of it.
BATCH_NS = 200_000
# Below this, bound buffers are timed as well: the call itself is what counts.
SMALL_US = 200.0

Arrays = dict[str, np.ndarray]


@dataclasses.dataclass
class Contestant:
    """A model made ready: `run()` is the plain Python call and gives its
    outputs by name; `bound()`, where there is one, runs on buffers bound
    beforehand."""

    run: Callable[[], Arrays]
    bound: Callable[[], object] | None = None


def prepare_brisk(artifact: pathlib.Path, inputs: Arrays, threads: int) -> Contestant:
    import brisk

    model = brisk.load(artifact, threads=threads)
    return Contestant(lambda: model.run(inputs))


def open_onnxruntime(path: pathlib.Path, threads: int):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def prepare_onnxruntime(path: pathlib.Path, inputs: Arrays, threads: int) -> Contestant:
    import onnxruntime

    session = open_onnxruntime(path, threads)
    names = [output.name for output in session.get_outputs()]
    binding = session.io_binding()
    for name, value in inputs.items():
        binding.bind_cpu_input(name, value)
    for name, value in zip(names, session.run(names, inputs)):
        # Outputs of this size are kept, not allocated anew on each run.
        binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(value)))
    return Contestant(lambda: dict(zip(names, session.run(names, inputs))),
                      lambda: session.run_with_iobinding(binding))


def open_openvino(path: pathlib.Path, threads: int):
    import openvino

    core = openvino.Core()
    # Float models in float everywhere: on machines with bf16 units the default is less exact.
    return core.compile_model(core.read_model(path), "CPU", {
        "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1})


def prepare_openvino(path: pathlib.Path, inputs: Arrays, threads: int) -> Contestant:
    import openvino

    model = open_openvino(path, threads)
    request = model.create_infer_request()
    # An output can have several names; the model's own is one of them.
    outputs = [(sorted(output.get_names()), output) for output in model.outputs]
    bound = model.create_infer_request()
    for name, value in inputs.items():
        bound.set_tensor(name, openvino.Tensor(value, shared_memory=True))

    def run() -> Arrays:
        found = request.infer(inputs, share_inputs=True, share_outputs=True)
        return {name: found[output] for names, output in outputs for name in names}

    return Contestant(run, bound.infer)


PEERS = {"onnxruntime": prepare_onnxruntime, "openvino": prepare_openvino}


def first_result(contestant: str, path: pathlib.Path, inputs: Arrays, threads: int, result) -> None:
    """Milliseconds from opening to the first outputs; run in a fresh process. The package is loaded before the clock
    starts: programs differ in what they link."""
    importlib.import_module(contestant)
    begin = time.perf_counter()
    if contestant == "brisk":
        prepare_brisk(path, inputs, threads).run()
    elif contestant == "onnxruntime":
        open_onnxruntime(path, threads).run(None, inputs)
    else:
        open_openvino(path, threads).create_infer_request().infer(inputs)
    result.send((time.perf_counter() - begin) * 1e3)


def first_results(files: dict[str, pathlib.Path], inputs: Arrays, threads: int, repeats: int = 7) -> dict[str, list[float]]:
    """Several `first_result` of each contestant, taken in turns; a contestant that fails has none."""
    processes = multiprocessing.get_context("spawn")
    times: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(repeats):
        for name, path in files.items():
            receiver, sender = processes.Pipe(duplex=False)
            child = processes.Process(target=first_result, args=(name, path, inputs, threads, sender))
            child.start()
            sender.close()
            try:
                times[name].append(receiver.recv())
            except EOFError:
                pass
            child.join()
    return {name: taken for name, taken in times.items() if taken}


def without_listed_weights(path: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The model, or a copy in `folder` whose weights are no inputs."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) == len(model.graph.input):
        return path
    model = onnx.load(path)
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    model.ir_version = max(model.ir_version, 4)  # weights that are no inputs exist since then
    copy = folder / path.name
    onnx.save(model, copy)
    return copy


def random_inputs(path: pathlib.Path) -> Arrays:
    """Inputs of the declared types and shapes; open dims are 1."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    rng, inputs = np.random.default_rng(0), {}
    for value in graph.input:
        if value.name in weights:
            continue
        tensor = value.type.tensor_type
        shape = [dim.dim_value if dim.dim_value > 0 else 1 for dim in tensor.shape.dim]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if dtype.kind in "iu":
            inputs[value.name] = rng.integers(0, 2, shape).astype(dtype)
        elif dtype.kind == "b":
            inputs[value.name] = rng.integers(0, 2, shape).astype(bool)
        else:
            inputs[value.name] = np.asarray(rng.standard_normal(shape)).astype(dtype)
    return inputs


def samples(path: pathlib.Path, given: pathlib.Path | None) -> list[tuple[str, Arrays]]:
    """(row name, inputs) of everything the model is to be timed on."""
    name = path.stem
    files = [given] if given else [path.with_suffix(".npz")]
    if not given and not files[0].exists():
        files = []
        while (file := path.with_name(f"{name}.{len(files) + 1}.npz")).exists():
            files.append(file)
    if not files:
        return [(f"{name} (random)", random_inputs(path))]
    rows = []
    for file in files:
        with np.load(file) as arrays:
            inputs = {key: np.ascontiguousarray(arrays[key]) if arrays[key].ndim else arrays[key] for key in arrays}
        rows.append((name if len(files) == 1 else file.stem, inputs))
    return rows


def model_path(name: str) -> pathlib.Path:
    path = pathlib.Path(name)
    if path.suffix == ".onnx" or path.exists():
        return path
    cache = os.environ.get("BRISK_CACHE") or pathlib.Path(
        os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache", "brisk")
    return pathlib.Path(cache, "models", f"{name}.onnx")


def time_batch(call: Callable[[], object], count: int) -> float:
    """Microseconds of one call, the mean of `count` in a row."""
    begin = time.perf_counter_ns()
    for _ in range(count):
        call()
    return (time.perf_counter_ns() - begin) / count / 1e3


def race(calls: dict[str, Callable[[], object]], seconds: float) -> dict[str, dict[str, float]]:
    """Runs the calls in turns for about `seconds` each."""
    counts = {}
    for name, call in calls.items():
        call()
        quick = min(time_batch(call, 1) for _ in range(3)) * 1e3
        counts[name] = max(1, math.ceil(BATCH_NS / max(quick, 1)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    order, spent, rounds = list(calls), 0.0, 0
    while rounds < 5 or spent < seconds * len(calls):
        begin = time.perf_counter()
        for name in order:
            # The first batch after another contestant finds cold caches and is not counted.
            time_batch(calls[name], counts[name])
            times[name] += [time_batch(calls[name], counts[name]) for _ in range(5)]
        order = order[1:] + order[:1]
        spent += time.perf_counter() - begin
        rounds += 1
    return {name: {"median_us": statistics.median(t), "min_us": min(t), "samples": len(t), "batch": counts[name]}
            for name, t in times.items()}


def difference(ours: Arrays, theirs: Arrays) -> float:
    """The largest |difference| over the largest |output|, over all outputs."""
    worst = 0.0
    for name, mine in ours.items():
        if name not in theirs:
            return math.inf
        other = np.asarray(theirs[name])
        mine = np.asarray(mine)
        if mine.shape != other.shape:
            return math.inf
        if mine.size and mine.dtype.kind in "fiub":
            gap = np.abs(mine.astype(np.float64) - other.astype(np.float64)).max()
            scale = np.abs(other.astype(np.float64)).max()
            gap = gap / scale if scale else gap
            worst = max(worst, float(gap) if np.isfinite(gap) else math.inf)
    return worst


def one_line(error: Exception) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= 300 else text[:297] + "..."


def bench_row(name: str, artifact: pathlib.Path, peer_model: pathlib.Path, inputs: Arrays, peers: list[str],
              threads: int, seconds: float) -> dict:
    row: dict = {"model": name, "threads": threads, "through": "Python run", "missing": {}}
    ready, outputs = {}, {}
    makers = {"brisk": lambda: prepare_brisk(artifact, inputs, threads)}
    makers |= {peer: lambda peer=peer: PEERS[peer](peer_model, inputs, threads) for peer in peers}
    for contestant, make in makers.items():
        try:
            made = make()
            outputs[contestant] = made.run()
        except Exception as error:  # whatever a runtime throws: it is out of this row, and the row says so
            row["missing"][contestant] = one_line(error)
            continue
        ready[contestant] = made
    if "brisk" not in ready:
        return row
    reference = next((peer for peer in peers if peer in ready), None)
    if reference:
        row["difference"] = difference(outputs["brisk"], outputs[reference])
        row["difference_to"] = reference
    row["times"] = race({name: made.run for name, made in ready.items()}, seconds)
    ours = row["times"]["brisk"]
    row["ratio"] = {peer: row["times"][peer]["median_us"] / ours["median_us"] for peer in peers if peer in ready}
    if ours["median_us"] < SMALL_US:
        bound = {peer: ready[peer].bound for peer in peers if peer in ready and ready[peer].bound}
        calls = {"brisk": ready["brisk"].bound or ready["brisk"].run} | bound
        row["bound_buffers"] = race(calls, seconds / 2)
        row["bound_buffers_of_brisk"] = ready["brisk"].bound is not None
    return row


def bench_first(name: str, artifact: pathlib.Path, peer_model: pathlib.Path, inputs: Arrays, peers: list[str],
                threads: int) -> dict:
    first = first_results({"brisk": artifact} | {peer: peer_model for peer in peers}, inputs, threads)
    row = {"model": name, "threads": threads, "through": "opening and the first Python run",
           "missing": {peer: "it failed, see above" for peer in ["brisk", *peers] if peer not in first}}
    if "brisk" in first:
        row["times"] = {peer: {"median_us": statistics.median(ms) * 1e3, "min_us": min(ms) * 1e3, "samples": len(ms)}
                        for peer, ms in first.items()}
        row["ratio"] = {peer: row["times"][peer]["median_us"] / row["times"]["brisk"]["median_us"]
                        for peer in peers if peer in first}
    return row


def bench_model(path: pathlib.Path, given: pathlib.Path | None, peers: list[str], threads: int, seconds: float,
                options: dict, first: bool = False) -> list[dict]:
    import brisk

    with tempfile.TemporaryDirectory(prefix="brisk-bench-") as scratch:
        folder = pathlib.Path(scratch)
        artifact = folder / f"{path.stem}.so"
        begin = time.perf_counter()
        try:
            rows = samples(path, given)
            brisk.compile(str(path), **options).save(artifact)
        except Exception as error:  # a model that does not compile is a row that says so
            return [{"model": path.stem, "missing": {"brisk": one_line(error)}}]
        seconds_to_compile = time.perf_counter() - begin
        peer_model = without_listed_weights(path, folder)
        results = [bench_first(name, artifact, peer_model, inputs, peers, threads) if first else
                   bench_row(name, artifact, peer_model, inputs, peers, threads, seconds) for name, inputs in rows]
        for row in results:
            row["compile_s"] = seconds_to_compile
            row["artifact_bytes"] = artifact.stat().st_size
        return results


def geometric_means(rows: list[dict], peers: list[str]) -> dict[str, float]:
    means = {}
    for peer in peers:
        if ratios := [row["ratio"][peer] for row in rows if peer in row.get("ratio", {})]:
            means[peer] = math.exp(statistics.fmean(map(math.log, ratios)))
    return means


def microseconds(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def print_table(rows: list[dict], peers: list[str]) -> None:
    head = ["model", "brisk us", "min"] + [t for p in peers for t in (f"{p} us", "min", "ratio")] + ["difference"]
    lines = [head]
    for row in rows:
        def cells(name: str) -> list[str]:
            if name not in row.get("times", {}):
                return ["-", "-"]
            return [microseconds(row["times"][name][key]) for key in ("median_us", "min_us")]
        line = [row["model"], *cells("brisk")]
        for peer in peers:
            ratio = row.get("ratio", {}).get(peer)
            line += [*cells(peer), f"{ratio:.2f}" if ratio else "-"]
        lines.append(line + [f"{row['difference']:.1e}" if "difference" in row else "-"])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))))
    for row in rows:
        for name, why in row.get("missing", {}).items():
            print(f"{row['model']}: no {name}: {why}")
        if bound := row.get("bound_buffers"):
            print(f"{row['model']} on bound buffers: " + ", ".join(
                f"{name} {microseconds(t['median_us'])} us" for name, t in bound.items()) + (
                "" if row["bound_buffers_of_brisk"] else " (brisk: the plain call)"))
    for peer, mean in geometric_means(rows, peers).items():
        worst = min((row["ratio"][peer], row["model"]) for row in rows if peer in row.get("ratio", {}))
        print(f"against {peer}: geometric mean {mean:.3f}, lowest {worst[0]:.2f} ({worst[1]})")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m brisk.bench", description=__doc__.split("\n\nPart of")[0],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--against", default="onnxruntime", metavar="PEER,...", help=f"of {', '.join(PEERS)}")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="S", help="time for each contestant of a row")
    parser.add_argument("--first", action="store_true", help="compare the time from opening to the first result")
    parser.add_argument("--input", type=pathlib.Path, metavar="FILE.npz", help="inputs by name, for one MODEL")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the results there as well")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE",
                        help="an argument of brisk.compile, such as march=x86-64-v3")
    arguments = parser.parse_args(argv)
    peers = [peer for peer in arguments.against.split(",") if peer]
    if unknown := [peer for peer in peers if peer not in PEERS]:
        parser.error(f"unknown peer {', '.join(unknown)}")
    if arguments.input and len(arguments.models) > 1:
        parser.error("--input goes with one MODEL")
    if bad := [option for option in arguments.option if "=" not in option]:
        parser.error(f"expects NAME=VALUE, but got {bad[0]}")
    options = dict(option.split("=", 1) for option in arguments.option)
    paths = [model_path(name) for name in arguments.models]
    if gone := [str(path) for path in paths if not path.exists()]:
        parser.error(f"no such model: {', '.join(gone)} (scripts/models makes the named ones)")
    for peer in [p for p in peers if importlib.util.find_spec(p) is None]:
        print(f"{peer} is not installed: scripts/setup --models", file=sys.stderr)
        peers.remove(peer)

    rows = []
    for path in paths:
        rows += bench_model(path, arguments.input, peers, arguments.threads, arguments.seconds, options,
                            arguments.first)
    print_table(rows, peers)
    if arguments.json:
        versions = {name: importlib.import_module(name).__version__ for name in ["brisk", *peers]}
        arguments.json.write_text(json.dumps({
            "threads": arguments.threads, "machine": platform.machine(), "cores": os.cpu_count(),
            "versions": versions, "geometric_mean": geometric_means(rows, peers), "rows": rows}, indent=1) + "\n")
    return 1 if any("brisk" in row.get("missing", {}) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
