/* Opening models: tables, damaged descriptors and files, the choice of a variant.
 *
 * Arguments: a fake artifact, a shared object that is none, a folder to write to.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/runtime.h"
#include "test/runtime/check.h"
#include "test/runtime/models.h"

#include <stdlib.h>
#include <unistd.h>

/*===-- Tables --===*/

static void test_tables(void) {
  brisk_model *model;
  CHECK(brisk_model_from_abi(&fake_dynamic, &model) == BRISK_OK);
  CHECK_TEXT(brisk_model_name(model), "dynamic");
  CHECK_TEXT(brisk_model_manifest(model), "{}");
  CHECK(brisk_model_num_inputs(model) == 2);
  CHECK(brisk_model_num_outputs(model) == 2);
  CHECK(brisk_model_arena_size(model) == 0);
  const brisk_value *b = brisk_model_input(model, 1);
  CHECK_TEXT(b->name, "b");
  CHECK(b->dtype == BRISK_FLOAT32 && b->rank == 2);
  CHECK(b->dims[0] == -1 && b->dims[1] == -1);
  CHECK_TEXT(b->symbols[0], "batch");
  CHECK(b->symbols[1] == NULL);
  CHECK_TEXT(brisk_model_output(model, 1)->name, "rows");
  CHECK(!brisk_model_input(model, 2) && !brisk_model_input(model, -1));
  CHECK(!brisk_model_output(model, 2) && !brisk_model_kernel(model, 0));
  CHECK(brisk_model_find_input(model, "b") == 1);
  CHECK(brisk_model_find_input(model, "rows") == -1);
  CHECK(brisk_model_find_output(model, "rows") == 1);
  CHECK(brisk_model_find_output(model, NULL) == -1);
  CHECK(brisk_model_num_variants(model) == 1);
  CHECK(brisk_model_variant(model, 0) == BRISK_X86_64);
  CHECK(brisk_model_variant(model, 1) == -1);
  brisk_model_close(model);

  CHECK(brisk_model_from_abi(&fake_parallel, &model) == BRISK_OK);
  CHECK(brisk_model_num_kernels(model) == 2);
  CHECK_TEXT(brisk_model_kernel(model, 1)->op, "fused");
  CHECK(brisk_model_arena_size(model) == 20000);
  brisk_model_close(model);
}

static void test_sizes(void) {
  static const int64_t dims[] = {3, 5}, empty[] = {INT64_MAX, 0, INT64_MAX}, large[] = {INT64_MAX, 2}, open[] = {2, -1};
  CHECK(brisk_tensor_bytes(BRISK_FLOAT32, 2, dims) == 60);
  CHECK(brisk_tensor_bytes(BRISK_INT4, 2, dims) == 8);
  CHECK(brisk_tensor_bytes(BRISK_UINT2, 2, dims) == 4);
  CHECK(brisk_tensor_bytes(BRISK_FLOAT6E2M3, 2, dims) == 12);
  CHECK(brisk_tensor_bytes(BRISK_COMPLEX128, 0, NULL) == 16);
  CHECK(brisk_tensor_bytes(BRISK_FLOAT32, 3, empty) == 0);
  CHECK(brisk_tensor_bytes(BRISK_UINT8, 2, large) == UINT64_MAX);
  CHECK(brisk_tensor_bytes(BRISK_UINT8, 2, open) == UINT64_MAX);
  CHECK_TEXT(brisk_dtype_name(BRISK_BFLOAT16), "bfloat16");
  CHECK_TEXT(brisk_dtype_name(-7), "undefined");
  for (int dtype = BRISK_FLOAT32; dtype <= BRISK_FLOAT6E3M2; ++dtype)
    CHECK(brisk_dtype_bits(dtype) > 0 && strcmp(brisk_dtype_name(dtype), "undefined") != 0);
  CHECK(brisk_dtype_bits(BRISK_FLOAT6E3M2 + 1) == 0);
  for (int status = BRISK_OK; status <= BRISK_ERROR_MODEL; ++status)
    CHECK(strcmp(brisk_status_text((brisk_status)status), "unknown status") != 0);
}

/*===-- Descriptors --===*/

static void refuse_descriptor(const brisk_abi_model *abi, brisk_status status, const char *message) {
  brisk_model *model = (brisk_model *)(uintptr_t)abi;
  CHECK(brisk_model_from_abi(abi, &model) == status);
  CHECK(model == NULL);
  CHECK_TEXT(brisk_error_message(), message);
}

