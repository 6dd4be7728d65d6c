"""Where briskc writes: files whole or not at all, pipes as they are, messages
as plain lines.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import subprocess
import threading

import onnx
import pytest
from onnx import TensorProto, helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
BRISKC = pathlib.Path(os.environ.get("BRISK_BUILD", ROOT / "build")) / "bin" / "briskc"


def model(folder: pathlib.Path, op: str = "Relu", name: str = "node") -> pathlib.Path:
    value = lambda text: helper.make_tensor_value_info(text, TensorProto.FLOAT, [4])  # noqa: E731
    graph = helper.make_graph([helper.make_node(op, ["x"], ["y"], name)], "g", [value("x")], [value("y")])
    path = folder / "model.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                       ir_version=8).SerializeToString())
    return path


def briskc(*arguments: str | pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run([str(a) for a in [BRISKC, *arguments]], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("emit, start", [("so", b"\x7fELF"), ("llvm", b";"), ("asm", b"\t")])
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path, emit, start):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    done = briskc(model(tmp_path), "--emit", emit, "--march", "x86-64-v3", "-o", pipe)
    reader.join(10)
    assert done.returncode == 0, done.stderr
    assert pipe.is_fifo()
    assert got and got[0].startswith(start) and len(got[0]) > 500


def test_control_characters_of_names_do_not_reach_the_terminal(tmp_path):
    done = briskc(model(tmp_path, "NoSuchOp", "a\x1b[31m\x07b"), "-o", tmp_path / "model.so")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr and "\x07" not in done.stderr and "a?[31m?b" in done.stderr


def test_an_old_artifact_stays_when_the_new_one_fails(tmp_path):
    artifact = tmp_path / "model.so"
    artifact.write_bytes(b"old")
    assert briskc(model(tmp_path, "NoSuchOp"), "-o", artifact).returncode == 1
    assert artifact.read_bytes() == b"old"
    assert briskc(model(tmp_path), "-o", artifact).returncode == 0
    assert artifact.read_bytes().startswith(b"\x7fELF")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.onnx", "model.so"]
