"""Every kind of artifact: each is compiled, and what can run is run.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import shutil
import subprocess

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BRISK_BUILD", ROOT / "build"))
CC = shutil.which("clang") or shutil.which("clang-22") or shutil.which("cc")
WEIGHTS = np.arange(12, dtype=np.float32).reshape(4, 3) - 5
X = np.array([[1, -2, 3, 0.5]], np.float32)

# Both names collide with functions of runtime.h, or would if the object's symbols were named alike.
PROGRAM = """
#include "open.h"
#include "run.h"
#include "runtime/runtime.h"
#include <stdio.h>

static int show(const struct brisk_abi_model *abi) {
  brisk_model *model;
  brisk_context *context;
  float x[4] = {1, -2, 3, 0.5f}, y[3] = {0};
  int64_t dims[] = {1, 4};
  brisk_tensor in = {BRISK_FLOAT32, 2, dims, x, 0}, out = {BRISK_FLOAT32, 2, NULL, y, sizeof y};
  if (brisk_model_from_abi(abi, &model) || brisk_context_create(model, NULL, &context)) {
    fprintf(stderr, "%s\\n", brisk_error_message());
    return 1;
  }
  if (brisk_run(context, &in, 1, &out, 1)) {
    fprintf(stderr, "%s\\n", brisk_context_message(context));
    return 1;
  }
  printf("%s %g %g %g\\n", brisk_model_name(model), y[0], y[1], y[2]);
  brisk_context_destroy(context);
  brisk_model_close(model);
  return 0;
}

int main(void) { return show(&brisk_artifact_open) || show(&brisk_artifact_run); }
"""


def product(folder: pathlib.Path, name: str, factor: float) -> pathlib.Path:
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], "product")], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(WEIGHTS * np.float32(factor), "w")])
    path = folder / f"{name}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def run(*command, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, **options)


def briskc(*arguments) -> subprocess.CompletedProcess:
    return run(BUILD / "bin" / "briskc", *arguments)


def test_two_static_objects_in_one_program(tmp_path):
    for name, factor in [("open", 1), ("run", 2)]:
        done = briskc(product(tmp_path, name, factor), "--emit=obj", "-o", tmp_path / name)
        assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in tmp_path.glob("*.[oh]")) == ["open.h", "open.o", "run.h", "run.o"]
    (tmp_path / "main.c").write_text(PROGRAM)
    linked = run(CC, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", ROOT, "main.c", "open.o", "run.o",
                 BUILD / "lib" / "libbrisk_runtime.a", "-lm", "-lpthread", "-ldl", "-o", "main", cwd=tmp_path)
    assert linked.returncode == 0, linked.stderr
    done = run(tmp_path / "main")
    assert done.returncode == 0, done.stderr
    rows = [[float(v) for v in line.split()[1:]] for line in done.stdout.splitlines()]
    np.testing.assert_allclose(rows, np.concatenate([X @ WEIGHTS, X @ (2 * WEIGHTS)]))


def test_the_header_is_plain_c_plus_plus_too(tmp_path):
    assert briskc(product(tmp_path, "m", 1), "--emit=obj", "-o", tmp_path / "m").returncode == 0
    (tmp_path / "main.cpp").write_text('#include "m.h"\n#include "m.h"\nconst void *p = &brisk_artifact_m;\n')
    done = run(CC, "-x", "c++", "-fsyntax-only", "-Wall", "-Werror", tmp_path / "main.cpp")
    assert done.returncode == 0, done.stderr


def test_a_program_is_a_brisk_run_of_its_model(tmp_path):
    done = briskc(product(tmp_path, "m", 1), "--emit=exe", "-o", tmp_path / "m")
    assert done.returncode == 0, done.stderr
    np.savez(tmp_path / "in.npz", x=X)
    ran = run(tmp_path / "m", "--input", tmp_path / "in.npz", "--output", tmp_path / "out.npz")
    assert ran.returncode == 0, ran.stderr
    with np.load(tmp_path / "out.npz") as got:
        np.testing.assert_allclose(got["y"], X @ WEIGHTS)
    assert run(tmp_path / "m", "--no-such-option").returncode == 2
    (tmp_path / "second").mkdir()
    assert briskc(tmp_path / "m.onnx", "--emit=exe", "-o", tmp_path / "second" / "m").returncode == 0
    assert (tmp_path / "second" / "m").read_bytes() == (tmp_path / "m").read_bytes()


@pytest.mark.parametrize("kind, text", [("asm", "vfmadd"), ("llvm", "define"), ("mlir", "llvm.func|func.func")])
def test_text(tmp_path, kind, text):
    done = briskc(product(tmp_path, "m", 1), f"--emit={kind}", "--march=x86-64-v3", "-o", tmp_path / "m.txt")
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "m.txt").read_text()
    assert any(part in written for part in text.split("|"))


def test_a_dash_is_standard_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = briskc(product(tmp_path, "m", 1), "--emit=asm", "--march=x86-64-v3", "-o", "-")
    assert done.returncode == 0 and "vfmadd" in done.stdout and not (tmp_path / "-").exists()


def test_an_unknown_kind_is_wrong_usage(tmp_path):
    done = briskc(product(tmp_path, "m", 1), "--emit=tarball", "-o", tmp_path / "m")
    assert done.returncode == 2
    assert "unknown --emit=tarball for the cpu target: expects so, obj, exe, asm, llvm, mlir" in done.stderr
    assert not (tmp_path / "m").exists()
