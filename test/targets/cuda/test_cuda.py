"""Models compiled for GPUs give what they give on the CPU; the kernels run in the emulator, behind a driver of its own.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import math
import os
import pathlib
import re
import shutil
import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

BUILD = pathlib.Path(__file__).resolve().parents[3] / "build"
EMULATOR = BUILD / "lib" / "libbrisk_cuda_emulator.so"
CHIPS = ["sm_80", "sm_86", "sm_89", "sm_90", "sm_90a", "sm_100", "sm_120"]
needs_ptxas = pytest.mark.skipif(not shutil.which("ptxas"), reason="ptxas is not installed: it comes with CUDA or nvidia-cuda-nvcc")
rng = np.random.default_rng(3)


def tool(name, *arguments, driver=EMULATOR):
    return subprocess.run([BUILD / "bin" / name, *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, "BRISK_LIBCUDA": str(driver)})  # fmt: skip


def done(name, *arguments):
    result = tool(name, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def save(path, nodes, inputs, outputs, constants=()):
    value = lambda name, array: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
    graph = helper.make_graph(nodes, "g", [value(n, a) for n, a in inputs.items()],
                              [helper.make_tensor_value_info(n, t, None) for n, t in outputs.items()],
                              [numpy_helper.from_array(a, n) for n, a in dict(constants).items()])  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def emulated(folder, feed):
    """Outputs of folder/m.onnx from the emulator."""
    np.savez(folder / "in.npz", **feed)
    done("briskc", folder / "m.onnx", "--target=cuda", "--march=emu", "-o", folder / "m.so")
    done("brisk-run", folder / "m.so", "--device=cuda", "--input", folder / "in.npz", "--output", folder / "out.npz", "--repeat=2")
    return np.load(folder / "out.npz")


def weights(*shape):
    return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def cnn(path):
    """A convolution, a depthwise one, a residual, pools, a norm and softmax."""
    x = rng.standard_normal((1, 3, 20, 18)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w0", "b0"], ["c0"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c0"], ["r0"]),
        helper.make_node("Conv", ["r0", "w1"], ["c1"], pads=[1, 1, 1, 1], group=16),
        helper.make_node("Sigmoid", ["c1"], ["s1"]),
        helper.make_node("Mul", ["c1", "s1"], ["m1"]),
        helper.make_node("Add", ["m1", "r0"], ["a1"]),
        helper.make_node("MaxPool", ["a1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["p1"], ["g1"]),
        helper.make_node("Flatten", ["g1"], ["f1"]),
        helper.make_node("Gemm", ["f1", "w2", "b2"], ["y1"], transB=1),
        helper.make_node("LayerNormalization", ["y1", "scale"], ["n1"]),
        helper.make_node("Softmax", ["n1"], ["y"]),
    ]
    save(path, nodes, {"x": x}, {"y": TensorProto.FLOAT},
         {"w0": weights(16, 3, 3, 3), "b0": weights(16), "w1": weights(16, 1, 3, 3), "w2": weights(10, 16), "b2": weights(10),
          "scale": np.ones(10, np.float32)})  # fmt: skip
    return {"x": x}


def lstm(path):
    """A loop of the host around kernels."""
    x = rng.standard_normal((7, 2, 5)).astype(np.float32)
    save(path, [helper.make_node("LSTM", ["x", "w", "r", "b"], ["y", "h"], hidden_size=6)], {"x": x},
         {"y": TensorProto.FLOAT, "h": TensorProto.FLOAT}, {"w": weights(1, 24, 5), "r": weights(1, 24, 6), "b": weights(1, 48)})  # fmt: skip
    return {"x": x}


def attention(path):
    """Products of two activations, a softmax between them, functions of floats."""
    x = rng.standard_normal((1, 9, 16)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", n], [n + "x"]) for n in "qkv"]
    nodes += [
        helper.make_node("Transpose", ["kx"], ["kt"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["qx", "kt"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["p"]),
        helper.make_node("MatMul", ["p", "vx"], ["o"]),
        helper.make_node("Erf", ["o"], ["e"]),
        helper.make_node("Add", ["e", "x"], ["y"]),
    ]
    save(path, nodes, {"x": x}, {"y": TensorProto.FLOAT}, {n: weights(16, 16) for n in "qkv"})
    return {"x": x}


def products(path):
    """Contractions that are computed in tiles, none of whose sizes a tile divides; long sums."""
    a, x = rng.standard_normal((3, 50, 41)).astype(np.float32), rng.standard_normal((1, 35, 23, 21)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["a", "w"], ["m"]),
        helper.make_node("Transpose", ["m"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["m", "t"], ["p"]),
        helper.make_node("Conv", ["x", "k", "b"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("ReduceMax", ["r"], ["most"], axes=[2, 3]),
        helper.make_node("ReduceMean", ["r"], ["mean"], axes=[1, 2, 3]),
    ]
    save(path, nodes, {"a": a, "x": x}, {n: TensorProto.FLOAT for n in ("p", "r", "most", "mean")},
         {"w": weights(41, 70), "k": weights(37, 35, 3, 3), "b": weights(37)})  # fmt: skip
    return {"a": a, "x": x}


def bytes_(path):
    """A quantized layer: sums of bytes in integers."""
    x = rng.uniform(-1, 1, (40, 64)).astype(np.float32)
    constants = {"s": np.float32(1 / 127), "z": np.int8(3), "ws": np.float32(0.02), "wz": np.int8(0), "ys": np.float32(0.1),
                 "yz": np.int8(-5), "w": rng.integers(-127, 128, (64, 48)).astype(np.int8)}  # fmt: skip
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wd"]),
        helper.make_node("MatMul", ["d", "wd"], ["m"]),
        helper.make_node("QuantizeLinear", ["m", "ys", "yz"], ["mq"]),
        helper.make_node("DequantizeLinear", ["mq", "ys", "yz"], ["y"]),
    ]
    save(path, nodes, {"x": x}, {"y": TensorProto.FLOAT}, {k: np.asarray(v) for k, v in constants.items()})
    return {"x": x}


@pytest.mark.parametrize("make", [cnn, lstm, attention, products, bytes_], ids=lambda make: make.__name__)
def test_agrees(tmp_path, make):
    feed = make(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    expected = dict(zip([o.name for o in session.get_outputs()], session.run(None, feed)))
    outputs = emulated(tmp_path, feed)
    for name, value in expected.items():
        assert np.abs(outputs[name] - value).max() <= 1e-4 * np.abs(value).max(), name


FUNCTIONS = {"Acos": np.arccos, "Asin": np.arcsin, "Atan": np.arctan, "Atanh": np.arctanh, "Asinh": np.arcsinh, "Sinh": np.sinh,
             "Cosh": np.cosh, "Tan": np.tan, "Sin": np.sin, "Cos": np.cos, "Exp": np.exp, "Tanh": np.tanh,
             "Erf": np.vectorize(math.erf)}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_functions(tmp_path, dtype):
    """device/math.c and the polynomials against numpy in f64."""
    x = np.concatenate([rng.uniform(-1, 1, 500), [0.0, -0.0, 1e-6]]).astype(dtype)
    nodes = [helper.make_node(op, ["x"], [op]) for op in FUNCTIONS]
    nodes += [helper.make_node("Add", ["x", "two"], ["big"]), helper.make_node("Log", ["big"], ["Log"]),
              helper.make_node("Acosh", ["big"], ["Acosh"]), helper.make_node("Pow", ["big", "x"], ["Pow"])]  # fmt: skip
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    save(tmp_path / "m.onnx", nodes, {"x": x}, {n: kind for n in [*FUNCTIONS, "Log", "Acosh", "Pow"]}, {"two": np.asarray(2, dtype)})
    outputs = emulated(tmp_path, {"x": x})
    exact, big = x.astype(np.float64), (x + dtype(2)).astype(np.float64)
    expected = {op: function(exact) for op, function in FUNCTIONS.items()}
    expected |= {"Log": np.log(big), "Acosh": np.arccosh(big), "Pow": np.power(big, exact)}
    for name, value in expected.items():
        np.testing.assert_allclose(outputs[name], value, rtol=16 * np.finfo(dtype).eps, atol=1e-300, err_msg=name)


def test_checks(tmp_path):
    """A check that fails in a kernel names its node; the next run is as if nothing had been."""
    save(tmp_path / "m.onnx", [helper.make_node("Gather", ["x", "i"], ["y"], name="pick")],
         {"x": np.zeros(4, np.float32), "i": np.zeros(2, np.int64)}, {"y": TensorProto.FLOAT})  # fmt: skip
    assert emulated(tmp_path, {"x": np.arange(4, dtype=np.float32), "i": np.array([3, -1])})["y"].tolist() == [3, 3]
    np.savez(tmp_path / "bad.npz", x=np.zeros(4, np.float32), i=np.array([0, 4]))
    result = tool("brisk-run", tmp_path / "m.so", "--input", tmp_path / "bad.npz")
    assert result.returncode == 1 and re.search("pick.*index.*", result.stderr), result.stderr


def test_profile(tmp_path):
    feed = cnn(tmp_path / "m.onnx")
    emulated(tmp_path, feed)
    done("brisk-run", tmp_path / "m.so", "--input", tmp_path / "in.npz", "--profile", tmp_path / "p.json")
    profile = json.loads((tmp_path / "p.json").read_text())
    assert profile["runs"] > 0 and len(profile["kernels"]) > 8 and all(kernel["us"] > 0 for kernel in profile["kernels"])


def test_no_driver(tmp_path):
    feed = attention(tmp_path / "m.onnx")
    emulated(tmp_path, feed)
    result = tool("brisk-run", tmp_path / "m.so", "--random", driver="/nowhere/libcuda.so")
    assert result.returncode == 1 and "this machine has no NVIDIA driver" in result.stderr and result.stderr.count("\n") == 1


def test_other_chip(tmp_path):
    """An artifact without code for the device says so."""
    attention(tmp_path / "m.onnx")
    done("briskc", tmp_path / "m.onnx", "--target=cuda", "--march=sm_90", "-o", tmp_path / "m.so")
    result = tool("brisk-run", tmp_path / "m.so", "--random")
    assert result.returncode == 1 and "has no code for this GPU" in result.stderr, result.stderr
    result = tool("briskc", tmp_path / "m.onnx", "--target=cuda", "--march=sm_75", "-o", tmp_path / "n.so")
    assert result.returncode == 2 and "unknown --march=sm_75 for the cuda target" in result.stderr and not (tmp_path / "n.so").exists()


def test_same_bytes(tmp_path):
    cnn(tmp_path / "m.onnx")
    for name in ("a.so", "b.so"):
        done("briskc", tmp_path / "m.onnx", "--target=cuda", "--march=sm_80,emu", "-o", tmp_path / name)
    assert (tmp_path / "a.so").read_bytes() == (tmp_path / "b.so").read_bytes()


@needs_ptxas
@pytest.mark.parametrize("chip", CHIPS)
def test_ptxas_accepts(tmp_path, chip):
    """Every generation's assembler takes the kernels, without spilling registers."""
    products(tmp_path / "m.onnx")
    done("briskc", tmp_path / "m.onnx", "--target=cuda", f"--march={chip}", "--emit=ptx", "-o", tmp_path / "m.ptx")
    result = subprocess.run(["ptxas", "-v", f"-arch={chip}", tmp_path / "m.ptx", "-o", tmp_path / "m.cubin"],
                            capture_output=True, text=True)  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "bar.sync" in (tmp_path / "m.ptx").read_text()
    spills = re.findall(r"(\d+) bytes spill (?:stores|loads)", result.stderr)
    assert spills and all(count == "0" for count in spills), result.stderr
