"""--emit=onnx: what comes out is a standard model that means the same.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import subprocess

import numpy as np
import onnx
import pytest
from models.recipe import models_dir
from onnx import TensorProto, helper, numpy_helper

onnxruntime = pytest.importorskip("onnxruntime")

ROOT = pathlib.Path(__file__).resolve().parents[2]
BRISKC = pathlib.Path(os.environ.get("BRISK_BUILD", ROOT / "build")) / "bin" / "briskc"


def emit(source: pathlib.Path, target: pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run([BRISKC, source, "--emit=onnx", "-o", target], capture_output=True, text=True, timeout=120)


def run(path: pathlib.Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def exported(tmp_path: pathlib.Path, nodes, inputs, outputs, initializers=(), opset=17, **keywords) -> pathlib.Path:
    """The model built, written, exported; checked by libonnx."""
    value = lambda entry: helper.make_tensor_value_info(entry[0], entry[1], entry[2])  # noqa: E731
    graph = helper.make_graph(nodes, "the graph", [value(i) for i in inputs], [value(o) for o in outputs],
                              list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, **keywords)
    (tmp_path / "in.onnx").write_bytes(model.SerializeToString())
    done = emit(tmp_path / "in.onnx", tmp_path / "out.onnx")
    assert done.returncode == 0, done.stderr
    onnx.checker.check_model(str(tmp_path / "out.onnx"), full_check=True)
    return tmp_path / "out.onnx"


@pytest.mark.parametrize("name", ["jet_mlp", "silero_vad", "magika_v3_3", "ppocr_v2_cls", "llama_tiny_dyn"])
def test_models_give_the_same_in_onnxruntime(tmp_path, name):
    source = models_dir() / f"{name}.onnx"
    if not source.exists():
        pytest.skip(f"{name} is not in the cache: scripts/models --default")
    assert emit(source, tmp_path / "out.onnx").returncode == 0
    sample = next(f for f in (models_dir() / f"{name}.npz", models_dir() / f"{name}.1.npz") if f.exists())
    got = run(tmp_path / "out.onnx", dict(np.load(sample)))
    expected = np.load(str(sample).removesuffix(".npz") + ".expect.npz")
    assert set(got) == set(expected.files)
    for key in expected.files:
        np.testing.assert_allclose(got[key], expected[key], rtol=1e-4, atol=1e-5)


def test_the_same_bytes_twice(tmp_path):
    path = exported(tmp_path, [helper.make_node("Relu", ["x"], ["y"], "r")], [("x", 1, [2])], [("y", 1, [2])])
    first = path.read_bytes()
    assert emit(tmp_path / "in.onnx", path).returncode == 0 and path.read_bytes() == first


def test_names_metadata_and_open_dims_are_kept(tmp_path):
    weight = numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(3, 2), "the weight")
    path = exported(tmp_path, [helper.make_node("MatMul", ["x", "the weight"], ["y"], "product")],
                    [("x", 1, ["batch", 3])], [("y", 1, ["batch", 2])], [weight], producer_name="somebody")
    model = onnx.load(tmp_path / "in.onnx")
    helper.set_model_props(model, {"author": "me"})
    model.model_version = 7
    onnx.save(model, tmp_path / "in.onnx")
    assert emit(tmp_path / "in.onnx", path).returncode == 0
    model = onnx.load(path)
    assert [i.name for i in model.graph.initializer] == ["the weight"]
    assert [n.name for n in model.graph.node] == ["product"] and model.graph.name == "the graph"
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert {p.key: p.value for p in model.metadata_props} == {"author": "me"} and model.model_version == 7
    assert model.producer_name == "brisk"


def test_outputs_that_no_node_makes(tmp_path):
    """An input, a constant and one value under two names are outputs all the same."""
    constant = numpy_helper.from_array(np.array([3, 4], np.float32), "c")
    path = exported(tmp_path, [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Identity", ["y"], ["z"]),
                               helper.make_node("Identity", ["x"], ["same"])],
                    [("x", 1, [2])], [("y", 1, [2]), ("z", 1, [2]), ("same", 1, [2]), ("c", 1, [2])], [constant])
    x = np.array([-1, 2], np.float32)
    got = run(path, {"x": x})
    assert list(got) == ["y", "z", "same", "c"]
    for name, value in {"y": [0, 2], "z": [0, 2], "same": x, "c": [3, 4]}.items():
        np.testing.assert_array_equal(got[name], np.array(value, np.float32))


def test_subgraphs_read_values_from_outside(tmp_path):
    value = helper.make_tensor_value_info
    then = helper.make_graph([helper.make_node("Add", ["x", "one"], ["a"])], "then", [], [value("a", 1, [2])])
    other = helper.make_graph([helper.make_node("Identity", ["x"], ["b"])], "else", [], [value("b", 1, [2])])
    body = helper.make_graph([helper.make_node("Add", ["state", "step"], ["next"]),
                              helper.make_node("Identity", ["again"], ["condition"]),
                              helper.make_node("Identity", ["next"], ["element"])], "body",
                             [value("i", 7, []), value("again", 9, []), value("state", 1, [2])],
                             [value("condition", 9, []), value("next", 1, [2]), value("element", 1, [2])])
    one = numpy_helper.from_array(np.array([1], np.float32), "one")
    trips = numpy_helper.from_array(np.array(3, np.int64), "trips")
    path = exported(tmp_path, [helper.make_node("If", ["c"], ["step"], then_branch=then, else_branch=other),
                               helper.make_node("Loop", ["trips", "", "x"], ["last", "all"], body=body)],
                    [("x", 1, [2]), ("c", 9, [])], [("last", 1, [2]), ("all", 1, ["n", 2])], [one, trips])
    x = np.array([1, 2], np.float32)
    for condition, step in ((True, x + 1), (False, x)):
        got = run(path, {"x": x, "c": np.array(condition)})
        np.testing.assert_allclose(got["last"], x + 3 * step)
        np.testing.assert_allclose(got["all"], np.stack([x + (i + 1) * step for i in range(3)]))


def test_left_out_inputs_and_unused_outputs(tmp_path):
    bound = numpy_helper.from_array(np.array(0.5, np.float32), "bound")
    path = exported(tmp_path, [helper.make_node("Clip", ["x", "", "bound"], ["clipped"]),
                               helper.make_node("MaxPool", ["clipped"], ["y", "unused"], kernel_shape=[2])],
                    [("x", 1, [1, 1, 4])], [("y", 1, [1, 1, 3])], [bound])
    assert list(onnx.load(path).graph.node[1].output) == ["y"]
    got = run(path, {"x": np.array([[[-1, 2, 0.25, -3]]], np.float32)})
    np.testing.assert_allclose(got["y"], [[[0.5, 0.5, 0.25]]])


def test_elements_of_four_bits_are_packed(tmp_path):
    numbers = np.array([[-8, 7, 3], [1, -2, 5]], np.int8)
    weight = helper.make_tensor("w", TensorProto.INT4, [2, 3], numbers.flatten().tolist())
    path = exported(tmp_path, [helper.make_node("Identity", ["x"], ["y"])], [("x", 1, [2])],
                    [("y", 1, [2]), ("w", TensorProto.INT4, [2, 3])], [weight], opset=21)
    (got,) = onnx.load(path).graph.initializer
    assert len(got.raw_data) == 3
    np.testing.assert_array_equal(numpy_helper.to_array(got).astype(np.int8), numbers)


def test_old_forms_come_out_as_new_ones(tmp_path):
    path = exported(tmp_path, [helper.make_node("Softmax", ["x"], ["y"], axis=1)], [("x", 1, [2, 3])], [("y", 1, [2, 3])],
                    opset=11)
    x = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    np.testing.assert_allclose(run(path, {"x": x})["y"], run(tmp_path / "in.onnx", {"x": x})["y"], rtol=1e-6)


def test_what_has_no_form_is_told(tmp_path):
    graph = helper.make_graph([helper.make_node("Softmax", ["x"], ["y"], "rows", axis=1)], "g",
                              [helper.make_tensor_value_info("x", 1, [2, 3, 4])],
                              [helper.make_tensor_value_info("y", 1, [2, 3, 4])])
    (tmp_path / "in.onnx").write_bytes(helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6).SerializeToString())
    done = emit(tmp_path / "in.onnx", tmp_path / "out.onnx")
    assert done.returncode == 1 and not (tmp_path / "out.onnx").exists()
    assert "node 'rows': Softmax of this form is in no opset from 21 to" in done.stderr
