"""--prune on trained networks: what is lost with repair and without, what is reported, what is refused.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""


import numpy as np
import onnx
import pytest
from compressed import briskc, compressed, network

PRUNABLE = ("digits_mlp", "digits_cnn", "digits_depthwise", "digits_transformer")


@pytest.mark.parametrize("name", PRUNABLE)
def test_ten_percent_costs_at_most_a_point(tmp_path, name):
    report = compressed(tmp_path, name, "--prune=10%", "--prune-multiple=1", "--keep-slower")["pruning"]
    without, repaired = report["steps"]
    assert without["name"] == "10.0% by obs, without repair"
    assert repaired["drop"] <= 1 and repaired["kl_divergence"] < max(without["kl_divergence"], 1e-6)
    assert report["kept"] and all(family["stay"] < family["units"] or family["unit_width"] > 1
                                  for family in report["families"])


@pytest.mark.parametrize("name, unrepaired", [("digits_cnn", 10), ("digits_depthwise", 20), ("digits_transformer", 5)])
def test_repair_makes_up_for_most_of_the_loss(tmp_path, name, unrepaired):
    """30 % of all channels, heads and hidden widths: at most a tenth of what is lost without repair."""
    report = compressed(tmp_path, name, "--prune=0.3", "--prune-multiple=1", "--keep-slower")["pruning"]
    without, repaired = report["steps"]
    assert without["drop"] > unrepaired and repaired["drop"] <= without["drop"] / 10
    for family in report["families"] if name == "digits_cnn" else []:
        for consumer in family["consumers"]:
            assert consumer["error_repaired"] < consumer["error"] / 5 and "not_repaired" not in consumer


@pytest.mark.parametrize("importance", ["energy", "norm", "extent", "obs"])
def test_every_order_is_repaired(tmp_path, importance):
    report = compressed(tmp_path, "digits_mlp", "--prune=25%", f"--importance={importance}", "--keep-slower")["pruning"]
    assert [family["stay"] for family in report["families"]] == [48, 48]
    assert report["steps"][-1]["drop"] <= 2


def test_widths_are_multiples_and_the_file_runs_elsewhere(tmp_path):
    """What onnxruntime computes from the pruned file gives the accuracy that was reported."""
    onnxruntime = pytest.importorskip("onnxruntime")
    report = compressed(tmp_path, "digits_transformer", "--prune=25%", emit="onnx")["pruning"]
    shapes = {tuple(t.dims) for t in onnx.load(tmp_path / "out").graph.initializer}
    assert (32, 96) in shapes and (96, 32) in shapes  # 128 hidden units before; q, k and v together have 96 columns
    samples = np.load(network("digits_transformer").evaluation)
    session = onnxruntime.InferenceSession(tmp_path / "out")
    right = np.mean([session.run(None, {"x": x})[0].argmax() == y for x, y in zip(samples["x"], samples["label"])])
    assert abs(right - report["steps"][-1]["top1_after"]) < 0.004


def test_a_loss_above_the_floor_is_undone(tmp_path):
    files = network("digits_depthwise")
    done = briskc(files.model, "-o", tmp_path / "out", "--prune=80%", "--prune-multiple=1", "--calibration",
                  files.calibration, "--eval", files.evaluation, "--max-accuracy-drop=1%", "--keep-slower")
    assert done.returncode == 0 and "pruning undone" in done.stderr and "above the 1.00 allowed" in done.stderr


def test_layers_too_narrow_to_repay_stay(tmp_path):
    files = network("digits_mlp")
    done = briskc(files.model, "-o", tmp_path / "out", "--prune=5%", "--calibration", files.calibration)
    assert done.returncode == 0 and "nothing is pruned: nothing goes: 0.95 of every width, brought to a multiple of" in done.stderr


def test_pruned_and_quantized_together(tmp_path):
    """The loss of the second is measured against the model, not against what the first left."""
    report = compressed(tmp_path, "digits_cnn", "--prune=25%", "--quantize=int8", "--keep-slower")
    assert report["pruning"]["kept"] and report["kept"]
    assert report["steps"][0]["top1_before"] == report["pruning"]["steps"][-1]["top1_before"]
    assert report["steps"][-1]["drop"] <= 2


def test_a_pruned_artifact_is_verified(tmp_path):
    files = network("digits_depthwise")
    done = briskc(files.model, "-o", tmp_path / "out", "--prune=30%", "--calibration", files.calibration, "--verify",
                  "--keep-slower")
    assert done.returncode == 0 and "verified: 1 outputs" in done.stderr, done.stderr


@pytest.mark.parametrize("flag, message", [
    ("--prune=1.5", "expects a share above 0 and below 1"), ("--prune=0%", "expects a share above 0"),
    ("--importance=best", "expects energy, norm, extent, obs"), ("--prune-multiple=-1", "expects a number from 0"),
    ("--prune=0.2", "repairs what it leaves on samples of the model's inputs")])
def test_wrong_options_are_told(tmp_path, flag, message):
    done = briskc("no.onnx", "-o", tmp_path / "out", flag)
    assert done.returncode == 2 and done.stderr.startswith(f"briskc: error: {flag}") and message in done.stderr
