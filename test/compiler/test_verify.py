"""--verify and --reference: the artifact against the same model compiled plainly.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BRISK_BUILD", ROOT / "build"))


def model(folder: pathlib.Path, nodes, inputs: dict, outputs: dict, weights: dict | None = None) -> pathlib.Path:
    values = [[helper.make_tensor_value_info(name, dtype, shape) for name, (dtype, shape) in table.items()]
              for table in (inputs, outputs)]
    graph = helper.make_graph(nodes, "g", *values, [numpy_helper.from_array(w, n) for n, w in (weights or {}).items()])
    path = folder / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def convolution(folder: pathlib.Path) -> pathlib.Path:
    weights = np.random.default_rng(0).standard_normal((24, 8, 3, 3)).astype(np.float32)
    return model(folder, [helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1, 1, 1, 1]),
                          helper.make_node("Relu", ["c"], ["r"], "relu"),
                          helper.make_node("Softmax", ["r"], ["y"], "softmax", axis=1)],
                 {"x": (TensorProto.FLOAT, [1, 8, 9, 7])}, {"y": (TensorProto.FLOAT, [1, 24, 9, 7])}, {"w": weights})


def briskc(*arguments, **environment) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in [BUILD / "bin" / "briskc", *arguments]], capture_output=True,
                          text=True, timeout=120, env=os.environ | environment)


def run(artifact: pathlib.Path, inputs: dict, folder: pathlib.Path) -> dict:
    np.savez(folder / "in.npz", **inputs)
    subprocess.run([BUILD / "bin" / "brisk-run", artifact, "--input", folder / "in.npz", "--output",
                    folder / "out.npz"], check=True)
    with np.load(folder / "out.npz") as arrays:
        return dict(arrays)


def test_an_artifact_that_agrees_is_written(tmp_path):
    done = briskc(convolution(tmp_path), "--verify", "-o", tmp_path / "m.so")
    assert done.returncode == 0, done.stderr
    assert "verified: 1 outputs of 1 runs differ from the reference by at most" in done.stderr
    assert briskc(tmp_path / "model.onnx", "-o", tmp_path / "n.so").returncode == 0
    assert (tmp_path / "m.so").read_bytes() == (tmp_path / "n.so").read_bytes()


def test_any_kind_can_be_verified(tmp_path):
    done = briskc(convolution(tmp_path), "--verify", "--emit=obj", "-o", tmp_path / "m")
    assert done.returncode == 0, done.stderr
    assert "verified" in done.stderr
    assert (tmp_path / "m.o").exists() and (tmp_path / "m.h").exists()


def test_the_reference_is_an_artifact_of_its_own(tmp_path):
    x = np.random.default_rng(1).standard_normal((1, 8, 9, 7)).astype(np.float32)
    for name, options in [("fast", []), ("plain", ["--reference"])]:
        done = briskc(convolution(tmp_path), *options, "-o", tmp_path / f"{name}.so")
        assert done.returncode == 0, done.stderr
    fast, plain = (run(tmp_path / f"{name}.so", {"x": x}, tmp_path)["y"] for name in ("fast", "plain"))
    np.testing.assert_allclose(fast, plain, atol=1e-5)
    assert not np.array_equal(fast, plain), "the two are one and the same code"
    done = briskc(tmp_path / "model.onnx", "--reference", "--emit=asm", "-o", tmp_path / "plain.s")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "plain.s").read_text()
    assert "mulss" in text and "ymm" not in text and "zmm" not in text


def test_wrong_numbers_are_found(tmp_path):
    # The last bit of exp, which the two compute in different ways, decides what the sine is.
    path = model(tmp_path, [helper.make_node("Exp", ["x"], ["e"], "exp"), helper.make_node("Mul", ["e", "k"], ["m"], "mul"),
                            helper.make_node("Sin", ["m"], ["y"], "sin")],
                 {"x": (TensorProto.FLOAT, [1, 4096])}, {"y": (TensorProto.FLOAT, [1, 4096])},
                 {"k": np.float32(1e6)})
    done = briskc(path, "--verify", "-o", tmp_path / "m.so")
    assert done.returncode == 1
    assert "output 'y' differs from the reference: element" in done.stderr
    assert not (tmp_path / "m.so").exists()


def test_open_dims_cannot_be_drawn(tmp_path):
    path = model(tmp_path, [helper.make_node("Relu", ["x"], ["y"], "relu")], {"x": (TensorProto.FLOAT, ["n"])},
                 {"y": (TensorProto.FLOAT, ["n"])})
    done = briskc(path, "--verify", "-o", tmp_path / "m.so")
    assert done.returncode == 1
    assert "cannot draw input 'x', which has open dims: give --eval, or fix them with --shape" in done.stderr
    assert not (tmp_path / "m.so").exists()
    np.savez(tmp_path / "eval.npz", x=np.ones(3, np.float32))
    done = briskc(path, "--verify", "--eval", tmp_path / "eval.npz", "-o", tmp_path / "m.so")
    assert done.returncode == 0, done.stderr
    assert briskc(path, "--verify", "--shape", "x=5", "-o", tmp_path / "m.so").returncode == 0
