"""Brisk: an ahead-of-time compiler of neural networks.

    model = brisk.compile("model.onnx")      # or an onnx.ModelProto, or a torch.nn.Module with args=
    outputs = model.run({"x": array})        # {"y": numpy array}
    model.save("model.so")
    model = brisk.load("model.so")           # needs no compiler

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from .compiler import (CompileError, CompileWarning, PredictedKernel, Prediction, Problem, calibrate_machine, check,
                       compile, compile_file, export, options, predict, predict_variant, version)
from .model import CompiledModel, KernelTime, ValueInfo, load
from .stream import Stream

__version__ = "0.1.0"

__all__ = ["CompileError", "CompileWarning", "CompiledModel", "KernelTime", "PredictedKernel", "Prediction", "Problem",
           "Stream",
           "ValueInfo", "calibrate_machine", "check", "compile", "compile_file", "export", "load", "options", "predict",
           "predict_variant", "version"]
