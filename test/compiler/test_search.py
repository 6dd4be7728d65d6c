"""--latency-budget on trained networks: met with the least loss, or status 3 and the points that came nearest.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import pathlib
import subprocess

import numpy as np
import pytest
from compressed import briskc, compress, network


def search(tmp_path: pathlib.Path, name: str, *options: str | pathlib.Path) -> tuple[subprocess.CompletedProcess, dict]:
    done = compress(tmp_path, name, *options)
    report = tmp_path / "report.json"
    return done, json.loads(report.read_text())["search"] if report.exists() else {}


def machine_file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "machine.json"
    path.write_text(json.dumps({"name": "elsewhere", "isas": [{"name": "x86-64-v3", "vector_bits": 256},
                                                              {"name": "x86-64-v4", "vector_bits": 512}]}))
    return path


def test_a_budget_is_met_by_pruning_and_bits(tmp_path):
    """Half of what 8 bits alone leave on the table: predicted, so that the same is chosen everywhere."""
    done, report = search(tmp_path, "digits_depthwise", "--latency-budget=50%", "--max-accuracy-drop=1.5%",
                          "--machine", machine_file(tmp_path))
    assert done.returncode == 0 and (tmp_path / "out").exists(), done.stderr
    (chosen,) = [point for point in report["points"] if point["chosen"]]
    assert report["met"] and report["times"] == "predicted"
    assert chosen["time_us"] <= report["budget_us"] and chosen["drop"] <= 1.5
    # Nothing that was tried meets the budget with less loss.
    assert not any(p["time_us"] <= 0.98 * report["budget_us"] and p["drop"] < chosen["drop"] for p in report["points"])
    assert sum(step["taken"] for step in report["path"]) == chosen["steps"]


def test_the_same_search_ends_the_same(tmp_path):
    texts = []
    for _ in range(2):
        done, _ = search(tmp_path, "digits_mlp", "--latency-budget=60%", "--machine", machine_file(tmp_path))
        texts.append((done.returncode, (tmp_path / "report.json").read_text()))
    assert texts[0] == texts[1]


def test_an_impossible_budget_is_status_3_with_the_points(tmp_path):
    done, report = search(tmp_path, "digits_mlp", "--latency-budget=1%")
    assert done.returncode == 3 and not (tmp_path / "out").exists()
    assert "error: node" in done.stderr and "nothing meets" in done.stderr and " pareto" in done.stderr
    pareto = [point for point in report["points"] if point["pareto"]]
    assert not report["met"] and len(pareto) >= 2 and not any(point["chosen"] for point in report["points"])
    assert [p["drop"] for p in pareto] == sorted((p["drop"] for p in pareto), reverse=True)
    assert all(step["predicted_saved_us"] > 0 for step in report["path"])


def test_the_best_effort_is_the_fastest_within_the_floor(tmp_path):
    done, report = search(tmp_path, "digits_mlp", "--latency-budget=1%", "--best-effort")
    assert done.returncode == 0 and (tmp_path / "out").exists()
    (chosen,) = [point for point in report["points"] if point["chosen"]]
    assert chosen["drop"] <= 1
    assert chosen["time_us"] == min(p["time_us"] for p in report["points"] if p["drop"] <= 1) < report["base_us"]


def test_samples_that_had_no_say_refuse_what_others_were_blind_to(tmp_path):
    """Every second sample is always the same easy one: whatever they accept, the others decide."""
    with np.load(network("digits_depthwise").evaluation) as file:
        x, label = file["x"].copy(), file["label"].copy()
    x[::2], label[::2] = x[0], label[0]
    np.savez(tmp_path / "eval.npz", x=x, label=label)
    done, report = search(tmp_path, "digits_depthwise", "--latency-budget=1%", "--best-effort", "--eval", tmp_path / "eval.npz")
    assert done.returncode == 0, done.stderr
    (chosen,) = [point for point in report["points"] if point["chosen"]]
    one = 100 / (len(x) // 2) + 1e-6
    refused = [p for p in report["points"] if p["drop"] <= 1 < p["drop_held_out"] - one]
    assert refused and min(p["time_us"] for p in refused) < chosen["time_us"]
    assert chosen["drop_held_out"] <= 1 + one and "on samples that did not choose" in report["decision"]


@pytest.mark.parametrize("flags, message", [
    (["--latency-budget=soon"], "--latency-budget=soon: expects a time (5ms, 800us) or a share (60%)"),
    (["--latency-budget=5ms"], "--latency-budget=5ms needs samples of the model's inputs"),
    (["--latency-budget=5ms", "--calibration=x.npz", "--prune=0.1"], "--latency-budget chooses what to prune and skip by itself"),
    (["--latency-budget=5ms", "--calibration=x.npz", "--search-time=0"], "--search-time=0: expects seconds"),
])
def test_wrong_options_are_told(tmp_path, flags, message):
    done = briskc("no.onnx", "-o", tmp_path / "out", *flags)
    assert done.returncode == 2 and message in done.stderr
