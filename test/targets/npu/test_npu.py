"""Models compiled for Hexagon give what they give on the CPU, under qemu.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import subprocess

import numpy as np
import onnx
import pytest
from layers import BIN, needs_qemu
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(5)


def tool(name, *arguments):
    return subprocess.run([BIN / name, *map(str, arguments)], capture_output=True, text=True)


def done(name, *arguments):
    result = tool(name, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def save(path, nodes, inputs, outputs, constants):
    value = lambda name, array: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
    graph = helper.make_graph(nodes, "g", [value(n, a) for n, a in inputs.items()],
                              [helper.make_tensor_value_info(n, t, None) for n, t in outputs.items()],
                              [numpy_helper.from_array(a, n) for n, a in constants.items()])  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def both(folder, feed):
    """Outputs of folder/m.onnx on Hexagon and on the CPU, compiled plainly: the same floats in the same order."""
    np.savez(folder / "in.npz", **feed)
    done("briskc", folder / "m.onnx", "--target=npu", "-o", folder / "m.elf")
    done("briskc", folder / "m.onnx", "--reference", "-o", folder / "m.so")
    done("brisk-run", folder / "m.elf", "--device=npu:qemu", "--input", folder / "in.npz", "--output", folder / "npu.npz",
         "--profile", folder / "packets.json")  # fmt: skip
    done("brisk-run", folder / "m.so", "--input", folder / "in.npz", "--output", folder / "cpu.npz")
    return np.load(folder / "npu.npz"), np.load(folder / "cpu.npz"), json.loads((folder / "packets.json").read_text())


@needs_qemu
def test_floats(tmp_path):
    """A float model runs as scalar code; its functions are those of device/math.c."""
    x = rng.uniform(-6, 6, (4, 50)).astype(np.float32)
    unary = {"Exp": x, "Tanh": x, "Erf": x, "Sigmoid": x, "Sin": x, "Cos": x, "Log": np.abs(x) + 1e-3, "Sqrt": np.abs(x),
             "Floor": x, "Ceil": x, "Round": x, "Softmax": x}  # fmt: skip
    nodes = [helper.make_node(op, [f"x_{op}"], [f"y_{op}"]) for op in unary]
    save(tmp_path / "m.onnx", nodes, {f"x_{op}": a for op, a in unary.items()}, {f"y_{op}": TensorProto.FLOAT for op in unary}, {})
    npu, cpu, profile = both(tmp_path, {f"x_{op}": a for op, a in unary.items()})
    for op in unary:
        np.testing.assert_allclose(npu[f"y_{op}"], cpu[f"y_{op}"], rtol=3e-6, atol=1e-6, err_msg=op)
    assert profile["unit"] == "packets, not time" and profile["packets"] > 1000


@needs_qemu
def test_integers(tmp_path):
    """64-bit division and the like are those of device/libc.c."""
    a = rng.integers(-(2**40), 2**40, 200)
    b = np.where(rng.random(200) < 0.5, -1, 1) * rng.integers(1, 2**20, 200)
    save(tmp_path / "m.onnx", [helper.make_node("Div", ["a", "b"], ["d"]), helper.make_node("Mod", ["a", "b"], ["m"])],
         {"a": a, "b": b}, {"d": TensorProto.INT64, "m": TensorProto.INT64}, {})  # fmt: skip
    npu, cpu, _ = both(tmp_path, {"a": a, "b": b})
    for name in ("d", "m"):
        np.testing.assert_array_equal(npu[name], cpu[name])


@needs_qemu
def test_contexts_repeat(tmp_path):
    """One process answers many runs."""
    x = rng.random((3, 8), np.float32)
    save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], {"x": x}, {"y": TensorProto.FLOAT}, {})
    both(tmp_path, {"x": x})
    out = done("brisk-run", tmp_path / "m.elf", "--random", "--repeat", 20)
    assert json.loads(out)["min_us"] > 0


def test_errors(tmp_path):
    """What cannot be compiled or run is said."""
    x = np.zeros((2, 3), np.float32)
    save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], {"x": x}, {"y": TensorProto.FLOAT}, {})
    result = tool("briskc", tmp_path / "m.onnx", "--target=npu", "--march=v5", "-o", tmp_path / "m.elf")
    assert result.returncode == 2 and "unknown --march=v5 for the npu target" in result.stderr
    done("briskc", tmp_path / "m.onnx", "--target=npu", "-o", tmp_path / "m.elf")
    result = tool("brisk-run", tmp_path / "m.elf", "--random", "--device=cpu")
    assert result.returncode == 1 and "is compiled for device npu, but the device asked for is cpu" in result.stderr
    result = tool("brisk-run", tmp_path / "m.elf", "--random", "--device=npu:phone")
    assert result.returncode == 1 and "device npu:phone is unknown: expects npu:qemu" in result.stderr
    result = subprocess.run([BIN / "brisk-run", tmp_path / "m.elf", "--random"], env={"PATH": "/nowhere"},
                            capture_output=True, text=True)  # fmt: skip
    assert result.returncode == 1 and "cannot run qemu-hexagon" in result.stderr


@pytest.mark.parametrize("march", ["hexagonv66", "hexagonv68", "hexagonv73"])
def test_versions_compile(tmp_path, march):
    """Every version of the machine compiles, wherever it may run."""
    x = np.zeros((2, 3), np.float32)
    save(tmp_path / "m.onnx", [helper.make_node("Exp", ["x"], ["y"])], {"x": x}, {"y": TensorProto.FLOAT}, {})
    for kind in ("elf", "obj", "asm", "llvm"):
        done("briskc", tmp_path / "m.onnx", "--target=npu", f"--march={march}", f"--emit={kind}", "-o", tmp_path / "m")


@needs_qemu
def test_failure_has_a_message(tmp_path):
    """What fails on the device is a failure of the run, in the device's words; the next run is served again."""
    x = rng.random((5, 3), np.float32)
    save(tmp_path / "m.onnx", [helper.make_node("Gather", ["x", "i"], ["y"])], {"x": x, "i": np.array([1, 2])},
         {"y": TensorProto.FLOAT}, {})  # fmt: skip
    npu, _, _ = both(tmp_path, {"x": x, "i": np.array([4, 0])})
    np.testing.assert_array_equal(npu["y"], x[[4, 0]])
    np.savez(tmp_path / "bad.npz", x=x, i=np.array([1, 7]))
    result = tool("brisk-run", tmp_path / "m.elf", "--input", tmp_path / "bad.npz")
    assert result.returncode == 1 and "index out of range" in result.stderr
