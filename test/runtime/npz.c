/* Reading and writing .npy and .npz files, of which none is trusted.
 *
 * Argument: a folder to write to.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/tools/array.h"
#include "test/runtime/check.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* numpy.savez_compressed(a=float32 [[0, 1, 2], [3, 4, 5]], "x/y:0"=[True, False]) */
static const uint8_t packed[] = {
    0x50, 0x4b, 0x03, 0x04, 0x2d, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x00, 0x4f, 0xe9, 0x00, 0x2a, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x05, 0x00, 0x14, 0x00, 0x61, 0x2e, 0x6e, 0x70, 0x79, 0x01, 0x00, 0x10,
    0x00, 0x98, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x55, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9b, 0xec,
    0x17, 0xea, 0x1b, 0x10, 0xc9, 0xc8, 0x50, 0xc6, 0x50, 0xad, 0x9e, 0x92, 0x5a, 0x9c, 0x5c, 0xa4, 0x6e, 0xa5, 0xa0,
    0x6e, 0x93, 0x66, 0xa2, 0xae, 0xa3, 0xa0, 0x9e, 0x96, 0x5f, 0x54, 0x52, 0x94, 0x98, 0x17, 0x9f, 0x5f, 0x94, 0x92,
    0x0a, 0x12, 0x77, 0x4b, 0xcc, 0x29, 0x4e, 0x05, 0x8a, 0x17, 0x67, 0x24, 0x16, 0xa4, 0x02, 0xf9, 0x1a, 0x46, 0x3a,
    0x0a, 0xc6, 0x9a, 0x3a, 0x0a, 0xb5, 0x0a, 0x64, 0x03, 0x2e, 0x06, 0x30, 0x68, 0xb0, 0x07, 0x12, 0x0e, 0x40, 0x04,
    0xc4, 0x0d, 0x40, 0xbc, 0xc0, 0x01, 0x00, 0x50, 0x4b, 0x03, 0x04, 0x2d, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00,
    0x21, 0x00, 0xee, 0x19, 0xbb, 0x5d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x09, 0x00, 0x14, 0x00, 0x78,
    0x2f, 0x79, 0x3a, 0x30, 0x2e, 0x6e, 0x70, 0x79, 0x01, 0x00, 0x10, 0x00, 0x82, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x46, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9b, 0xec, 0x17, 0xea, 0x1b, 0x10, 0xc9, 0xc8, 0x50, 0xc6,
    0x50, 0xad, 0x9e, 0x92, 0x5a, 0x9c, 0x5c, 0xa4, 0x6e, 0xa5, 0xa0, 0x5e, 0x93, 0x64, 0xa8, 0xae, 0xa3, 0xa0, 0x9e,
    0x96, 0x5f, 0x54, 0x52, 0x94, 0x98, 0x17, 0x9f, 0x5f, 0x94, 0x92, 0x0a, 0x12, 0x77, 0x4b, 0xcc, 0x29, 0x4e, 0x05,
    0x8a, 0x17, 0x67, 0x24, 0x16, 0xa4, 0x02, 0xf9, 0x1a, 0x46, 0x3a, 0x9a, 0x3a, 0x0a, 0xb5, 0x0a, 0x14, 0x00, 0x2e,
    0x46, 0x06, 0x00, 0x50, 0x4b, 0x01, 0x02, 0x2d, 0x03, 0x2d, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x00,
    0x4f, 0xe9, 0x00, 0x2a, 0x55, 0x00, 0x00, 0x00, 0x98, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00, 0x61, 0x2e, 0x6e, 0x70, 0x79, 0x50, 0x4b, 0x01,
    0x02, 0x2d, 0x03, 0x2d, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x00, 0xee, 0x19, 0xbb, 0x5d, 0x46, 0x00,
    0x00, 0x00, 0x82, 0x00, 0x00, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80,
    0x01, 0x8c, 0x00, 0x00, 0x00, 0x78, 0x2f, 0x79, 0x3a, 0x30, 0x2e, 0x6e, 0x70, 0x79, 0x50, 0x4b, 0x05, 0x06, 0x00,
    0x00, 0x00, 0x00, 0x02, 0x00, 0x02, 0x00, 0x6a, 0x00, 0x00, 0x00, 0x0d, 0x01, 0x00, 0x00, 0x00, 0x00};

