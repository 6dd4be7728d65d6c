"""Models over time that are compiled to a step with states: the same outputs, frame by frame, as the whole model gives.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import subprocess
import time

import brisk
import numpy as np
import onnxruntime
import pytest
from models import streams
from models.graphs import Graph

TOLERANCE = 1e-5
BUILD = pathlib.Path(os.environ.get("BRISK_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build")) / "bin"


def whole(path: pathlib.Path, inputs: dict) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(path)
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs)))


def check(path: pathlib.Path, inputs: dict, tail: int = 0, **options) -> brisk.Stream:
    """Compares a stream over `inputs` with the whole model but for the last `tail` frames, and returns it."""
    stream = brisk.compile(path, **options).stream()
    got, want = stream.run(inputs), whole(path, inputs)
    assert set(got) == set(want)
    for name, value in got.items():
        # Frames that are made of padding at the end never come; a crop at the end cuts nothing off what has none, and what
        # looks ahead there sees frames in place of padding.
        axis = stream.axes[name]
        count = min(value.shape[axis], want[name].shape[axis]) - tail
        assert count > 0
        np.testing.assert_allclose(value.take(range(count), axis), want[name].take(range(count), axis), rtol=TOLERANCE,
                                   atol=TOLERANCE)
    return stream


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("options", [{"stream": "T"}, {"stream": "x:2", "stream_step": 7}])
def test_dilated_networks(tmp_path, options):
    for build, channels in ((streams.wavenet, 1), (streams.tcn, 16)):
        build(tmp_path / "model.onnx")
        stream = check(tmp_path / "model.onnx", {"x": noise(1, channels, 210)}, **options)
        assert stream.frames == options.get("stream_step", 1)
        assert stream.delays == {"head_out": 0}


def test_fixed_number_of_frames(tmp_path):
    streams.tcn(tmp_path / "model.onnx", frames=96)
    check(tmp_path / "model.onnx", {"x": noise(1, 16, 96)}, stream="2")


def test_separator(tmp_path):
    """The encoder's stride makes a step 8 samples."""
    streams.separator(tmp_path / "model.onnx")
    assert check(tmp_path / "model.onnx", {"x": noise(1, 1, 400)}, stream="T").frames == 8
    check(tmp_path / "model.onnx", {"x": noise(1, 1, 400)}, stream="T", stream_step=40)


def test_separator_that_waits(tmp_path):
    streams.separator(tmp_path / "model.onnx", late=True)
    with pytest.raises(brisk.CompileError, match="Conv_encoder_out.*looks 8 frames ahead"):
        brisk.compile(tmp_path / "model.onnx", stream="T")
    stream = check(tmp_path / "model.onnx", {"x": noise(1, 1, 400)}, stream="T", stream_delay=8)
    assert stream.delays == {"source0": 8, "source1": 8}


@pytest.mark.parametrize("options", [{}, {"stream_step": 8}])
def test_pyramid(tmp_path, options):
    """Strides, pools, a recurrent layer, repeated frames, joins of two rates."""
    streams.pyramid(tmp_path / "model.onnx")
    assert check(tmp_path / "model.onnx", {"x": noise(1, 8, 64)}, stream="2", **options).frames == options.get("stream_step", 4)


