"""Trained networks compressed by briskc, for the tests of what --prune, --quantize, --skip-layers and budgets do.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import os
import pathlib
import subprocess

import pytest
from models.recipe import Unavailable
from models.trained import Trained, trained

BUILD = pathlib.Path(os.environ.get("BRISK_BUILD", pathlib.Path(__file__).resolve().parents[1] / "build")) / "bin"


def briskc(*arguments: str | pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run([str(a) for a in [BUILD / "briskc", *arguments]], capture_output=True, text=True, timeout=400)


def network(name: str) -> Trained:
    try:
        return trained(name)
    except Unavailable as reason:
        pytest.skip(str(reason))


def compress(tmp_path: pathlib.Path, name: str, *options: str | pathlib.Path, emit: str = "so",
             report: str = "report.json") -> subprocess.CompletedProcess:
    """The artifact is tmp_path/out, the report beside it."""
    files = network(name)
    return briskc(files.model, "-o", tmp_path / "out", f"--emit={emit}", "--calibration", files.calibration, "--eval",
                  files.evaluation, "--report", tmp_path / report, *options)


def compressed(tmp_path: pathlib.Path, name: str, *options: str, emit: str = "so") -> dict:
    """The report of what must succeed."""
    done = compress(tmp_path, name, *options, emit=emit)
    assert done.returncode == 0, done.stderr
    return json.loads((tmp_path / "report.json").read_text())
