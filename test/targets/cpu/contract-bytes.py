"""cpu.contract of bytes and of bf16 against numpy: all signednesses, extreme values, odd sizes, windows, narrow stores."""
import itertools

import numpy as np
from harness import Kernels, aligned, machines

rng = np.random.default_rng(11)
cases = []  # (name, arrays, expected, tolerance)
texts = []
TYPES = {np.dtype(np.int8): "i8", np.dtype(np.uint8): "i8", np.dtype(np.int32): "i32", np.dtype(np.float32): "f32", np.dtype(np.uint16): "bf16"}


def memref(array):
    return "memref<" + "".join(f"{n}x" for n in array.shape) + TYPES[array.dtype] + ">"


def add(loops, kinds, maps, arrays, body, expected, attrs="", extra=0, tolerance=0, seen=("i32",)):
    name = f"f{len(cases)}"
    types = [memref(a) for a in arrays]
    names = [f"%a{i}" for i in range(len(arrays))]
    block = ", ".join(f"%e{i}: {t}" for i, t in enumerate(seen))
    texts.append(f"""func.func @{name}({", ".join(f"{n}: {t}" for n, t in zip(names, types))}) {{
      cpu.contract {{{attrs}indexing_maps = [{", ".join(f"affine_map<({loops}) -> ({m})>" for m in maps)}],
                    iterator_types = [{", ".join('"parallel"' if k == "p" else '"reduction"' for k in kinds)}]}}
        ins({", ".join(names[:-1])} : {", ".join(types[:-1])}) outs({names[-1]} : {types[-1]}) {{
      ^bb0({block}):
        {body}
      }}
      return
    }}\n""")
    cases.append((name, arrays, expected, tolerance))


def guarded(values):
    """A copy on a 64-byte boundary."""
    copy = aligned(values.shape, values.dtype)
    copy[...] = values
    return copy


def random(dtype, *shape):
    """Extreme values more often than not."""
    info = np.iinfo(dtype)
    extreme = rng.choice([info.min, info.max, info.max - 1, 0], shape)
    return guarded(np.where(rng.random(shape) < 0.6, extreme, rng.integers(info.min, info.max + 1, shape)).astype(dtype))