/*===-- Text of .npy files --===*/

/* Builds a version 1 file from a header and that many bytes of elements. */
static size_t make_npy(uint8_t *file, const char *header, size_t bytes) {
  const size_t length = strlen(header);
  memcpy(file, "\x93NUMPY\x01\x00", 8);
  file[8] = (uint8_t)length;
  file[9] = (uint8_t)(length >> 8);
  memcpy(file + 10, header, length);
  for (size_t i = 0; i < bytes; ++i)
    file[10 + length + i] = (uint8_t)(i + 1);
  return 10 + length + bytes;
}

static void test_npy(void) {
  static const struct {
    const char *header;
    size_t bytes;
    const char *message; /* NULL: it is good */
  } cases[] = {
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24, NULL},
      {"{\"shape\":(6,),\"fortran_order\":True,\"descr\":\"|u1\"}", 6, NULL},
      {"{'descr': '<i8', 'fortran_order': False, 'shape': ()}", 8, NULL},
      {"{'descr': '<i8', 'fortran_order': False, 'shape': (3L, 0)}", 0, NULL},
      {"{'descr': '<i8', 'fortran_order': False, 'shape': "
       "(4611686018427387904, 4611686018427387904, 0)}",
       0, NULL},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 23,
       "'f' has 23 bytes of elements, which is not what its shape needs"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 25,
       "'f' has 25 bytes of elements, which is not what its shape needs"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': "
       "(4611686018427387904, 4)}",
       0, "'f' has 0 bytes of elements, which is not what its shape needs"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': "
       "(99999999999999999999,)}",
       0, "'f' has a damaged .npy header"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 0, "'f' has a damaged .npy header"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,", 4, "'f' has a damaged .npy header"},
      {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}", 4, "'f' has a damaged .npy header"},
      {"{'descr': '<f4', 'shape': (1,)}", 4, "'f' has a damaged .npy header"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4, "'f' has a damaged .npy header"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", 4, "'f' has a damaged .npy header"},
      {"", 4, "'f' has a damaged .npy header"},
      {"{", 4, "'f' has a damaged .npy header"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 8, "'f' holds elements that are not plain numbers"},
      {"{'descr': '<U5', 'fortran_order': False, 'shape': (1,)}", 20, "'f' holds elements that are not plain numbers"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", 4,
       "'f' holds elements that are not plain numbers"},
      {"{'descr': '<f0', 'fortran_order': False, 'shape': (1,)}", 0, "'f' holds elements that are not plain numbers"},
      {"{'descr': '<V4294967297', 'fortran_order': False, 'shape': (1,)}", 1,
       "'f' holds elements that are not plain numbers"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,"
       "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
       "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}",
       4, "'f' has a damaged .npy header"},
  };
  uint8_t file[1024];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    const size_t size = make_npy(file, cases[i].header, cases[i].bytes);
    brisk_array array;
    brisk_status status = brisk_npy_parse("f", file, size, &array);
    CHECK(status == (cases[i].message ? BRISK_ERROR_FILE : BRISK_OK));
    if (cases[i].message)
      CHECK_TEXT(brisk_error_message(), cases[i].message);
    CHECK(status ? !array.data : array.bytes == cases[i].bytes);
    brisk_array_free(&array);
  }

  /* Lengths that lie. */
  brisk_array array;
  const size_t size = make_npy(file, cases[0].header, 24);
  for (size_t part = 0; part < size; ++part)
    CHECK(brisk_npy_parse("f", file, part, &array) == BRISK_ERROR_FILE);
  file[9] = 0xff;
  CHECK(brisk_npy_parse("f", file, size, &array) == BRISK_ERROR_FILE);
  CHECK_TEXT(brisk_error_message(), "'f' is truncated");
  file[6] = 9;
  CHECK(brisk_npy_parse("f", file, size, &array) == BRISK_ERROR_FILE);
  CHECK_TEXT(brisk_error_message(), "'f' has .npy version 9.0");
}

