"""Planes of few channels written as pixels, against numpy: 2 to 4 channels, bytes and floats, kept or rounded to bf16,
widths with a rest."""
import numpy as np
from harness import Kernels, aligned, machines

rng = np.random.default_rng(3)
CASES = [(s, t, w) for s in (2, 3, 4, 5) for t in ("f32", "i8", "bf16") for w in (16, 32, 37, 7)]


def kernel(name, channels, element, width):
    source = "f32" if element == "bf16" else element
    shape = f"{channels}x5x{width}x{source}"
    body = "%t = arith.truncf %e : f32 to bf16" if element == "bf16" else ""
    # Pixels lie in rows that are longer than the picture is wide.
    pixels = f"memref<5x{width}x{channels}x{element}, strided<[{(width + 3) * channels}, {channels}, 1], offset: {channels}>>"
    return f"""func.func @{name}(%x: memref<{shape}>, %y: memref<6x{width + 3}x{channels}x{element}>) {{
      %v = memref.subview %y[0, 1, 0] [5, {width}, {channels}] [1, 1, 1] : memref<6x{width + 3}x{channels}x{element}> to {pixels}
      linalg.generic {{indexing_maps = [affine_map<(h, w, c) -> (c, h, w)>, affine_map<(h, w, c) -> (h, w, c)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}}
        ins(%x : memref<{shape}>) outs(%v : {pixels}) {{
      ^bb0(%e: {source}, %o: {element}):
        {body}
        linalg.yield {"%t" if body else "%e"} : {element}
      }}
      return
    }}\n"""


TYPES = {"f32": (np.float32, np.float32), "i8": (np.int8, np.int8), "bf16": (np.float32, np.uint16)}
for isa in machines():
    names = [f"k{s}_{t}_{w}" for s, t, w in CASES]
    kernels = Kernels("".join(kernel(n, *case) for n, case in zip(names, CASES)), isa)
    for name, (channels, element, width) in zip(names, CASES):
        x = aligned((channels, 5, width), TYPES[element][0])
        x[...] = rng.integers(-128, 128, x.shape)  # which bf16 has exactly
        y = aligned((6, width + 3, channels), TYPES[element][1])
        y[...] = 99
        kernels.call(name, x, y)
        expected = np.full_like(y, 99)
        stored = x.view(np.uint32) >> 16 if element == "bf16" else x
        expected[:5, 1 : width + 1] = stored.transpose(1, 2, 0)
        assert np.array_equal(y, expected), (isa, name)
print("ok")
