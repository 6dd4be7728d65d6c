"""The parts of python -m brisk.bench, and one comparison from end to end.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import math

import numpy as np
import onnx
import pytest
from brisk import bench
from onnx import TensorProto, helper, numpy_helper


def gemm(weights_listed: bool) -> onnx.ModelProto:
    """y = x * w with an open leading dim."""
    weight = numpy_helper.from_array(np.arange(12, dtype=np.float32).reshape(4, 3), "w")
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])]
    if weights_listed:
        inputs.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 3]))
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", inputs,
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=3 if weights_listed else 8)


def test_weights_leave_the_inputs_of_the_peers(tmp_path):
    listed, plain = tmp_path / "listed.onnx", tmp_path / "plain.onnx"
    onnx.save(gemm(True), listed)
    onnx.save(gemm(False), plain)
    (tmp_path / "scratch").mkdir()
    copy = bench.without_listed_weights(listed, tmp_path / "scratch")
    assert copy != listed
    assert [value.name for value in onnx.load(copy).graph.input] == ["x"]
    assert bench.without_listed_weights(plain, tmp_path / "scratch") == plain


def test_random_inputs_set_open_dims_to_one(tmp_path):
    path = tmp_path / "m.onnx"
    onnx.save(gemm(True), path)
    inputs = bench.random_inputs(path)
    assert {name: (value.shape, value.dtype) for name, value in inputs.items()} == {"x": ((1, 4), np.float32)}


def test_each_sample_file_is_a_row(tmp_path):
    path = tmp_path / "m.onnx"
    onnx.save(gemm(False), path)
    assert [name for name, _ in bench.samples(path, None)] == ["m (random)"]
    for rows in (1, 2):
        np.savez(tmp_path / f"m.{rows}.npz", x=np.zeros((rows, 4), np.float32))
    assert [(name, inputs["x"].shape) for name, inputs in bench.samples(path, None)] == [("m.1", (1, 4)), ("m.2", (2, 4))]


@pytest.mark.parametrize("theirs, expected", [
    ({"y": np.array([2.0, 4.0])}, 0.0), ({"y": np.array([2.0, 5.0])}, 0.2),
    ({"y": np.array([2.0])}, math.inf), ({}, math.inf), ({"y": np.array([2.0, np.nan])}, math.inf)])
def test_difference_is_relative_to_the_largest_output(theirs, expected):
    assert bench.difference({"y": np.array([2.0, 4.0])}, theirs) == pytest.approx(expected)


def test_geometric_mean_leaves_out_rows_without_the_peer():
    rows = [{"ratio": {"onnxruntime": 0.5}}, {"ratio": {"onnxruntime": 8.0}}, {"missing": {"brisk": "x"}}]
    assert bench.geometric_means(rows, ["onnxruntime", "openvino"]) == {"onnxruntime": pytest.approx(2.0)}


def test_a_race_times_every_contestant():
    calls = {"a": lambda: None, "b": lambda: sum(range(2000))}
    times = bench.race(calls, 0.02)
    assert set(times) == set(calls)
    assert all(0 < t["min_us"] <= t["median_us"] for t in times.values())
    assert times["a"]["batch"] > times["b"]["batch"]


def test_a_comparison_from_end_to_end(tmp_path, capsys):
    path, report = tmp_path / "gemm.onnx", tmp_path / "report.json"
    onnx.save(gemm(True), path)
    assert bench.main([str(path), "--against", "onnxruntime", "--seconds", "0.05", "--json", str(report)]) == 0
    row, = json.loads(report.read_text())["rows"]
    assert row["difference"] < 1e-6 and row["ratio"]["onnxruntime"] > 0
    assert "geometric mean" in capsys.readouterr().out


def test_a_model_that_does_not_compile_is_said(tmp_path, capsys):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"\x08")
    np.savez(tmp_path / "broken.npz", x=np.zeros(1))
    assert bench.main([str(path), "--against", ""]) == 1
    assert "broken: no brisk" in capsys.readouterr().out


def test_first_results_come_from_processes_of_their_own(tmp_path, capsys):
    path, report = tmp_path / "gemm.onnx", tmp_path / "report.json"
    onnx.save(gemm(True), path)
    assert bench.main([str(path), "--against", "onnxruntime", "--first", "--json", str(report)]) == 0
    row, = json.loads(report.read_text())["rows"]
    assert row["through"] == "opening and the first Python run" and row["ratio"]["onnxruntime"] > 0
    assert all(t["samples"] == 7 for t in row["times"].values())
