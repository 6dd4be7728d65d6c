"""Whole models through briskc and brisk-run, against onnxruntime's outputs.

Runs every model that scripts/models has made; the others are skipped by name.
Models that do not pass yet stand in not-yet.txt with the reason: one that
starts to pass must leave the list.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import dataclasses
import functools
import os
import pathlib
import subprocess

import numpy as np
import pytest
from models.__main__ import MODELS
from models.recipe import expect_file, models_dir, sample_files

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BRISK_BUILD", ROOT / "build"))
# Largest |difference| in units of the largest |output|, for float32.
TOLERANCE = 1e-4
# What compiling may take: seconds of processor time on two cores, bytes.
COMPILE_SECONDS, COMPILE_BYTES = 120, 4 << 30
# Small enough to be compiled twice in a test.
REPEATED = ["jet_mlp", "lstm_step", "silero_vad_16k_op15", "ppocr_v2_cls"]


def not_yet() -> dict[str, str]:
    lines = pathlib.Path(__file__).with_name("not-yet.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


@dataclasses.dataclass
class Artifact:
    path: pathlib.Path
    seconds: float
    peak: int


def run(*command: str | pathlib.Path) -> tuple[float, int]:
    """Processor seconds and peak bytes of the command, which must succeed."""
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as child:
        said = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, f"{' '.join(map(str, command))}\nexit status {child.returncode}\n{said[-2000:]}"
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Compiles a model once for all tests of the module."""
    folder = tmp_path_factory.mktemp("artifacts")

    @functools.cache
    def compile_model(name: str) -> Artifact:
        path = folder / f"{name}.so"
        return Artifact(path, *run(BUILD / "bin" / "briskc", models_dir() / f"{name}.onnx", "-o", path))

    return compile_model


def there(name: str):
    if not (models_dir() / f"{name}.stamp").exists():
        pytest.skip(f"scripts/models {name} has not made it")


def check_outputs(artifact: pathlib.Path, sample: pathlib.Path, output: pathlib.Path, *options: str) -> None:
    run(BUILD / "bin" / "brisk-run", artifact, "--input", sample, "--output", output, *options)
    with np.load(output) as got, np.load(expect_file(sample)) as expected:
        assert sorted(got.files) == sorted(expected.files)
        for name in expected.files:
            mine, theirs = got[name], expected[name]
            assert mine.dtype == theirs.dtype and mine.shape == theirs.shape, name
            if theirs.dtype.kind == "f":
                error = np.abs(mine - theirs).max(initial=0)
                assert error <= TOLERANCE * np.abs(theirs).max(initial=0), f"{sample.name}, {name}: error {error}"
            else:
                assert (mine == theirs).all(), f"{sample.name}, {name}"


@pytest.fixture
def expected_to_pass(request):
    """A model of not-yet.txt must fail, for otherwise the list is wrong."""
    name = request.getfixturevalue("name")
    if reason := not_yet().get(name):
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    there(name)


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if not model.quantized])
def test_agrees_with_onnxruntime(name, expected_to_pass, compiled, tmp_path):
    artifact = compiled(name)
    for sample in sample_files(name):
        check_outputs(artifact.path, sample, tmp_path / "out.npz")
        # The variant for machines without AVX-512 is in the same artifact.
        check_outputs(artifact.path, sample, tmp_path / "out-v3.npz", "--isa", "x86-64-v3")
        check_outputs(artifact.path, sample, tmp_path / "out-2.npz", "--threads", "2")
    assert artifact.seconds <= COMPILE_SECONDS
    assert artifact.peak <= COMPILE_BYTES


@pytest.mark.parametrize("name", REPEATED)
def test_compiles_to_the_same_bytes(name, expected_to_pass, compiled, tmp_path):
    again = tmp_path / "again" / f"{name}.so"
    again.parent.mkdir()
    run(BUILD / "bin" / "briskc", models_dir() / f"{name}.onnx", "-o", again)
    assert again.read_bytes() == compiled(name).path.read_bytes()


def test_the_list_names_models():
    assert set(not_yet()) <= set(MODELS)
    assert all(reason.strip() for reason in not_yet().values())
