"""Compiled models that run.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import dataclasses
import functools
import json
import os
import pathlib
import shutil
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import _runtime
from .stream import Stream

Path = str | os.PathLike[str]


@dataclasses.dataclass(frozen=True)
class ValueInfo:
    """An input or output of a model. A dim is an int, the name that the model
    gives an open dim, or None for an open dim without a name. dtypes that numpy
    lacks (bfloat16, the 8-bit floats, int4 and so on) are those of ml_dtypes."""

    name: str
    dtype: np.dtype
    shape: tuple[int | str | None, ...]


@dataclasses.dataclass(frozen=True)
class KernelTime:
    """Time of one kernel of the artifact: `name` joins the ONNX nodes that it
    computes by '+', `op` says what kind of kernel they became. Times are of the
    calling thread."""

    name: str
    op: str
    calls: int
    total_us: float
    median_us: float


class CompiledModel(_runtime.Session):
    """A model ready to run; made by `brisk.compile` and `brisk.load`.

    Calls of `run` from several threads run at the same time. Worker threads do
    not survive os.fork(): load the model in the child."""

    def __init__(self, path: Path, threads: int = 1, isa: str | None = None, pin_threads: bool = False) -> None:
        super().__init__(path, threads, isa, pin_threads)
        self._path = pathlib.Path(path)
        #: Warnings and remarks of the compilation, if this process did it.
        self.diagnostics: list[tuple[str, str]] = []

    @functools.cached_property
    def _known(self) -> dict[str, Any]:
        return self._facts()

    @functools.cached_property
    def inputs(self) -> tuple[ValueInfo, ...]:
        """The inputs in the model's order."""
        return tuple(ValueInfo(*entry) for entry in self._known["inputs"])

    @functools.cached_property
    def outputs(self) -> tuple[ValueInfo, ...]:
        """The outputs in the model's order."""
        return tuple(ValueInfo(*entry) for entry in self._known["outputs"])

    @functools.cached_property
    def report(self) -> dict[str, Any]:
        """What the artifact says of itself: name, manifest (producer, target,
        the ONNX model's metadata), arena_size in bytes (0 if it depends on the
        inputs), kernels as (name, op), the instruction-set variants in it, the
        one chosen (isa), threads; and diagnostics of the compilation."""
        known = self._known
        return {key: known[key] for key in ("name", "arena_size", "kernels", "variants", "isa", "threads")} | {
            "manifest": json.loads(known["manifest"]), "diagnostics": self.diagnostics}

    def stream(self) -> Stream:
        """A sequence at its beginning, for models that were compiled with
        `stream=AXIS`. ValueError for others."""
        return Stream(self)

    def save(self, path: Path) -> None:
        """Writes the artifact, a shared object, to `path` (replaced only when
        complete). OSError if that fails."""
        path = pathlib.Path(path)
        if path.exists() and path.samefile(self._path):
            return
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(self._path, part)
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def profile(self, inputs: Mapping[str, Any] | Sequence[Any] | None = None, runs: int = 10,
                trace: Path | None = None) -> list[KernelTime]:
        """Times every kernel over `runs` runs, after one that is not counted;
        the slowest comes first.

        inputs: as for `run`; None takes zeros of the declared shapes with open
        dims set to 1. trace: also writes a Chrome trace there (for Perfetto or
        chrome://tracing). Raises as `run` does, and OSError for the file."""
        if runs < 1:
            raise ValueError(f"expects at least 1 run, but got {runs}")
        if inputs is None:
            inputs = [np.zeros([dim if isinstance(dim, int) else 1 for dim in value.shape], value.dtype)
                      for value in self.inputs]
        times: dict[int, list[float]] = {}
        for kernel, thread, _, duration in self._profile(inputs, runs, trace):
            if kernel >= 0 and thread == 0:
                times.setdefault(kernel, []).append(duration / 1e3)
        kernels = self._known["kernels"]
        table = [KernelTime(*kernels[index], len(us), sum(us), statistics.median(us)) for index, us in times.items()]
        return sorted(table, key=lambda entry: -entry.total_us)

    def __repr__(self) -> str:
        def text(values: tuple[ValueInfo, ...]) -> str:
            return ", ".join(f"{value.name}: {value.dtype}[{', '.join('?' if d is None else str(d) for d in value.shape)}]"
                             for value in values)
        return f"<brisk model {self._known['name']}: {text(self.inputs)} -> {text(self.outputs)}>"


def load(path: Path, threads: int = 1, isa: str | None = None, pin_threads: bool = False) -> CompiledModel:
    """Opens an artifact that `CompiledModel.save` or briskc wrote. Its code is
    trusted: open only what you would execute.

    threads: of one run, the caller's included; -1 = one for each CPU that this
    thread may use. isa: a level such as "x86-64-v3", to use no variant above
    it. pin_threads: bind each worker to a CPU.

    Raises OSError if the file is no artifact, ValueError for a wrong option,
    RuntimeError if it is made for another version or no variant fits."""
    return CompiledModel(path, threads, isa, pin_threads)