/* Column-major and big-endian files come out row-major and little-endian. */
static void test_orders(void) {
  uint8_t file[1024];
  brisk_array array;
  size_t size = make_npy(file, "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3)}", 12);
  CHECK(brisk_npy_parse("f", file, size, &array) == BRISK_OK);
  static const int16_t expected[] = {0x0102, 0x0506, 0x090a, 0x0304, 0x0708, 0x0b0c};
  CHECK(!memcmp(array.data, expected, sizeof expected));
  brisk_array_free(&array);
  size = make_npy(file, "{'descr': '>c8', 'fortran_order': False, 'shape': ()}", 8);
  CHECK(brisk_npy_parse("f", file, size, &array) == BRISK_OK);
  CHECK(!memcmp(array.data, "\4\3\2\1\10\7\6\5", 8));
  brisk_array_free(&array);
}

/*===-- Archives --===*/

static void write_file(const char *path, const uint8_t *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  CHECK(file && fwrite(bytes, 1, size, file) == size && !fclose(file));
}

static void test_numpy_file(void) {
  write_file("packed.npz", packed, sizeof packed);
  brisk_arrays arrays;
  CHECK(brisk_arrays_read("packed.npz", &arrays) == BRISK_OK);
  CHECK(arrays.count == 2);
  const brisk_array *a = brisk_arrays_find(&arrays, "a");
  const brisk_array *b = brisk_arrays_find(&arrays, "x/y:0");
  CHECK(a && a->kind == 'f' && a->item_bytes == 4 && a->rank == 2 && a->dims[0] == 2 && a->dims[1] == 3 &&
        ((float *)a->data)[5] == 5);
  CHECK(b && b->kind == 'b' && b->rank == 1 && b->data[0] == 1 && b->data[1] == 0);
  CHECK(!brisk_arrays_find(&arrays, "c"));

  /* What we write of it we read. */
  CHECK(brisk_arrays_write("ours.npz", &arrays) == BRISK_OK);
  brisk_arrays again;
  CHECK(brisk_arrays_read("ours.npz", &again) == BRISK_OK);
  CHECK(again.count == 2);
  for (size_t i = 0; i < again.count; ++i) {
    CHECK_TEXT(again.items[i].name, arrays.items[i].name);
    CHECK(again.items[i].bytes == arrays.items[i].bytes &&
          !memcmp(again.items[i].data, arrays.items[i].data, arrays.items[i].bytes));
  }
  brisk_arrays_free(&again);
  CHECK(brisk_arrays_write("missing/ours.npz", &arrays) == BRISK_ERROR_FILE);
  CHECK(brisk_arrays_write("/dev/full", &arrays) == BRISK_ERROR_FILE);
  brisk_arrays_free(&arrays);
}

/* Offset of the last occurrence of four bytes. */
static size_t find_last(uint32_t signature) {
  size_t at = sizeof packed - 4;
  while (at > 0 && memcmp(packed + at, &signature, 4) != 0)
    --at;
  return at;
}

static void expect_damaged(const uint8_t *bytes, size_t size, const char *reason) {
  char expected[200];
  snprintf(expected, sizeof expected, "'bad.npz' is a damaged .npz file: %s", reason);
  write_file("bad.npz", bytes, size);
  brisk_arrays arrays;
  CHECK(brisk_arrays_read("bad.npz", &arrays) == BRISK_ERROR_FILE);
  CHECK(arrays.count == 0 && !arrays.items);
  CHECK_TEXT(brisk_error_message(), expected);
}

/* Overwrites a field of the intact file with a value. */
static void damage(size_t at, size_t bytes, uint64_t value, const char *reason) {
  uint8_t copy[sizeof packed];
  memcpy(copy, packed, sizeof packed);
  memcpy(copy + at, &value, bytes);
  expect_damaged(copy, sizeof copy, reason);
}

