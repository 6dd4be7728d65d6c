"""brisk-run: arrays in and out, comparison, timing, and what it says when it refuses.

Runs the program of the build tree (BRISK_BUILD, else build/) on models written
by hand in C.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BRISK_BUILD", ROOT / "build"))
MODELS = BUILD / "test" / "runtime"
X = np.arange(6, dtype=np.float32).reshape(2, 3)
BIAS = np.array([10, 20, 30], dtype=np.float32)


def brisk_run(*arguments, environment=None):
    return subprocess.run([BUILD / "bin" / "brisk-run", *map(str, arguments)], capture_output=True, text=True,
                          timeout=120, env={**os.environ, **(environment or {})})


def succeed(*arguments, **options):
    done = brisk_run(*arguments, **options)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def refuse(status, message, *arguments, **options):
    """The one line on stderr is `message`, and nothing is on stdout."""
    done = brisk_run(*arguments, **options)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr == f"brisk-run: {message}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("in.npz", x=X, bias=BIAS)
    np.save("x.npy", X)
    np.save("bias.npy", BIAS)
    np.savez("want.npz", y=X + BIAS, total=np.sum(X + BIAS))
    return tmp_path


STATIC = MODELS / "fake_static.so"
DYNAMIC = MODELS / "fake_dynamic.so"


@pytest.mark.parametrize("inputs", [
    ["--input", "in.npz"],
    ["--input=x=x.npy", "--input=bias=bias.npy"],
    ["--input", "x=in.npz", "--input", "bias=in.npz"],
    ["--input=x=x.npy", "--input", "bias=a=b/bias.npy"],
])
def test_inputs_and_outputs(here, inputs):
    pathlib.Path("a=b").mkdir()
    np.save("a=b/bias.npy", BIAS)
    assert succeed(STATIC, *inputs, "--output", "out.npz") == ""
    out = np.load("out.npz")
    assert sorted(out.files) == ["total", "y"]
    np.testing.assert_array_equal(out["y"], X + BIAS)
    assert out["total"].shape == () and out["total"] == np.sum(X + BIAS)
    assert os.listdir(".").count("out.npz") == 1 and not [f for f in os.listdir(".") if "tmp" in f]


@pytest.mark.parametrize("change", [
    lambda x: np.asfortranarray(x),
    lambda x: x.astype(">f4"),
    lambda x: np.broadcast_to(x, x.shape),
])
def test_layouts_of_numpy(here, change):
    np.savez_compressed("in.npz", x=change(X), bias=BIAS)
    succeed(STATIC, "--input", "in.npz", "--expect", "want.npz")


def test_summary(here):
    assert succeed(STATIC, "--input", "in.npz") == (
        "y float32 [2, 3] min 10 max 35 mean 22.5\ntotal float32 [] min 135 max 135 mean 135\n")


def test_expect(here):
    assert succeed(STATIC, "--input", "in.npz", "--expect", "want.npz") == (
        "output 'y' agrees, max |difference| 0\noutput 'total' agrees, max |difference| 0\n")
    wrong = X + BIAS
    wrong[1, 2] += 1
    np.savez("want.npz", y=wrong)
    done = brisk_run(STATIC, "--input", "in.npz", "--expect", "want.npz")
    assert done.returncode == 1
    assert done.stderr == ("brisk-run: output 'y' differs in 1 of 6 elements, max |difference| 1; the first at [1, 2] "
                           "is 35, but 36 was expected\n")
    succeed(STATIC, "--input", "in.npz", "--expect", "want.npz", "--atol", "1.5")
    succeed(STATIC, "--input", "in.npz", "--expect", "want.npz", "--rtol", "0.03")
    np.savez("want.npz", y=X[:1])
    refuse(1, "output 'y' is float32 [2, 3], but float32 [1, 3] was expected",
           STATIC, "--input", "in.npz", "--expect", "want.npz")
    np.savez("want.npz", y=X.astype(np.float64))
    refuse(1, "'y' expects float32, but the file has float64",
           STATIC, "--input", "in.npz", "--expect", "want.npz")
    np.savez("want.npz", z=X)
    refuse(1, "'want.npz' holds 'z', which is no output of the model",
           STATIC, "--input", "in.npz", "--expect", "want.npz")
    refuse(1, "'in.npz' holds no output of the model", STATIC, "--input", "in.npz", "--expect", "in.npz")


def test_nan_agrees_with_nan_only(here):
    np.savez("in.npz", x=X * np.nan, bias=BIAS)
    np.savez("want.npz", y=X * np.nan)
    succeed(STATIC, "--input", "in.npz", "--expect", "want.npz")
    np.savez("want.npz", y=X)
    assert brisk_run(STATIC, "--input", "in.npz", "--expect", "want.npz").returncode == 1


def test_random(here):
    succeed(STATIC, "--random", "--output", "a.npz")
    succeed(STATIC, "--random", "--output", "b.npz")
    succeed(STATIC, "--random", "--seed", "1", "--output", "c.npz")
    a, b, c = (pathlib.Path(name).read_bytes() for name in ("a.npz", "b.npz", "c.npz"))
    assert a == b != c
    # Files go before chance.
    succeed(STATIC, "--random", "--input", "in.npz", "--expect", "want.npz")


def test_dynamic(here):
    a = np.arange(15, dtype=np.float32).reshape(5, 3)
    b = np.array([[1, -2], [1, 2], [0, 0], [3, -1], [-1, -1]], dtype=np.float32)
    np.savez("in.npz", a=a, b=b)
    np.savez("want.npz", doubled=2 * a, rows=np.array([1, 3]))
    assert "'rows' agrees" in succeed(DYNAMIC, "--input", "in.npz", "--expect", "want.npz")
    out = succeed(DYNAMIC, "--random", "--shape", "a=4x3", "--shape=b=4x1")
    assert out.startswith("doubled float32 [4, 3] ")
    refuse(1, "input 'a' float32 [batch, 3] has open dims: give --shape a=DIMS", DYNAMIC, "--random")
    refuse(1, "input 'b' expects float32 [batch, ?] with batch = 4 as in dim 0 of input 'a', but got float32 [5, 1] "
              "with 5 in dim 0", DYNAMIC, "--random", "--shape", "a=4x3", "--shape", "b=5x1")
    refuse(1, "input 'a' expects float32 [batch, 3], but got --shape 4",
           DYNAMIC, "--random", "--shape", "a=4", "--shape", "b=5x1")
    refuse(1, "--shape c=4 is for an input that is drawn by --random; the inputs are a, b",
           DYNAMIC, "--random", "--shape", "c=4")


def test_repeat_prints_one_line(here):
    for model, inputs in [(STATIC, ["--input", "in.npz"]), (MODELS / "fake_parallel.so", ["--random", "--threads", "2"])]:
        out = succeed(model, *inputs, "--repeat", "30", "--warmup", "2")
        assert out.count("\n") == 1
        times = json.loads(out)
        assert list(times) == ["min_us", "median_us", "p99_us", "open_us", "first_us"]
        assert 0 < times["min_us"] <= times["median_us"] <= times["p99_us"]
        assert 0 < times["open_us"] and 0 < times["first_us"]


def test_info(here):
    info = json.loads(succeed(DYNAMIC, "--info"))
    assert info["inputs"][1] == {"name": "b", "dtype": "float32", "dims": [-1, -1], "symbols": ["batch", None]}
    assert info["outputs"][1] == {"name": "rows", "dtype": "int64", "dims": [-1], "symbols": [None]}
    info = json.loads(succeed(MODELS / "fake_parallel.so", "--info"))
    assert info["arena_size"] == 20000 and info["manifest"] == {}
    assert info["kernels"][1] == {"name": '/block.0/"Add"+/act', "op": "fused"}


def test_profile(here):
    succeed(MODELS / "fake_parallel.so", "--random", "--threads", "2", "--repeat", "5", "--profile=trace.json")
    events = json.loads(pathlib.Path("trace.json").read_text())["traceEvents"]
    names = {e["name"] for e in events if e["ph"] == "X"}
    assert names == {"parallel", "/block.0/Mul", '/block.0/"Add"+/act'}
    assert {e["tid"] for e in events if e.get("cat") == "kernel"} == {0, 1}
    assert all(e["dur"] >= 0 and e["ts"] >= 0 for e in events if e["ph"] == "X")


def test_types(here):
    """Every type that numpy can hold, and the others from raw integers."""
    rng = np.random.default_rng(0)
    raw = {"bfloat16": np.uint16, "uint4": np.uint8, "int4": np.int8, "float4e2m1": np.uint8, "float6e3m2": np.uint8}
    names = [v["name"] for v in json.loads(succeed(MODELS / "fake_types.so", "--info"))["inputs"]]
    arrays = {}
    for name in names:
        dtype = np.dtype(raw.get(name, np.uint8 if name.startswith("float8") else name))
        if dtype.kind in "fc":
            arrays[name] = rng.standard_normal(3).astype(dtype)
        else:
            low, high = {"int4": (-8, 8), "uint4": (0, 16), "float4e2m1": (0, 16), "float6e3m2": (0, 64),
                         "bool": (0, 2)}.get(name, (0, 100))
            arrays[name] = rng.integers(low, high, 3).astype(dtype)
    np.savez("in.npz", **arrays)
    succeed(MODELS / "fake_types.so", "--input", "in.npz", "--output", "out.npz")
    out = np.load("out.npz")
    assert len(out.files) == len(names) == 24
    for name in names:
        assert out["out/" + name].dtype == arrays[name].dtype, name
        np.testing.assert_array_equal(out["out/" + name], arrays[name], name)
    # Types of ml_dtypes are saved as raw bytes.
    np.savez("in.npz", **{**arrays, "bfloat16": arrays["bfloat16"].view("V2"), "int4": arrays["int4"].view("V1")})
    succeed(MODELS / "fake_types.so", "--input", "in.npz", "--expect", "out.npz")
    succeed(MODELS / "fake_types.so", "--random")


def test_variants(here):
    level = MODELS / "fake_levels.so"
    assert succeed(level, "--isa=x86-64") == "level int32 [] min 0 max 0 mean 0\n"
    assert succeed(level, environment={"BRISK_ISA": "x86-64"}) == "level int32 [] min 0 max 0 mean 0\n"
    refuse(1, "BRISK_ISA expects x86-64, x86-64-v3, x86-64-v3-vnni, x86-64-v4, x86-64-v4-vnni or x86-64-v4-bf16, but is 'avx'", level, environment={"BRISK_ISA": "avx"})
    refuse(2, "--isa expects x86-64, x86-64-v3, x86-64-v3-vnni, x86-64-v4, x86-64-v4-vnni or x86-64-v4-bf16, but got 'avx'", level, "--isa", "avx")


def test_model_failure(here):
    np.savez("in.npz", x=np.array([1], dtype=np.int32))
    refuse(1, "node '/decoder/Reshape': cannot split 7 by 2",
           MODELS / "fake_failing.so", "--input", "in.npz", "--output", "out.npz")
    assert not pathlib.Path("out.npz").exists()


@pytest.mark.parametrize("status, message, arguments", [
    (2, "expects an artifact; see --help", []),
    (2, "unexpected argument 'b.so'", [STATIC, "b.so"]),
    (2, "unknown option '--fast'; see --help", [STATIC, "--fast"]),
    (2, "--output expects FILE.npz", [STATIC, "--output"]),
    (2, "--random takes no value, but got '1'", [STATIC, "--random=1"]),
    (2, "--repeat expects a number from 0 up, but got '-3'", [STATIC, "--repeat", "-3"]),
    (2, "--rtol expects a number from 0 up, but got 'nan'", [STATIC, "--rtol", "nan"]),
    (2, "--threads expects at most 1024", [STATIC, "--threads", "1025"]),
    (2, "--shape expects NAME=DIMS, but got '4x3'", [STATIC, "--shape", "4x3"]),
    (1, "model 'static' is compiled for device cpu, but the device asked for is cuda", [STATIC, "--random", "--device=cuda"]),
    (1, "cannot read 'no.so': No such file or directory", ["no.so"]),
    (1, "'in.npz' is not a Brisk artifact: not a shared object", ["in.npz"]),
    (1, "input 'x' float32 [2, 3] is missing: give --input x=FILE or --random", [STATIC]),
    (1, "input 'bias' float32 [3] is missing: give --input bias=FILE or --random", [STATIC, "--input", "x=x.npy"]),
    (1, "input 'x' is given twice", [STATIC, "--input", "in.npz", "--input", "x=x.npy"]),
    (1, "the model has no input 'z'; its inputs are x, bias", [STATIC, "--input", "z=x.npy"]),
    (1, "'x.npy' has no names: give NAME=x.npy with one of x, bias", [STATIC, "--input", "x.npy"]),
    (1, "cannot read 'no.npz': No such file or directory", [STATIC, "--input", "no.npz"]),
    (1, "'x' expects float32, but the file has int64", [STATIC, "--input", "x=ints.npy", "--random"]),
    (1, "input 'x' expects float32 [2, 3], but got float32 [3]", [STATIC, "--input", "x=bias.npy", "--random"]),
    (1, "'extra.npz' holds 'z', but the model's inputs are x, bias", [STATIC, "--input", "extra.npz"]),
    (1, "'text.npz' is not in .npy format", [STATIC, "--input", "text.npz"]),
    (1, "cannot write 'no/out.npz': No such file or directory", [STATIC, "--random", "--output", "no/out.npz"]),
    (1, "cannot write '.': Is a directory", [STATIC, "--random", "--output", "."]),
])
def test_refusals(here, status, message, arguments):
    np.save("ints.npy", X.astype(np.int64))
    np.savez("extra.npz", x=X, bias=BIAS, z=X)
    pathlib.Path("text.npz").write_text("hello, I am no archive")
    refuse(status, message, *arguments)


def test_samples_may_bring_labels(here):
    np.savez("in.npz", x=X, bias=BIAS, label=np.array([3]), y=X)
    succeed(STATIC, "--input", "in.npz")


def test_help_names_every_option(here):
    text = succeed("--help")
    for option in ("input", "random", "seed", "shape", "output", "expect", "rtol", "atol", "repeat", "warmup",
                   "threads", "device", "isa", "profile", "info"):
        assert f"--{option}" in text
