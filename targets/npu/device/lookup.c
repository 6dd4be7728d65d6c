/* y = table[x] on bytes: any function of one byte, exactly.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

void brisk_npu_lookup(const npu_lookup *p, const HVX_Vector *restrict x, const HVX_Vector *restrict table,
                      HVX_Vector *restrict y) {
  const HVX_Vector t0 = table[0], t1 = table[1];
  const int32_t count = p->vectors;
#define ONE(i) y[i] = looked_up(x[i], t0, t1);
  int32_t i = 0;
  for (; i + 2 <= count; i += 2, x += 2, y += 2) {
    ONE(0)
    ONE(1)
  }
  if (i < count)
    ONE(0)
  if (p->y.halo)
    npu_fill_halo(&p->y, (uint8_t *)(y - i), p->planes, p->halo);
}
