/* .npz files: ZIP archives of .npy files, stored or deflated, with the 64-bit
 * extension: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/tools/array.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

void brisk_array_free(brisk_array *array) {
  free(array->name);
  free(array->dims);
  free(array->data);
  *array = (brisk_array){0};
}

void brisk_arrays_free(brisk_arrays *arrays) {
  for (size_t i = 0; i < arrays->count; ++i)
    brisk_array_free(&arrays->items[i]);
  free(arrays->items);
  *arrays = (brisk_arrays){0};
}

const brisk_array *brisk_arrays_find(const brisk_arrays *arrays, const char *name) {
  for (size_t i = 0; i < arrays->count; ++i)
    if (arrays->items[i].name && !strcmp(arrays->items[i].name, name))
      return &arrays->items[i];
  return NULL;
}

/*===-- Little-endian fields --===*/

static uint64_t field(const uint8_t *at, int bytes) {
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i)
    value = value << 8 | at[i];
  return value;
}

static void put(uint8_t **at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i, value >>= 8)
    *(*at)++ = (uint8_t)value;
}

/*===-- Reading --===*/

enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, END_64 = 0x06064b50, LOCATOR_64 = 0x07064b50 };

typedef struct archive {
  const char *path;
  int file;
  uint64_t size;
  uint64_t unread; /* bytes that entries may still claim: overlaps end here */
  uint64_t entries, directory, directory_bytes;
} archive;

typedef struct entry {
  char *name; /* zero-terminated copy */
  uint32_t flags, method, crc;
  uint64_t packed, unpacked, offset;
} entry;

static bool inside(uint64_t offset, uint64_t size, uint64_t end) { return offset <= end && size <= end - offset; }

