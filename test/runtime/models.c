/* Models written by hand, as the compiler would emit them.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "test/runtime/models.h"

#include <stddef.h>
#include <string.h>

enum { FLOAT32 = 1, INT32 = 6, INT64 = 7 };

#define COUNT(array) (int32_t)(sizeof(array) / sizeof *(array))

/*===-- Static --===*/

static const int64_t dims_2_3[] = {2, 3}, dims_3[] = {3};

static int32_t run_static(brisk_call *call) {
  const float *x = call->inputs[0], *bias = call->inputs[1];
  float *y = call->outputs[0], *total = call->outputs[1];
  float *partial = (float *)(void *)(call->arena + 64);
  *partial = 0;
  for (int i = 0; i < 6; ++i)
    *partial += y[i] = x[i] + bias[i % 3];
  *total = *partial;
  return BRISK_ABI_OK;
}

static const brisk_abi_value static_inputs[] = {{"x", FLOAT32, 2, dims_2_3, NULL}, {"bias", FLOAT32, 1, dims_3, NULL}};
static const brisk_abi_value static_outputs[] = {{"y", FLOAT32, 2, dims_2_3, NULL}, {"total", FLOAT32, 0, NULL, NULL}};
static const brisk_abi_variant static_variants[] = {{BRISK_ISA_X86_64, run_static}};
const brisk_abi_model fake_static = {.magic = BRISK_ABI_MAGIC,
                                     .abi_version = BRISK_ABI_VERSION,
                                     .name = "static",
                                     .manifest = "{\"producer\": \"hand\"}",
                                     .arena_size = 128,
                                     .num_inputs = COUNT(static_inputs),
                                     .num_outputs = COUNT(static_outputs),
                                     .num_variants = COUNT(static_variants),
                                     .inputs = static_inputs,
                                     .outputs = static_outputs,
                                     .variants = static_variants};

/*===-- Dynamic --===*/

static const int64_t dims_open_3[] = {-1, 3}, dims_open_open[] = {-1, -1}, dims_open[] = {-1};
static const char *const symbols_a[] = {"batch", NULL};

static int32_t run_dynamic(brisk_call *call) {
  const float *a = call->inputs[0], *b = call->inputs[1];
  const int64_t batch = call->input_dims[0][0], width = call->input_dims[1][1];
  uint8_t *scratch = call->reserve(call, 64 * (uint64_t)batch);
  float *doubled = call->allocate(call, (uint64_t)batch * 3 * sizeof *doubled);
  if (!scratch || !doubled)
    return BRISK_ABI_FAILED;
  memset(scratch, 0xff, 64 * (size_t)batch);
  for (int64_t i = 0; i < batch * 3; ++i)
    doubled[i] = 2 * a[i];
  int64_t count = 0;
  int64_t *rows = call->allocate(call, (uint64_t)batch * sizeof *rows);
  if (!rows)
    return BRISK_ABI_FAILED;
  for (int64_t i = 0; i < batch; ++i) {
    float sum = 0;
    for (int64_t j = 0; j < width; ++j)
      sum += b[i * width + j];
    if (sum > 0)
      rows[count++] = i;
  }
  call->outputs[0] = doubled;
  call->output_dims[0][0] = batch;
  call->output_dims[0][1] = 3;
  call->outputs[1] = rows;
  call->output_dims[1][0] = count;
  return BRISK_ABI_OK;
}

static const brisk_abi_value dynamic_inputs[] = {{"a", FLOAT32, 2, dims_open_3, symbols_a},
                                                 {"b", FLOAT32, 2, dims_open_open, symbols_a}};
static const brisk_abi_value dynamic_outputs[] = {{"doubled", FLOAT32, 2, dims_open_3, symbols_a},
                                                  {"rows", INT64, 1, dims_open, NULL}};
