/* brisk_run of a model with static shapes allocates nothing; one with open dims stops
 * allocating once it has seen its largest size.
 *
 * The test replaces the allocator and counts calls while it is armed.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/runtime.h"
#include "test/runtime/check.h"
#include "test/runtime/models.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

static atomic_bool armed;
static atomic_int calls;

static void count(void) {
  if (armed)
    ++calls;
}

/* glibc's own names of what is replaced here. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count();
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  count();
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
  typedef void *(*real)(void *, size_t, int, int, int, off_t);
  count();
  return ((real)dlsym(RTLD_NEXT, "mmap"))(address, size, protection, flags, file, offset);
}

/*===-- Counting --===*/

static int allocations(brisk_context *context, const brisk_tensor *inputs, int32_t num_inputs, brisk_tensor *outputs,
                       int32_t num_outputs, int runs) {
  calls = 0;
  armed = true;
  int failed = 0;
  for (int i = 0; i < runs; ++i)
    failed |= brisk_run(context, inputs, num_inputs, outputs, num_outputs) != 0;
  armed = false;
  CHECK(!failed);
  return calls;
}

static brisk_context *open_context(const brisk_abi_model *abi, const brisk_options *options) {
  brisk_model *model;
  brisk_context *context = NULL;
  CHECK(brisk_model_from_abi(abi, &model) == BRISK_OK);
  CHECK(brisk_context_create(model, options, &context) == BRISK_OK);
  brisk_model_close(model);
  return context;
}

static void test_static(void) {
  static const int64_t dims_2_3[] = {2, 3}, dims_3[] = {3};
  float x[6] = {0}, bias[3] = {0}, y[6], total;
  const brisk_tensor inputs[] = {{BRISK_FLOAT32, 2, dims_2_3, x, 0}, {BRISK_FLOAT32, 1, dims_3, bias, 0}};
  brisk_tensor outputs[] = {{.data = y}, {.data = &total}};
  brisk_context *context = open_context(&fake_static, NULL);
  /* From the first run on. */
  CHECK(allocations(context, inputs, 2, outputs, 2, 100) == 0);
  brisk_context_destroy(context);
}

static void test_parallel(int32_t profile_events) {
  static const int64_t dims[] = {5000};
  static float x[5000], y[5000];
  const brisk_tensor input = {BRISK_FLOAT32, 1, dims, x, 0};
  brisk_tensor output = {.data = y};
  const brisk_options options = {.threads = 3, .profile_events = profile_events};
  brisk_context *context = open_context(&fake_parallel, &options);
  CHECK(allocations(context, &input, 1, &output, 1, 200) == 0);
  brisk_context_destroy(context);
}

static void test_dynamic(void) {
  enum { MOST = 30000 };
  static float data[3 * MOST];
  brisk_context *context = open_context(&fake_dynamic, NULL);
  brisk_tensor outputs[2] = {{0}};
  static const int64_t batches[] = {1, 40, MOST, 7, 39, MOST, MOST - 1};
  int found[7];
  for (int i = 0; i < 7; ++i) {
    const int64_t dims[] = {batches[i], 3};
    const brisk_tensor inputs[] = {{BRISK_FLOAT32, 2, dims, data, 0}, {BRISK_FLOAT32, 2, dims, data, 0}};
    found[i] = allocations(context, inputs, 2, outputs, 2, 3);
  }
  /* The counter sees what is there to be seen. */
  CHECK(found[0] > 0 && found[2] > 0);
  CHECK(found[4] == 0 && found[5] == 0 && found[6] == 0);
  brisk_context_destroy(context);
}

int main(void) {
  test_static();
  test_parallel(0);
  test_parallel(50);
  test_dynamic();
  return check_result();
}