static void test_damage(void) {
  const size_t end = find_last(0x06054b50);
  const size_t entry = find_last(0x02014b50); /* of x/y:0 */
  damage(end, 4, 0, "it has no end record");
  damage(end + 20, 2, 7, "it has no end record");
  damage(end + 16, 4, sizeof packed, "its directory is not inside it");
  damage(end + 12, 4, UINT32_MAX, "its directory is not inside it");
  damage(end + 10, 2, 0xffff, "its directory is not inside it");
  damage(end + 16, 4, 1, "its directory is not one");
  damage(end + 10, 2, 3, "its directory is not inside it");
  damage(entry + 30, 2, 0xffff, "its directory is truncated");
  damage(entry + 8, 2, 1, "an entry is packed in an unknown way");
  damage(entry + 10, 2, 12, "an entry is packed in an unknown way");
  damage(entry + 10, 2, 0, "an entry's size is wrong");
  damage(entry + 16, 4, 1, "an entry's checksum is wrong");
  damage(entry + 20, 4, sizeof packed, "an entry is not inside it");
  damage(entry + 20, 4, 5, "an entry cannot be unpacked");
  damage(entry + 24, 4, 1u << 31, "an entry's size is wrong");
  damage(entry + 24, 4, 10, "an entry cannot be unpacked");
  damage(entry + 24, 4, UINT32_MAX, "an entry's size is wrong");
  damage(entry + 42, 4, sizeof packed - 3, "an entry is not inside it");
  damage(entry + 42, 4, 1, "an entry is not inside it");
  damage(entry + 47, 1, 0, "an entry's name holds a zero byte");
  expect_damaged(packed, end + 10, "it has no end record");

  /* Two entries of one name; entries that share their bytes. */
  uint8_t copy[2 * sizeof packed];
  uint32_t directory;
  memcpy(&directory, packed + end + 16, 4);
  const size_t record = 46 + 5; /* that of a.npy */
  memcpy(copy, packed, sizeof packed);
  memcpy(copy + end, packed + directory, record);
  memcpy(copy + end + record, packed + end, 22);
  uint32_t directory_bytes = (uint32_t)(end - directory + record);
  uint16_t entries = 3;
  memcpy(copy + end + record + 10, &entries, 2);
  memcpy(copy + end + record + 12, &directory_bytes, 4);
  expect_damaged(copy, end + record + 22, "two entries have one name");

  write_file("bad.npz", (const uint8_t *)"PK", 2);
  brisk_arrays arrays;
  CHECK(brisk_arrays_read("bad.npz", &arrays) == BRISK_ERROR_FILE);
  CHECK_TEXT(brisk_error_message(), "'bad.npz' is truncated");
  CHECK(brisk_arrays_read("missing.npz", &arrays) == BRISK_ERROR_FILE);
  CHECK_TEXT(brisk_error_message(), "cannot read 'missing.npz': No such file or directory");
  CHECK(brisk_arrays_read(".", &arrays) == BRISK_ERROR_FILE);
  CHECK_TEXT(brisk_error_message(), "'.' is not a file");
}

/* The intact file with an extra field in its last directory record, whose size is said
 * to be there. Returns the new file's size. */
static size_t add_extra(uint8_t *file, uint16_t id, uint16_t claimed, uint64_t value, size_t bytes) {
  const size_t end = find_last(0x06054b50), entry = find_last(0x02014b50);
  memcpy(file, packed, end);
  memcpy(file + end, &id, 2);
  memcpy(file + end + 2, &claimed, 2);
  memcpy(file + end + 4, &value, bytes);
  memcpy(file + end + 4 + bytes, packed + end, sizeof packed - end);
  const uint16_t length = (uint16_t)(4 + bytes);
  memcpy(file + entry + 30, &length, 2);
  memset(file + entry + 24, 0xff, 4);
  uint32_t directory_bytes;
  memcpy(&directory_bytes, packed + end + 12, 4);
  directory_bytes += length;
  memcpy(file + end + length + 12, &directory_bytes, 4);
  return sizeof packed + length;
}

