"""From models to artifacts: what is taken, options, errors, exports, the
backend API.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import brisk
import brisk.backend
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

X = np.arange(-3, 3, dtype=np.float32).reshape(2, 3)


def chain(*operators: str, shape=("N", 3)) -> onnx.ModelProto:
    """y = the operators applied to x, one after the other."""
    names = ["x", *(f"v{i}" for i in range(1, len(operators))), "y"]
    nodes = [helper.make_node(op, [names[i]], [names[i + 1]], name=f"{op}_{i}") for i, op in enumerate(operators)]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def test_takes_protos_and_paths(tmp_path):
    onnx.save(chain("Neg"), tmp_path / "m.onnx")
    for model in (chain("Neg"), tmp_path / "m.onnx", str(tmp_path / "m.onnx")):
        np.testing.assert_array_equal(brisk.compile(model).run([X])["y"], -X)
    with pytest.raises(TypeError, match="a path, an onnx.ModelProto or a torch.nn.Module, but got int"):
        brisk.compile(3)


def test_all_problems_are_reported_together():
    with pytest.raises(brisk.CompileError) as caught:
        brisk.compile(chain("Neg", "NoSuchOperator", "Abs", "NorThisOne"))
    text = str(caught.value)
    assert "NoSuchOperator" in text and "NorThisOne" in text
    assert all(severity in ("error", "warning", "remark") for severity, _ in caught.value.diagnostics)


def test_check_lists_problems(tmp_path):
    assert brisk.check(chain("Neg", "Abs")) == []
    problems = brisk.check(chain("Neg", "NoSuchOperator", "NorThisOne"))
    assert [(problem.node, problem.op) for problem in problems] == [
        ("NoSuchOperator_1", "NoSuchOperator"), ("NorThisOne_2", "NorThisOne")]
    assert all(problem.reason for problem in problems)
    (problem,) = brisk.check(tmp_path / "missing.onnx")
    assert problem.kind == "invalid" and problem.reason
    with pytest.raises(TypeError, match="unknown option 'no_such'"):
        brisk.check(chain("Neg"), no_such=1)
    with pytest.raises(ValueError, match="no-such-target"):
        brisk.check(chain("Neg"), target="no-such-target")


def test_files_at_fault(tmp_path):
    with pytest.raises(brisk.CompileError, match="missing.onnx"):
        brisk.compile(tmp_path / "missing.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"\xff" * 100)
    with pytest.raises(brisk.CompileError, match="broken.onnx"):
        brisk.compile(tmp_path / "broken.onnx")


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(brisk.CompileError):
        brisk.compile(chain("NoSuchOperator"))
    compiled = brisk.compile(chain("Neg"))
    assert any(tmp_path.iterdir())
    del compiled
    assert not any(tmp_path.iterdir())


def test_options():
    known = brisk.options()
    assert known["march"][:2] == ("string", "native") and known["time_passes"][0] == "bool"
    with pytest.raises(TypeError, match="unknown option 'no_such': expects one of .*march"):
        brisk.compile(chain("Neg"), no_such=1)
    with pytest.raises(TypeError, match="option 'time_passes' expects a bool, but got str"):
        brisk.compile(chain("Neg"), time_passes="yes")
    with pytest.raises(TypeError, match="option 'shape' expects a list of str, but got int"):
        brisk.compile(chain("Neg"), shape=3)
    with pytest.raises(ValueError, match="no-such-target"):
        brisk.compile(chain("Neg"), target="no-such-target")
    with pytest.raises(ValueError, match="gives nothing that runs: use brisk.compile_file"):
        brisk.compile(chain("Neg"), emit="mlir")
    assert "LLVM 22" in brisk.version()


@pytest.mark.parametrize("shape", [["x=4x3"], {"x": (4, 3)}])
def test_shapes_can_be_fixed(shape):
    compiled = brisk.compile(chain("Neg"), shape=shape)
    assert compiled.inputs[0].shape == (4, 3) and compiled.outputs[0].shape == (4, 3)


def test_march_limits_the_variants():
    assert brisk.compile(chain("Neg"), march="x86-64-v3").report["variants"] == ["x86-64-v3"]


def test_other_artifacts(tmp_path):
    brisk.compile_file(chain("Neg"), tmp_path / "m.mlir", emit="mlir")
    assert "func" in (tmp_path / "m.mlir").read_text()
    brisk.compile_file(chain("Neg"), tmp_path / "m.so")
    np.testing.assert_array_equal(brisk.load(tmp_path / "m.so").run([X])["y"], -X)


def test_twice_the_same_bytes(tmp_path):
    for name in ("a.so", "b.so"):
        brisk.compile(chain("Neg", "Abs", "Exp")).save(tmp_path / name)
    assert (tmp_path / "a.so").read_bytes() == (tmp_path / "b.so").read_bytes()


def test_the_gil_is_released_while_compiling():
    ticks, stop = 0, threading.Event()

    def tick():
        nonlocal ticks
        while not stop.wait(0.001):
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    brisk.compile(chain(*["Neg", "Abs"] * 20))
    seconds = time.perf_counter() - begin
    stop.set()
    thread.join()
    # The pauses alone would allow a thousand a second.
    assert ticks > 10 * seconds


def test_running_loads_no_compiler(tmp_path):
    brisk.compile(chain("Neg")).save(tmp_path / "m.so")
    program = ("import sys, brisk, numpy; m = brisk.load(sys.argv[1]);"
               "print(m.run([numpy.ones((1, 3), 'f4')])['y'].sum(), 'brisk._brisk' in sys.modules)")
    out = subprocess.run([sys.executable, "-c", program, tmp_path / "m.so"], capture_output=True, text=True, check=True,
                         cwd=pathlib.Path(brisk.__file__).parents[1])
    assert out.stdout.split() == ["-3.0", "False"]


def test_torch_modules(tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    x = torch.randn(3, 4)
    brisk.export(module, x, tmp_path / "m.onnx", input_names=["x"], output_names=["y"])
    expected = module(x).detach().numpy()
    np.testing.assert_allclose(brisk.compile(tmp_path / "m.onnx").run({"x": x})["y"], expected, rtol=1e-4, atol=1e-5)
    compiled = brisk.compile(module, args=(x,))
    np.testing.assert_allclose(next(iter(compiled.run([x]).values())), expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(TypeError, match="needs args="):
        brisk.compile(module)


def test_backend_runs_models_in_the_order_of_their_outputs():
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3]) for name in ("b", "a")]
    nodes = [helper.make_node("Neg", ["x"], ["a"]), helper.make_node("Abs", ["x"], ["b"])]
    model = helper.make_model(helper.make_graph(nodes, "g", [x], outputs),
                              opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    for inputs in ([X], {"x": X}, X):
        result = brisk.backend.run_model(model, inputs)
        np.testing.assert_array_equal(result[0], abs(X))
        np.testing.assert_array_equal(result["a"], -X)
    prepared = brisk.backend.prepare(model)
    np.testing.assert_array_equal(prepared.run([X + 1])[1], -X - 1)


def test_backend_runs_nodes():
    node = helper.make_node("Add", ["x", "y"], ["z"])
    np.testing.assert_array_equal(brisk.backend.run_node(node, [X, X])["z"], X + X)
    with pytest.raises(ValueError, match="node 'Add' expects 2 inputs, but got 1"):
        brisk.backend.run_node(node, [X])


def test_backend_says_what_it_supports():
    assert brisk.backend.supports_device("CPU") and not brisk.backend.supports_device("CUDA")
    assert brisk.backend.is_compatible(chain("Neg"))
    assert not brisk.backend.is_compatible(chain("NoSuchOperator"))
    with pytest.raises(ValueError, match="device 'CUDA:1' is not supported"):
        brisk.backend.prepare(chain("Neg"), "CUDA:1")
