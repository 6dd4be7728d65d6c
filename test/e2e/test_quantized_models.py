"""Quantized models against onnxruntime: decisions, and how far results lie apart.

Runs every quantized model that scripts/models has made; the others are skipped
by name. Sums of bytes are exact, so results differ where a number lies on the
border of two levels, and in what follows from that.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import brisk
import numpy as np
import onnxruntime
import pytest
from models.__main__ import MODELS
from models.quantized import varied
from models.recipe import models_dir

INPUTS = 8


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.quantized])
def test_decides_as_onnxruntime(name):
    if not (models_dir() / f"{name}.stamp").exists():
        pytest.skip(f"scripts/models {name} has not made it")
    path = str(models_dir() / f"{name}.onnx")
    sessions = []
    for level in ("ORT_ENABLE_ALL", "ORT_DISABLE_ALL"):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        sessions.append(onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]))
    model = brisk.compile(path)
    for inputs in varied(name.rsplit("_", 1)[0], INPUTS):
        expected, plain = (session.run(None, inputs)[0].ravel() for session in sessions)
        got = next(iter(model.run(inputs).values())).ravel()
        near, own = np.corrcoef([expected, got, plain])[0, 1:]
        # Where one level changes what follows, onnxruntime is as far from itself.
        assert 1 - near <= 0.01 + 2 * (1 - own)
        if own > 0.99:
            # One level of the last layer may decide between two that are equal but for it.
            assert expected.max() - expected[got.argmax()] <= (expected.max() - expected.min()) / 64
