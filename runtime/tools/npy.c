/* The .npy format of NumPy, versions 1 to 3:
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/tools/array.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RANK 64
#define MAX_HEADER (1u << 20)
#define MAX_ITEM 16

/* What the header says. */
typedef struct header {
  char order; /* '<' '>' '|' '=' */
  char kind;
  uint32_t item_bytes;
  bool fortran;
  int32_t rank;
  int64_t dims[MAX_RANK];
} header;

/*===-- Reading the header: a Python dict of literals --===*/

typedef struct cursor {
  const char *at, *end;
} cursor;

static void skip_space(cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n'))
    ++c->at;
}

static bool accept(cursor *c, const char *text) {
  skip_space(c);
  size_t length = strlen(text);
  if ((size_t)(c->end - c->at) < length || memcmp(c->at, text, length) != 0)
    return false;
  c->at += length;
  return true;
}

/* A quoted text without escapes, of at most size - 1 characters. */
static bool read_text(cursor *c, char *text, size_t size) {
  skip_space(c);
  if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
    return false;
  const char quote = *c->at++;
  size_t length = 0;
  while (c->at < c->end && *c->at != quote && *c->at != '\\') {
    if (length + 1 == size)
      return false;
    text[length++] = *c->at++;
  }
  text[length] = 0;
  if (c->at == c->end || *c->at != quote)
    return false;
  ++c->at;
  return true;
}

static bool read_number(cursor *c, int64_t *number) {
  skip_space(c);
  if (c->at == c->end || *c->at < '0' || *c->at > '9')
    return false;
  *number = 0;
  for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; ++c->at)
    if (__builtin_mul_overflow(*number, 10, number) || __builtin_add_overflow(*number, *c->at - '0', number))
      return false;
  if (c->at < c->end && *c->at == 'L') /* written by Python 2 */
    ++c->at;
  return true;
}

static bool read_shape(cursor *c, header *h) {
  if (!accept(c, "("))
    return false;
  h->rank = 0;
  while (!accept(c, ")")) {
    if (h->rank == MAX_RANK || !read_number(c, &h->dims[h->rank++]))
      return false;
    if (!accept(c, ",")) {
      /* (3) would be a number in Python, but some writers mean (3,). */
      return accept(c, ")");
    }
  }
  return true;
}

/* Reads "<f4". */
static bool read_descr(const char *text, header *h) {
  if (strlen(text) < 3 || !strchr("<>|=", text[0]) || !strchr("biufcV", text[1]))
    return false;
  h->order = text[0];
  h->kind = text[1];
  int64_t size;
  cursor c = {text + 2, text + strlen(text)};
  if (!read_number(&c, &size) || c.at != c.end || size < 1 || size > MAX_ITEM)
    return false;
  h->item_bytes = (uint32_t)size;
  return true;
}

static brisk_status read_header(const char *where, const char *text, size_t size, header *h) {
  cursor c = {text, text + size};
  char key[16], descr[32];
  bool has_descr = false, has_order = false, has_shape = false;
  bool good = accept(&c, "{");
  while (good && !accept(&c, "}")) {
    good = read_text(&c, key, sizeof key) && accept(&c, ":");
    if (good && !strcmp(key, "descr")) {
      if (!read_text(&c, descr, sizeof descr) || !read_descr(descr, h))
        return brisk_fail(BRISK_ERROR_FILE, "'%s' holds elements that are not plain numbers", where);
      has_descr = true;
    } else if (good && !strcmp(key, "fortran_order")) {
      h->fortran = accept(&c, "True");
      good = h->fortran || accept(&c, "False");
      has_order = true;
    } else if (good && !strcmp(key, "shape")) {
      good = read_shape(&c, h);
      has_shape = true;
    } else {
      good = false;
    }
    if (good && !accept(&c, ",")) {
      good = accept(&c, "}");
      break;
    }
  }
  skip_space(&c);
  if (!good || c.at != c.end || !has_descr || !has_order || !has_shape)
    return brisk_fail(BRISK_ERROR_FILE, "'%s' has a damaged .npy header", where);
  return BRISK_OK;
}

/*===-- Reading the elements --===*/

static void reverse_bytes(const header *h, uint8_t *data, uint64_t bytes) {
  const uint32_t width = h->kind == 'c' ? h->item_bytes / 2 : h->item_bytes;
  for (uint64_t at = 0; h->kind != 'V' && width > 1 && at < bytes; at += width)
    for (uint32_t i = 0; i < width / 2; ++i) {
      uint8_t byte = data[at + i];
      data[at + i] = data[at + width - 1 - i];
      data[at + width - 1 - i] = byte;
    }
}

