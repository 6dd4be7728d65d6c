"""--report=FILE.html: one page that needs nothing else, opened in a browser without a screen where there is one.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import pathlib
import re
import shutil
import subprocess

import pytest
from compressed import briskc, compress, network

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def page(tmp_path: pathlib.Path, *options: str, status: int = 0) -> str:
    done = compress(tmp_path, "digits_mlp", *options, report="report.html")
    assert done.returncode == status, done.stderr
    return (tmp_path / "report.html").read_text()


def opened(path: pathlib.Path) -> tuple[str, str]:
    """The page's elements once its script has run, and what the console said."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        pytest.skip("no chromium: run scripts/setup --models")
    done = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                           f"--user-data-dir={path.parent / 'profile'}", "--enable-logging=stderr", "--virtual-time-budget=5000",
                           "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def test_the_page_needs_nothing_else(tmp_path):
    text = page(tmp_path, "--prune=25%", "--quantize=int8", "--keep-slower")
    assert not re.search(r"(?:src|href)\s*=|https?://(?!www\.w3\.org/2000/svg)|@import|fetch\(", text)
    (data,) = re.findall(r'<script type="application/json" id="report">(.*?)</script>', text, re.S)
    report = json.loads(data)
    assert report["title"] == "digits_mlp" and report["pruning"]["families"] and report["layers"] and report["kernels"]
    assert report["steps"][-1]["worst_class"]["lost"] >= 0 and 0 < report["steps"][-1]["calibration_error_after"] < 0.5


def test_a_browser_draws_plots_and_tables(tmp_path):
    page(tmp_path, "--latency-budget=1%", status=3)
    dom, console = opened(tmp_path / "report.html")
    assert console == "" and 'class="decided missed"' in dom
    plots, tables = map(int, re.search(r'data-drawn="(\d+) plots, (\d+) tables"', dom).groups())
    assert plots >= 1 and tables >= 2 and dom.count("<circle") >= 3 and 'class="limit"' in dom


def test_a_browser_draws_layers_and_widths(tmp_path):
    page(tmp_path, "--prune=25%", "--quantize=int8", "--keep-slower")
    dom, console = opened(tmp_path / "report.html")
    assert console == ""
    plots, tables = map(int, re.search(r'data-drawn="(\d+) plots, (\d+) tables"', dom).groups())
    assert plots >= 3 and tables >= 4 and dom.count('class="bar"') >= 5


def test_names_from_the_model_are_text(tmp_path):
    """A node's name cannot end the script that holds the data."""
    import onnx

    files = network("digits_mlp")
    model = onnx.load(files.model)
    for node in model.graph.node:
        node.name = "</script><img id=harm>" + node.name
    onnx.save(model, tmp_path / "model.onnx")
    done = briskc(tmp_path / "model.onnx", "-o", tmp_path / "out.so", "--calibration", files.calibration, "--report",
                  tmp_path / "report.html", "--prune=25%", "--keep-slower")
    assert done.returncode == 0, done.stderr
    assert "<img" not in (tmp_path / "report.html").read_text()
