"""The inner loops of a product keep their sums in registers: as many multiply-adds as the block has, none spilled; where
there is one row, as many columns as hide how long a multiply-add takes."""
import re

from harness import Kernels

N, K = 768, 768


def product(rows: int) -> str:
    return f"""func.func @product(%a: memref<{rows}x{K}xf32>, %b: memref<{N // 32}x{K}x32xf32>, %c: memref<{rows}x{N}xf32>) {{
  cpu.contract {{indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>,
                                affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}}
      ins(%a, %b : memref<{rows}x{K}xf32>, memref<{N // 32}x{K}x32xf32>) outs(%c : memref<{rows}x{N}xf32>) {{
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }}
  return
}}"""

for isa, register, rows, block in (("x86-64-v4", "zmm", 128, 12 * 2), ("x86-64-v3", "ymm", 128, 6 * 2),
                                   ("x86-64-v4", "zmm", 1, 8), ("x86-64-v3", "ymm", 1, 4)):  # fmt: skip
    asm = Kernels(product(rows), isa, link=False).asm
    spills = [line for line in asm.split("\n") if register in line and "(%rsp)" in line]
    assert not spills, (isa, spills[:3])
    # Straight-line code between labels and jumps: how many sums each step adds to.
    steps = [set(re.findall(r"vfmadd...ps.*(%[yz]mm\d+)\s*(?:#.*)?$", part, re.MULTILINE)) for part in re.split(r"\n\.L\w+:|\n\tj\w+", asm)]
    sums = sorted({len(step) for step in steps if step})
    print(f"{isa}, {rows} rows: {sums} sums a step")
    assert max(sums) == block, (isa, rows, sums)
