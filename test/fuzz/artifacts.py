"""What brisk-run is given: broken artifacts, broken arrays, and sizes that no
machine can serve. Everything must end with a status and a line, never a signal.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import io
import pathlib
import subprocess
import threading
from collections.abc import Callable, Iterator

import mutate
import numpy as np
import onnx
from onnx import TensorProto, helper

F, I = TensorProto.FLOAT, TensorProto.INT64
# (rows, columns) that Expand is asked for, and whether the run may succeed.
SHAPES = [((2**62, 4), False), ((2**33, 2**33), False), ((2**40, 2**10), False), ((-1, 3), True), ((-2**63, -2**63), True),
          ((2**62, 0), True), ((0, 5), True), ((3, 2), True), ((1, 1), True)]


class Artifacts:
    """Compiled once, when the first case asks."""

    def __init__(self, briskc: pathlib.Path, folder: pathlib.Path):
        self.briskc, self.folder = briskc, folder
        self.lock = threading.Lock()

    def make(self, name: str, model: Callable[[], onnx.ModelProto]) -> pathlib.Path:
        path = self.folder / f"{name}.so"
        with self.lock:
            if not path.exists():
                source = self.folder / f"{name}.onnx"
                onnx.save(model(), source)
                subprocess.run([self.briskc, source, "-o", path], check=True, capture_output=True)
        return path

    def add(self) -> pathlib.Path:
        return self.make("add", lambda: one_graph(
            [helper.make_node("Add", ["x", "w"], ["y"])], [("x", F, [2, 3]), ("w", F, [3])], [("y", F, [2, 3])]))

    def grow(self) -> pathlib.Path:
        """Sizes come from data: a tensor of the shape that `s` holds."""
        nodes = [helper.make_node("Expand", ["x", "s"], ["e"], name="grow"),
                 helper.make_node("Softmax", ["e"], ["p"], name="soft", axis=1), helper.make_node("Add", ["p", "e"], ["y"])]
        return self.make("grow", lambda: one_graph(nodes, [("x", F, [1, 1]), ("s", I, [2])], [("y", F, ["A", "B"])]))

    def square(self) -> pathlib.Path:
        """Sizes come from an input, and the result is far larger than it."""
        nodes = [helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0]), helper.make_node("MatMul", ["x", "t"], ["m"], name="big"),
                 helper.make_node("Softmax", ["m"], ["y"], axis=1)]
        return self.make("square", lambda: one_graph(nodes, [("x", F, ["N", "K"])], [("y", F, ["N", "N"])]))


def one_graph(nodes, inputs, outputs) -> onnx.ModelProto:
    def values(given):
        return [helper.make_tensor_value_info(name, dtype, shape) for name, dtype, shape in given]
    return helper.make_model(helper.make_graph(nodes, "g", values(inputs), values(outputs)), ir_version=8,
                             opset_imports=[helper.make_opsetid("", 17)])


def array_files() -> dict[str, bytes]:
    """Healthy inputs of `add`, in the forms brisk-run reads."""
    x, w = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(3, np.float32)
    found = {}
    for name, save in (("stored.npz", np.savez), ("deflated.npz", np.savez_compressed)):
        stream = io.BytesIO()
        save(stream, x=x, w=w)
        found[name] = stream.getvalue()
    for name, array in (("x.npy", x), ("fortran.npy", np.asfortranarray(x))):
        stream = io.BytesIO()
        np.save(stream, array)
        found[name] = stream.getvalue()
    return found


def mutant_array(seed: int, index: int) -> tuple[str, bytes]:
    rng = np.random.default_rng([seed, index, 1])
    files = sorted(array_files().items())
    name, data = mutate.pick(rng, files)
    return name, mutate.mutate_bytes(rng, data, mutate.pick(rng, files)[1])


def broken(whole: bytes) -> Iterator[tuple[str, bytes]]:
    """Files that are not, or no longer, artifacts."""
    yield "empty", b""
    yield "text", b"not an artifact\n" * 100
    yield "header alone", whole[:64]
    for part in range(1, 32):
        yield f"truncated to {part}/32", whole[:len(whole) * part // 32]
    yield "without its last byte", whole[:-1]
    for name, at, value in (("32 bits", 4, 1), ("big endian", 5, 2), ("an executable", 16, 2), ("of another machine", 18, 0xf3)):
        yield name, whole[:at] + bytes([value]) + whole[at + 1:]


# Each case: a name, and what makes the arguments in a folder of its own; whether the run must fail.
Case = tuple[str, Callable[[pathlib.Path], list[str]], bool]


def cases(artifacts: Artifacts, arrays: int, seed: int) -> Iterator[Case]:
    def broken_artifact(which):
        def write(folder):
            path = folder / "model.so"
            path.write_bytes(dict(broken(artifacts.add().read_bytes()))[which])
            return [str(path), "--random"]
        return write

    for which, _ in broken(bytes(100)):
        yield f"artifact {which}", broken_artifact(which), True
    yield "artifact that is another library", lambda folder: ["/lib/x86_64-linux-gnu/libm.so.6", "--random"], True
    yield "artifact that is a folder", lambda folder: [str(folder), "--random"], True

    def shaped(shape):
        def write(folder):
            np.savez(folder / "in.npz", x=np.ones((1, 1), np.float32), s=np.array(shape, np.int64))
            return [str(artifacts.grow()), "--input", str(folder / "in.npz")]
        return write

    for shape, may_pass in SHAPES:
        yield f"sizes {shape[0]}x{shape[1]}", shaped(shape), not may_pass

    def squared(rows, columns):
        def write(folder):
            np.savez(folder / "in.npz", x=np.ones((rows, columns), np.float32))
            return [str(artifacts.square()), "--input", str(folder / "in.npz")]
        return write

    for rows, columns in ((2**21, 1), (0, 7), (3, 0), (0, 0)):
        yield f"input of {rows}x{columns}", squared(rows, columns), rows > 1000

    def mutated(index):
        def write(folder):
            name, data = mutant_array(seed, index)
            path = folder / name
            path.write_bytes(data)
            if name.endswith(".npz"):
                return [str(artifacts.add()), "--input", str(path)]
            np.save(folder / "w.npy", np.ones(3, np.float32))
            return [str(artifacts.add()), f"--input=x={path}", f"--input=w={folder / 'w.npy'}"]
        return write

    for index in range(arrays):
        yield f"array {index}", mutated(index), False
