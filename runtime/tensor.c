/* Element types, sizes, and how a shape is written in a message.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/internal.h"

#include <inttypes.h>
#include <string.h>

static const struct {
  const char *name;
  int32_t bits;
} dtypes[] = {
    [BRISK_FLOAT32] = {"float32", 32},
    [BRISK_UINT8] = {"uint8", 8},
    [BRISK_INT8] = {"int8", 8},
    [BRISK_UINT16] = {"uint16", 16},
    [BRISK_INT16] = {"int16", 16},
    [BRISK_INT32] = {"int32", 32},
    [BRISK_INT64] = {"int64", 64},
    [BRISK_STRING] = {"string", 8 * sizeof(char *)},
    [BRISK_BOOL] = {"bool", 8},
    [BRISK_FLOAT16] = {"float16", 16},
    [BRISK_FLOAT64] = {"float64", 64},
    [BRISK_UINT32] = {"uint32", 32},
    [BRISK_UINT64] = {"uint64", 64},
    [BRISK_COMPLEX64] = {"complex64", 64},
    [BRISK_COMPLEX128] = {"complex128", 128},
    [BRISK_BFLOAT16] = {"bfloat16", 16},
    [BRISK_FLOAT8E4M3FN] = {"float8e4m3fn", 8},
    [BRISK_FLOAT8E4M3FNUZ] = {"float8e4m3fnuz", 8},
    [BRISK_FLOAT8E5M2] = {"float8e5m2", 8},
    [BRISK_FLOAT8E5M2FNUZ] = {"float8e5m2fnuz", 8},
    [BRISK_UINT4] = {"uint4", 4},
    [BRISK_INT4] = {"int4", 4},
    [BRISK_FLOAT4E2M1] = {"float4e2m1", 4},
    [BRISK_FLOAT8E8M0] = {"float8e8m0", 8},
    [BRISK_UINT2] = {"uint2", 2},
    [BRISK_INT2] = {"int2", 2},
    [BRISK_FLOAT6E2M3] = {"float6e2m3", 6},
    [BRISK_FLOAT6E3M2] = {"float6e3m2", 6},
};

static bool is_dtype(int32_t dtype) {
  return dtype > BRISK_UNDEFINED &&
         (size_t)dtype < sizeof dtypes / sizeof *dtypes;
}

const char *brisk_dtype_name(int32_t dtype) {
  return is_dtype(dtype) ? dtypes[dtype].name : "undefined";
}

int32_t brisk_dtype_bits(int32_t dtype) {
  return is_dtype(dtype) ? dtypes[dtype].bits : 0;
}

uint64_t brisk_tensor_bytes(int32_t dtype, int32_t rank, const int64_t *dims) {
  uint64_t count = 1;
  bool empty = false, overflow = false;
  for (int32_t i = 0; i < rank; ++i) {
    if (dims[i] < 0)
      return UINT64_MAX;
    empty |= dims[i] == 0;
    overflow |= __builtin_mul_overflow(count, (uint64_t)dims[i], &count);
  }
  if (empty)
    return 0;
  uint64_t bits;
  overflow |=
      __builtin_mul_overflow(count, (uint64_t)brisk_dtype_bits(dtype), &bits);
  if (overflow || bits > INT64_MAX - 7)
    return UINT64_MAX;
  return (bits + 7) / 8;
}

/* `open` says that negative dims are the model's open ones, not a caller's
 * mistake. */
static char *format_type(char *buffer, size_t size, int32_t dtype, int32_t rank,
                         const int64_t *dims, bool open,
                         const char *const *symbols) {
  /* A wrong rank says nothing about how many dims can be read. */
  if (rank < 0 || rank > 32 || (rank > 0 && !dims)) {
    snprintf(buffer, size, "%s of rank %" PRId32, brisk_dtype_name(dtype),
             rank);
    return buffer;
  }
  size_t used = (size_t)snprintf(buffer, size, "%s [", brisk_dtype_name(dtype));
  for (int32_t i = 0; i < rank && used < size; ++i) {
    const char *comma = i ? ", " : "";
    const char *symbol =
        symbols && symbols[i] && *symbols[i] ? symbols[i] : "?";
    if (open && dims[i] < 0)
      used +=
          (size_t)snprintf(buffer + used, size - used, "%s%s", comma, symbol);
    else
      used += (size_t)snprintf(buffer + used, size - used, "%s%" PRId64, comma,
                               dims[i]);
  }
  if (used < size)
    snprintf(buffer + used, size - used, "]");
  return buffer;
}

char *brisk_format_tensor(char *buffer, size_t size,
                          const brisk_tensor *tensor) {
  return format_type(buffer, size, tensor->dtype, tensor->rank, tensor->dims,
                     false, NULL);
}

char *brisk_format_value(char *buffer, size_t size,
                         const brisk_abi_value *value) {
  return format_type(buffer, size, value->dtype, value->rank, value->dims, true,
                     value->symbols);
}