static const brisk_abi_variant dynamic_variants[] = {{BRISK_ISA_X86_64, run_dynamic}};
const brisk_abi_model fake_dynamic = {.magic = BRISK_ABI_MAGIC,
                                      .abi_version = BRISK_ABI_VERSION,
                                      .name = "dynamic",
                                      .manifest = "{}",
                                      .num_inputs = COUNT(dynamic_inputs),
                                      .num_outputs = COUNT(dynamic_outputs),
                                      .num_variants = COUNT(dynamic_variants),
                                      .inputs = dynamic_inputs,
                                      .outputs = dynamic_outputs,
                                      .variants = dynamic_variants};

/*===-- Failing --===*/

static const int64_t dims_1[] = {1};

static void fail_unit(void *args, int64_t begin, int64_t end) {
  brisk_call *call = args;
  for (int64_t i = begin; i < end; ++i)
    if (i % 100 == 99)
      call->fail(call, "/loop/Gather", "index 7 is out of bounds for 5");
}

static int32_t run_failing(brisk_call *call) {
  *(int32_t *)call->outputs[0] = 1;
  switch (*(const int32_t *)call->inputs[0]) {
  case FAIL_NODE:
    call->fail(call, "/decoder/Reshape", "cannot split 7 by 2");
    call->fail(call, "/later", "only the first message counts");
    return BRISK_ABI_FAILED;
  case FAIL_SILENTLY:
    return BRISK_ABI_FAILED;
  case FAIL_WORKER:
    call->parallel(call, fail_unit, call, 1000);
    return BRISK_ABI_OK;
  case FAIL_ALLOCATE:
    return call->allocate(call, UINT64_C(1) << 60) ? BRISK_ABI_OK : BRISK_ABI_FAILED;
  case FAIL_RESERVE:
    return call->reserve(call, UINT64_C(1) << 60) ? BRISK_ABI_OK : BRISK_ABI_FAILED;
  default:
    return BRISK_ABI_OK;
  }
}

static const brisk_abi_value failing_inputs[] = {{"x", INT32, 1, dims_1, NULL}};
static const brisk_abi_value failing_outputs[] = {{"y", INT32, 1, dims_1, NULL}};
static const brisk_abi_variant failing_variants[] = {{BRISK_ISA_X86_64, run_failing}};
const brisk_abi_model fake_failing = {.magic = BRISK_ABI_MAGIC,
                                      .abi_version = BRISK_ABI_VERSION,
                                      .name = "failing",
                                      .manifest = "{}",
                                      .arena_size = 4096,
                                      .num_inputs = 1,
                                      .num_outputs = 1,
                                      .num_variants = 1,
                                      .inputs = failing_inputs,
                                      .outputs = failing_outputs,
                                      .variants = failing_variants};

/*===-- Forgetful --===*/

static int32_t run_forgetful(brisk_call *call) {
  call->output_dims[0][0] = call->input_dims[0][0];
  return BRISK_ABI_OK;
}

static const int64_t dims_any[] = {-1};
static const brisk_abi_value forgetful_inputs[] = {{"x", FLOAT32, 1, dims_any, NULL}};
static const brisk_abi_value forgetful_outputs[] = {{"y", FLOAT32, 1, dims_any, NULL}};
static const brisk_abi_variant forgetful_variants[] = {{BRISK_ISA_X86_64, run_forgetful}};
const brisk_abi_model fake_forgetful = {.magic = BRISK_ABI_MAGIC,
                                        .abi_version = BRISK_ABI_VERSION,
                                        .name = "forgetful",
                                        .manifest = "{}",
                                        .num_inputs = 1,
                                        .num_outputs = 1,
                                        .num_variants = 1,
                                        .inputs = forgetful_inputs,
                                        .outputs = forgetful_outputs,
                                        .variants = forgetful_variants};

/*===-- Parallel --===*/

static const int64_t dims_5000[] = {5000};

static void double_units(void *args, int64_t begin, int64_t end) {
  brisk_call *call = args;
  const float *x = call->inputs[0];
  float *middle = (float *)(void *)call->arena;
  for (int64_t i = begin; i < end; ++i)
    middle[i] = 2 * x[i];
}

