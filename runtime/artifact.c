/* Looks at a file before the loader does: mapping a truncated shared object
 * succeeds and faults later, and the loader's own messages do not say what a
 * user should do.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/internal.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#else
#error "the runtime loads shared objects on x86-64 and AArch64 Linux only"
#endif

/* Whether [offset, offset + size) lies in a file of `end` bytes. */
static bool inside(uint64_t offset, uint64_t size, uint64_t end) {
  return offset <= end && size <= end - offset;
}

static bool read_at(int file, void *to, size_t size, uint64_t offset) {
  return pread(file, to, size, (off_t)offset) == (ssize_t)size;
}

static brisk_status check(int file, const char *path) {
  struct stat info;
  if (fstat(file, &info))
    return brisk_fail(BRISK_ERROR_FILE, "cannot read '%s': %s", path,
                      strerror(errno));
  if (!S_ISREG(info.st_mode))
    return brisk_fail(BRISK_ERROR_FILE, "'%s' is not a file", path);
  const uint64_t end = (uint64_t)info.st_size;

  Elf64_Ehdr header;
  if (!read_at(file, &header, sizeof header, 0) ||
      memcmp(header.e_ident, ELFMAG, SELFMAG) ||
      header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_DYN ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    return brisk_fail(BRISK_ERROR_FILE,
                      "'%s' is not a Brisk artifact: not a shared object",
                      path);
  if (header.e_machine != HOST_MACHINE)
    return brisk_fail(BRISK_ERROR_FILE,
                      "'%s' is built for another kind of machine", path);

  bool whole = inside(header.e_phoff,
                      (uint64_t)header.e_phnum * sizeof(Elf64_Phdr), end) &&
               inside(header.e_shoff,
                      (uint64_t)header.e_shnum * header.e_shentsize, end);
  for (uint64_t i = 0; whole && i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    whole = read_at(file, &segment, sizeof segment,
                    header.e_phoff + i * sizeof segment) &&
            inside(segment.p_offset, segment.p_filesz, end);
  }
  if (!whole)
    return brisk_fail(BRISK_ERROR_FILE, "'%s' is truncated", path);
  return BRISK_OK;
}

static brisk_status check_file(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return brisk_fail(BRISK_ERROR_FILE, "cannot read '%s': %s", path,
                      strerror(errno));
  brisk_status status = check(file, path);
  close(file);
  return status;
}

brisk_status brisk_open_artifact(const char *path, void **library,
                                 const brisk_abi_model **abi) {
  brisk_status status = check_file(path);
  if (status)
    return status;
  /* The loader would look up a name without a slash in the system's folders. */
  size_t size = strlen(path) + 3;
  char *local = malloc(size);
  if (!local)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for a model");
  snprintf(local, size, "%s%s", strchr(path, '/') ? "" : "./", path);
  *library = dlopen(local, RTLD_NOW | RTLD_LOCAL);
  free(local);
  if (!*library) {
    const char *reason = dlerror();
    return brisk_fail(BRISK_ERROR_FILE, "cannot load '%s': %s", path,
                      reason ? reason : "unknown reason");
  }
  *abi = dlsym(*library, "brisk_model");
  if (*abi)
    return BRISK_OK;
  dlclose(*library);
  return brisk_fail(BRISK_ERROR_FILE,
                    "'%s' is not a Brisk artifact: no model in it", path);
}
