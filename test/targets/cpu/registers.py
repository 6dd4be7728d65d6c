"""The inner loops of a product keep their sums in registers: as many multiply-adds as the block has, none spilled."""
import re

from harness import Kernels

M, N, K = 128, 768, 768
TEXT = f"""func.func @product(%a: memref<{M}x{K}xf32>, %b: memref<{N // 32}x{K}x32xf32>, %c: memref<{M}x{N}xf32>) {{
  cpu.contract {{indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>,
                                affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}}
      ins(%a, %b : memref<{M}x{K}xf32>, memref<{N // 32}x{K}x32xf32>) outs(%c : memref<{M}x{N}xf32>) {{
  ^bb0(%s: f32):
    cpu.yield %s : f32
  }}
  return
}}"""

for isa, register, block in (("x86-64-v4", "zmm", 12 * 2), ("x86-64-v3", "ymm", 6 * 2)):
    asm = Kernels(TEXT, isa, link=False).asm
    spills = [line for line in asm.split("\n") if register in line and "(%rsp)" in line]
    assert not spills, (isa, spills[:3])
    # Straight-line code between labels and jumps.
    loops = [re.findall("vfmadd...ps", part) for part in re.split(r"\n\.L\w+:|\n\tj\w+", asm)]
    steps = sorted({len(part) for part in loops if part})
    print(f"{isa}: {steps} multiply-adds a step")
    assert any(count % block == 0 for count in steps), (isa, steps)
