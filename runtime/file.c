/* Files that appear under their name only when complete, and JSON text.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static brisk_status cannot_write(const char *path, int error) {
  return brisk_fail(BRISK_ERROR_FILE, "cannot write '%s': %s", path,
                    strerror(error));
}

brisk_status brisk_new_file_open(brisk_new_file *file, const char *path) {
  *file = (brisk_new_file){.path = path};
  struct stat existing;
  int descriptor;
  if (!stat(path, &existing) && S_ISDIR(existing.st_mode))
    return cannot_write(path, EISDIR);
  if (!stat(path, &existing) && !S_ISREG(existing.st_mode)) {
    descriptor = open(path, O_WRONLY | O_CLOEXEC);
  } else {
    size_t size = strlen(path) + 32;
    file->temporary = malloc(size);
    if (!file->temporary)
      return brisk_fail(BRISK_ERROR_MEMORY, "out of memory");
    snprintf(file->temporary, size, "%s.tmp-%ld", path, (long)getpid());
    descriptor =
        open(file->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  }
  file->stream = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
  if (file->stream)
    return BRISK_OK;
  int error = errno;
  if (descriptor >= 0)
    close(descriptor);
  free(file->temporary);
  *file = (brisk_new_file){0};
  return cannot_write(path, error);
}

brisk_status brisk_new_file_close(brisk_new_file *file, bool keep) {
  if (!file->stream)
    return BRISK_OK;
  brisk_status status = BRISK_OK;
  errno = 0;
  bool failed = ferror(file->stream) != 0;
  failed |= fclose(file->stream) != 0;
  if (failed && keep)
    status = cannot_write(file->path, errno ? errno : EIO);
  if (file->temporary) {
    if (keep && !failed && rename(file->temporary, file->path))
      status = cannot_write(file->path, errno);
    if (!keep || status)
      unlink(file->temporary);
    free(file->temporary);
  }
  *file = (brisk_new_file){0};
  return status;
}

void brisk_write_json_string(FILE *stream, const char *text) {
  fputc('"', stream);
  for (const unsigned char *p = (const unsigned char *)(text ? text : ""); *p;
       ++p) {
    if (*p == '"' || *p == '\\')
      fprintf(stream, "\\%c", *p);
    else if (*p < 0x20)
      fprintf(stream, "\\u%04x", *p);
    else
      fputc(*p, stream);
  }
  fputc('"', stream);
}