static void test_wide_sizes(void) {
  uint8_t file[sizeof packed + 16];
  uint32_t size;
  memcpy(&size, packed + find_last(0x02014b50) + 24, 4);
  brisk_arrays arrays;
  write_file("wide.npz", file, add_extra(file, 1, 8, size, 8));
  CHECK(brisk_arrays_read("wide.npz", &arrays) == BRISK_OK);
  CHECK(arrays.count == 2);
  brisk_arrays_free(&arrays);
  expect_damaged(file, add_extra(file, 1, 4, size, 4), "an entry's size is missing");
  expect_damaged(file, add_extra(file, 1, 9, size, 8), "an entry's size is missing");
  expect_damaged(file, add_extra(file, 7, 8, size, 8), "an entry's size is wrong");
  expect_damaged(file, add_extra(file, 1, 8, UINT64_MAX - 5, 8), "an entry's size is wrong");
}

/* A directory of 2000 entries that all claim the same megabyte. */
static void test_overlap(void) {
  enum { BODY = 1 << 20, ENTRIES = 2000, RECORD = 46 + 9 };
  uint8_t *file = calloc(1, BODY + ENTRIES * RECORD + 22);
  uint32_t value = 0x04034b50;
  memcpy(file, &value, 4);
  for (uint32_t i = 0; i < ENTRIES; ++i) {
    uint8_t *record = file + BODY + i * RECORD;
    value = 0x02014b50;
    memcpy(record, &value, 4);
    value = BODY - 30;
    memcpy(record + 20, &value, 4);
    memcpy(record + 24, &value, 4);
    record[28] = 9;
    snprintf((char *)record + 46, 10, "%05u.npy", i);
  }
  uint8_t *end = file + BODY + ENTRIES * RECORD;
  value = 0x06054b50;
  memcpy(end, &value, 4);
  end[10] = ENTRIES & 0xff;
  end[11] = ENTRIES >> 8;
  value = ENTRIES * RECORD;
  memcpy(end + 12, &value, 4);
  value = BODY;
  memcpy(end + 16, &value, 4);
  expect_damaged(file, BODY + ENTRIES * RECORD + 22, "an entry's checksum is wrong");
  free(file);
}

/*===-- Mutations --===*/

static uint64_t state = 1;

static uint32_t random_below(uint32_t limit) {
  state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (uint32_t)(state >> 33) % limit;
}

/* Changes up to four places: bytes, runs of 0 or 255, or the length. */
static size_t mutate(uint8_t *bytes, size_t size) {
  for (uint32_t i = 0, n = 1 + random_below(4); i < n && size; ++i) {
    const size_t at = random_below((uint32_t)size);
    size_t run = 1 + random_below(8);
    if (run > size - at)
      run = size - at;
    switch (random_below(5)) {
    case 0:
      memset(bytes + at, 0xff, run);
      break;
    case 1:
      memset(bytes + at, 0, run);
      break;
    case 2:
      size = at;
      break;
    default:
      bytes[at] ^= (uint8_t)(1 + random_below(255));
    }
  }
  return size;
}

static void test_mutations(void) {
  int good = 0;
  uint8_t copy[sizeof packed];
  /* A file in memory: there are many. */
  const int memory = memfd_create("mutated", 0);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
  for (int i = 0; i < 20000; ++i) {
    memcpy(copy, packed, sizeof packed);
    const size_t size = mutate(copy, sizeof packed);
    CHECK(!ftruncate(memory, 0) && pwrite(memory, copy, size, 0) == (ssize_t)size);
    brisk_arrays arrays;
    if (!brisk_arrays_read(path, &arrays))
      ++good;
    brisk_arrays_free(&arrays);
  }
  close(memory);
  /* Most are seen to be damaged; dates and the like do not matter. */
  CHECK(good > 0 && good < 10000);

  uint8_t file[256];
  const size_t size = make_npy(file, "{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }", 24);
  for (int i = 0; i < 100000; ++i) {
    uint8_t *exact = malloc(size);
    memcpy(exact, file, size);
    brisk_array array;
    brisk_npy_parse("f", exact, mutate(exact, size), &array);
    brisk_array_free(&array);
    free(exact);
  }
}

/*===-- Elements --===*/

