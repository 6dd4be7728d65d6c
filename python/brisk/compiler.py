"""From models to artifacts.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import dataclasses
import json
import os
import pathlib
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .model import CompiledModel, Path

if TYPE_CHECKING:
    import onnx
    import torch

    Model = Path | onnx.ModelProto | torch.nn.Module

_USAGE = 2  # the status of a wrong option


class CompileError(Exception):
    """The model, a file or an option is at fault. `diagnostics` holds every
    (severity, message) of the compilation: all problems of a model are reported
    together."""

    def __init__(self, diagnostics: Sequence[tuple[str, str]]) -> None:
        self.diagnostics = list(diagnostics)
        errors = [message for severity, message in self.diagnostics if severity == "error"]
        super().__init__("\n".join(errors) or "compilation failed without a message")


class CompileWarning(UserWarning):
    """What the compiler warns of."""


@dataclasses.dataclass(frozen=True)
class Problem:
    """Something that keeps a model from being compiled.

    node: its ONNX name; empty for the whole model. op, domain, opset, dtype (of
    the first input): where known. kind: "unsupported" (a correct model that
    Brisk cannot compile) or "invalid". alternative: the nearest op that is
    supported, if any comes near."""

    node: str
    op: str
    domain: str
    opset: int
    dtype: str
    kind: str
    reason: str
    alternative: str


def _compiler():
    # Loads LLVM: not needed to run artifacts.
    from . import _brisk

    return _brisk


def version() -> str:
    """The versions of Brisk and LLVM."""
    return _compiler().version()


def options() -> dict[str, tuple[str, Any, str]]:
    """The options of `compile`: (type, default, help) by name. Types are bool,
    int, string and list (of strings)."""
    return {name: (kind, default, text) for name, kind, default, _, _, text in _compiler().options()}


def export(module: "torch.nn.Module", args: Sequence[Any], path: Path, **keywords: Any) -> None:
    """Writes a PyTorch module as an ONNX file.

    args: example inputs, a tuple of tensors. keywords go to torch.onnx.export;
    `dynamic_shapes` says which dims stay open, `input_names` and `output_names`
    how values are called. Raises what torch.onnx.export raises."""
    import torch

    if isinstance(args, torch.Tensor):
        args = (args,)
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            torch.onnx.export(module, tuple(args), str(path), dynamo=True, verbose=False, **keywords)
    finally:
        module.train(training)


def _source(model: "Model", args: Sequence[Any] | None, scratch: pathlib.Path):
    """The model as the compiler takes it."""
    compiler = _compiler()
    if isinstance(model, (str, os.PathLike)):
        return compiler.ModelSource.from_path(os.fspath(model))
    if hasattr(model, "SerializeToString"):
        return compiler.ModelSource.from_bytes(model.SerializeToString(), model.graph.name or "model")
    if hasattr(model, "state_dict"):
        if args is None:
            raise TypeError("a torch.nn.Module needs args=, example inputs")
        export(model, args, scratch / "model.onnx")
        return compiler.ModelSource.from_path(str(scratch / "model.onnx"))
    raise TypeError(f"expects a path, an onnx.ModelProto or a torch.nn.Module, but got {type(model).__name__}")


def _options(target: str, given: dict[str, Any]) -> dict[str, Any]:
    known = options()
    for name in given:
        if name not in known:
            raise TypeError(f"unknown option '{name}': expects one of {', '.join(known)}")
    if isinstance(shape := given.get("shape"), Mapping):
        given = given | {"shape": [f"{name}={'x'.join(map(str, dims))}" for name, dims in shape.items()]}
    return {"target": target} | {name: os.fspath(value) if isinstance(value, os.PathLike) else value
                                 for name, value in given.items()}


def check(model: "Model", target: str = "cpu", *, args: Sequence[Any] | None = None,
          **keywords: Any) -> list[Problem]:
    """Everything that keeps `model` from being compiled, without compiling it;
    empty if nothing does. Arguments and errors are those of `compile`, but a
    model at fault is a Problem."""
    chosen = _options(target, keywords)
    with tempfile.TemporaryDirectory(prefix="brisk-") as scratch:
        status, report, diagnostics = _compiler().check(_source(model, args, pathlib.Path(scratch)), chosen)
    if status == _USAGE:
        raise ValueError("; ".join(message for _, message in diagnostics))
    return [Problem(**problem) for problem in json.loads(report)["problems"]]


@dataclasses.dataclass(frozen=True)
class PredictedKernel:
    """A kernel and all its calls in one run.

    nodes: the ONNX nodes that it computes. op: what they became. kind: contraction,
    gemv, depthwise, reduction, transcendental, memory or recurrence. index: as in
    CompiledModel.report["kernels"], -1 if unknown. us: of all calls; overhead_us of
    it is counted in calls and loops. work: instructions of one call, by kind.
    measured: us was measured on a base, see `predict_variant`. key: equal for
    kernels that do the same."""

    nodes: tuple[str, ...]
    op: str
    kind: str
    index: int
    calls: float
    us: float
    overhead_us: float
    share: float
    flops: float
    bytes: float
    work: dict[str, float]
    measured: bool
    key: str


@dataclasses.dataclass(frozen=True)
class Prediction:
    """The latency of one run, without running: total_us is the sum over kernels,
    host_us (between them) and run_us (once). unknown: what could not be known,
    how often a loop runs for instance."""

    model: str
    machine: str
    isa: str
    total_us: float
    run_us: float
    host_us: float
    unknown: tuple[str, ...]
    kernels: tuple[PredictedKernel, ...]

    def by_class(self) -> dict[str, float]:
        """Microseconds by class of kernel; "overhead" is what is counted in calls."""
        us = {"overhead": self.run_us + self.host_us}
        for kernel in self.kernels:
            us[kernel.kind] = us.get(kernel.kind, 0) + kernel.us - kernel.overhead_us
            us["overhead"] += kernel.overhead_us
        return us


def predict(model: "Model", target: str = "cpu", *, args: Sequence[Any] | None = None, **keywords: Any) -> Prediction:
    """Predicts the latency of `model` kernel by kernel on the machine that
    `machine` (a file, see briskc --calibrate-machine) describes, or the one at
    hand. Arguments and errors are those of `compile`; a model whose inputs have
    open dims that `shape` does not fix is a CompileError."""
    chosen = _options(target, keywords)
    with tempfile.TemporaryDirectory(prefix="brisk-") as scratch:
        status, report, diagnostics = _compiler().predict(_source(model, args, pathlib.Path(scratch)), chosen)
    if status == _USAGE:
        raise ValueError("; ".join(message for _, message in diagnostics))
    if status:
        raise CompileError(diagnostics)
    return _prediction(report)


def _prediction(report: str) -> Prediction:
    known = json.loads(report)
    kernels = tuple(PredictedKernel(**{"kind" if key == "class" else key: tuple(value) if key == "nodes" else value
                                       for key, value in kernel.items()}) for kernel in known.pop("kernels"))
    return Prediction(kernels=kernels, unknown=tuple(known.pop("unknown")), **known)


def predict_variant(variant: Prediction, base: Prediction, measured_us: Mapping[int, float],
                    total_us: float = 0) -> Prediction:
    """The latency of a variant of a model whose base was measured: kernels that
    both have take what they took there, the others what the cost model says,
    scaled by how right it was on the base.

    measured_us: microseconds in one run of the base's kernels, by index (those of
    `CompiledModel.profile` are in the order of report["kernels"]). total_us: of a
    whole run of the base, if it was measured too. ValueError if a prediction
    is not whole."""
    def text(prediction: Prediction) -> str:
        known = dataclasses.asdict(prediction)
        for kernel in known["kernels"]:
            kernel["class"] = kernel.pop("kind")
        return json.dumps(known)

    return _prediction(_compiler().predict_variant(text(variant), text(base), dict(measured_us), total_us))


def calibrate_machine(output: Path, *, measurements: Path | None = None, target: str = "cpu", **keywords: Any) -> str:
    """Measures this machine (about a minute) and writes its description, which
    `machine=` takes, to `output`. With measurements, a file of lines
    "model,microseconds[,NAME=1x3x224x224...]", it adapts `machine` (or the one at
    hand) to whole models measured elsewhere instead. Returns how far predictions
    are from measurements, in words. ValueError for wrong options or files."""
    status, report, diagnostics = _compiler().calibrate_machine(
        os.fspath(output), "" if measurements is None else os.fspath(measurements), _options(target, keywords))
    if status:
        raise ValueError("; ".join(message for severity, message in diagnostics if severity == "error"))
    return report


def compile_file(model: "Model", output: Path, target: str = "cpu", *, args: Sequence[Any] | None = None,
                 **keywords: Any) -> list[tuple[str, str]]:
    """Compiles `model` to the file `output`, of any kind that `emit` names, and
    returns the (severity, message) of every remark and warning. Arguments and
    errors are those of `compile`."""
    chosen = _options(target, keywords)
    with tempfile.TemporaryDirectory(prefix="brisk-") as scratch:
        source = _source(model, args, pathlib.Path(scratch))
        status, diagnostics = _compiler().compile(source, os.fspath(output), chosen)
    if status == _USAGE:
        raise ValueError("; ".join(message for _, message in diagnostics))
    if status:
        raise CompileError(diagnostics)
    for severity, message in diagnostics:
        if severity == "warning":
            warnings.warn(message, CompileWarning, stacklevel=3)
    return diagnostics


def compile(model: "Model", target: str = "cpu", *, args: Sequence[Any] | None = None, threads: int = 1,
            **keywords: Any) -> CompiledModel:
    """Compiles a model and opens the result.

    model: the path of an ONNX file, an onnx.ModelProto (without external data),
    or a torch.nn.Module with args=, a tuple of example inputs. threads: of one
    run, see `load`. keywords: the compiler's options, which `brisk.options()`
    lists; `shape` may also be a dict, {"x": (1, 3, 224, 224)}.

    The GIL is released while it compiles. Raises CompileError with all
    diagnostics if the model is at fault, TypeError for an unknown option or one
    of the wrong type, ValueError for a wrong value of one."""
    for name in ("emit", "stop_after"):
        if keywords.get(name) not in (None, "", "so"):
            raise ValueError(f"{name}={keywords[name]!r} gives nothing that runs: use brisk.compile_file")
    folder = tempfile.mkdtemp(prefix="brisk-")
    try:
        artifact = pathlib.Path(folder, "model.so")
        diagnostics = compile_file(model, artifact, target, args=args, **keywords)
        compiled = CompiledModel(artifact, threads)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(compiled, shutil.rmtree, folder, ignore_errors=True)
    compiled.diagnostics = diagnostics
    return compiled
