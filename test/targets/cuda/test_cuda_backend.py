"""ONNX backend cases through the emulator: a sample of them; whole networks are left to the long run (targets/cuda/README.md).

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
LARGE = "alexnet|densenet|inception|resnet|shufflenet|squeezenet|vgg|zfnet|bvlc"


def test_sample():
    """As the list says, no better and no worse."""
    command = [sys.executable, ROOT / "test/backend/run.py", "--option", "target=cuda", "--option", "march=emu", "--list",
               ROOT / "test/targets/cuda/failing.txt", "--filter", f"^(?!.*({LARGE}))", "--sample", "90", "--timeout", "60"]  # fmt: skip
    python = os.pathsep.join([str(ROOT / "build/python"), os.environ.get("PYTHONPATH", "")])
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": python,
                            "BRISK_LIBCUDA": str(ROOT / "build/lib/libbrisk_cuda_emulator.so")})  # fmt: skip
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-2000:]