/* Copies column-major elements to row-major order. */
static void transpose(const header *h, const uint8_t *from, uint8_t *to, uint64_t bytes) {
  int64_t index[MAX_RANK] = {0};
  for (uint64_t at = 0; at < bytes; at += h->item_bytes) {
    uint64_t source = 0;
    for (int32_t i = h->rank - 1; i >= 0; --i)
      source = source * (uint64_t)h->dims[i] + (uint64_t)index[i];
    memcpy(to + at, from + source * h->item_bytes, h->item_bytes);
    for (int32_t i = h->rank - 1; i >= 0 && ++index[i] == h->dims[i]; --i)
      index[i] = 0;
  }
}

/* The size of the elements, or false when the header's shape has no size. */
static bool count_bytes(const header *h, uint64_t *bytes) {
  bool empty = false, overflow = false;
  *bytes = h->item_bytes;
  for (int32_t i = 0; i < h->rank; ++i) {
    empty |= h->dims[i] == 0;
    overflow |= __builtin_mul_overflow(*bytes, (uint64_t)h->dims[i], bytes);
  }
  if (empty)
    *bytes = 0;
  return empty || !overflow;
}

brisk_status brisk_npy_parse(const char *where, const uint8_t *bytes, uint64_t size, brisk_array *array) {
  *array = (brisk_array){0};
  if (size < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
    return brisk_fail(BRISK_ERROR_FILE, "'%s' is not in .npy format", where);
  if (bytes[6] < 1 || bytes[6] > 3)
    return brisk_fail(BRISK_ERROR_FILE, "'%s' has .npy version %d.%d", where, bytes[6], bytes[7]);
  uint64_t start = bytes[6] == 1 ? 10 : 12;
  uint64_t length = bytes[8] | (uint64_t)bytes[9] << 8;
  if (start == 12 && size >= 12)
    length |= (uint64_t)bytes[10] << 16 | (uint64_t)bytes[11] << 24;
  if (size < start || length > size - start || length > MAX_HEADER)
    return brisk_fail(BRISK_ERROR_FILE, "'%s' is truncated", where);
  header h = {0};
  brisk_status status = read_header(where, (const char *)bytes + start, length, &h);
  if (status)
    return status;

  const uint64_t have = size - start - length;
  uint64_t need;
  if (!count_bytes(&h, &need) || need != have)
    return brisk_fail(BRISK_ERROR_FILE, "'%s' has %" PRIu64 " bytes of elements, which is not what its shape needs",
                      where, have);
  array->dims = malloc(((size_t)h.rank + 1) * sizeof *array->dims);
  array->data = brisk_allocate(need);
  if (!array->dims || !array->data) {
    brisk_array_free(array);
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", where);
  }
  memcpy(array->dims, h.dims, (size_t)h.rank * sizeof *array->dims);
  array->kind = h.kind;
  array->item_bytes = h.item_bytes;
  array->rank = h.rank;
  array->bytes = need;
  if (h.fortran && h.rank > 1)
    transpose(&h, bytes + start + length, array->data, need);
  else
    memcpy(array->data, bytes + start + length, need);
  if (h.order == '>')
    reverse_bytes(&h, array->data, need);
  return BRISK_OK;
}

/*===-- Writing --===*/

char *brisk_npy_header(const brisk_array *array, size_t *size) {
  /* 22 characters a dim at most; the elements begin at a multiple of 64. */
  const size_t room = 192 + (size_t)array->rank * 24;
  char *text = calloc(1, room);
  if (!text)
    return NULL;
  size_t used = 10;
  used += (size_t)snprintf(text + used, room - used, "{'descr': '%c%c%u', 'fortran_order': False, 'shape': (",
                           array->item_bytes > 1 && array->kind != 'V' ? '<' : '|', array->kind, array->item_bytes);
  for (int32_t i = 0; i < array->rank; ++i)
    used += (size_t)snprintf(text + used, room - used, "%s%" PRId64 "%s", i ? ", " : "", array->dims[i],
                             array->rank == 1 ? "," : "");
  used += (size_t)snprintf(text + used, room - used, "), }");
  const size_t total = (used + 1 + 63) / 64 * 64;
  memset(text + used, ' ', total - used);
  text[total - 1] = '\n';
  memcpy(text, "\x93NUMPY\x01\x00", 8);
  text[8] = (char)((total - 10) & 0xff);
  text[9] = (char)((total - 10) >> 8);
  *size = total;
  return text;
}
