/* y = table[x] on bytes: any function of one byte, exactly.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

/* The table lies as the instruction wants it: entries 64 q + i in byte q mod 2 of halfword i of vector q / 2. */
void brisk_npu_lookup(const npu_lookup *p, const HVX_Vector *restrict x, const HVX_Vector *restrict table,
                      HVX_Vector *restrict y) {
  const HVX_Vector t0 = table[0], t1 = table[1];
  const int32_t count = p->vectors;
#define ONE(i)                                                                                                         \
  {                                                                                                                    \
    HVX_Vector v = x[i], r = Q6_Vb_vlut32_VbVbI(v, t0, 0);                                                             \
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t0, 1);                                                                           \
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t0, 2);                                                                           \
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t0, 3);                                                                           \
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 4);                                                                           \
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 5);                                                                           \
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 6);                                                                           \
    y[i] = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 7);                                                                        \
  }
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
