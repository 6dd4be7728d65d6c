"""Predicted latencies: what is said, and that models come out in the order that the machine puts them in.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import time

import brisk
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


#: A machine of no place: predictions for it are the same everywhere.
BASE = """{"name": "base", "isas": [{"name": "x86-64-v3", "vector_bits": 256, "compute": {"f32": 100}}],
           "memory": [{"name": "L1", "bytes": 32768, "gb_per_s": 200}, {"name": "memory", "gb_per_s": 20}]}"""


def product(rows: int, depth: int, columns: int, activation: str) -> onnx.ModelProto:
    """y = activation(x W)."""
    weight = numpy_helper.from_array(np.full((depth, columns), 0.01, np.float32) + np.eye(depth, columns, dtype=np.float32), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["p"], name="product"),
             helper.make_node(activation, ["p"], ["y"], name="activation")]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, (rows, depth))],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, (rows, columns))], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def elementwise(operator: str, *shape: int | str) -> onnx.ModelProto:
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"], name="it")], "g", tensors[:1], tensors[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def least_cpu_us(model: onnx.ModelProto) -> float:
    """Of one run: processor time, so that neighbours on the machine count little."""
    compiled = brisk.compile(model)
    inputs = [np.full(value.shape, 0.5, np.float32) for value in compiled.inputs]
    best, until = float("inf"), time.perf_counter() + 0.3
    while time.perf_counter() < until:
        begin, count = time.process_time_ns(), 0
        while not count or time.process_time_ns() - begin < 500_000:
            compiled.run(inputs)
            count += 1
        best = min(best, (time.process_time_ns() - begin) / count / 1e3)
    return best


def test_ranks_models_as_the_machine_does():
    models = [product(1, 64, 64, "Relu"), product(8, 64, 128, "Relu"), product(64, 64, 128, "Sigmoid"),
              product(128, 128, 256, "Relu"), product(256, 256, 256, "Tanh"), product(256, 512, 512, "Relu"),
              elementwise("Exp", 64, 256), elementwise("Sqrt", 1024, 1024), elementwise("Neg", 128, 512)]
    predicted = [brisk.predict(model).total_us for model in models]
    measured = [least_cpu_us(model) for model in models]
    ranks = [np.argsort(np.argsort(values)) for values in (predicted, measured)]
    correlation = np.corrcoef(*ranks)[0, 1]
    assert correlation >= 0.85, list(zip(predicted, measured))


def test_says_which_kernels_take_how_long():
    prediction = brisk.predict(product(64, 64, 128, "Tanh"))
    assert prediction.total_us == pytest.approx(
        sum(kernel.us for kernel in prediction.kernels) + prediction.host_us + prediction.run_us)
    kernel = max(prediction.kernels, key=lambda kernel: kernel.us)
    assert "activation" in kernel.nodes and kernel.kind == "contraction"
    assert kernel.flops == 2 * 64 * 64 * 128 and kernel.work["products"] > 0


def test_open_dims_need_a_shape():
    model = elementwise("Exp", "N", 4)
    with pytest.raises(brisk.CompileError, match="input 'x' has open dims N"):
        brisk.predict(model)
    few, many = (brisk.predict(model, shape={"x": (n, 4)}).total_us for n in (64, 65536))
    assert few < many


def test_a_machine_file_decides(tmp_path):
    slow = tmp_path / "slow.json"
    slow.write_text('{"isas": [{"name": "x86-64-v3", "vector_bits": 256, "compute": {"f32": 0.001}}]}')
    model = product(64, 64, 128, "Relu")
    assert brisk.predict(model, machine=slow).total_us > 100 * brisk.predict(model).total_us
    slow.write_text('{"isas": []}')
    with pytest.raises(ValueError, match="slow.json: 'isas' expects a list that is not empty"):
        brisk.predict(model, machine=slow)


MODELS = [product(1, 256, 512, "Relu"), product(128, 256, 256, "Relu"), product(256, 256, 512, "Tanh"),
          elementwise("Exp", 256, 256), elementwise("Neg", 512, 512), elementwise("Neg", 64, 64),
          elementwise("Tanh", 512, 512), product(1, 1024, 1024, "Neg"), product(64, 64, 64, "Neg"),
          elementwise("Abs", 1024, 512)]


def test_adapts_to_ten_measurements(tmp_path):
    """A machine that is 3 times slower, its contractions 6 times: the scales follow, and models left out are met."""
    machine = json.loads(BASE)
    (tmp_path / "base.json").write_text(BASE)
    machine["scales"] = {key: 3 for key in ("gemv", "depthwise", "reduction", "transcendental", "memory", "overhead",
                                            "recurrence")} | {"contraction": 6}
    (tmp_path / "other.json").write_text(json.dumps(machine))
    rows = ["model,latency_us"]
    for i, model in enumerate(MODELS):
        onnx.save(model, tmp_path / f"m{i}.onnx")
        rows.append(f"m{i}.onnx,{brisk.predict(model, machine=tmp_path / 'other.json').total_us}")
    (tmp_path / "rows.csv").write_text("\n".join(rows))
    report = brisk.calibrate_machine(tmp_path / "adapted.json", measurements=tmp_path / "rows.csv",
                                     machine=tmp_path / "base.json")
    assert "adapted to 10 measurements" in report and "each model left out in turn" in report
    adapted = json.loads((tmp_path / "adapted.json").read_text())
    assert adapted["scales"]["contraction"] > 1.5 * adapted["scales"]["memory"]
    for model in MODELS:
        wanted, got, before = (brisk.predict(model, machine=tmp_path / f"{name}.json").total_us
                               for name in ("other", "adapted", "base"))
        assert abs(got / wanted - 1) < 0.2 < abs(before / wanted - 1)


@pytest.mark.parametrize("text, message", [
    ("m.onnx,1\nm.onnx,-2\nm.onnx,3", "line 2: expects model,latency with a positive latency"),
    ("m.onnx,nan\nm.onnx,2\nm.onnx,3", "line 1: expects model,latency with a positive latency"),
    ("m.onnx\nm.onnx,2\nm.onnx,3", "line 1: expects model,latency with a positive latency"),
    ("# none\nm.onnx,1\n", "expects at least 3 measurements, but got 1"),
    ("m.onnx,1\nm.onnx,2\nm.onnx,3\n", "m.onnx"),
])
def test_measurements_at_fault(tmp_path, text, message):
    (tmp_path / "rows.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        brisk.calibrate_machine(tmp_path / "out.json", measurements=tmp_path / "rows.csv")
    assert not (tmp_path / "out.json").exists()


def test_a_variant_is_predicted_from_the_measured_base(tmp_path):
    """Kernels that both have take what was measured; the others are scaled by how wrong the model was."""
    (tmp_path / "base.json").write_text(BASE)
    shared = [helper.make_node("MatMul", ["x", "w"], ["p"], name="shared"), helper.make_node("Relu", ["p"], ["q"], name="r")]

    def model(depth: int) -> onnx.ModelProto:
        weights = [numpy_helper.from_array(np.eye(rows, columns, dtype=np.float32), name)
                   for name, rows, columns in (("w", 128, 256), ("v", 256, depth))]
        nodes = [*shared, helper.make_node("MatMul", ["q", "v"], ["y"], name="changed")]
        graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, (64, 128))],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, (64, depth))], weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)

    base, variant = (brisk.predict(model(depth), machine=tmp_path / "base.json") for depth in (256, 128))
    measured = {kernel.index: 2 * kernel.us for kernel in base.kernels}
    found = brisk.predict_variant(variant, base, measured, 2 * base.total_us)
    changed = [kernel for kernel in found.kernels if not kernel.measured]
    assert [kernel.nodes for kernel in changed] == [("changed",)]
    assert changed[0].us == pytest.approx(2 * variant.kernels[-1].us)
    assert found.total_us == pytest.approx(2 * variant.total_us, rel=0.02)
    same = brisk.predict_variant(base, base, measured, 2 * base.total_us)
    assert same.total_us == pytest.approx(2 * base.total_us) and all(kernel.measured for kernel in same.kernels)
    # Kernels timed one by one on a busy machine take more than the run had: their shares of it count.
    crowded = brisk.predict_variant(variant, base, {index: 10 * us for index, us in measured.items()}, 2 * base.total_us)
    assert crowded.total_us == pytest.approx(2 * variant.total_us, rel=0.05)
