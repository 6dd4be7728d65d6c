"""--skip-layers on a trained transformer: what goes, what takes its place, what is refused.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import pathlib
import subprocess

import numpy as np
import pytest
from compressed import compress, network

LAST = "/layers.2/Add_2"


def skipped(tmp_path: pathlib.Path, *options: str, emit: str = "so") -> tuple[subprocess.CompletedProcess, dict]:
    done = compress(tmp_path, "digits_transformer", *options, emit=emit)
    report = tmp_path / "report.json"
    return done, json.loads(report.read_text()).get("skipping", {}) if report.exists() else {}


def test_one_branch_costs_little(tmp_path):
    done, report = skipped(tmp_path, "--skip-layers=1", "--keep-slower")
    assert done.returncode == 0, done.stderr
    (gone,) = [branch for branch in report["branches"] if branch["skipped"]]
    assert len(report["branches"]) == 6 and report["kept"] and report["steps"][-1]["drop"] <= 0.5
    # The first layer's branches are farthest from what they are added to, and never looked at first.
    tried = [branch for branch in report["branches"] if branch["divergence"] is not None]
    assert gone["divergence"] <= min(branch["divergence"] for branch in tried) * 1.0001
    assert gone["name"].startswith("/layers.2") and gone["cosine"] > report["branches"][0]["cosine"]


def test_auto_stops_at_the_floor(tmp_path):
    done, report = skipped(tmp_path, "--skip-layers=auto", "--max-accuracy-drop=1%", "--keep-slower")
    assert done.returncode == 0 and report["kept"]
    count = sum(branch["skipped"] for branch in report["branches"])
    assert 1 <= count == len(report["steps"]) - 1  # one more was tried
    assert report["steps"][-2]["drop"] <= 1 < report["steps"][-1]["drop"]


def test_the_file_without_the_branch_computes_what_was_reported(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    done, report = skipped(tmp_path, f"--skip-layers={LAST}", emit="onnx")
    assert done.returncode == 0 and [b["name"] for b in report["branches"] if b["skipped"]] == [LAST], done.stderr
    samples = np.load(network("digits_transformer").evaluation)
    session = onnxruntime.InferenceSession(tmp_path / "out")
    right = np.mean([session.run(None, {"x": x})[0].argmax() == y for x, y in zip(samples["x"], samples["label"])])
    assert abs(right - report["steps"][-1]["top1_after"]) < 0.004


def test_too_many_are_undone_and_unknown_ones_told(tmp_path):
    done, report = skipped(tmp_path, "--skip-layers=5", "--max-accuracy-drop=1%", "--keep-slower")
    assert done.returncode == 0 and not report["kept"] and "skipping undone" in done.stderr
    done, _ = skipped(tmp_path, "--skip-layers=/head/MatMul")
    assert done.returncode == 1 and "no node '/head/MatMul' adds a branch" in done.stderr and LAST in done.stderr


def test_skipped_pruned_and_quantized_together(tmp_path):
    done, report = skipped(tmp_path, "--skip-layers=1", "--prune=20%", "--quantize=int8", "--keep-slower")
    whole = json.loads((tmp_path / "report.json").read_text())
    assert done.returncode == 0 and report["kept"] and whole["pruning"]["kept"] and whole["kept"]
    # Every loss is against the model as it came.
    assert report["steps"][0]["top1_before"] == whole["pruning"]["steps"][-1]["top1_before"] == whole["steps"][0]["top1_before"]