def pack(w, group):
    """[..., k, n] to [panels, ..., k / group, 32, group]."""
    *outer, k, n = w.shape
    padded = np.zeros((*outer, -(-k // group) * group, -(-n // 32) * 32), w.dtype)
    padded[..., :k, :n] = w
    split = padded.reshape(*outer, padded.shape[-2] // group, group, -1, 32)
    axes = list(range(len(outer)))
    r = len(outer)
    return guarded(split.transpose(r + 2, *axes, r, r + 3, r + 1))


REQUANTIZE = """%scale = arith.constant 3.0e-4 : f32
        %low = arith.constant -128.0 : f32
        %high = arith.constant 127.0 : f32
        %0 = arith.addi %e0, %e1 : i32
        %1 = arith.sitofp %0 : i32 to f32
        %2 = arith.mulf %1, %scale : f32
        %3 = math.roundeven %2 : f32
        %4 = arith.maximumf %3, %low : f32
        %5 = arith.minimumf %4, %high : f32
        %6 = arith.fptosi %5 : f32 to i8
        cpu.yield %6 : i8"""


def bytes_case(x, w, out_maps, maps, loops, kinds, want, packed=None, more="", requantized=True):
    """A raw one and one that is requantized."""
    attrs = more + ("unsigned_a, " if x.dtype == np.uint8 else "") + ("unsigned_b, " if w.dtype == np.uint8 else "")
    n = w.shape[-1]
    packed = pack(w, 4) if packed is None else packed
    inputs, all_maps = [x, packed], list(maps)
    if x.dtype == w.dtype:
        attrs += "column_sums, "
        inputs.append(guarded(w.astype(np.int32).reshape(-1, n).sum(0, dtype=np.int32)))
        all_maps.append("n")
    add(loops, kinds, [*all_maps, out_maps], [*inputs, aligned(want.shape, np.int32)], "cpu.yield %e0 : i32", want, attrs)
    if not requantized:
        return
    bias = guarded(rng.integers(-100000, 100000, n).astype(np.int32))
    scaled = np.rint((want + bias).astype(np.float32) * np.float32(3.0e-4)).clip(-128, 127).astype(np.int8)
    add(loops, kinds, [*all_maps, "n", out_maps], [*inputs, bias, aligned(want.shape, np.int8)], REQUANTIZE, scaled, attrs,
        seen=("i32", "i32"))  # fmt: skip


def products():
    signs = list(itertools.product((np.int8, np.uint8), repeat=2))
    sizes = [(m, n, k) for m in (1, 2, 5, 13, 29) for n in (1, 3, 8, 17, 32, 33, 64, 130) for k in (1, 2, 3, 4, 7, 64, 129)]
    for i, s in enumerate(rng.permutation(len(sizes))[:12]):
        (m, n, k), (ta, tb) = sizes[s], signs[i % 4]
        x, w = random(ta, m, k), random(tb, k, n)
        want = x.astype(np.int64) @ w.astype(np.int64)
        bytes_case(x, w, "m, n", ["m, k", "n floordiv 32, k floordiv 4, n mod 32, k mod 4"], "m, n, k", "ppr", want)
    # The worst that two pairs can add up to.
    for ta, tb in signs:
        for va, vb in itertools.product((np.iinfo(ta).min, np.iinfo(ta).max), (np.iinfo(tb).min, np.iinfo(tb).max)):
            x, w = guarded(np.full((3, 70), va, ta)), guarded(np.full((70, 40), vb, tb))
            bytes_case(x, w, "m, n", ["m, k", "n floordiv 32, k floordiv 4, n mod 32, k mod 4"], "m, n, k", "ppr",
                       x.astype(np.int64) @ w.astype(np.int64), requantized=False)  # fmt: skip


def convolutions():
    shapes = ((9, 3, 16, 3, 1, 1), (15, 5, 40, 3, 2, 1), (12, 8, 33, 2, 1, 2), (6, 64, 32, 1, 1, 1), (9, 1, 8, 3, 1, 1), (17, 4, 24, 5, 2, 1))
    for i, (size, c, o, k, stride, dilation) in enumerate(shapes):
        x, w = random((np.int8, np.uint8)[i % 2], size, size, c), random((np.int8, np.uint8)[i // 2 % 2], k, k, c, o)
        h = (size - (k - 1) * dilation - 1) // stride + 1
        want = np.zeros((h, h, o), np.int64)
        for y, z in itertools.product(range(k), range(k)):
            part = x[y * dilation :, z * dilation :][: (h - 1) * stride + 1 : stride, : (h - 1) * stride + 1 : stride]
            want += part.astype(np.int64) @ w[y, z].astype(np.int64)
        window = f"{stride}*h + {dilation}*y, {stride}*w + {dilation}*x, c"
        bytes_case(x, w, "h, w, n", [window, "n floordiv 32, y, x, c floordiv 4, n mod 32, c mod 4"], "h, w, n, y, x, c", "ppprrr", want)


def channels():
    """Depthwise windows: four rows of the window in a group, all channels in a row."""
    shapes = ((9, 16, 3, 1, 1), (8, 150, 3, 2, 1), (11, 72, 5, 1, 1), (12, 24, 2, 1, 2), (5, 384, 1, 1, 1), (13, 33, 7, 2, 1), (4, 64, 4, 1, 1))
    for i, (size, c, k, stride, dilation) in enumerate(shapes):
        for ta, tb in ((np.int8, np.uint8)[:: 1 - 2 * (i % 2)], ((np.int8, np.int8), (np.uint8, np.uint8))[i // 2 % 2])[i % 2 :]:
            x, w = random(ta, size, size, c), random(tb, k, k, c)
            h = (size - (k - 1) * dilation - 1) // stride + 1
            want = np.zeros((h, h, c), np.int64)
            for y, z in itertools.product(range(k), range(k)):
                part = x[y * dilation :, z * dilation :][: (h - 1) * stride + 1 : stride, : (h - 1) * stride + 1 : stride]
                want += part.astype(np.int64) * w[y, z].astype(np.int64)
            padded = np.zeros((-(-k // 4) * 4, k, c), tb)
            padded[:k] = w
            packed = guarded(padded.reshape(-1, 4, k, c).transpose(0, 2, 3, 1))
            window = f"{stride}*h + {dilation}*y, {stride}*w + {dilation}*x, n"
            bytes_case(x, w, "h, w, n", [window, "y floordiv 4, x, n, y mod 4"], "h, w, n, y, x", "ppprr", want, packed,
                       f"group_length = {k} : i64, ")  # fmt: skip


def halves():
    for m, n, k in ((1, 64, 33), (5, 40, 64), (13, 33, 7), (2, 8, 1)):
        x, w = ((rng.standard_normal(s).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16) for s in ((m, k), (k, n)))
        wide = [(v.astype(np.uint32) << 16).view(np.float32).astype(np.float64) for v in (x, w)]
        add("m, n, k", "ppr", ["m, k", "n floordiv 32, k floordiv 2, n mod 32, k mod 2", "m, n"],
            [guarded(x), pack(w, 2), aligned((m, n), np.float32)], "cpu.yield %e0 : f32", wide[0] @ wide[1],
            tolerance=1e-5 * np.sqrt(k), seen=("f32",))  # fmt: skip


products()
convolutions()
channels()
halves()
for isa in machines():
    # The last level differs in products of bf16 only.
    picked = [i for i, case in enumerate(cases) if isa != "x86-64-v4-bf16" or case[3]]
    kernels = Kernels("".join(texts[i] for i in picked), isa, level="-O1")
    for name, arrays, want, tolerance in (cases[i] for i in picked):
        kernels.call(name, *arrays)
        worst = np.abs(arrays[-1].astype(np.float64) - want).max()
        assert worst <= tolerance, (isa, name, worst, [memref(a) for a in arrays])
        arrays[-1][...] = 77
    print(f"{isa}: {len(picked)} kernels agree with numpy")

# The instructions meant for it, whatever this machine has.
for isa, instruction, text in (("x86-64-v4-vnni", "vpdpbusd", texts[0]), ("x86-64-v4-bf16", "vdpbf16ps", texts[-1]), ("x86-64-v3-vnni", "vpdpbusd", texts[0]),
                               ("x86-64-v4", "vpmaddwd", texts[0]), ("x86-64-v3", "vpmaddwd", texts[0])):  # fmt: skip
    assert instruction in Kernels(text, isa, link=False).asm, (isa, instruction)
