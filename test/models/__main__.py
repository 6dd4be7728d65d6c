"""scripts/models: writes NAME.onnx, its sample inputs and the outputs that
onnxruntime gives for them into the cache, each file whole or not at all.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import os
import pathlib
import sys
import time

import numpy as np

from . import exports, graphs, packages, quantized
from .recipe import Model, Unavailable, expect_file, models_dir

MODELS = {model.name: model for model in packages.MODELS + graphs.MODELS + exports.MODELS + quantized.MODELS}


class Whole:
    """A file that appears under its name only once it is complete."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.temporary = path.with_name(f".{os.getpid()}.{path.name}")

    def __enter__(self) -> pathlib.Path:
        return self.temporary

    def __exit__(self, kind, *_):
        if kind is None:
            os.replace(self.temporary, self.path)
        else:
            self.temporary.unlink(missing_ok=True)


def reference(path: pathlib.Path):
    """onnxruntime on one thread, as a function from inputs to outputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, inputs)))


def write_arrays(path: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
    with Whole(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def make(model: Model, again: bool) -> str:
    folder = models_dir()
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / f"{model.name}.stamp"
    wanted = f"{model.name} {model.version}\n"
    if not again and stamp.exists() and stamp.read_text() == wanted:
        return "there already"
    stamp.unlink(missing_ok=True)
    begin = time.monotonic()
    path = folder / f"{model.name}.onnx"
    with Whole(path) as temporary:
        model.make(temporary)
    run = reference(path)
    samples = model.samples(path)
    for index, inputs in enumerate(samples, 1):
        suffix = "" if len(samples) == 1 else f".{index}"
        sample = folder / f"{model.name}{suffix}.npz"
        outputs = run(inputs)
        for name, value in outputs.items():
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                raise ValueError(f"output {name} of {model.name} is not finite")
        write_arrays(expect_file(sample), outputs)
        write_arrays(sample, inputs)
    with Whole(stamp) as temporary:
        temporary.write_text(wanted)
    return f"{path.stat().st_size / 1e6:.1f} MB, {len(samples)} sample(s), {time.monotonic() - begin:.0f} s"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/models", description=__doc__.split("\n\n")[0],
                                     epilog="models: " + " ".join(MODELS))
    parser.add_argument("names", nargs="*", metavar="NAME", help="models to make")
    parser.add_argument("--default", action="store_true", help="those that need no PyTorch")
    parser.add_argument("--all", action="store_true", help="every model")
    parser.add_argument("--again", action="store_true", help="make them even if they are there")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    arguments = parser.parse_args()
    chosen = [m for m in MODELS.values()
              if arguments.all or (arguments.default and not m.needs_torch and not m.quantized) or m.name in arguments.names]
    if unknown := [name for name in arguments.names if name not in MODELS]:
        parser.error(f"unknown model {', '.join(unknown)}")
    if arguments.list:
        print("\n".join(m.name for m in (chosen or MODELS.values())))
        return 0
    if not chosen:
        parser.error("name a model, or say --default or --all")
    missing = 0
    for model in chosen:
        try:
            said = make(model, arguments.again)
        except Unavailable as why:
            missing += 1
            said = f"not available: {why}"
        print(f"{model.name}: {said}", flush=True)
    # A model that was asked for by name must be there afterwards.
    return 1 if missing and arguments.names else 0


if __name__ == "__main__":
    sys.exit(main())
