"""Largest error of the expanded functions over f32, in units in the last place, against numpy in f64."""
import math
import re

import numpy as np
from harness import Kernels, aligned, machines

BOUNDS = {"exp": 1.2, "expm1": 4, "log": 2, "log2": 3, "log1p": 5, "erf": 10, "tanh": 7, "sin": 2.5, "cos": 2.5, "rsqrt": 1.6}
REFERENCE = {"erf": np.vectorize(math.erf), "rsqrt": lambda x: 1 / np.sqrt(x)}


def kernel(name, n):
    t = f"memref<{n}xf32>"
    return f"""func.func @{name}(%x: {t}, %y: {t}) {{
      linalg.generic {{indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}}
        ins(%x : {t}) outs(%y : {t}) {{
      ^bb0(%a: f32, %b: f32):
        %0 = math.{name} %a : f32
        linalg.yield %0 : f32
      }}
      return
    }}\n"""


def extremes(name, rows, columns):
    """Of x and y, and of each row of x."""
    t, r = f"memref<{rows}x{columns}xf32>", f"memref<{rows}xf32>"
    start = "0xff800000" if name == "maximumf" else "0x7f800000"
    return f"""func.func @{name}(%x: {t}, %y: {t}, %z: {t}, %r: {r}) {{
      linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}} ins(%x, %y : {t}, {t}) outs(%z : {t}) {{
      ^bb0(%a: f32, %b: f32, %c: f32):
        %0 = arith.{name} %a, %b : f32
        linalg.yield %0 : f32
      }}
      %start = arith.constant {start} : f32
      linalg.fill ins(%start : f32) outs(%r : {r})
      linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
                       iterator_types = ["parallel", "reduction"]}} ins(%x : {t}) outs(%r : {r}) {{
      ^bb0(%a: f32, %b: f32):
        %0 = arith.{name} %b, %a : f32
        linalg.yield %0 : f32
      }}
      return
    }}\n"""


def samples(name):
    # Every 40,009th float, the neighbourhood of 0 and the special values.
    bits = np.arange(0, 2**32, 40009, dtype=np.uint64).astype(np.uint32)
    x = np.concatenate([bits.view(np.float32), np.linspace(-20, 20, 20001, dtype=np.float32),
                        np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e-42, -1e-42, 88.72, 89.5, -87.4, -103.9, -1, 1], np.float32)])  # fmt: skip
    if name in ("sin", "cos"):  # beyond 2^50 the reduction is given up
        x = x[~(np.abs(x) > 2**50) | np.isinf(x)]
    return x


def ulps(got, want):
    spacing = np.spacing(np.maximum(np.abs(want), np.finfo(np.float32).tiny).astype(np.float32)).astype(np.float64)
    return np.abs(got.astype(np.float64) - want) / spacing


for isa in machines():
    inputs = {name: samples(name) for name in BOUNDS}
    kernels = Kernels("".join(kernel(name, inputs[name].size) for name in BOUNDS), isa)
    assert "math." not in kernels.mlir.replace("math.fma", "").replace("math.sqrt", ""), "an op was not expanded"
    for name, bound in BOUNDS.items():
        x, y = aligned(inputs[name].shape, np.float32), aligned(inputs[name].shape, np.float32)
        x[...] = inputs[name]
        kernels.call(name, x, y)
        with np.errstate(all="ignore"):
            wide = REFERENCE.get(name, getattr(np, name, None))(x.astype(np.float64))
            want = wide.astype(np.float32)
        special = ~np.isfinite(want)
        same = (np.isnan(y) & np.isnan(want)) | (y == want)
        worst = ulps(y[~special], wide[~special])
        # At the edge of overflow either rounding is right.
        bad = special & ~same & ~(np.abs(wide) < 3.5e38)
        print(f"{isa} {name}: {worst.max():.2f} ulp at {x[~special][worst.argmax()]!r}")
        assert not bad.any(), (isa, name, x[bad][:4], y[bad][:4], want[bad][:4])
        assert worst.max() <= bound, (isa, name, worst.max())
        zero = x == 0
        if name in ("expm1", "log1p", "erf", "tanh", "sin"):
            assert (np.signbit(y[zero]) == np.signbit(x[zero])).all(), (isa, name, "sign of zero")
    rows, columns = 23, 77
    kernels = Kernels("".join(extremes(name, rows, columns) for name in ("maximumf", "minimumf")), isa)
    assert not re.search(r"arith.m..imumf|<m..imumf>|llvm.*f(max|min)imum", kernels.mlir), "an extreme was not expanded"
    x, y, z = (aligned((rows, columns), np.float32) for _ in range(3))
    r, generator = aligned((rows,), np.float32), np.random.default_rng(0)
    for array in (x, y):
        array[...] = generator.standard_normal(array.shape)
        array[generator.random(array.shape) < 0.01] = np.nan
        array[generator.random(array.shape) < 0.01] = np.inf
    for name, want in (("maximumf", np.maximum), ("minimumf", np.minimum)):
        kernels.call(name, x, y, z, r)
        np.testing.assert_array_equal(z, want(x, y), f"{isa} {name}")
        np.testing.assert_array_equal(r, want.reduce(x, axis=1), f"{isa} {name} of rows")