static void test_elements(void) {
  static const struct {
    int32_t dtype;
    uint32_t code;
    double value;
  } cases[] = {{BRISK_FLOAT16, 0x3c00, 1},
               {BRISK_FLOAT16, 0x0001, 0x1p-24},
               {BRISK_FLOAT16, 0xfc00, -INFINITY},
               {BRISK_BFLOAT16, 0xc040, -3},
               {BRISK_FLOAT8E4M3FN, 0x7e, 448},
               {BRISK_FLOAT8E4M3FN, 0x7f, NAN},
               {BRISK_FLOAT8E4M3FN, 0x01, 0x1p-9},
               {BRISK_FLOAT8E4M3FNUZ, 0x7f, 240},
               {BRISK_FLOAT8E4M3FNUZ, 0x80, NAN},
               {BRISK_FLOAT8E5M2, 0x7b, 57344},
               {BRISK_FLOAT8E5M2, 0x7c, INFINITY},
               {BRISK_FLOAT8E5M2FNUZ, 0x7f, 57344},
               {BRISK_FLOAT8E8M0, 127, 1},
               {BRISK_FLOAT8E8M0, 0, 0x1p-127},
               {BRISK_FLOAT8E8M0, 255, NAN},
               {BRISK_FLOAT4E2M1, 0x7, 6},
               {BRISK_FLOAT4E2M1, 0xd, -3},
               {BRISK_FLOAT4E2M1, 0x1, 0.5},
               {BRISK_FLOAT6E2M3, 0x1f, 7.5},
               {BRISK_FLOAT6E3M2, 0x1f, 28},
               {BRISK_INT4, 0x8, -8},
               {BRISK_UINT4, 0xf, 15},
               {BRISK_INT2, 0x3, -1},
               {BRISK_UINT2, 0x2, 2},
               {BRISK_INT8, 0x80, -128},
               {BRISK_BOOL, 1, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    /* As element 3 of 5 in packed order. */
    uint8_t data[32] = {0};
    const int bits = brisk_dtype_bits(cases[i].dtype);
    for (int bit = 0; bit < bits; ++bit)
      data[(3 * bits + bit) / 8] |= (uint8_t)((cases[i].code >> bit & 1) << (3 * bits + bit) % 8);
    const brisk_number got = brisk_element(cases[i].dtype, data, 3);
    const double want = cases[i].value;
    if (isnan(want) ? !isnan(got.real) : got.real != want) {
      fprintf(stderr, "%s 0x%x is %Lg\n", brisk_dtype_name(cases[i].dtype), cases[i].code, got.real);
      CHECK(!"element");
    }
  }
  static const int64_t large = INT64_MAX - 1;
  CHECK(brisk_element(BRISK_INT64, &large, 0).real == (long double)large);
}

/* int4 from one byte an element and back. */
static void test_packing(void) {
  int64_t dims[] = {5};
  int8_t bytes[] = {-8, 7, 0, -1, 3};
  const brisk_array array = {
      .kind = 'i', .item_bytes = 1, .rank = 1, .dims = dims, .data = (uint8_t *)bytes, .bytes = 5};
  brisk_tensor tensor;
  CHECK(!brisk_tensor_from_array(&array, BRISK_INT4, "x", &tensor));
  CHECK(!memcmp(tensor.data, "\x78\xf0\x03", 3));
  brisk_array back;
  CHECK(!brisk_array_from_tensor(&tensor, "x", &back));
  CHECK(back.kind == 'i' && !memcmp(back.data, bytes, 5));
  brisk_array_free(&back);
  free(tensor.data);
  CHECK(brisk_tensor_from_array(&array, BRISK_FLOAT32, "x", &tensor) == BRISK_ERROR_INPUT);
  CHECK_TEXT(brisk_error_message(), "'x' expects float32, but the file has int8");
}

int main(int argc, char **argv) {
  if (argc != 2 || chdir(argv[1])) {
    fputs("usage: npz FOLDER\n", stderr);
    return 2;
  }
  test_npy();
  test_orders();
  test_numpy_file();
  test_damage();
  test_wide_sizes();
  test_overlap();
  test_mutations();
  test_elements();
  test_packing();
  return check_result();
}