class Drawn:
    """A random network of windows that look back and ahead, joined with what went around them."""

    def __init__(self, path: pathlib.Path, seed: int):
        rng = np.random.default_rng(seed)
        draw = lambda low, high: int(rng.integers(low, high))
        self.g = g = Graph(f"drawn{seed}")
        #: Frames of the input: how far it may look ahead, and how many behind the end others are seen in place of padding.
        self.ahead, self.tail = 64, 0
        rate, value, around, longer = 1, g.input("x", 1, 4, "T"), None, 0
        for i in range(draw(3, 8)):
            kind, name = rng.choice(["conv", "pad", "max", "mean", "relu", "cut", "up", "join", "gru"]), f"n{i}"
            if kind == "conv":
                kernel, dilation, stride = draw(1, 5), draw(1, 4), draw(1, 3 if rate < 4 else 2)
                span, before, after = (kernel - 1) * dilation + 1, draw(0, (kernel - 1) * dilation + 3), draw(0, 3)
                value = streams.conv(g, value, name, 4, 4, kernel, dilations=[dilation], strides=[stride], pads=[before, after])
                rate, around, longer = rate * stride, around if stride == 1 else None, longer + before + after - span + 1
                self.ahead += span * rate
            elif kind == "pad":
                before, after = draw(0, 5), draw(0, 3)
                value = g.node("Pad", [value, g.constant(name + "_pads", np.array([0, 0, before, 0, 0, after], np.int64)),
                                       g.constant(name + "_fill", np.array(rng.choice([0, 0.5]), np.float32))], name)
                longer += before + after
            elif kind == "max":
                before = draw(0, 3)
                value = g.node("MaxPool", [value], name, kernel_shape=[3], pads=[before, 0])
                self.ahead, longer = self.ahead + 3 * rate, longer + before - 2
            elif kind == "mean":
                value = g.node("AveragePool", [value], name, kernel_shape=[4], pads=[2, 1], count_include_pad=1)
                self.ahead += 4 * rate
            elif kind == "relu":
                value = g.node("Sigmoid", [value], name)
            elif kind == "cut":
                begin = draw(0, 3)
                value, longer = streams.front(g, value, name, begin, 2**40), longer - begin
                self.ahead += begin * rate
            elif kind == "up" and rate > 1:
                kernel = draw(1, 6)
                weight = g.uniform(name + ".weight", 4, 4, kernel, fan=4)
                value = g.node("ConvTranspose", [value, weight], name, strides=[2], output_padding=[1 if kernel == 1 else 0])
                rate, around = rate // 2, None
            elif kind == "join":
                if around and longer:
                    shorter = f"{name}_short"
                    if longer > 0:
                        value = streams.front(g, value, shorter, 0, -longer)
                    else:
                        around = streams.front(g, around, shorter, 0, longer)
                    self.tail += abs(longer) * rate
                value = g.node("Add", [value, around], name) if around else value
                around, longer = value, 0
            elif kind == "gru":
                rows = g.node("Transpose", [value], name + "_rows", perm=[2, 0, 1])
                g.recurrent("GRU", rows, name, 4, 4, [name + "_y", ""], [], linear_before_reset=1)
                flat = g.node("Squeeze", [name + "_y", g.constant(name + "_one", np.array([1], np.int64))], name + "_flat")
                value = g.node("Transpose", [flat], name, perm=[1, 2, 0])
        self.tail += self.ahead if self.tail else 0
        g.node("Identity", [value], "y")
        g.output("y", 1, 4, "U")
        g.save(path)


@pytest.mark.parametrize("seed", range(8))
def test_drawn_networks(tmp_path, seed):
    net = Drawn(tmp_path / "model.onnx", seed)
    check(tmp_path / "model.onnx", {"x": noise(1, 4, 480)}, tail=net.tail, stream="T", stream_delay=net.ahead)


def test_quantized_steps_are_the_quantized_model(tmp_path):
    """Ranges are those of the whole model on whole samples; a step then computes the same integers."""
    streams.tcn(tmp_path / "model.onnx", channels=16, layers=3, frames=64)
    x = noise(1, 16, 64)
    np.savez(tmp_path / "samples.npz", x=np.stack([np.roll(x, i) for i in range(8)]))
    options = {"quantize": "int8", "calibration": tmp_path / "samples.npz", "calibrator": "minmax", "keep_slower": True}
    want = brisk.compile(tmp_path / "model.onnx", **options).run({"x": x})["head_out"]
    got = brisk.compile(tmp_path / "model.onnx", stream="2", verify=True, **options).stream().run({"x": x})["head_out"]
    np.testing.assert_allclose(got, want, rtol=TOLERANCE, atol=TOLERANCE)
    assert not np.allclose(got, whole(tmp_path / "model.onnx", {"x": x})["head_out"], rtol=TOLERANCE, atol=TOLERANCE)


def test_a_step_as_a_file_runs_elsewhere(tmp_path):
    streams.wavenet(tmp_path / "model.onnx", channels=8)
    brisk.compile_file(tmp_path / "model.onnx", tmp_path / "step.onnx", stream="T", emit="onnx")
    session, x = onnxruntime.InferenceSession(tmp_path / "step.onnx"), noise(1, 1, 80)
    states = {value.name: np.zeros(value.shape, np.float32) for value in session.get_inputs() if value.name != "x"}
    assert sorted(states) == sorted(f"stream.{i}" for i in range(len(states))) and states
    parts = []
    for frame in range(80):
        results = dict(zip([output.name for output in session.get_outputs()], session.run(None, {"x": x[..., frame:frame + 1], **states})))
        states = {name: results[name + ".next"] for name in states}
        parts.append(results["head_out"])
    np.testing.assert_allclose(np.concatenate(parts, 2), whole(tmp_path / "model.onnx", {"x": x})["head_out"], rtol=TOLERANCE,
                               atol=TOLERANCE)


def test_stream_goes_on_and_begins_anew(tmp_path):
    streams.wavenet(tmp_path / "model.onnx", channels=8)
    x = noise(1, 1, 60)
    want = whole(tmp_path / "model.onnx", {"x": x})["head_out"]
    stream = brisk.compile(tmp_path / "model.onnx", stream="T").stream()
    for _ in range(2):
        parts = [stream.run({"x": x[..., :25]})["head_out"], stream.step({"x": x[..., 25:26]})["head_out"],
                 stream.run({"x": x[..., 26:]})["head_out"]]
        np.testing.assert_allclose(np.concatenate(parts, 2), want, rtol=TOLERANCE, atol=TOLERANCE)
        stream.reset()