static void test_descriptors(void) {
  brisk_abi_model abi = fake_static;
  refuse_descriptor(NULL, BRISK_ERROR_ARGUMENT, "expects a model descriptor, but got null");
  abi.magic ^= 1;
  refuse_descriptor(&abi, BRISK_ERROR_FILE,
                    "'the linked model' is not a Brisk artifact: wrong magic "
                    "number");
  abi = fake_static;
  abi.abi_version = 77;
  char message[200];
  snprintf(message, sizeof message,
           "'the linked model' was compiled for runtime interface 77, but this "
           "runtime has %u: compile the model again",
           BRISK_ABI_VERSION);
  refuse_descriptor(&abi, BRISK_ERROR_VERSION, message);
  abi = fake_static;
  abi.num_variants = 0;
  refuse_descriptor(&abi, BRISK_ERROR_FILE, "'the linked model' has a damaged descriptor");
  abi = fake_static;
  abi.num_outputs = -1;
  refuse_descriptor(&abi, BRISK_ERROR_FILE, "'the linked model' has a damaged descriptor");
  abi = fake_static;
  brisk_abi_value value = fake_static.inputs[0];
  abi.inputs = &value;
  abi.num_inputs = 1;
  value.dtype = 99;
  refuse_descriptor(&abi, BRISK_ERROR_FILE, "model 'static' has a damaged table entry 'x'");
  static const int64_t large[] = {INT64_MAX, INT64_MAX};
  value = fake_static.inputs[0];
  value.dims = large;
  refuse_descriptor(&abi, BRISK_ERROR_FILE, "'x' of model 'static' is too large for any memory");
  abi = fake_static;
  abi.arena_size = UINT64_MAX / 2;
  brisk_model *model;
  brisk_context *context;
  CHECK(brisk_model_from_abi(&abi, &model) == BRISK_OK);
  CHECK(brisk_context_create(model, NULL, &context) == BRISK_ERROR_MEMORY);
  CHECK_TEXT(brisk_error_message(), "out of memory: model 'static' needs 9223372036854775807 bytes");
  brisk_model_close(model);
}

/*===-- Variants --===*/

/* The level that runs, or -1 when the model or the context is refused. */
static int32_t level_of(const char *environment, const char *max_isa) {
  if (environment)
    setenv("BRISK_ISA", environment, 1);
  else
    unsetenv("BRISK_ISA");
  brisk_model *model;
  brisk_context *context;
  const brisk_options options = {.max_isa = max_isa};
  if (brisk_model_from_abi(&fake_levels, &model))
    return -1;
  if (brisk_context_create(model, &options, &context)) {
    brisk_model_close(model);
    return -1;
  }
  int32_t level = -1;
  brisk_tensor output = {.data = &level};
  CHECK(brisk_run(context, NULL, 0, &output, 1) == BRISK_OK);
  CHECK(level == brisk_context_isa(context));
  CHECK(level <= brisk_model_isa(model));
  brisk_context_destroy(context);
  brisk_model_close(model);
  return level;
}

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

static void test_variants(void) {
  const int32_t host = brisk_cpu_isa();
  /* The model knows nothing above v4. */
  CHECK(level_of(NULL, NULL) == least(host, BRISK_X86_64_V4));
  CHECK(level_of("", NULL) == least(host, BRISK_X86_64_V4));
  CHECK(level_of("x86-64-v4-bf16", NULL) == least(host, BRISK_X86_64_V4));
  CHECK(level_of("x86-64-v4", NULL) == least(host, BRISK_X86_64_V4));
  CHECK(level_of("x86-64-v3", NULL) == least(host, BRISK_X86_64_V3));
  CHECK(level_of("x86-64", NULL) == BRISK_X86_64);
  CHECK(level_of(NULL, "x86-64-v3") == least(host, BRISK_X86_64_V3));
  CHECK(level_of("x86-64-v3", "x86-64") == BRISK_X86_64);
  /* An option does not raise what the environment lowered. */
  CHECK(level_of("x86-64", "x86-64-v4") == BRISK_X86_64);
  CHECK(level_of("haswell", NULL) == -1);
  CHECK_TEXT(brisk_error_message(), "BRISK_ISA expects x86-64, x86-64-v3, x86-64-v3-vnni, x86-64-v4, x86-64-v4-vnni or x86-64-v4-bf16, but is "
                                    "'haswell'");

  brisk_abi_model abi = fake_levels;
  abi.variants = fake_levels.variants + 1;
  abi.num_variants = 2;
  setenv("BRISK_ISA", "x86-64", 1);
  if (host > BRISK_X86_64)
    refuse_descriptor(&abi, BRISK_ERROR_ISA,
                      "model 'levels' needs x86-64-v3 at least, but BRISK_ISA "
                      "allows only x86-64");
  unsetenv("BRISK_ISA");
  brisk_abi_variant future = fake_levels.variants[2];
  future.isa = 1000;
  abi.variants = &future;
  abi.num_variants = 1;
  char message[200];
  snprintf(message, sizeof message,
           "model 'levels' needs an unknown instruction set at least, but this "
           "processor has only %s",
           brisk_isa_name(host));
  refuse_descriptor(&abi, BRISK_ERROR_ISA, message);
  CHECK(brisk_isa_from_name("x86-64-v3") == BRISK_X86_64_V3);
  CHECK(brisk_isa_from_name("x86-64-v3-vnni") == BRISK_X86_64_V3_VNNI);
  CHECK(brisk_isa_from_name("x86-64-v4-vnni") == BRISK_X86_64_V4_VNNI);
  CHECK(brisk_isa_from_name("x86-64-v2") == -1);
  CHECK(brisk_isa_from_name(NULL) == -1);
  CHECK(brisk_isa_name(2) == NULL);
}

