"""Opening and running artifacts: arrays in and out, errors, threads.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import gc
import json
import threading
import time
import weakref

import brisk
import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto, helper


def model(nodes, inputs, outputs, initializers=()):
    """An ONNX model; values are (name, element type, shape)."""
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info(*value) for value in inputs],
                              [helper.make_tensor_value_info(*value) for value in outputs], list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def unary(op: str, dtype=TensorProto.FLOAT, shape=(2, 3)):
    return model([helper.make_node(op, ["x"], ["y"])], [("x", dtype, shape)], [("y", dtype, shape)])


@pytest.fixture(scope="module")
def add():
    """z = x + y with a leading dim that both share and the model names."""
    return brisk.compile(model([helper.make_node("Add", ["x", "y"], ["z"])],
                               [("x", TensorProto.FLOAT, ["N", 3]), ("y", TensorProto.FLOAT, ["N", 3])],
                               [("z", TensorProto.FLOAT, ["N", 3])]))


@pytest.fixture(scope="module")
def negate():
    return brisk.compile(unary("Neg"))


X = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_says_what_it_takes_and_gives(add, negate):
    assert [(v.name, v.dtype, v.shape) for v in add.inputs] == [("x", np.float32, ("N", 3)), ("y", np.float32, ("N", 3))]
    assert [(v.name, v.dtype, v.shape) for v in negate.outputs] == [("y", np.float32, (2, 3))]
    assert "x: float32[N, 3]" in repr(add)


def test_takes_dicts_and_lists_and_gives_a_dict(add):
    for inputs in ({"y": X, "x": X * 10}, [X * 10, X], (X * 10, X)):
        outputs = add.run(inputs)
        assert list(outputs) == ["z"]
        np.testing.assert_array_equal(outputs["z"], X * 11)


def test_open_dims_take_any_size(add):
    for rows in (1, 5, 0, 1000):
        x = np.ones((rows, 3), np.float32)
        np.testing.assert_array_equal(add.run([x, x])["z"], x + x)


def test_outputs_are_new_each_time(negate):
    first = negate.run([X])["y"]
    second = negate.run([X + 1])["y"]
    np.testing.assert_array_equal(first, -X)
    np.testing.assert_array_equal(second, -X - 1)
    assert first.flags.owndata and first.flags.writeable


@pytest.mark.parametrize("x", [
    np.asfortranarray(X), X.repeat(2, axis=1)[:, ::2], X[::-1][::-1], X.astype(">f4"), X.tolist(),
    X.copy()[:, :],
], ids=["column-major", "strided", "reversed twice", "byte-swapped", "list", "view"])
def test_any_layout_is_read(negate, x):
    np.testing.assert_array_equal(negate.run([x])["y"], -X)


def test_readonly_and_unaligned_arrays_are_read(negate):
    x = X.copy()
    x.flags.writeable = False
    np.testing.assert_array_equal(negate.run([x])["y"], -X)
    unaligned = np.ndarray(
        (2, 3), np.float32, bytearray(b"." + X.tobytes()), offset=1)
    assert not unaligned.flags.aligned
    np.testing.assert_array_equal(negate.run([unaligned])["y"], -X)


@pytest.mark.parametrize("inputs, message", [
    ({"x": X}, "missing input 'y'"),
    ({"x": X, "y": X, "w": X}, r"unknown input 'w': the model's inputs are \['x', 'y'\]"),
    ([X], r"expects 2 inputs, but got 1"),
    ([X, X, X], r"expects 2 inputs, but got 3"),
    ([X, X[:, :2]], r"input 'y'.*\[N, 3\].*\[2, 2\]"),
    ([X, X[0]], r"input 'y'.*\[N, 3\].*\[3\]"),
    ([X.astype(np.int64), X], r"input 'x'.*float32.*int64"),
    ([X, X[:1]], r"'y'.*"),
], ids=["missing", "extra", "too few", "too many", "dim", "rank", "dtype", "dims of one name"])
def test_wrong_inputs_are_named(add, inputs, message):
    with pytest.raises(ValueError, match=message):
        add.run(inputs)
    np.testing.assert_array_equal(add.run([X, X])["z"], X + X)


def test_what_is_no_array_is_a_type_error(add):
    with pytest.raises(TypeError, match="dict of arrays by input name, or a list"):
        add.run(X)
    with pytest.raises(TypeError, match="input 'x' expects dtype float32"):
        add.run([np.array(["a", "b"]), X])
    with pytest.raises(TypeError, match="input 'y' expects dtype float32"):
        add.run([X, X.astype(np.longdouble)])


@pytest.mark.parametrize("dtype, numpy_dtype", [
    (TensorProto.DOUBLE, np.float64), (TensorProto.FLOAT16, np.float16), (TensorProto.BFLOAT16, ml_dtypes.bfloat16),
    (TensorProto.INT8, np.int8), (TensorProto.INT64, np.int64)])
def test_dtypes(dtype, numpy_dtype):
    x = np.array([[-2, 0, 3]]).astype(numpy_dtype)
    y = brisk.compile(unary("Neg", dtype, (1, 3))).run([x])["y"]
    assert y.dtype == numpy_dtype
    np.testing.assert_array_equal(y.astype(np.float64), [[2, 0, -3]])


def test_scalars():
    scalar = brisk.compile(unary("Neg", shape=()))
    for x in (3.0, np.float32(3), np.array(3, np.float32)):
        y = scalar.run([x])["y"]
        assert y.shape == () and y == -3


class Lent:
    """A DLPack tensor over an array, which says when it is given back."""

    def __init__(self, array: np.ndarray):
        self.array, self.device = array, (1, 0)

    def __dlpack__(self, **_):
        return self.array.__dlpack__()

    def __dlpack_device__(self):
        return self.device


def test_dlpack_tensors_are_read_and_given_back(negate):
    for make in (X.copy, lambda: X.repeat(2, axis=1)[:, ::2], lambda: np.array(X, order="F")):
        array = make()
        np.testing.assert_array_equal(negate.run([Lent(array)])["y"], -X)
        gone = weakref.ref(array)
        del array
        gc.collect()
        assert gone() is None


def test_dlpack_tensors_elsewhere_are_refused(negate):
    lent = Lent(X)
    lent.device = (2, 0)
    with pytest.raises(ValueError, match=r"input 'x' expects a tensor in host memory.*\(2, 0\)"):
        negate.run([lent])
    with pytest.raises(ValueError, match="input 'x'.*float32.*int32"):
        negate.run([Lent(X.astype(np.int32))])


def test_torch_tensors_in_and_out(negate):
    torch = pytest.importorskip("torch")
    y = torch.from_dlpack(negate.run({"x": torch.from_numpy(X)})["y"])
    assert torch.equal(y, -torch.from_numpy(X))


def test_save_and_load(negate, tmp_path):
    path = tmp_path / "m.so"
    negate.save(path)
    loaded = brisk.load(path, threads=2)
    assert loaded.report["threads"] == 2
    np.testing.assert_array_equal(loaded.run([X])["y"], -X)
    with pytest.raises(OSError):
        negate.save(tmp_path / "none" / "m.so")
    assert [file.name for file in tmp_path.iterdir()] == ["m.so"]


def test_what_cannot_be_loaded(tmp_path):
    with pytest.raises(OSError, match="missing.so"):
        brisk.load(tmp_path / "missing.so")
    (tmp_path / "text.so").write_text("no artifact")
    with pytest.raises(OSError, match="text.so.*not a Brisk artifact"):
        brisk.load(tmp_path / "text.so")


def test_the_variant_can_be_lowered(negate, tmp_path):
    negate.save(tmp_path / "m.so")
    loaded = brisk.load(tmp_path / "m.so", isa="x86-64-v3")
    assert loaded.report["isa"] == "x86-64-v3"
    np.testing.assert_array_equal(loaded.run([X])["y"], -X)
    with pytest.raises(ValueError, match="x86-64-v9"):
        brisk.load(tmp_path / "m.so", isa="x86-64-v9")


def test_profile(negate, tmp_path):
    times = negate.profile([X], runs=3, trace=tmp_path / "trace.json")
    assert times and all(entry.calls == 3 and entry.total_us >= entry.median_us >= 0 for entry in times)
    assert times == sorted(times, key=lambda entry: -entry.total_us)
    assert json.loads((tmp_path / "trace.json").read_text())
    assert [entry.name for entry in negate.profile()] == [entry.name for entry in times]
    with pytest.raises(ValueError, match="input 'x'"):
        negate.profile([X[0]])
    with pytest.raises(ValueError, match="at least 1 run"):
        negate.profile(runs=0)


def test_report(negate):
    report = negate.report
    assert report["manifest"]["target"] == "cpu" and report["variants"] and report["kernels"]


@pytest.fixture(scope="module")
def slow():
    """Some tens of milliseconds a run."""
    return brisk.compile(model([helper.make_node("MatMul", ["x", "x"], ["y"])],
                               [("x", TensorProto.FLOAT, ["N", "N"])], [("y", TensorProto.FLOAT, ["N", "N"])]))


def test_the_gil_is_released_while_running(slow):
    x = np.ones((1500, 1500), np.float32)
    slow.run([x])
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0)

    ticker = threading.Thread(target=tick)
    ticker.start()
    begin = time.perf_counter()
    slow.run([x])
    end = time.perf_counter()
    stop.set()
    ticker.join()
    # Without the release nothing else runs in the middle half.
    middle = [t for t in ticks if begin + (end - begin) / 4 < t < end - (end - begin) / 4]
    assert middle


def test_threads_share_a_model(add):
    """Each run gets its own working memory, whatever the others do."""
    wrong = []

    def work(seed: int):
        rng = np.random.default_rng(seed)
        for _ in range(200):
            x = rng.standard_normal((int(rng.integers(1, 50)), 3)).astype(np.float32)
            if not np.array_equal(add.run([x, x])["z"], x + x):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_failed_run_leaks_nothing(add):
    x = X.copy()
    for _ in range(3):
        with pytest.raises(ValueError):
            add.run([x, x[:, :2]])
    gone = weakref.ref(x)
    del x
    gc.collect()
    assert gone() is None
