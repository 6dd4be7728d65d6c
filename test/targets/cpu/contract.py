"""cpu.contract and sums of products on memrefs against numpy: odd sizes, strides, dilations, groups, open dims, shares."""
import itertools
import re

import numpy as np
from harness import Kernels, aligned, machines

rng = np.random.default_rng(7)


def memref(shape, is_open=False):
    return "memref<" + "".join("?x" if is_open else f"{n}x" for n in shape) + "f32>"


def contract(name, loops, kinds, maps, shapes, body="", extra=0, opened=(), split=False):
    """The text of a kernel; operands `opened` have open dims."""
    types = [memref(s, i in opened) for i, s in enumerate(shapes)]
    names = [f"%a{i}" for i in range(len(shapes))]
    args = ", ".join(f"{n}: {t}" for n, t in zip(names, types)) + (", %begin: index, %end: index" if split else "")
    attr = " attributes {cpu.split}" if split else ""
    block = ", ".join(f"%e{i}: f32" for i in range(1 + extra))
    return f"""func.func @{name}({args}){attr} {{
      cpu.contract {{indexing_maps = [{", ".join(f"affine_map<({loops}) -> ({m})>" for m in maps)}],
                    iterator_types = [{", ".join('"parallel"' if k == "p" else '"reduction"' for k in kinds)}]}}
        ins({", ".join(names[:-1])} : {", ".join(types[:-1])}) outs({names[-1]} : {types[-1]}) {{
      ^bb0({block}):
        {body or "cpu.yield %e0 : f32"}
      }}
      return
    }}\n"""


BIAS_RELU = """%z = arith.constant 0.0 : f32
        %s = arith.addf %e0, %e1 : f32
        %r = arith.maximumf %s, %z : f32
        cpu.yield %r : f32"""