static void increment_units(void *args, int64_t begin, int64_t end) {
  brisk_call *call = args;
  const float *middle = (const float *)(const void *)call->arena;
  float *y = call->outputs[0];
  for (int64_t i = begin; i < end; ++i)
    y[i] = middle[i] + 1;
}

static int32_t run_parallel(brisk_call *call) {
  static const brisk_kernel_fn kernels[] = {double_units, increment_units};
  for (int32_t i = 0; i < 2; ++i) {
    if (call->enter)
      call->enter(call, i);
    call->parallel(call, kernels[i], call, dims_5000[0]);
    if (call->leave)
      call->leave(call, i);
  }
  return BRISK_ABI_OK;
}

static const brisk_abi_value parallel_inputs[] = {{"x", FLOAT32, 1, dims_5000, NULL}};
static const brisk_abi_value parallel_outputs[] = {{"y", FLOAT32, 1, dims_5000, NULL}};
static const brisk_abi_kernel parallel_kernels[] = {{"/block.0/Mul", "elementwise"},
                                                    {"/block.0/\"Add\"+/act", "fused"}};
static const brisk_abi_variant parallel_variants[] = {{BRISK_ISA_X86_64, run_parallel}};
const brisk_abi_model fake_parallel = {.magic = BRISK_ABI_MAGIC,
                                       .abi_version = BRISK_ABI_VERSION,
                                       .name = "parallel",
                                       .manifest = "{}",
                                       .arena_size = 5000 * sizeof(float),
                                       .num_inputs = 1,
                                       .num_outputs = 1,
                                       .num_kernels = 2,
                                       .num_variants = 1,
                                       .inputs = parallel_inputs,
                                       .outputs = parallel_outputs,
                                       .kernels = parallel_kernels,
                                       .variants = parallel_variants};

/*===-- Levels --===*/

static int32_t run_level_0(brisk_call *call) {
  *(int32_t *)call->outputs[0] = BRISK_ISA_X86_64;
  return BRISK_ABI_OK;
}

static int32_t run_level_3(brisk_call *call) {
  *(int32_t *)call->outputs[0] = BRISK_ISA_X86_64_V3;
  return BRISK_ABI_OK;
}

static int32_t run_level_4(brisk_call *call) {
  *(int32_t *)call->outputs[0] = BRISK_ISA_X86_64_V4;
  return BRISK_ABI_OK;
}

static const brisk_abi_value level_outputs[] = {{"level", INT32, 0, NULL, NULL}};
static const brisk_abi_variant level_variants[] = {
    {BRISK_ISA_X86_64, run_level_0}, {BRISK_ISA_X86_64_V3, run_level_3}, {BRISK_ISA_X86_64_V4, run_level_4}};
const brisk_abi_model fake_levels = {.magic = BRISK_ABI_MAGIC,
                                     .abi_version = BRISK_ABI_VERSION,
                                     .name = "levels",
                                     .manifest = "{}",
                                     .num_outputs = 1,
                                     .num_variants = COUNT(level_variants),
                                     .outputs = level_outputs,
                                     .variants = level_variants};

/*===-- Types --===*/

#define INPUT(name, dtype) {name, dtype, 1, dims_3, NULL}

static const brisk_abi_value type_inputs[] = {INPUT("float32", 1),
                                              INPUT("uint8", 2),
                                              INPUT("int8", 3),
                                              INPUT("uint16", 4),
                                              INPUT("int16", 5),
                                              INPUT("int32", 6),
                                              INPUT("int64", 7),
                                              INPUT("bool", 9),
                                              INPUT("float16", 10),
                                              INPUT("float64", 11),
                                              INPUT("uint32", 12),
                                              INPUT("uint64", 13),
                                              INPUT("complex64", 14),
                                              INPUT("complex128", 15),
                                              INPUT("bfloat16", 16),
                                              INPUT("float8e4m3fn", 17),
                                              INPUT("float8e4m3fnuz", 18),
                                              INPUT("float8e5m2", 19),
                                              INPUT("float8e5m2fnuz", 20),
                                              INPUT("uint4", 21),
                                              INPUT("int4", 22),
                                              INPUT("float4e2m1", 23),
                                              INPUT("float8e8m0", 24),
                                              INPUT("float6e3m2", 28)};
