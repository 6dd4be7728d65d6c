"""Projects of the HLS target: the C++ and the Verilated RTL equal onnxruntime, number by number; cycles and area are
those of the report.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import pathlib
import shutil
import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from causal import causal
from cnn import cnn
from mlp import JETS, mlp
from padded import padded

BIN = pathlib.Path(__file__).resolve().parents[3] / "build" / "bin"
needs_verilator = pytest.mark.skipif(not shutil.which("verilator"), reason="verilator is not installed: scripts/setup does")
needs_yosys = pytest.mark.skipif(not shutil.which("yosys"), reason="yosys is not installed: scripts/setup does")


def briskc(*arguments):
    return subprocess.run([BIN / "briskc", *map(str, arguments)], capture_output=True, text=True)


def project(folder, model, *options):
    result = briskc(model, "--target=hls", "-o", folder / "project", *options)
    assert result.returncode == 0, result.stderr
    return folder / "project", json.loads((folder / "project" / "report.json").read_text())


def make(path, goal, *variables):
    result = subprocess.run(["make", "-s", "-C", path, goal, *variables], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def vectors(path, model, report, count=1000, seed=1, darken=False):
    """Inputs as integers, and what onnxruntime makes of them, into data/; the shares of outputs at both ends."""
    (port,), (out,) = report["inputs"], report["outputs"]
    rng = np.random.default_rng(seed)
    x = rng.integers(port["low"], port["high"] + 1, [count, *port["dims"]])
    if darken:  # means over images of one kind would hardly differ
        x = np.rint(x * rng.random([count, *[1] * len(port["dims"])])).astype(int)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    y = [session.run(None, {name: ((v - port["zero"]) * np.float32(port["scale"])).astype(np.float32)})[0] for v in x]
    numbers = np.rint((np.array(y, np.float64) - out["offset"]) / out["scale"]).astype(int)
    np.savetxt(path / "data" / "inputs.txt", x.reshape(count, -1), fmt="%d")
    np.savetxt(path / "data" / "expected.txt", numbers.reshape(count, -1), fmt="%d")
    assert numbers.std() > 5  # the model says something


MODELS = {
    "powers": dict(sizes=(8, 12, 6), bits=6),
    "odd-scales": dict(sizes=(8, 12, 6), powers=False),
    "tables": dict(sizes=(4, 6, 3), activation="Tanh"),
    "pruned": dict(sizes=(16, 16, 5), sparsity=0.75),
    "constant-output": dict(sizes=(16, 16, 5), sparsity=0.9, seed=6),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("compiler", ["g++", "clang++-22"])
def test_cpp_equals_onnxruntime(tmp_path, name, compiler):
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    mlp(tmp_path / "m.onnx", **MODELS[name])
    path, report = project(tmp_path, tmp_path / "m.onnx")
    own = make(path, "csim", f"CXX={compiler}")
    assert own == {"source": "csim", "vectors": 1000, "different": 0}
    vectors(path, tmp_path / "m.onnx", report)
    assert make(path, "csim", f"CXX={compiler}")["different"] == 0


@needs_verilator
@pytest.mark.parametrize("name, clock", [("odd-scales", "2ns"), ("tables", "5ns")])
def test_rtl_equals_onnxruntime(tmp_path, name, clock):
    mlp(tmp_path / "m.onnx", **MODELS[name])
    path, report = project(tmp_path, tmp_path / "m.onnx", f"--march=xcvu13p@{clock}")
    vectors(path, tmp_path / "m.onnx", report)
    measured = make(path, "rtl")
    assert measured["vectors"] == 1000 and measured["different"] == 0
    assert measured["latency"] == report["total"]["latency"] and measured["ii"] == report["total"]["ii"]


@pytest.mark.parametrize("goal", ["csim", pytest.param("rtl", marks=needs_verilator)])
def test_residual_network(tmp_path, goal):
    """Convolutions, a residual sum, a maximum pool, a mean: laid out in space like everything else."""
    cnn(tmp_path / "m.onnx")
    path, report = project(tmp_path, tmp_path / "m.onnx")
    vectors(path, tmp_path / "m.onnx", report)
    measured = make(path, goal)
    assert measured["vectors"] == 1000 and measured["different"] == 0
    assert measured.get("latency", report["total"]["latency"]) == report["total"]["latency"]


FLOWS = {  # network, vectors, pixels of a frame
    "image": (lambda path: cnn(path, size=16, channels=6, colors=3), 1000, 256),
    "large-image": (lambda path: cnn(path, size=32, channels=6, colors=3), 60, 1024),
    "causal": (causal, 1000, 128),
    "causal-frames": (lambda path: causal(path, pool=False), 1000, 128),
    "padded": (padded, 1000, 192),
}


@pytest.mark.parametrize("name", FLOWS)
def test_flow(tmp_path, name):
    """What is too large for space becomes stages that hand each other pixels; also its queues and cycles are as told."""
    make_model, count, pixels = FLOWS[name]
    make_model(tmp_path / "m.onnx")
    path, report = project(tmp_path, tmp_path / "m.onnx")
    total = report["total"]
    assert pixels <= total["ii"] < pixels * 1.1 and total["queue_bits"] * 8 < total["frame_bits"]
    own = make(path, "csim")
    assert own["vectors"] >= 3 and own["different"] == 0
    vectors(path, tmp_path / "m.onnx", report, count, darken=True)
    assert make(path, "csim") == {"source": "csim", "vectors": count, "different": 0}
    if not shutil.which("verilator"):
        pytest.skip("verilator is not installed: scripts/setup does")
    measured = make(path, "rtl")
    assert measured["vectors"] == count and measured["different"] == 0
    assert measured["latency"] == total["latency"] and measured["ii"] == total["ii"]


def test_a_mistake_is_found(tmp_path):
    """The comparison above would fail on one wrong number."""
    mlp(tmp_path / "m.onnx", **MODELS["powers"])
    path, _ = project(tmp_path, tmp_path / "m.onnx")
    lines = (path / "data" / "expected.txt").read_text().splitlines()
    numbers = lines[7].split()
    lines[7] = " ".join([str(int(numbers[0]) + 1), *numbers[1:]])
    (path / "data" / "expected.txt").write_text("\n".join(lines) + "\n")
    result = subprocess.run(["make", "-s", "-C", path, "csim"], capture_output=True, text=True)
    assert result.returncode != 0 and '"different": 1' in result.stdout


@needs_yosys
def test_area_by_yosys(tmp_path):
    mlp(tmp_path / "m.onnx", sizes=(8, 12, 6), bits=6)
    path, report = project(tmp_path, tmp_path / "m.onnx")
    cells = make(path, "synth")
    total = report["total"]
    assert cells["source"] == "yosys" and total["source"] == "model"
    assert cells["dsps"] == total["dsps"] == 0 and cells["brams"] == 0
    assert total["luts"] == pytest.approx(cells["luts"], rel=0.1)
    assert total["ffs"] == pytest.approx(cells["ffs"], rel=0.1)


def test_jets(tmp_path):
    """The jet-tagging network: one result a cycle after six, no multiplier, zero weights take nothing."""
    area = {}
    # Area falls by less than the weights do: less is shared where less is added.
    for sparsity, share in {0.0: 1.0, 0.5: 0.75, 0.75: 0.46, 0.9: 0.25}.items():
        mlp(tmp_path / "m.onnx", JETS, bits=6, sparsity=sparsity)
        _, report = project(tmp_path, tmp_path / "m.onnx")
        total = report["total"]
        assert total["ii"] == 1 and total["latency"] <= 6 and total["dsps"] == 0
        # Without those of biases, of which every neuron has one: what da4ml 0.6.0 finds for these weights.
        assert total["adders"] - 133 <= 1.03 * {0.0: 3035, 0.5: 2181, 0.75: 1283, 0.9: 552}[sparsity]
        area[sparsity] = total["luts"]
        assert total["luts"] <= area[0.0] * share
    assert area[0.0] < 36000


def test_a_part_that_is_too_small(tmp_path):
    mlp(tmp_path / "m.onnx", (32, 64, 64, 5))
    result = briskc(tmp_path / "m.onnx", "--target=hls", "--march=xc7z020", "-o", tmp_path / "p")
    assert result.returncode == 1 and "by the model, but xc7z020 has 53200" in result.stderr
    assert not (tmp_path / "p").exists()


def test_same_bytes(tmp_path):
    mlp(tmp_path / "m.onnx", **MODELS["odd-scales"])
    texts = []
    for part in ("a", "b"):
        (tmp_path / part).mkdir()
        path, _ = project(tmp_path / part, tmp_path / "m.onnx")
        texts.append({f.relative_to(path): f.read_bytes() for f in path.rglob("*") if f.is_file()})
    assert texts[0] == texts[1]


def test_problems_leave_no_folder(tmp_path):
    """A float model, an unknown part: one line each, nothing written."""
    graph = helper.make_graph(
        [helper.make_node("Softmax", ["x"], ["y"], name="soft")], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])])  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "m.onnx")
    result = briskc(tmp_path / "m.onnx", "--target=hls", "-o", tmp_path / "p")
    assert result.returncode == 1 and len(result.stderr.strip().splitlines()) == 1 and "output 'y' is no scaled integer" in result.stderr
    result = briskc(tmp_path / "m.onnx", "--target=hls", "--march=z80", "-o", tmp_path / "p")
    assert result.returncode == 2 and "unknown --march=z80" in result.stderr
    assert [f.name for f in tmp_path.iterdir()] == ["m.onnx"]


def test_other_folders_are_kept(tmp_path):
    mlp(tmp_path / "m.onnx", **MODELS["tables"])
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "mine.txt").write_text("kept")
    result = briskc(tmp_path / "m.onnx", "--target=hls", "-o", tmp_path / "p")
    assert result.returncode == 1 and "is no project of this compiler" in result.stderr
    assert [f.name for f in (tmp_path / "p").iterdir()] == ["mine.txt"]
    assert sorted(f.name for f in tmp_path.iterdir()) == ["m.onnx", "p"]
