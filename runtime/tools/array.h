/* Arrays in .npy and .npz files, and their elements as numbers.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_RUNTIME_TOOLS_ARRAY_H
#define BRISK_RUNTIME_TOOLS_ARRAY_H

#include "runtime/internal.h"

/* A dense row-major little-endian array. Owns all it points to. */
typedef struct brisk_array {
  char *name; /* the .npz entry without ".npy"; NULL in a .npy file */
  char kind;  /* numpy's: b(ool) i u f c(omplex) V (raw bytes) */
  uint32_t item_bytes;
  int32_t rank;
  int64_t *dims;
  uint8_t *data; /* 64-byte aligned */
  uint64_t bytes;
} brisk_array;

typedef struct brisk_arrays {
  brisk_array *items;
  size_t count;
} brisk_arrays;

void brisk_array_free(brisk_array *array);
void brisk_arrays_free(brisk_arrays *arrays);
/* NULL when there is none of that name. */
const brisk_array *brisk_arrays_find(const brisk_arrays *arrays,
                                     const char *name);

/* All of these set brisk_error_message when they fail and leave `array` or
 * `arrays` empty. Files are not trusted: every offset, length and checksum is
 * checked, and no more is allocated than the file can fill. */

/*===-- npy.c --===*/

/* `where` names the file or entry in messages. */
brisk_status brisk_npy_parse(const char *where, const uint8_t *bytes,
                             uint64_t size, brisk_array *array);
/* The header of a .npy file for the array: *size bytes, to be freed; NULL when
 * out of memory. */
char *brisk_npy_header(const brisk_array *array, size_t *size);

/*===-- npz.c --===*/

/* Reads FILE.npy (one array without a name) or FILE.npz, told apart by content.
 */
brisk_status brisk_arrays_read(const char *path, brisk_arrays *arrays);
/* Writes a .npz, uncompressed and without time stamps. */
brisk_status brisk_arrays_write(const char *path, const brisk_arrays *arrays);

/*===-- element.c --===*/

/* Makes the array the tensor of that dtype or says that it is none. Types that
 * numpy lacks are read from raw integers or bytes: bfloat16 from uint16, float8
 * from uint8; those narrower than a byte from one byte an element (int8 or
 * uint8), which is then packed. The tensor's `data` is to be freed; its `dims`
 * are the array's. `input` names the model's input in messages. */
brisk_status brisk_tensor_from_array(const brisk_array *array, int32_t dtype,
                                     const char *input, brisk_tensor *tensor);
/* The inverse. */
brisk_status brisk_array_from_tensor(const brisk_tensor *tensor,
                                     const char *name, brisk_array *array);

typedef struct brisk_number {
  long double real, imaginary;
} brisk_number;

/* Element `index` of a dense tensor. Not for strings. */
brisk_number brisk_element(int32_t dtype, const void *data, uint64_t index);
/* The number of elements; the dims are known to be small enough. */
uint64_t brisk_count(int32_t rank, const int64_t *dims);
/*===-- draw.c --===*/

/* Fills the tensor's `capacity` bytes by a generator that is seeded with *state
 * and gives the same numbers everywhere. Floats in [-1, 1). Integers and bool
 * get 0 or 1, which are tokens, masks and indices that most models accept. The
 * codes of small floats are drawn below that of 1, so that all are finite and at
 * most 1. Not for strings. */
void brisk_draw(const brisk_tensor *tensor, uint64_t *state);

/* 64-byte aligned; never NULL for lack of bytes, only of memory. */
void *brisk_allocate(uint64_t bytes);

#endif
