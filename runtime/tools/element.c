/* Elements: between numpy's types and ONNX's, and as numbers for comparing.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/tools/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void *brisk_allocate(uint64_t bytes) {
  if (bytes > UINT64_C(1) << 56)
    return NULL;
  return aligned_alloc(64, (bytes + 64) & ~UINT64_C(63));
}

uint64_t brisk_count(int32_t rank, const int64_t *dims) {
  uint64_t count = 1;
  for (int32_t i = 0; i < rank; ++i)
    count *= (uint64_t)dims[i];
  return count;
}

/*===-- Small floats --===*/

/* A format of one sign bit (none when exponent + mantissa bits are all), and
 * what its top codes mean. */
typedef struct small_float {
  int exponent_bits, mantissa_bits, bias;
  enum {
    IEEE,         /* the top exponent holds infinities and NaNs */
    FINITE_NAN,   /* only all ones is NaN */
    NEGATIVE_NAN, /* only the code of -0 is NaN */
    FINITE        /* neither */
  } top;
} small_float;

static const small_float small_floats[] = {
    [BRISK_FLOAT16] = {5, 10, 15, IEEE},          [BRISK_BFLOAT16] = {8, 7, 127, IEEE},
    [BRISK_FLOAT8E4M3FN] = {4, 3, 7, FINITE_NAN}, [BRISK_FLOAT8E4M3FNUZ] = {4, 3, 8, NEGATIVE_NAN},
    [BRISK_FLOAT8E5M2] = {5, 2, 15, IEEE},        [BRISK_FLOAT8E5M2FNUZ] = {5, 2, 16, NEGATIVE_NAN},
    [BRISK_FLOAT4E2M1] = {2, 1, 1, FINITE},       [BRISK_FLOAT6E2M3] = {2, 3, 1, FINITE},
    [BRISK_FLOAT6E3M2] = {3, 2, 3, FINITE},
};

static long double decode(const small_float *format, uint32_t code) {
  const int m = format->mantissa_bits, e = format->exponent_bits;
  const uint32_t mantissa = code & ((1u << m) - 1);
  const uint32_t exponent = code >> m & ((1u << e) - 1);
  const uint32_t sign = code >> (m + e) & 1;
  const bool ones = exponent == (1u << e) - 1;
  if (format->top == NEGATIVE_NAN && sign && !exponent && !mantissa)
    return NAN;
  if (format->top == FINITE_NAN && ones && mantissa == (1u << m) - 1)
    return NAN;
  if (format->top == IEEE && ones)
    return mantissa ? NAN : sign ? -INFINITY : INFINITY;
  const long double value = exponent ? ldexpl((long double)(mantissa | 1u << m), (int)exponent - format->bias - m)
                                     : ldexpl((long double)mantissa, 1 - format->bias - m);
  return sign ? -value : value;
}

/*===-- Elements --===*/

/* Bits [at, at + width) of a little-endian bit string; width <= 16. */
static uint32_t bits_at(const uint8_t *data, uint64_t at, int32_t width) {
  uint32_t code = 0;
  for (int32_t i = 0; i < width; ++i, ++at)
    code |= (uint32_t)(data[at / 8] >> at % 8 & 1) << i;
  return code;
}

static int32_t sign_extend(uint32_t code, int32_t width) {
  return (int32_t)(code ^ 1u << (width - 1)) - (1 << (width - 1));
}

#define AS(type) ((long double)((const type *)data)[index])

brisk_number brisk_element(int32_t dtype, const void *data, uint64_t index) {
  const int32_t width = brisk_dtype_bits(dtype);
  switch (dtype) {
  case BRISK_FLOAT32:
    return (brisk_number){AS(float), 0};
  case BRISK_FLOAT64:
    return (brisk_number){AS(double), 0};
  case BRISK_INT8:
    return (brisk_number){AS(int8_t), 0};
  case BRISK_INT16:
    return (brisk_number){AS(int16_t), 0};
  case BRISK_INT32:
    return (brisk_number){AS(int32_t), 0};
  case BRISK_INT64:
    return (brisk_number){AS(int64_t), 0};
  case BRISK_BOOL:
  case BRISK_UINT8:
    return (brisk_number){AS(uint8_t), 0};
  case BRISK_UINT16:
    return (brisk_number){AS(uint16_t), 0};
  case BRISK_UINT32:
    return (brisk_number){AS(uint32_t), 0};
  case BRISK_UINT64:
    return (brisk_number){AS(uint64_t), 0};
  case BRISK_COMPLEX64:
    return (brisk_number){((const float *)data)[2 * index], ((const float *)data)[2 * index + 1]};
  case BRISK_COMPLEX128:
    return (brisk_number){((const double *)data)[2 * index], ((const double *)data)[2 * index + 1]};
  default:
    break;
  }
  const uint32_t code = bits_at(data, index * (uint64_t)width, width);
  switch (dtype) {
  case BRISK_INT4:
  case BRISK_INT2:
    return (brisk_number){sign_extend(code, width), 0};
  case BRISK_UINT4:
  case BRISK_UINT2:
    return (brisk_number){code, 0};
  case BRISK_FLOAT8E8M0: /* a power of two; all ones is NaN */
    return (brisk_number){code == 0xff ? (long double)NAN : ldexpl(1, (int)code - 127), 0};
  default:
    return (brisk_number){decode(&small_floats[dtype], code), 0};
  }
}

