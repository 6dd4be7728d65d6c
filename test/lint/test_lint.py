"""Every rule of lint.py finds what it is for and lets the rest pass.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import importlib.util
import pathlib

import pytest

SPEC = importlib.util.spec_from_file_location("lint", pathlib.Path(__file__).with_name("lint.py"))
lint = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(lint)

SPDX = "// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n"
PASS = 'def FuseAll : Pass<"fuse-all"> {\n'
TEST = "// RUN: brisk-opt --fuse-all %s | FileCheck %s\n// CHECK: x\n"

# A tree that breaks nothing.
CLEAN = {
    "dialects/onnx/README.md": "The dialect.\n",
    "dialects/onnx/ops/Conv.td": 'def Onnx_ConvOp : Onnx_Op<"Conv"> {\n}\n',
    "dialects/onnx/Onnx.h": SPDX + '#include "dialects/interfaces/Cost.h"\n',
    "dialects/interfaces/README.md": "Facts.\n",
    "passes/fuse/README.md": "Fusion.\n",
    "passes/fuse/Passes.td": PASS,
    "passes/fuse/FuseAll.cpp": SPDX + '#include "passes/cost/Cost.h"\n// A Conv is no "Conv" here.\nlinalg::ConvOp x;\nonnx::ConstantOp y;\n',
    "passes/cost/README.md": "Cost.\n",
    "test/passes/fuse/fuse-all.mlir": TEST,
    "targets/cpu/README.md": "x86.\n",
    "targets/cpu/CpuTarget.cpp": SPDX + '#include "targets/common/Tail.h"\n#include "runtime/abi.h"\n',
    "targets/common/README.md": "Shared.\n",
    "python/README.md": "Bindings.\n",
    "test/python/test_load.py": SPDX,
}

# Rule, file, text, and what the message must hold.
PLANTED = [
    ("checks_are_read", "test/a.mlir", "// RUN: brisk-opt %s\n// CHECK: x\n", "a.mlir:2"),
    ("checks_are_read", "test/a.mlir", "// RUN: brisk-opt %s | FileCheck %s --check-prefix=A\n// B-LABEL: x\n", "reads B"),
    ("checks_are_read", "test/a.mlir", "// RUN: brisk-opt %s\n// expected-error @+1 {{x}}\n", "diagnostics"),
    ("checks_are_read", "test/a.mlir", "func.func @f()\n", "no RUN"),
    ("passes_are_tested", "passes/fuse/Passes.td", PASS + 'def Sink : Pass<"sink", "ModuleOp"> {\n', "pass sink"),
    ("passes_are_tested", "test/passes/fuse/fuse-all.mlir", "// RUN: brisk-opt %s\n", "no RUN line names"),
    ("passes_name_no_operator", "passes/fuse/A.cpp", SPDX + 'if (name == "Conv")\n', "operator Conv"),
    ("passes_name_no_operator", "passes/fuse/A.cpp", SPDX + "isa<onnx::GemmOp>(op)\n", "operator Gemm"),
    ("passes_name_no_operator", "passes/fuse/A.cpp", SPDX + "dyn_cast<ConvOp>(op)\n", "operator Conv"),
    ("passes_name_no_operator", "compiler/import/A.cpp", SPDX + '"onnx.Conv"\n', "operator Conv"),
    ("options_live_in_the_compiler", "targets/cpu/A.cpp", SPDX + "static llvm::cl::opt<int> x;\n", "A.cpp:2"),
    ("includes_go_down", "dialects/onnx/A.cpp", SPDX + '#include "passes/fuse/Passes.h"\n', "floor above"),
    ("includes_go_down", "passes/fuse/A.cpp", SPDX + '#include "targets/Target.h"\n', "floor above"),
    ("includes_go_down", "passes/fuse/A.cpp", SPDX + '#include "passes/prune/Passes.h"\n', "room prune"),
    ("includes_go_down", "targets/cpu/A.cpp", SPDX + '#include "targets/cuda/Emit.h"\n', "room cuda"),
    ("includes_go_down", "dialects/interfaces/A.td", 'include "dialects/onnx/Onnx.td"\n', "room onnx"),
    ("includes_go_down", "runtime/a.c", SPDX + '#include "compiler/Compiler.h"\n', "the runtime"),
    ("includes_go_down", "passes/fuse/A.cpp", SPDX + '#include "runtime/abi.h"\n', "passes includes"),
    ("tests_have_names_of_their_own", "test/runtime/test_load.py", SPDX, "named like"),
    ("rooms_have_readmes", "passes/prune/A.cpp", SPDX, "passes/prune"),
    ("rooms_have_readmes", "compiler/A.cpp", SPDX, "compiler:"),
    ("rooms_have_readmes", "test/bench/a.py", SPDX, "test/bench"),
    ("files_are_short", "dialects/onnx/A.td", "\n" * 401, "401 lines"),
    ("files_are_short", "passes/fuse/A.cpp", SPDX + "\n" * 600, "601 lines"),
    ("nothing_is_tied_to_a_machine", "README.md", "see /ho" + "me/me/x\n", "/ho" + "me/m"),
    ("nothing_is_tied_to_a_machine", "scripts/a.sh", "curl https://files.python" + "hosted.org\n", "hosted"),
    ("nothing_is_left_for_later", "passes/fuse/A.cpp", SPDX + "// TODO: more\n", "TODO"),
    ("sources_name_their_licence", "passes/fuse/A.cpp", "int x;\n", "SPDX"),
]


def plant(root: pathlib.Path, files: dict[str, str]) -> dict[str, list[str]]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return lint.breaches(root)


def test_a_clean_tree_passes(tmp_path):
    assert not any(plant(tmp_path, CLEAN).values())


@pytest.mark.parametrize("rule, name, text, said", PLANTED)
def test_a_breach_is_found(tmp_path, rule, name, text, said):
    found = plant(tmp_path, CLEAN | {name: text})
    assert any(said in message for message in found[rule]), found


def test_every_rule_is_tried():
    assert {check.__name__ for check in lint.RULES} == {planted[0] for planted in PLANTED}