/*===-- Files --===*/

static void refuse_file(const char *path, const char *message) {
  brisk_model *model = (brisk_model *)(uintptr_t)path;
  CHECK(brisk_model_open(path, &model) == BRISK_ERROR_FILE);
  CHECK(model == NULL);
  CHECK_TEXT(brisk_error_message(), message);
}

static void write_file(const char *path, const char *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  CHECK(file && fwrite(bytes, 1, size, file) == size && !fclose(file));
}

static void test_files(const char *artifact, const char *other) {
  brisk_model *first, *second;
  CHECK(brisk_model_open(artifact, &first) == BRISK_OK);
  CHECK(brisk_model_open(artifact, &second) == BRISK_OK);
  brisk_model_close(first);
  brisk_context *context;
  CHECK(brisk_context_create(second, NULL, &context) == BRISK_OK);
  brisk_model_close(second);
  static const int64_t dims[] = {1, 4};
  float x[] = {1, 2, 3, 4}, y[4] = {0};
  const brisk_tensor input = {BRISK_FLOAT32, 2, dims, x, 0};
  brisk_tensor output = {.data = y, .capacity = sizeof y};
  CHECK(brisk_run(context, &input, 1, &output, 1) == BRISK_OK);
  CHECK(memcmp(x, y, sizeof x) == 0);
  brisk_context_destroy(context);

  FILE *file = fopen(artifact, "rb");
  static char bytes[1 << 20];
  const size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
  CHECK(size > 1000 && size < sizeof bytes);
  if (file)
    fclose(file);
  write_file("whole.so", bytes, size);
  /* A name without a slash is a file here, not a library of the system. */
  CHECK(brisk_model_open("whole.so", &first) == BRISK_OK);
  brisk_model_close(first);
  write_file("libc.so.6", "no", 2);
  refuse_file("libc.so.6", "'libc.so.6' is not a Brisk artifact: not a shared object");
  unlink("libc.so.6");

  refuse_file("missing.so", "cannot read 'missing.so': No such file or "
                            "directory");
  refuse_file(".", "'.' is not a file");
  write_file("empty.so", "", 0);
  refuse_file("empty.so", "'empty.so' is not a Brisk artifact: not a shared "
                          "object");
  write_file("text.so",
             "hello, I am a text, not an ELF file; I am long "
             "enough to hold a header of one",
             77);
  refuse_file("text.so", "'text.so' is not a Brisk artifact: not a shared "
                         "object");
  for (size_t part = 64; part < size; part = part * 3 / 2) {
    write_file("part.so", bytes, part);
    refuse_file("part.so", "'part.so' is truncated");
  }
  bytes[18] = 40; /* e_machine: ARM */
  write_file("arm.so", bytes, size);
  refuse_file("arm.so", "'arm.so' is built for another kind of machine");
  CHECK(brisk_model_open(other, &first) == BRISK_ERROR_FILE);
  CHECK(strstr(brisk_error_message(), "is not a Brisk artifact: no model in it"));
  CHECK(brisk_model_open(NULL, &first) == BRISK_ERROR_ARGUMENT);
  CHECK(brisk_model_open(artifact, NULL) == BRISK_ERROR_ARGUMENT);
}

int main(int argc, char **argv) {
  if (argc != 4 || chdir(argv[3])) {
    fputs("usage: open ARTIFACT OTHER.so FOLDER\n", stderr);
    return 2;
  }
  test_tables();
  test_sizes();
  test_descriptors();
  test_variants();
  test_files(argv[1], argv[2]);
  return check_result();
}