/*===-- Arrays and tensors --===*/

static bool is_signed(int32_t dtype) { return dtype == BRISK_INT4 || dtype == BRISK_INT2; }

/* How numpy spells the dtype; raw unsigned integers stand for what it lacks. */
static brisk_array spelling(int32_t dtype) {
  static const char kinds[] = {[BRISK_FLOAT32] = 'f',   [BRISK_UINT8] = 'u',     [BRISK_INT8] = 'i',
                               [BRISK_UINT16] = 'u',    [BRISK_INT16] = 'i',     [BRISK_INT32] = 'i',
                               [BRISK_INT64] = 'i',     [BRISK_BOOL] = 'b',      [BRISK_FLOAT16] = 'f',
                               [BRISK_FLOAT64] = 'f',   [BRISK_UINT32] = 'u',    [BRISK_UINT64] = 'u',
                               [BRISK_COMPLEX64] = 'c', [BRISK_COMPLEX128] = 'c'};
  const int32_t width = brisk_dtype_bits(dtype);
  char kind = is_signed(dtype) ? 'i' : 'u';
  if ((size_t)dtype < sizeof kinds && kinds[dtype])
    kind = kinds[dtype];
  return (brisk_array){.kind = kind, .item_bytes = (uint32_t)(width < 8 ? 1 : width / 8)};
}

static bool is_spelled(const brisk_array *array, int32_t dtype) {
  const brisk_array own = spelling(dtype);
  if (dtype == BRISK_STRING || array->item_bytes != own.item_bytes)
    return false;
  if (array->kind == own.kind)
    return true;
  /* ml_dtypes saves its types as raw bytes. */
  const bool foreign = own.kind != 'b' && dtype >= BRISK_BFLOAT16;
  return foreign && (array->kind == 'V' || array->kind == 'u');
}

/* The dtype in words, for an array as numpy spells it. */
static const char *describe(const brisk_array *array) {
  static const struct {
    char kind;
    uint32_t bytes;
    const char *name;
  } names[] = {{'f', 4, "float32"},   {'u', 1, "uint8"},      {'i', 1, "int8"},   {'u', 2, "uint16"},
               {'i', 2, "int16"},     {'i', 4, "int32"},      {'i', 8, "int64"},  {'b', 1, "bool"},
               {'f', 2, "float16"},   {'f', 8, "float64"},    {'u', 4, "uint32"}, {'u', 8, "uint64"},
               {'c', 8, "complex64"}, {'c', 16, "complex128"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (names[i].kind == array->kind && names[i].bytes == array->item_bytes)
      return names[i].name;
  return "raw bytes";
}

brisk_status brisk_tensor_from_array(const brisk_array *array, int32_t dtype, const char *input, brisk_tensor *tensor) {
  const int32_t width = brisk_dtype_bits(dtype);
  if (!is_spelled(array, dtype))
    return brisk_fail(BRISK_ERROR_INPUT, "'%s' expects %s, but the file has %s", input, brisk_dtype_name(dtype),
                      describe(array));
  const uint64_t bytes = brisk_tensor_bytes(dtype, array->rank, array->dims);
  uint8_t *data = brisk_allocate(bytes);
  if (!data)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", input);
  if (width >= 8) {
    memcpy(data, array->data, bytes);
  } else {
    memset(data, 0, bytes);
    for (uint64_t i = 0, at = 0; i < array->bytes; ++i)
      for (int32_t bit = 0; bit < width; ++bit, ++at)
        data[at / 8] |= (uint8_t)((array->data[i] >> bit & 1) << at % 8);
  }
  *tensor = (brisk_tensor){dtype, array->rank, array->dims, data, bytes};
  return BRISK_OK;
}

brisk_status brisk_array_from_tensor(const brisk_tensor *tensor, const char *name, brisk_array *array) {
  const int32_t width = brisk_dtype_bits(tensor->dtype);
  *array = spelling(tensor->dtype);
  if (tensor->dtype == BRISK_STRING)
    return brisk_fail(BRISK_ERROR_OUTPUT, "'%s' holds strings, which .npz files cannot", name);
  array->bytes = brisk_count(tensor->rank, tensor->dims) * array->item_bytes;
  array->rank = tensor->rank;
  array->name = strdup(name);
  array->dims = malloc(((size_t)tensor->rank + 1) * sizeof *array->dims);
  array->data = brisk_allocate(array->bytes);
  if (!array->name || !array->dims || !array->data) {
    brisk_array_free(array);
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", name);
  }
  for (int32_t i = 0; i < tensor->rank; ++i)
    array->dims[i] = tensor->dims[i];
  if (width >= 8 && array->bytes)
    memcpy(array->data, tensor->data, array->bytes);
  for (uint64_t i = 0; width < 8 && i < array->bytes; ++i) {
    const uint32_t code = bits_at(tensor->data, i * (uint64_t)width, width);
    array->data[i] = (uint8_t)(is_signed(tensor->dtype) ? sign_extend(code, width) : (int32_t)code);
  }
  return BRISK_OK;
}
