"""cpu.contract with weights in blocks that have scales, as bytes and in 4 bits, against numpy."""
import itertools

import numpy as np
from harness import Kernels, aligned, machines

rng = np.random.default_rng(5)
TYPES = {np.dtype(np.int8): "i8", np.dtype(np.uint8): "i8", np.dtype(np.uint32): "i32", np.dtype(np.float32): "f32"}
texts, cases = [], []


def memref(array):
    return "memref<" + "".join(f"{n}x" for n in array.shape) + TYPES[array.dtype] + ">"


def guarded(values):
    copy = aligned(values.shape, values.dtype)
    copy[...] = values
    return copy


def pack(q, bits):
    """[blocks, length, n] to [panels, blocks, length, 32], or with eight numbers of 4 bits in one."""
    blocks, length, n = q.shape
    padded = np.zeros((blocks, length, -(-n // 32) * 32), q.dtype)
    padded[..., :n] = q
    panels = padded.reshape(blocks, length, -1, 32).transpose(2, 0, 1, 3)
    if bits == 8:
        return guarded(panels)
    lanes = panels.reshape(panels.shape[0], blocks, length // 8, 8, 32).astype(np.uint32)
    return guarded(np.bitwise_or.reduce(lanes << (4 * np.arange(8, dtype=np.uint32))[:, None], axis=3).astype(np.uint32))


def panels(values):
    return guarded(pack(values[:, None], 8)[:, :, 0])


def add(m, n, blocks, length, bits, dtype, zeros):
    low, high = (0, 16) if bits == 4 else (np.iinfo(dtype).min, np.iinfo(dtype).max + 1)
    q = rng.integers(low, high, (blocks, length, n)).astype(dtype)
    z = rng.integers(low, high, (blocks, n)).astype(dtype)
    s, bias = rng.uniform(0.01, 0.1, (blocks, n)).astype(np.float32), rng.standard_normal(n).astype(np.float32)
    x = rng.standard_normal((m, blocks, length)).astype(np.float32)
    real = (q.astype(np.float64) - (z[:, None].astype(np.float64) if zeros else 0)) * s[:, None]
    want = np.einsum("mgb,gbn->mn", x.astype(np.float64), real) + bias
    packed = "n floordiv 32, g, b" + (" floordiv 8" if bits == 4 else "") + ", n mod 32"
    arrays = [guarded(x), pack(q, bits), panels(s), *([panels(z)] if zeros else []), guarded(bias), aligned((m, n), np.float32)]
    parameter = "n floordiv 32, g, n mod 32"
    maps = ["m, g, b", packed, parameter, *([parameter] if zeros else []), "n", "m, n"]
    name, names, types = f"f{len(cases)}", [f"%a{i}" for i in range(len(arrays))], [memref(a) for a in arrays]
    texts.append(f"""func.func @{name}({", ".join(f"{n}: {t}" for n, t in zip(names, types))}) {{
      cpu.contract {{indexing_maps = [{", ".join(f"affine_map<(m, n, g, b) -> ({m})>" for m in maps)}],
                    iterator_types = ["parallel", "parallel", "reduction", "reduction"],
                    block_parameters = {2 if zeros else 1} : i64{", unsigned_b" if dtype == np.uint8 else ""}}}
        ins({", ".join(names[:-1])} : {", ".join(types[:-1])}) outs({names[-1]} : {types[-1]}) {{
      ^bb0(%s: f32, %e: f32):
        %0 = arith.addf %s, %e : f32
        cpu.yield %0 : f32
      }}
      return
    }}\n""")
    cases.append((name, arrays, want, 2e-6 * np.sqrt(blocks * length) * np.abs(real).max() * 4))


kinds = [(4, np.uint8, True), (4, np.uint8, False), (8, np.int8, False), (8, np.int8, True), (8, np.uint8, True)]
sizes = list(itertools.product((1, 2, 5, 16, 29), (1, 8, 17, 32, 64, 130, 256), ((1, 16), (2, 32), (5, 16), (3, 128))))
for i, at in enumerate(rng.permutation(len(sizes))[:20]):
    m, n, (blocks, length) = sizes[at]
    add(m, n, blocks, length, *kinds[i % len(kinds)])
for isa in machines():
    kernels = Kernels("".join(texts), isa, level="-O1")
    for name, arrays, want, tolerance in cases:
        kernels.call(name, *arrays)
        worst = np.abs(arrays[-1] - want).max()
        assert worst <= tolerance, (isa, name, worst, tolerance, [memref(a) for a in arrays])
        arrays[-1][...] = 77
    print(f"{isa}: {len(cases)} kernels agree with numpy")
