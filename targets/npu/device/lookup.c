/* y = table[x] on bytes: any function of one byte, exactly.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

/* The table as vlut32 wants it: part p of 32 entries, byte i in the low half of halfword i (shuffled by pairs). */
void brisk_npu_lookup(const npu_lookup *p, const uint8_t *x, const uint8_t *table, uint8_t *y) {
  HVX_Vector t0 = ((const HVX_Vector *)table)[0], t1 = ((const HVX_Vector *)table)[1];
  const HVX_Vector *from = (const HVX_Vector *)x;
  HVX_Vector *to = (HVX_Vector *)y;
  for (int32_t i = 0; i < p->vectors; ++i) {
    HVX_Vector v = from[i];
    HVX_Vector r = Q6_Vb_vlut32_VbVbI(v, t0, 0);
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t0, 1);
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t0, 2);
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t0, 3);
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 4);
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 5);
    r = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 6);
    to[i] = Q6_Vb_vlut32or_VbVbVbI(r, v, t1, 7);
  }
}