def test_last_state_is_that_so_far(tmp_path):
    """What a recurrent layer ends with is, after each step, what the whole model would return for the frames until then."""
    g = Graph("last")
    rows = g.node("Transpose", [g.input("x", 1, "T", 6)], "rows", perm=[1, 0, 2])
    g.recurrent("LSTM", rows, "lstm", 6, 5, ["", "h", "c"], [])
    g.node("Concat", ["h", "c"], "y", axis=0)
    g.output("y", 2, 1, 5)
    g.save(tmp_path / "model.onnx")
    x = noise(1, 9, 6)
    stream = brisk.compile(tmp_path / "model.onnx", stream="1").stream()
    for frames in range(1, 10):
        got = stream.step({"x": x[:, frames - 1:frames]})["y"]
        np.testing.assert_allclose(got, whole(tmp_path / "model.onnx", {"x": x[:, :frames]})["y"], rtol=TOLERANCE, atol=TOLERANCE)


def test_what_cannot_be_a_step(tmp_path):
    g = Graph("mean")
    value = streams.conv(g, g.input("x", 1, 4, "T"), "conv", 4, 4, 3, pads=[1, 1])
    g.node("GlobalAveragePool", [value], "mean")
    g.output("mean", 1, 4, 1)
    g.save(tmp_path / "model.onnx")
    with pytest.raises(brisk.CompileError, match="GlobalAveragePool_mean.*computes with all frames at once"):
        brisk.compile(tmp_path / "model.onnx", stream="T", stream_delay=9)
    with pytest.raises(brisk.CompileError, match="no input has 'S'"):
        brisk.compile(tmp_path / "model.onnx", stream="S")
    with pytest.raises(ValueError, match="no step"):
        brisk.compile(tmp_path / "model.onnx").stream()


def test_step_of_part_frames(tmp_path):
    streams.pyramid(tmp_path / "model.onnx")
    with pytest.raises(brisk.CompileError, match="--stream-step=6: expects a multiple of 12 frames"):
        brisk.compile(tmp_path / "model.onnx", stream="2", stream_step=6)


def brisk_run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([str(a) for a in (BUILD / "brisk-run", *arguments)], capture_output=True, text=True, timeout=120)


def test_brisk_run_goes_through_a_sequence(tmp_path):
    """Outputs that lag begin with the first frame; what fills no step is left."""
    streams.separator(tmp_path / "model.onnx", late=True)
    brisk.compile_file(tmp_path / "model.onnx", tmp_path / "step.so", stream="T", stream_delay=8)
    x = noise(1, 1, 403)
    want = whole(tmp_path / "model.onnx", {"x": x})
    np.savez(tmp_path / "in.npz", x=x)
    done = brisk_run(tmp_path / "step.so", "--stream", "--input", tmp_path / "in.npz", "--output", tmp_path / "out.npz", "--repeat", 3)
    assert done.returncode == 0 and "median_us" in done.stdout, done.stderr
    with np.load(tmp_path / "out.npz") as out:
        for name in ("source0", "source1"):
            assert out[name].shape == (1, 1, 392)
            np.testing.assert_allclose(out[name], want[name][..., :392], rtol=TOLERANCE, atol=TOLERANCE)


def test_brisk_run_says_what_is_no_sequence(tmp_path):
    streams.tcn(tmp_path / "model.onnx", channels=8, layers=2)
    brisk.compile_file(tmp_path / "model.onnx", tmp_path / "step.so", stream="T", stream_step=4)
    brisk.compile_file(tmp_path / "model.onnx", tmp_path / "model.so")
    np.savez(tmp_path / "short.npz", x=noise(1, 16, 3))
    for artifact, message in (("step.so", "expects at least 4 frames"), ("model.so", "no step of one over time")):
        done = brisk_run(tmp_path / artifact, "--stream", "--input", tmp_path / "short.npz")
        assert done.returncode == 1 and message in done.stderr, done.stderr


def fastest(call, runs: int = 300) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


@pytest.mark.parametrize("build, window", [(streams.wavenet, (1, 1, 65)), (streams.tcn, (1, 16, 253)), (streams.separator, (1, 1, 488))])
def test_step_takes_less_than_a_window(tmp_path, build, window):
    """Than the whole model on all the frames that one output is made of."""
    build(tmp_path / "model.onnx")
    step = brisk.compile(tmp_path / "model.onnx", stream="T")
    model = brisk.compile(tmp_path / "model.onnx", shape=["x=" + "x".join(map(str, window))])
    inputs = [np.zeros(value.shape, value.dtype) for value in step.inputs]
    x = [noise(*window)]
    assert fastest(lambda: step.run(inputs)) < fastest(lambda: model.run(x)) / 4
