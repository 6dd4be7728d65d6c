"""Compiles kernel functions with brisk-opt and calls them with numpy arrays."""
import ctypes
import os
import subprocess
import tempfile

import numpy as np

LLVM = os.environ.get("LLVM_TOOLS_DIR", "/usr/lib/llvm-22/bin")
TO_LLVM = [
    "--convert-vector-to-scf", "--convert-linalg-to-loops", "--convert-scf-to-cf", "--expand-strided-metadata",
    "--lower-affine", "--arith-expand", "--convert-math-to-llvm", "--convert-math-to-libm", "--convert-vector-to-llvm",
    "--finalize-memref-to-llvm", "--convert-func-to-llvm", "--convert-arith-to-llvm", "--convert-index-to-llvm",
    "--convert-cf-to-llvm", "--convert-ub-to-llvm", "--reconcile-unrealized-casts",
]  # fmt: skip
CPU = {"x86-64-v3": ["-mcpu=x86-64-v3"], "x86-64-v4": ["-mcpu=x86-64-v4", "-mattr=-prefer-256-bit"], "loops": [],
       "x86-64-v3-vnni": ["-mcpu=x86-64-v3", "-mattr=+avxvnni"],
       "x86-64-v4-vnni": ["-mcpu=x86-64-v4", "-mattr=-prefer-256-bit,+avx512vnni"],
       "x86-64-v4-bf16": ["-mcpu=x86-64-v4", "-mattr=-prefer-256-bit,+avx512vnni,+avx512bf16"]}  # fmt: skip
DTYPES = {"f32": np.float32, "f64": np.float64, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64, "f16": np.float16}


def run(command, text=None):
    result = subprocess.run(command, input=text, capture_output=True)
    if result.returncode:
        raise RuntimeError(" ".join(command) + "\n" + result.stderr.decode()[:4000])
    return result.stdout


def machines():
    """The instruction sets that this machine can run."""
    flags = open("/proc/cpuinfo").read().split("flags", 1)[-1].split("\n", 1)[0].split()
    names = ["x86-64-v3"] if "avx2" in flags and "fma" in flags else []
    if names and "avx_vnni" in flags:
        names.append("x86-64-v3-vnni")
    if all(f in flags for f in ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")):
        names.append("x86-64-v4")
        if "avx512_vnni" in flags:
            names.append("x86-64-v4-vnni")
            if "avx512_bf16" in flags:
                names.append("x86-64-v4-bf16")
    return names


class Kernels:
    """The functions of an MLIR module, compiled for `isa` ("loops": by upstream's scalar loops)."""

    def __init__(self, text, isa, passes=None, level="-O2", link=True):
        if passes is None:
            keep = "{keep-bf16-rounding=true}" if isa == "x86-64-v4-bf16" else ""
            passes = [] if isa == "loops" else [f"--pass-pipeline=builtin.module(func.func(cpu-emit-kernels{{isa={isa}}}),"
                                                f"expand-floats{keep},func.func(expand-math,canonicalize,cse))"]
        self.folder = tempfile.TemporaryDirectory()
        at = os.path.join(self.folder.name, "k")
        source = text.encode()
        if passes:
            source = run(["brisk-opt", *passes], source)
        self.mlir = source.decode()
        lowered = run([f"{LLVM}/mlir-opt", *TO_LLVM], source)
        ll = run([f"{LLVM}/mlir-translate", "--mlir-to-llvmir"], lowered)
        bitcode = run([f"{LLVM}/opt", level, "-mtriple=x86_64-linux-gnu", *CPU[isa]], ll)
        self.asm = run([f"{LLVM}/llc", level, *CPU[isa], "-relocation-model=pic"], bitcode).decode()
        if not link:
            return
        with open(at + ".s", "w") as file:
            file.write(self.asm)
        run([f"{LLVM}/clang", "-shared", at + ".s", "-o", at + ".so", "-lm"])
        self.library = ctypes.CDLL(at + ".so")

    def bind(self, name, *arrays):
        """A callable without arguments that runs function `name` on `arrays` (and plain ints for indices)."""
        args = []
        for a in arrays:
            if isinstance(a, int):
                args.append(ctypes.c_int64(a))
                continue
            args += [ctypes.c_void_p(a.ctypes.data)] * 2 + [ctypes.c_int64(0)]
            args += [ctypes.c_int64(n) for n in a.shape]
            args += [ctypes.c_int64(s // a.itemsize) for s in a.strides]
        function = getattr(self.library, name)
        return lambda: function(*args)

    def call(self, name, *arrays):
        self.bind(name, *arrays)()


def aligned(shape, dtype, rng=None):
    """An array on a 64-byte boundary, random if `rng` is given, with a guard of zeros behind it."""
    n = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(n + 4096, np.uint8)
    start = -raw.ctypes.data % 64
    array = raw[start : start + n].view(dtype).reshape(shape)
    if rng is not None:
        array[...] = rng.standard_normal(shape) * 3 if np.dtype(dtype).kind == "f" else rng.integers(-9, 9, shape)
    return array
