/* Images side by side along the channels: planes one after the other.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "hvx.h"

static HVX_Vector *append(HVX_Vector *restrict to, const HVX_Vector *restrict from, int32_t vectors) {
  for (int32_t i = 0; i < vectors; ++i)
    to[i] = from[i];
  return to + vectors;
}

static void finish(const npu_join2 *p, uint8_t *y) {
  if (p->y.halo)
    npu_fill_halo(&p->y, y, p->planes, p->halo);
}

void brisk_npu_join2(const npu_join2 *p, const HVX_Vector *a, const HVX_Vector *b, HVX_Vector *y) {
  append(append(y, a, p->vectors[0]), b, p->vectors[1]);
  finish(p, (uint8_t *)y);
}

void brisk_npu_join3(const npu_join3 *p, const HVX_Vector *a, const HVX_Vector *b, const HVX_Vector *c, HVX_Vector *y) {
  append(append(append(y, a, p->vectors[0]), b, p->vectors[1]), c, p->vectors[2]);
  finish(p, (uint8_t *)y);
}

void brisk_npu_join4(const npu_join4 *p, const HVX_Vector *a, const HVX_Vector *b, const HVX_Vector *c,
                     const HVX_Vector *d, HVX_Vector *y) {
  append(append(append(append(y, a, p->vectors[0]), b, p->vectors[1]), c, p->vectors[2]), d, p->vectors[3]);
  finish(p, (uint8_t *)y);
}