static const brisk_abi_value type_outputs[] = {INPUT("out/float32", 1),
                                               INPUT("out/uint8", 2),
                                               INPUT("out/int8", 3),
                                               INPUT("out/uint16", 4),
                                               INPUT("out/int16", 5),
                                               INPUT("out/int32", 6),
                                               INPUT("out/int64", 7),
                                               INPUT("out/bool", 9),
                                               INPUT("out/float16", 10),
                                               INPUT("out/float64", 11),
                                               INPUT("out/uint32", 12),
                                               INPUT("out/uint64", 13),
                                               INPUT("out/complex64", 14),
                                               INPUT("out/complex128", 15),
                                               INPUT("out/bfloat16", 16),
                                               INPUT("out/float8e4m3fn", 17),
                                               INPUT("out/float8e4m3fnuz", 18),
                                               INPUT("out/float8e5m2", 19),
                                               INPUT("out/float8e5m2fnuz", 20),
                                               INPUT("out/uint4", 21),
                                               INPUT("out/int4", 22),
                                               INPUT("out/float4e2m1", 23),
                                               INPUT("out/float8e8m0", 24),
                                               INPUT("out/float6e3m2", 28)};
_Static_assert(COUNT(type_inputs) == NUM_TYPES, "one a type");

static int32_t run_types(brisk_call *call) {
  /* Bytes of three elements, for each type. */
  static const size_t bytes[NUM_TYPES] = {12, 3,  3, 6, 6, 12, 24, 3, 6, 24, 12, 24,
                                          24, 48, 6, 3, 3, 3,  3,  2, 2, 2,  3,  3};
  for (int i = 0; i < NUM_TYPES; ++i)
    memcpy(call->outputs[i], call->inputs[i], bytes[i]);
  return BRISK_ABI_OK;
}

static const brisk_abi_variant type_variants[] = {{BRISK_ISA_X86_64, run_types}};
const brisk_abi_model fake_types = {.magic = BRISK_ABI_MAGIC,
                                    .abi_version = BRISK_ABI_VERSION,
                                    .name = "types",
                                    .manifest = "{}",
                                    .num_inputs = NUM_TYPES,
                                    .num_outputs = NUM_TYPES,
                                    .num_variants = 1,
                                    .inputs = type_inputs,
                                    .outputs = type_outputs,
                                    .variants = type_variants};

/*===-- Tiny --===*/

static const int64_t dims_1_4[] = {1, 4};

static int32_t run_tiny(brisk_call *call) {
  memcpy(call->outputs[0], call->inputs[0], 16);
  return BRISK_ABI_OK;
}

static const brisk_abi_value tiny_inputs[] = {{"x", FLOAT32, 2, dims_1_4, NULL}};
static const brisk_abi_value tiny_outputs[] = {{"y", FLOAT32, 2, dims_1_4, NULL}};
static const brisk_abi_variant tiny_variants[] = {{BRISK_ISA_X86_64, run_tiny}};
const brisk_abi_model fake_tiny = {.magic = BRISK_ABI_MAGIC,
                                   .abi_version = BRISK_ABI_VERSION,
                                   .name = "tiny",
                                   .manifest = "{}",
                                   .num_inputs = 1,
                                   .num_outputs = 1,
                                   .num_variants = 1,
                                   .inputs = tiny_inputs,
                                   .outputs = tiny_outputs,
                                   .variants = tiny_variants};

/* As a shared object the file exports the model that BRISK_ARTIFACT names. */
#ifdef BRISK_ARTIFACT
#define ALIAS_OF(name) #name
#define ALIAS(name) ALIAS_OF(name)
extern const brisk_abi_model brisk_model __attribute__((alias(ALIAS(BRISK_ARTIFACT)), visibility("default")));
#endif
