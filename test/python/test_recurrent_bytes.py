"""Recurrent layers whose weights are bytes, against onnxruntime.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import brisk
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
STEPS, BATCH, INPUTS, HIDDEN = 6, 2, 20, 24


def write(path, kind: str, states: bool = False, **attributes) -> dict[str, np.ndarray]:
    """A layer with `states` (an initial one beyond 1, and lengths) and inputs for it."""
    rng = np.random.default_rng(3)
    directions, rows = 2 if attributes.get("direction") == "bidirectional" else 1, GATES[kind] * HIDDEN
    weights = {"w": rng.standard_normal((directions, rows, INPUTS)) / np.sqrt(INPUTS),
               "r": rng.standard_normal((directions, rows, HIDDEN)) / np.sqrt(HIDDEN),
               "b": rng.standard_normal((directions, 2 * rows)) * 0.1}
    feeds = {"x": rng.standard_normal((STEPS, BATCH, INPUTS)).astype(np.float32)}
    if states:
        feeds |= {"l": np.array([STEPS, 3], np.int32),
                  "h": 3 * rng.standard_normal((directions, BATCH, HIDDEN)).astype(np.float32)}
    operands = ["x", "w", "r", "b"] + (["l", "h"] if states else [])
    node = helper.make_node(kind, operands, ["y", "last"], "layer", hidden_size=HIDDEN, **attributes)
    kinds = {"int32": TensorProto.INT32, "float32": TensorProto.FLOAT}
    inputs = [helper.make_tensor_value_info(name, kinds[str(array.dtype)], array.shape) for name, array in feeds.items()]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "last")]
    graph = helper.make_graph([node], "g", inputs, outputs,
                              [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return feeds


def error(path, answers: dict[str, np.ndarray], feeds) -> float:
    wanted = onnxruntime.InferenceSession(path).run(None, feeds)
    return max(float(np.abs(answers[name] - want).max()) for name, want in zip(("y", "last"), wanted))


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("kind, extra", [("LSTM", {}), ("GRU", {}), ("GRU", {"linear_before_reset": 1}), ("RNN", {})])
@pytest.mark.parametrize("states", [False, True])
def test_bytes_stay_near_floats(tmp_path, kind, extra, direction, states):
    feeds = write(tmp_path / "m.onnx", kind, states, direction=direction, **extra)
    model = brisk.compile(tmp_path / "m.onnx", quantize="dynamic", keep_slower=True)
    away = error(tmp_path / "m.onnx", model.run(feeds), feeds)
    # Bytes of states are as far apart as their bounds; nothing damps what is wrong where there are no gates.
    bound = max(1, np.abs(feeds["h"]).max()) if states else 1
    assert 1e-5 < away < 0.02 * bound * (2 if kind == "RNN" else 1)


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize("per_channel", [False, True])
def test_layers_that_onnxruntime_quantized(tmp_path, direction, per_channel):
    """It rounds states by the range of each step, Brisk by their bounds."""
    feeds = write(tmp_path / "m.onnx", "LSTM", direction=direction)
    quantize_dynamic(tmp_path / "m.onnx", tmp_path / "q.onnx", per_channel=per_channel)
    answers = brisk.compile(tmp_path / "q.onnx").run(feeds)
    assert error(tmp_path / "q.onnx", answers, feeds) < 0.012


def test_weights_with_zero_points_run_in_floats(tmp_path):
    """Such as no byte form has: the recurrent ones around 3."""
    feeds = write(tmp_path / "m.onnx", "LSTM")
    quantize_dynamic(tmp_path / "m.onnx", tmp_path / "q.onnx")
    model = onnx.load(tmp_path / "q.onnx")
    zero = model.graph.node[-1].input[11]
    for tensor in model.graph.initializer:
        if tensor.name == zero:
            tensor.CopyFrom(numpy_helper.from_array(np.array([3], numpy_helper.to_array(tensor).dtype), zero))
    onnx.save(model, tmp_path / "q.onnx")
    answers = brisk.compile(tmp_path / "q.onnx").run(feeds)
    assert error(tmp_path / "q.onnx", answers, feeds) < 0.02