def pack(b):
    """[k, n] to [panels, k, 32]."""
    k, n = b.shape
    padded = np.zeros((k, -(-n // 32) * 32), np.float32)
    padded[:, :n] = b
    return np.ascontiguousarray(padded.reshape(k, -1, 32).transpose(1, 0, 2))


cases = []  # (name, text, arrays, expected)


def case(text, arrays, expected, *more):
    cases.append((f"f{len(cases)}", text.replace("@NAME", f"@f{len(cases)}"), arrays, expected, more))


def random(*shape):
    return aligned(shape, np.float32, rng)


def products():
    sizes = [(m, n, k) for m in (1, 2, 5, 12, 15, 29) for n in (1, 3, 8, 17, 31, 32, 33, 64, 70, 130) for k in (1, 4, 33)]
    picked = [sizes[i] for i in rng.permutation(len(sizes))[:36]]
    for i, (m, n, k) in enumerate(picked):
        a, b, x = random(m, k), random(k, n), random(n)
        want = np.maximum(a.astype(np.float64) @ b + x, 0)
        shapes = [a.shape, pack(b).shape, x.shape, (m, n)]
        maps = ["m, k", "n floordiv 32, k, n mod 32", "n", "m, n"]
        opened = (0, 3) if i % 3 == 1 else ()
        if opened:  # the columns must be known where they are packed
            continue_shape = contract("NAME", "m, n, k", "ppr", maps, shapes, BIAS_RELU, 1)
            text = continue_shape.replace(memref(a.shape), f"memref<?x{k}xf32>").replace(memref((m, n)), f"memref<?x{n}xf32>")
        else:
            text = contract("NAME", "m, n, k", "ppr", maps, shapes, BIAS_RELU, 1)
        case(text, [a, pack(b), x, aligned((m, n), np.float32)], want)
        # Not packed, sizes known or open.
        text = contract("NAME", "m, n, k", "ppr", ["m, k", "k, n", "m, n"], [a.shape, b.shape, (m, n)],
                        opened=(0, 1, 2) if i % 2 else ())  # fmt: skip
        case(text, [a, b, aligned((m, n), np.float32)], a.astype(np.float64) @ b)
    for heads, m, n, k in ((3, 17, 40, 8), (2, 5, 9, 64)):
        a, b = random(heads, m, k), random(heads, n, k)
        text = contract("NAME", "h, m, n, k", "pppr", ["h, m, k", "h, n, k", "h, m, n"], [a.shape, b.shape, (heads, m, n)])
        case(text, [a, b, aligned((heads, m, n), np.float32)], np.einsum("hmk,hnk->hmn", a, b, dtype=np.float64))


def convolve(x, w, stride, dilation):
    """x [h, w, c], w [y, x, c, o]."""
    ky, kx = w.shape[:2]
    h = (x.shape[0] - (ky - 1) * dilation - 1) // stride + 1
    v = (x.shape[1] - (kx - 1) * dilation - 1) // stride + 1
    out = np.zeros((h, v, w.shape[3]))
    for i, j in itertools.product(range(ky), range(kx)):
        part = x[i * dilation :, j * dilation :][: (h - 1) * stride + 1 : stride, : (v - 1) * stride + 1 : stride]
        out += part.astype(np.float64) @ w[i, j]
    return out


def convolutions():
    for size, c, o, k, stride, dilation in ((9, 3, 16, 3, 1, 1), (15, 5, 40, 3, 2, 1), (12, 8, 33, 2, 1, 2), (6, 64, 32, 1, 1, 1),
                                            (17, 3, 24, 5, 2, 1), (8, 4, 6, 3, 1, 1)):  # fmt: skip
        x, w = random(size, size, c), random(k, k, c, o)
        want = convolve(x, w, stride, dilation)
        packed = pack(w.reshape(-1, o)).reshape(-1, k, k, c, 32)
        window = f"{stride}*h + {dilation}*y, {stride}*w + {dilation}*x"
        loops, kinds = "h, w, o, y, x, c", "ppprrr"
        # Channels last; then the result channels first, turned in registers before the residual is added.
        for out, axes in (("h, w, o", (0, 1, 2)), ("o, h, w", (2, 0, 1))):
            shape = tuple(want.shape[a] for a in axes)
            residual = random(*shape)
            text = contract("NAME", loops, kinds, [window + ", c", "o floordiv 32, y, x, c, o mod 32", out, out],
                            [x.shape, packed.shape, shape, shape], BIAS_RELU, 1)  # fmt: skip
            case(text, [x, packed, residual, aligned(shape, np.float32)], np.maximum(want.transpose(axes) + residual, 0))
        # Channels first, columns along the image.
        first, weights = np.ascontiguousarray(x.transpose(2, 0, 1)), np.ascontiguousarray(w.transpose(3, 2, 0, 1))
        shape = want.transpose(2, 0, 1).shape
        text = contract("NAME", "o, h, w, c, y, x", "ppprrr", ["o, c, y, x", "c, " + window, "o, h, w"],
                        [weights.shape, first.shape, shape])  # fmt: skip
        case(text, [weights, first, aligned(shape, np.float32)], want.transpose(2, 0, 1))


def shares():
    """The units of a split kernel, one by one, make the whole."""
    for m, n, k in ((29, 130, 7), (200, 40, 5), (1, 300, 9)):
        a, b = random(m, k), random(k, n)
        text = contract("NAME", "m, n, k", "ppr", ["m, k", "n floordiv 32, k, n mod 32", "m, n"],
                        [a.shape, pack(b).shape, (m, n)], split=True)  # fmt: skip
        case(text, [a, pack(b), aligned((m, n), np.float32)], a.astype(np.float64) @ b, "split")


products()
convolutions()
shares()
text = "".join(c[1] for c in cases)
for isa in machines()[:2]:
    kernels = Kernels(text, isa)
    for name, source, arrays, want, more in cases:
        if more:
            units = int(re.search(rf"@{name}\(.*cpu.units = (\d+)", kernels.mlir).group(1))
            assert units > 1, (isa, name, "is not split")
            for unit in reversed(range(units)):
                kernels.call(name, *arrays, unit, unit + 1)
        else:
            kernels.call(name, *arrays)
        got = arrays[-1]
        worst = np.abs(got - want).max() / max(1, np.abs(want).max())
        assert worst < 1e-5, (isa, name, worst, re.findall("memref<[^>]*>", source)[:4])
        got[...] = np.nan
    print(f"{isa}: {len(cases)} kernels agree with numpy")
