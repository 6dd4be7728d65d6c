"""--quantize on trained networks: what is lost, what is reported, what is refused.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import pathlib

import numpy as np
import onnx
import pytest
from compressed import briskc, compressed, network
from models.trained import NAMES
from onnx import TensorProto, helper, numpy_helper


def test_auto_loses_at_most_half_a_point_on_nearly_all(tmp_path):
    drops = {}
    for name in NAMES:
        report = compressed(tmp_path, name, "--quantize=int8", "--keep-slower")
        assert report["evaluated_on"] == "eval" and report["metric"] == "top1"
        last = next(s for s in report["steps"] if s["name"] == report["decision"])
        assert last["top1_before"] > 0.75
        drops[name] = last["drop"]
    assert sum(drop <= 0.5 for drop in drops.values()) >= 0.9 * len(drops), drops


def test_auto_gives_up_the_most_sensitive_layers_before_all(tmp_path):
    """Of a floor that all layers together miss, those that are cheapest stay in int8."""
    report = compressed(tmp_path, "digits_mlp", "--quantize=int8", "--metric=mse", "--max-accuracy-drop=0.0003", "--keep-slower")
    steps = {step["name"]: step["drop"] for step in report["steps"]}
    assert steps["min-max and bias correction"] > 0.0003 and steps["first and last layer in fp32"] > 0.0003
    kept = [layer["sensitivity"] for layer in report["layers"] if layer["precision"] == "int8"]
    given_up = [layer["sensitivity"] for layer in report["layers"] if layer["precision"] == "fp32"]
    assert report["decision"] == "sensitive layers in fp32" and max(kept) < min(given_up)
    assert steps["sensitive layers in fp32"] <= 0.0003


def test_a_bad_calibrator_shows_in_the_report(tmp_path):
    report = compressed(tmp_path, "digits_cnn", "--quantize=int8", "--calibrator=percentile", "--percentile=50",
                       "--keep-slower")
    (step,) = report["steps"]
    assert step["drop"] > 20 and step["top1_after"] < step["top1_before"] - 0.2
    assert all(layer["precision"] == "int8" for layer in report["layers"])
    assert max(layer["relative_error"] for layer in report["layers"]) > 0.05


def test_a_loss_above_the_floor_is_undone(tmp_path):
    files = network("digits_cnn")
    done = briskc(files.model, "-o", tmp_path / "out", "--quantize=int8", "--calibrator=percentile", "--percentile=50",
                  "--calibration", files.calibration, "--eval", files.evaluation, "--max-accuracy-drop=1%")
    assert done.returncode == 0 and "quantization undone" in done.stderr and "above the 1" in done.stderr


@pytest.mark.parametrize("name", ["digits_mlp", "digits_cnn", "digits_depthwise", "digits_transformer", "digits_lstm"])
def test_the_file_written_runs_in_onnxruntime(tmp_path, name):
    """QuantizeLinear and DequantizeLinear around every product, and the same classes as the model in floats."""
    onnxruntime = pytest.importorskip("onnxruntime")
    report = compressed(tmp_path, name, "--quantize=int8", emit="onnx")
    graph = onnx.load(tmp_path / "out").graph
    ops = [node.op_type for node in graph.node]
    assert {t.name for t in graph.initializer} <= {name for node in graph.node for name in node.input}
    assert ops.count("QuantizeLinear") > 0 and ops.count("DequantizeLinear") >= 2 * len(report["layers"]) - 1
    files = network(name)
    sessions = [onnxruntime.InferenceSession(path) for path in (files.model, tmp_path / "out")]
    samples = np.load(files.evaluation)["x"]
    floats, integers = ([s.run(None, {"x": x})[0].argmax() for x in samples] for s in sessions)
    assert np.mean(np.array(floats) == integers) >= 0.995


@pytest.mark.parametrize("mode, most", [("dynamic", 0.5), ("int8w", 0.5), ("int4w", 3.0), ("bf16", 1.0)])
def test_other_precisions(tmp_path, mode, most):
    report = compressed(tmp_path, "digits_transformer", f"--quantize={mode}", "--keep-slower")
    (step,) = report["steps"]
    assert step["drop"] <= most and 0 < step["max_difference"]
    # Products of two activations have no weights.
    assert {layer["precision"] for layer in report["layers"]} - {"fp32"} == {mode}


@pytest.mark.parametrize("metric", ["divergence", "gauss-newton", "noise", "local"])
@pytest.mark.parametrize("search", ["bisection", "greedy"])
def test_mixed_precision_holds_the_floor(tmp_path, metric, search):
    """Ranges that clip cost all layers together more than is allowed; some alone fit."""
    report = compressed(tmp_path, "digits_cnn", "--quantize=mixed", "--calibrator=percentile", "--percentile=97",
                       "--metric=cosine", "--max-accuracy-drop=0.1", "--sensitivity=" + metric,
                       "--precision-search=" + search, "--keep-slower")
    low = [layer for layer in report["layers"] if layer["precision"] == "int8"]
    assert report["steps"][0]["drop"] > 0.1 and len(low) < len(report["layers"])
    assert all(layer["sensitivity"] >= 0 for layer in report["layers"])
    if low:
        kept = [s for s in report["steps"] if s["name"] == f"{len(low)} layers int8"]
        assert any(step["drop"] <= 0.1 for step in kept)


def test_what_int8_costs_too_much_may_run_in_bf16(tmp_path):
    report = compressed(tmp_path, "digits_cnn", "--quantize=mixed", "--calibrator=percentile", "--percentile=97",
                       "--metric=cosine", "--max-accuracy-drop=0.1", "--keep-slower")
    precisions = [layer["precision"] for layer in report["layers"]]
    assert "bf16" in precisions and "fp32" not in precisions
    assert report["steps"][-1]["drop"] <= 0.1


@pytest.mark.parametrize("options", [["--quantize=int8", "--keep-slower"], ["--quantize=int4w", "--keep-slower"],
                                     ["--quantize=int8", "--power-of-two-scales", "--keep-slower"]])
def test_recorded_decisions_give_the_same_bytes(tmp_path, options):
    """Without samples: what was measured is in the record."""
    compressed(tmp_path, "digits_transformer", *options)
    for copy in ("one", "two"):
        done = briskc(network("digits_transformer").model, "-o", tmp_path / copy, "--decisions", tmp_path / "report.json")
        assert done.returncode == 0 and "decided: as recorded" in done.stderr, done.stderr
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes() == (tmp_path / "out").read_bytes()


def test_decisions_of_another_model_are_refused(tmp_path):
    compressed(tmp_path, "digits_cnn", "--quantize=int8", "--keep-slower")
    done = briskc(network("wine_mlp").model, "-o", tmp_path / "other", "--decisions", tmp_path / "report.json")
    assert done.returncode == 1 and "--decisions= was recorded for another model: it has 4 layers" in done.stderr
    assert not (tmp_path / "other").exists()
    report = json.loads((tmp_path / "report.json").read_text())
    report["layers"][0]["shift"] = [0]
    (tmp_path / "report.json").write_text(json.dumps(report))
    done = briskc(network("digits_cnn").model, "-o", tmp_path / "other", "--decisions", tmp_path / "report.json")
    assert done.returncode == 1 and f"--decisions= holds what layer '{report['layers'][0]['name']}' cannot be" in done.stderr


@pytest.mark.parametrize("text, message", [("{", "--decisions="), ("{}", "expects what --report wrote"),
                                           ('{"quantize": "bf16"}', "recorded with --quantize=bf16, not with int8")])
def test_files_that_hold_no_decisions_are_wrong_usage(tmp_path, text, message):
    (tmp_path / "report.json").write_text(text)
    done = briskc("no.onnx", "-o", tmp_path / "out", "--quantize=int8", "--decisions", tmp_path / "report.json")
    assert done.returncode == 2 and message in done.stderr


def test_scales_that_are_powers_of_two(tmp_path):
    report = compressed(tmp_path, "digits_mlp", "--quantize=int8", "--power-of-two-scales", emit="onnx")
    (step,) = report["steps"][-1:]
    assert step["drop"] <= 1
    scales = [numpy_helper.to_array(t) for t in onnx.load(tmp_path / "out").graph.initializer if t.name.endswith("_scale")]
    assert len(scales) >= 6 and all((np.frexp(scale)[0] == 0.5).all() for scale in scales)


def test_products_in_branches_are_told(tmp_path):
    """They stay in floats; the report says so."""
    value = lambda name, kind, shape: helper.make_tensor_value_info(name, kind, shape)
    weight = numpy_helper.from_array(np.ones((3, 2), np.float32), "w")
    branches = [helper.make_graph([helper.make_node("MatMul", ["x", "w"], [name])], name, [],
                                  [value(name, TensorProto.FLOAT, [2, 2])]) for name in ("a", "b")]
    node = helper.make_node("If", ["c"], ["y"], then_branch=branches[0], else_branch=branches[1])
    graph = helper.make_graph([node], "g", [value("c", TensorProto.BOOL, []), value("x", TensorProto.FLOAT, [2, 3])],
                              [value("y", TensorProto.FLOAT, [2, 2])], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "if.onnx")
    done = briskc(tmp_path / "if.onnx", "-o", tmp_path / "out", "--quantize=dynamic", "--report", tmp_path / "report.json")
    assert done.returncode == 0 and "all 2 products of floats lie in bodies" in done.stderr, done.stderr
    assert json.loads((tmp_path / "report.json").read_text())["products_in_bodies"] == 2


def test_products_that_stay_in_floats_are_told(tmp_path):
    """A transposed convolution has weights but no integer form."""
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    weights = [numpy_helper.from_array(np.ones(shape, np.float32), name)
               for name, shape in (("u", (8, 4, 3, 3)), ("v", (8, 4, 3, 3)))]
    nodes = [helper.make_node("Conv", ["x", "u"], ["z"], "conv"), helper.make_node("ConvTranspose", ["z", "v"], ["y"], "turned")]
    graph = helper.make_graph(nodes, "g", [value("x", [1, 4, 8, 8])], [value("y", [1, 4, 8, 8])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    done = briskc(tmp_path / "m.onnx", "-o", tmp_path / "out", "--quantize=dynamic", "--report", tmp_path / "report.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "report.json").read_text())["other_ops_with_weights"] == ["turned"]


def test_recurrent_layers_run_on_bytes(tmp_path):
    report = compressed(tmp_path, "digits_lstm", "--quantize=int8")
    precisions = {layer["name"]: layer["precision"] for layer in report["layers"]}
    assert sum("LSTM" in name for name in precisions) == 2 and report["kept"], report["decision"]
    assert all(precision == "int8" for name, precision in precisions.items() if "LSTM" in name)


def test_probabilities_are_judged_by_what_they_decide(tmp_path):
    """One number between 0 and 1 has no direction: the cosine of a single run says nothing of it."""
    rng = np.random.default_rng(0)
    weights = [numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)
               for name, shape in (("u", (8, 16)), ("v", (16, 1)))]
    nodes = [helper.make_node("MatMul", ["x", "u"], ["h"], "first"), helper.make_node("Relu", ["h"], ["r"]),
             helper.make_node("MatMul", ["r", "v"], ["z"], "second"), helper.make_node("Sigmoid", ["z"], ["y"])]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    np.savez(tmp_path / "x.npz", x=rng.standard_normal((200, 1, 8)).astype(np.float32))
    done = briskc(tmp_path / "m.onnx", "-o", tmp_path / "out", "--quantize=int8", "--calibrator=percentile", "--percentile=40",
                  "--calibration", tmp_path / "x.npz", "--report", tmp_path / "report.json", "--keep-slower")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    (step,) = report["steps"]
    assert report["metric"] == "agreement" and 0 < step["rows"] <= 200
    assert step["top1_agreement"] < 0.99 and step["drop"] >= 100 * (1 - step["top1_agreement"]) - 1e-9


def test_what_is_not_faster_is_undone(tmp_path):
    """Without --keep-slower the report holds both times, and fp32 is kept unless they differ in favour."""
    report = compressed(tmp_path, "wine_mlp", "--quantize=int8")
    time = report["time"]
    assert report["kept"] == (time["quantized_us"] <= 0.98 * time["fp32_us"])
    assert report["kept"] or report["decision"].startswith("undone")


def test_int8_without_samples_is_wrong_usage(tmp_path):
    done = briskc(network("wine_mlp").model, "-o", tmp_path / "out", "--quantize=int8")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "--quantize=int8 needs samples of the model's inputs" in done.stderr


@pytest.mark.parametrize("flag", ["--quantize=int9", "--calibrator=best", "--metric=f1", "--percentile=0",
                                  "--max-accuracy-drop=much", "--sensitivity=x", "--precision-search=x", "--report=x.txt"])
def test_wrong_options_are_told(tmp_path, flag):
    done = briskc("no.onnx", "-o", tmp_path / "out", flag)
    assert done.returncode == 2 and done.stderr.startswith(f"briskc: error: {flag}: expects ")


def small(tmp_path: pathlib.Path) -> pathlib.Path:
    weight = numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(3, 2), "w")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"], "product")], "g",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 2])], [weight])
    path = tmp_path / "small.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                       ir_version=8).SerializeToString())
    return path


@pytest.mark.parametrize("arrays, message", [
    ({"z": np.zeros((2, 3), np.float32)}, "has no array 'x', which is an input of the model"),
    ({"x": np.zeros((2, 4), np.float32)}, "array 'x' has dims [2, 4], but the input expects [2, 3]"),
    ({"x": np.zeros((2, 3), np.float64)}, "'x' expects float32, but the file has float64"),
    ({"x": np.full((2, 3), np.nan, np.float32)}, "array 'x' holds a NaN in sample 0"),
    ({"x": np.zeros((0, 2, 3), np.float32)}, "there are none"),
    ({"x": np.zeros((4, 2, 3), np.float32), "label": np.zeros(3, np.int64)}, "array 'label' has dims [3], but the file "
     "holds 4 samples"),
    ({"x": np.zeros((4, 2, 3), np.float32), "label": np.zeros(4, np.float32)}, "array 'label' must hold integers"),
])
def test_bad_samples_are_told_in_one_line(tmp_path, arrays, message):
    np.savez(tmp_path / "samples.npz", **arrays)
    done = briskc(small(tmp_path), "-o", tmp_path / "out", "--quantize=int8", "--calibration", tmp_path / "samples.npz")
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert f"samples '{tmp_path}/samples.npz'" in done.stderr and message in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_of_single_samples(tmp_path):
    folder = tmp_path / "samples"
    folder.mkdir()
    for i in range(3):
        np.savez(folder / f"{i}.npz", x=np.full((2, 3), i - 1, np.float32))
    done = briskc(small(tmp_path), "-o", tmp_path / "out.onnx", "--emit=onnx", "--quantize=int8", "--calibration", folder)
    assert done.returncode == 0, done.stderr
    (scale,) = [numpy_helper.to_array(t) for t in onnx.load(tmp_path / "out.onnx").graph.initializer if t.name == "x_scale"]
    assert scale == np.float32(2 / 255)  # from -1 to 1


def test_a_quantized_artifact_is_verified(tmp_path):
    """What was decided by measuring is decided once, for the artifact and for the reference."""
    files = network("digits_cnn")
    done = briskc(files.model, "-o", tmp_path / "out", "--quantize=int8", "--calibration", files.calibration, "--eval",
                  files.evaluation, "--verify", "--keep-slower")
    assert done.returncode == 0 and done.stderr.count("decided: ") == 1, done.stderr
    assert "verified: 1 outputs of 899 runs differ from the reference by at most" in done.stderr