static bool read_at(const archive *zip, uint64_t offset, void *to, uint64_t size) {
  if (!inside(offset, size, zip->size))
    return false;
  for (uint8_t *at = to; size;) {
    ssize_t got = pread(zip->file, at, size, (off_t)offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    at += got;
    offset += (uint64_t)got;
    size -= (uint64_t)got;
  }
  return true;
}

static brisk_status damaged(const archive *zip, const char *what) {
  return brisk_fail(BRISK_ERROR_FILE, "'%s' is a damaged .npz file: %s", zip->path, what);
}

/* Finds the directory through the record at the file's end, which only a
 * comment of at most 64 KiB may follow. */
static brisk_status find_directory(archive *zip) {
  const uint64_t tail = zip->size < 22 + 0xffff ? zip->size : (uint64_t)22 + 0xffff;
  uint8_t *bytes = malloc(tail + 1);
  if (!bytes)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", zip->path);
  const uint64_t start = zip->size - tail;
  bool found = false;
  uint64_t at = 0;
  if (read_at(zip, start, bytes, tail))
    for (uint64_t end = tail >= 22 ? tail - 22 + 1 : 0; end-- > 0 && !found;)
      if (field(bytes + end, 4) == END && end + 22 + field(bytes + end + 20, 2) == tail) {
        found = true;
        at = end;
      }
  if (found) {
    zip->entries = field(bytes + at + 10, 2);
    zip->directory_bytes = field(bytes + at + 12, 4);
    zip->directory = field(bytes + at + 16, 4);
  }
  free(bytes);
  if (!found)
    return damaged(zip, "it has no end record");

  uint8_t locator[20], end64[56];
  if (start + at >= sizeof locator && read_at(zip, start + at - sizeof locator, locator, sizeof locator) &&
      field(locator, 4) == LOCATOR_64) {
    if (!read_at(zip, field(locator + 8, 8), end64, sizeof end64) || field(end64, 4) != END_64)
      return damaged(zip, "its 64-bit end record is missing");
    zip->entries = field(end64 + 32, 8);
    zip->directory_bytes = field(end64 + 40, 8);
    zip->directory = field(end64 + 48, 8);
  }
  if (!inside(zip->directory, zip->directory_bytes, zip->size) || zip->entries > zip->directory_bytes / 46)
    return damaged(zip, "its directory is not inside it");
  return BRISK_OK;
}

/* Replaces fields that did not fit into 32 bits by those of extra field 1. */
static bool widen(entry *e, const uint8_t *extra, uint64_t size) {
  while (size >= 4) {
    const uint64_t id = field(extra, 2), length = field(extra + 2, 2);
    if (length > size - 4)
      return false;
    if (id == 1) {
      const uint8_t *at = extra + 4, *end = at + length;
      uint64_t *wide[] = {&e->unpacked, &e->packed, &e->offset};
      for (int i = 0; i < 3; ++i) {
        if (*wide[i] != UINT32_MAX)
          continue;
        if (end - at < 8)
          return false;
        *wide[i] = field(at, 8);
        at += 8;
      }
      return true;
    }
    extra += 4 + length;
    size -= 4 + length;
  }
  return true;
}

/* Reads the directory record at *at and moves *at behind it. */
static brisk_status read_record(const archive *zip, const uint8_t **at, const uint8_t *end, entry *e) {
  const uint8_t *record = *at;
  if (end - record < 46 || field(record, 4) != CENTRAL)
    return damaged(zip, "its directory is not one");
  const uint64_t name = field(record + 28, 2), extra = field(record + 30, 2), comment = field(record + 32, 2);
  if ((uint64_t)(end - record) < 46 + name + extra + comment)
    return damaged(zip, "its directory is truncated");
  *e = (entry){.flags = (uint32_t)field(record + 8, 2),
               .method = (uint32_t)field(record + 10, 2),
               .crc = (uint32_t)field(record + 16, 4),
               .packed = field(record + 20, 4),
               .unpacked = field(record + 24, 4),
               .offset = field(record + 42, 4)};
  if (memchr(record + 46, 0, name))
    return damaged(zip, "an entry's name holds a zero byte");
  if (!widen(e, record + 46 + name, extra))
    return damaged(zip, "an entry's size is missing");
  e->name = strndup((const char *)record + 46, name);
  if (!e->name)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", zip->path);
  *at = record + 46 + name + extra + comment;
  return BRISK_OK;
}

static bool inflate_all(const uint8_t *from, uint64_t packed, uint8_t *to, uint64_t unpacked) {
  z_stream stream = {0};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return false;
  /* zlib counts in 32 bits. */
  const uint64_t step = 1u << 30;
  int status = Z_OK;
  while (status == Z_OK) {
    if (!stream.avail_in) {
      stream.next_in = (Bytef *)(uintptr_t)from;
      stream.avail_in = (uInt)(packed < step ? packed : step);
      from += stream.avail_in;
      packed -= stream.avail_in;
    }
    if (!stream.avail_out) {
      stream.next_out = to;
      stream.avail_out = (uInt)(unpacked < step ? unpacked : step);
      to += stream.avail_out;
      unpacked -= stream.avail_out;
    }
    status = inflate(&stream, Z_NO_FLUSH);
  }
  const bool whole = status == Z_STREAM_END && !unpacked && !stream.avail_out;
  inflateEnd(&stream);
  return whole;
}

static uint32_t checksum(uint32_t crc, const uint8_t *bytes, uint64_t size) {
  return (uint32_t)crc32_z(crc, bytes, size);
}

/* The entry's bytes, to be freed, or NULL with *reason set. */
static uint8_t *unpack(archive *zip, const entry *e, const char **reason) {
  uint8_t local[30];
  *reason = "an entry is not inside it";
  if (!read_at(zip, e->offset, local, sizeof local) || field(local, 4) != LOCAL)
    return NULL;
  const uint64_t start = e->offset + 30 + field(local + 26, 2) + field(local + 28, 2);
  if (!inside(start, e->packed, zip->size) || e->packed > zip->unread)
    return NULL;
  zip->unread -= e->packed;
  *reason = "an entry is packed in an unknown way";
  if (e->flags & 1 || (e->method != 0 && e->method != Z_DEFLATED))
    return NULL;
  /* Deflate packs at most 1032 to 1. */
  *reason = "an entry's size is wrong";
  if (e->method == 0 ? e->unpacked != e->packed : e->unpacked / 1032 > e->packed + 1)
    return NULL;
  *reason = "out of memory";
  uint8_t *packed = malloc(e->packed + 1), *bytes = packed;
  if (packed && e->method == Z_DEFLATED)
    bytes = malloc(e->unpacked + 1);
  if (packed && bytes) {
    *reason = "an entry cannot be unpacked";
    bool good = read_at(zip, start, packed, e->packed) &&
                (bytes == packed || inflate_all(packed, e->packed, bytes, e->unpacked));
    if (good && checksum(0, bytes, e->unpacked) != e->crc) {
      *reason = "an entry's checksum is wrong";
      good = false;
    }
    if (!good) {
      if (bytes != packed)
        free(bytes);
      bytes = NULL;
    }
  }
  if (bytes != packed || !bytes)
    free(packed);
  return bytes;
}

static brisk_status read_entry(archive *zip, entry *e, brisk_arrays *arrays) {
  const size_t length = strlen(e->name);
  if (length < 4 || strcmp(e->name + length - 4, ".npy") != 0)
    return BRISK_OK;
  e->name[length - 4] = 0;
  if (brisk_arrays_find(arrays, e->name))
    return damaged(zip, "two entries have one name");
  const char *reason;
  uint8_t *bytes = unpack(zip, e, &reason);
  if (!bytes)
    return damaged(zip, reason);
  brisk_array *array = &arrays->items[arrays->count];
  char where[256];
  snprintf(where, sizeof where, "%s:%s", zip->path, e->name);
  brisk_status status = brisk_npy_parse(where, bytes, e->unpacked, array);
  free(bytes);
  if (status)
    return status;
  array->name = e->name;
  e->name = NULL;
  ++arrays->count;
  return BRISK_OK;
}

static brisk_status read_npz(archive *zip, brisk_arrays *arrays) {
  brisk_status status = find_directory(zip);
  if (status)
    return status;
  uint8_t *directory = malloc(zip->directory_bytes + 1);
  arrays->items = calloc(zip->entries + 1, sizeof *arrays->items);
  if (!directory || !arrays->items)
    status = brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", zip->path);
  else if (!read_at(zip, zip->directory, directory, zip->directory_bytes))
    status = damaged(zip, "its directory cannot be read");
  const uint8_t *at = directory;
  for (uint64_t i = 0; !status && i < zip->entries; ++i) {
    entry e = {0};
    status = read_record(zip, &at, directory + zip->directory_bytes, &e);
    if (!status)
      status = read_entry(zip, &e, arrays);
    free(e.name);
  }
  free(directory);
  return status;
}

static brisk_status read_npy(const archive *zip, brisk_arrays *arrays) {
  uint8_t *bytes = malloc(zip->size + 1);
  arrays->items = calloc(1, sizeof *arrays->items);
  brisk_status status = BRISK_OK;
  if (!bytes || !arrays->items)
    status = brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", zip->path);
  else if (!read_at(zip, 0, bytes, zip->size))
    status = brisk_fail(BRISK_ERROR_FILE, "cannot read '%s'", zip->path);
  else
    status = brisk_npy_parse(zip->path, bytes, zip->size, arrays->items);
  free(bytes);
  arrays->count = !status;
  return status;
}

brisk_status brisk_arrays_read(const char *path, brisk_arrays *arrays) {
  *arrays = (brisk_arrays){0};
  archive zip = {.path = path, .file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat info;
  if (zip.file < 0 || fstat(zip.file, &info)) {
    brisk_fail(BRISK_ERROR_FILE, "cannot read '%s': %s", path, strerror(errno));
    if (zip.file >= 0)
      close(zip.file);
    return BRISK_ERROR_FILE;
  }
  brisk_status status;
  zip.size = zip.unread = (uint64_t)info.st_size;
  uint8_t magic[4] = {0};
  if (!S_ISREG(info.st_mode))
    status = brisk_fail(BRISK_ERROR_FILE, "'%s' is not a file", path);
  else if (!read_at(&zip, 0, magic, sizeof magic))
    status = brisk_fail(BRISK_ERROR_FILE, "'%s' is truncated", path);
  else if (field(magic, 4) == LOCAL || field(magic, 4) == END)
    status = read_npz(&zip, arrays);
  else
    status = read_npy(&zip, arrays);
  close(zip.file);
  if (status)
    brisk_arrays_free(arrays);
  return status;
}

/*===-- Writing --===*/

/* What the directory has to repeat of an entry. */
typedef struct written {
  uint64_t offset, bytes;
  uint32_t crc;
} written;

static bool is_ascii(const char *text) {
  while (*text && (unsigned char)*text < 0x80)
    ++text;
  return !*text;
}

/* The fields that the local and the directory record share, from "version
 * needed" to the lengths. Time is that of the format's epoch. */
static void put_common(uint8_t **at, const char *name, const written *w, uint64_t extra) {
  const bool wide = w->bytes >= UINT32_MAX || w->offset >= UINT32_MAX;
  put(at, wide ? 45 : 20, 2);
  put(at, is_ascii(name) ? 0 : 0x800, 2);
  put(at, 0, 2);
  put(at, 0, 2);
  put(at, 0x21, 2);
  put(at, w->crc, 4);
  put(at, w->bytes >= UINT32_MAX ? UINT32_MAX : w->bytes, 4);
  put(at, w->bytes >= UINT32_MAX ? UINT32_MAX : w->bytes, 4);
  put(at, strlen(name) + 4, 2);
  put(at, extra, 2);
}

static void write_local(FILE *out, const char *name, const written *w) {
  uint8_t record[64], *at = record;
  const bool wide = w->bytes >= UINT32_MAX;
  put(&at, LOCAL, 4);
  put_common(&at, name, w, wide ? 20 : 0);
  fwrite(record, 1, (size_t)(at - record), out);
  fprintf(out, "%s.npy", name);
  at = record;
  if (wide) {
    put(&at, 1, 2);
    put(&at, 16, 2);
    put(&at, w->bytes, 8);
    put(&at, w->bytes, 8);
  }
  fwrite(record, 1, (size_t)(at - record), out);
}

static void write_central(FILE *out, const char *name, const written *w) {
  uint8_t record[80], *at = record, extra[32], *extra_at = extra;
  if (w->bytes >= UINT32_MAX) {
    put(&extra_at, w->bytes, 8);
    put(&extra_at, w->bytes, 8);
  }
  if (w->offset >= UINT32_MAX)
    put(&extra_at, w->offset, 8);
  const uint64_t wide = (uint64_t)(extra_at - extra);
  put(&at, CENTRAL, 4);
  put(&at, 45, 2);
  put_common(&at, name, w, wide ? 4 + wide : 0);
  put(&at, 0, 2); /* comment */
  put(&at, 0, 2); /* disk */
  put(&at, 0, 2); /* attributes */
  put(&at, 0, 4);
  put(&at, w->offset >= UINT32_MAX ? UINT32_MAX : w->offset, 4);
  fwrite(record, 1, (size_t)(at - record), out);
  fprintf(out, "%s.npy", name);
  if (wide) {
    at = record;
    put(&at, 1, 2);
    put(&at, wide, 2);
    fwrite(record, 1, 4, out);
    fwrite(extra, 1, wide, out);
  }
}

static void write_end(FILE *out, uint64_t entries, uint64_t directory, uint64_t end) {
  uint8_t record[128], *at = record;
  const uint64_t bytes = end - directory;
  const bool wide = entries >= UINT16_MAX || bytes >= UINT32_MAX || directory >= UINT32_MAX;
  if (wide) {
    put(&at, END_64, 4);
    put(&at, 44, 8);
    put(&at, 45, 2);
    put(&at, 45, 2);
    put(&at, 0, 8); /* disks */
    put(&at, entries, 8);
    put(&at, entries, 8);
    put(&at, bytes, 8);
    put(&at, directory, 8);
    put(&at, LOCATOR_64, 4);
    put(&at, 0, 4);
    put(&at, end, 8);
    put(&at, 1, 4);
  }
  put(&at, END, 4);
  put(&at, 0, 4); /* disks */
  put(&at, wide ? UINT16_MAX : entries, 2);
  put(&at, wide ? UINT16_MAX : entries, 2);
  put(&at, wide ? UINT32_MAX : bytes, 4);
  put(&at, wide ? UINT32_MAX : directory, 4);
  put(&at, 0, 2); /* comment */
  fwrite(record, 1, (size_t)(at - record), out);
}

static brisk_status write_array(FILE *out, const brisk_array *array, written *w) {
  if (strlen(array->name) > UINT16_MAX - 4)
    return brisk_fail(BRISK_ERROR_FILE, "the name of an array is too long for a .npz file");
  size_t size;
  char *header = brisk_npy_header(array, &size);
  if (!header)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", array->name);
  w->offset = (uint64_t)ftello(out);
  w->bytes = size + array->bytes;
  w->crc = checksum(checksum(0, (const uint8_t *)header, size), array->data, array->bytes);
  write_local(out, array->name, w);
  fwrite(header, 1, size, out);
  fwrite(array->data, 1, array->bytes, out);
  free(header);
  return BRISK_OK;
}

brisk_status brisk_arrays_write(const char *path, const brisk_arrays *arrays) {
  written *records = calloc(arrays->count + 1, sizeof *records);
  if (!records)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", path);
  brisk_new_file file;
  brisk_status status = brisk_new_file_open(&file, path);
  if (status) {
    free(records);
    return status;
  }
  if (ftello(file.stream) < 0)
    status = brisk_fail(BRISK_ERROR_FILE, "cannot write '%s': expects a file, not a pipe", path);
  for (size_t i = 0; !status && i < arrays->count; ++i)
    status = write_array(file.stream, &arrays->items[i], &records[i]);
  const uint64_t directory = (uint64_t)ftello(file.stream);
  for (size_t i = 0; !status && i < arrays->count; ++i)
    write_central(file.stream, arrays->items[i].name, &records[i]);
  write_end(file.stream, arrays->count, directory, (uint64_t)ftello(file.stream));
  free(records);
  brisk_status closed = brisk_new_file_close(&file, !status);
  return status ? status : closed;
}
