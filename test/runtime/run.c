/* brisk_run: results, and every way to be told that the arguments are wrong.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/runtime.h"
#include "test/runtime/check.h"
#include "test/runtime/models.h"

#include <stdint.h>

static brisk_model *open_model(const brisk_abi_model *abi) {
  brisk_model *model = NULL;
  CHECK(brisk_model_from_abi(abi, &model) == BRISK_OK);
  return model;
}

/* The model lives as long as its context. */
static brisk_context *open_context(const brisk_abi_model *abi, int32_t threads) {
  brisk_model *model = open_model(abi);
  brisk_context *context = NULL;
  const brisk_options options = {.threads = threads};
  CHECK(brisk_context_create(model, &options, &context) == BRISK_OK);
  brisk_model_close(model);
  return context;
}

/*===-- A model of static shapes --===*/

static const int64_t dims_2_3[] = {2, 3}, dims_3[] = {3};
static float x_data[] = {1, 2, 3, 4, 5, 6}, bias_data[] = {10, 20, 30};

typedef struct arguments {
  brisk_tensor inputs[2], outputs[2];
  float y[6], total;
} arguments;

/* Correct ones, for tests that then break one thing. Not copied: it points into itself. */
static void fill(arguments *a) {
  *a = (arguments){.inputs = {{BRISK_FLOAT32, 2, dims_2_3, x_data, 0}, {BRISK_FLOAT32, 1, dims_3, bias_data, 0}},
                   .outputs = {{BRISK_FLOAT32, 2, dims_2_3, NULL, 0}, {BRISK_FLOAT32, 0, NULL, NULL, 4}}};
  a->outputs[0].data = a->y;
  a->outputs[1].data = &a->total;
}

/* A refused run names what is wrong and leaves the outputs alone. */
static void refuse(brisk_context *context, arguments *a, int32_t num_inputs, int32_t num_outputs, brisk_status status,
                   const char *message) {
  const brisk_tensor before[2] = {a->outputs[0], a->outputs[1]};
  CHECK(brisk_run(context, a->inputs, num_inputs, a->outputs, num_outputs) == status);
  CHECK_TEXT(brisk_context_message(context), message);
  for (int i = 0; i < 6; ++i)
    CHECK(a->y[i] == 0);
  CHECK(a->total == 0);
  CHECK(memcmp(before, a->outputs, sizeof before) == 0);
  fill(a);
}

static void test_static(void) {
  brisk_context *context = open_context(&fake_static, 1);
  arguments a;
  fill(&a);
  CHECK_TEXT(brisk_context_message(context), "");
  CHECK(brisk_run(context, a.inputs, 2, a.outputs, 2) == BRISK_OK);
  CHECK(a.y[0] == 11 && a.y[1] == 22 && a.y[5] == 36 && a.total == 141);
  CHECK(a.outputs[1].dtype == BRISK_FLOAT32 && a.outputs[1].rank == 0);

  /* What the caller leaves out of an output is filled in, and is accepted again. */
  arguments b;
  fill(&b);
  b.outputs[0] = (brisk_tensor){.data = b.y, .capacity = sizeof b.y};
  for (int i = 0; i < 2; ++i) {
    CHECK(brisk_run(context, b.inputs, 2, b.outputs, 2) == BRISK_OK);
    CHECK(b.outputs[0].dtype == BRISK_FLOAT32 && b.outputs[0].rank == 2 && b.outputs[0].dims[0] == 2 &&
          b.outputs[0].dims[1] == 3);
  }
  brisk_context_destroy(context);
}

static void test_static_refusals(void) {
  static const int64_t dims_2_4[] = {2, 4}, dims_minus[] = {2, -3};
  brisk_context *context = open_context(&fake_static, 1);
  arguments a;
  fill(&a);

  refuse(context, &a, 1, 2, BRISK_ERROR_INPUT,
         "input 'bias' float32 [3] is missing: model 'static' has 2 inputs, "
         "but got 1");
  refuse(context, &a, 3, 2, BRISK_ERROR_INPUT, "model 'static' has 2 inputs, but got 3");
  refuse(context, &a, -1, 2, BRISK_ERROR_INPUT, "model 'static' has 2 inputs, but got -1");
  refuse(context, &a, 2, 1, BRISK_ERROR_OUTPUT,
         "output 'total' float32 [] is missing: model 'static' has 2 outputs, "
         "but got 1");
  a.inputs[0].dtype = BRISK_FLOAT64;
  refuse(context, &a, 2, 2, BRISK_ERROR_INPUT, "input 'x' expects float32 [2, 3], but got float64 [2, 3]");
  a.inputs[0].dtype = 12345;
  refuse(context, &a, 2, 2, BRISK_ERROR_INPUT, "input 'x' expects float32 [2, 3], but got undefined [2, 3]");
  a.inputs[0].rank = 1;
  refuse(context, &a, 2, 2, BRISK_ERROR_INPUT, "input 'x' expects float32 [2, 3], but got float32 [2]");
  a.inputs[0].rank = INT32_MAX;
  refuse(context, &a, 2, 2, BRISK_ERROR_INPUT,
         "input 'x' expects float32 [2, 3], but got float32 of rank "
         "2147483647");
  a.inputs[0].rank = -1;
  refuse(context, &a, 2, 2, BRISK_ERROR_INPUT, "input 'x' expects float32 [2, 3], but got float32 of rank -1");
  a.inputs[0].dims = dims_2_4;
  refuse(context, &a, 2, 2, BRISK_ERROR_INPUT, "input 'x' expects float32 [2, 3], but got float32 [2, 4]");
  a.inputs[0].dims = dims_minus;
  refuse(context, &a, 2, 2, BRISK_ERROR_INPUT, "input 'x' expects float32 [2, 3], but got float32 [2, -3]");
  a.inputs[0].dims = NULL;
  refuse(context, &a, 2, 2, BRISK_ERROR_INPUT, "input 'x' expects float32 [2, 3], but got float32 of rank 2");
  a.inputs[1].data = NULL;
  refuse(context, &a, 2, 2, BRISK_ERROR_INPUT, "input 'bias' float32 [3] has no data");
  a.outputs[0].dtype = BRISK_INT64;
  refuse(context, &a, 2, 2, BRISK_ERROR_OUTPUT, "output 'y' expects float32 [2, 3], but got int64 [2, 3]");
  a.outputs[0].dims = dims_2_4;
  refuse(context, &a, 2, 2, BRISK_ERROR_OUTPUT, "output 'y' expects float32 [2, 3], but got float32 [2, 4]");
  a.outputs[1].capacity = 3;
  refuse(context, &a, 2, 2, BRISK_ERROR_OUTPUT, "output 'total' float32 [] needs 4 bytes, but its buffer has 3");
  a.outputs[0].data = NULL;
  refuse(context, &a, 2, 2, BRISK_ERROR_OUTPUT, "output 'y' float32 [2, 3] has no data");
  CHECK(brisk_run(context, NULL, 2, a.outputs, 2) == BRISK_ERROR_ARGUMENT);
  CHECK(brisk_run(context, a.inputs, 2, NULL, 2) == BRISK_ERROR_ARGUMENT);
  CHECK(brisk_run(NULL, a.inputs, 2, a.outputs, 2) == BRISK_ERROR_ARGUMENT);
  CHECK_TEXT(brisk_error_message(), "expects a context, but got null");

  /* None of this harmed the context. */
  CHECK(brisk_run(context, a.inputs, 2, a.outputs, 2) == BRISK_OK);
  CHECK(a.total == 141);
  brisk_context_destroy(context);
}

/*===-- A model of open dims --===*/

static brisk_status run_dynamic(brisk_context *context, int64_t batch_a, int64_t batch_b, int64_t width, float *data,
                                brisk_tensor *outputs) {
  const int64_t dims_a[] = {batch_a, 3}, dims_b[] = {batch_b, width};
  const brisk_tensor inputs[] = {{BRISK_FLOAT32, 2, dims_a, data, 0}, {BRISK_FLOAT32, 2, dims_b, data, 0}};
  return brisk_run(context, inputs, 2, outputs, 2);
}

static void test_dynamic(void) {
  enum { MOST = 20000 };
  static float data[3 * MOST];
  for (int i = 0; i < 3 * MOST; ++i)
    data[i] = (float)(i % 7) - 3;
  brisk_context *context = open_context(&fake_dynamic, 1);

  /* Outputs as pointers; sizes go up and down, and the same tensors are used again. */
  brisk_tensor outputs[2] = {{0}};
  static const int64_t batches[] = {4, MOST, 0, 1, 300, MOST, 5};
  for (size_t i = 0; i < sizeof batches / sizeof *batches; ++i) {
    const int64_t batch = batches[i];
    CHECK(run_dynamic(context, batch, batch, 3, data, outputs) == BRISK_OK);
    CHECK(outputs[0].rank == 2 && outputs[0].dims[0] == batch && outputs[0].dims[1] == 3);
    CHECK(outputs[1].dtype == BRISK_INT64 && outputs[1].rank == 1);
    for (int64_t j = 0; j < 3 * batch; ++j)
      if (((float *)outputs[0].data)[j] != 2 * data[j]) {
        CHECK(!"doubled");
        break;
      }
    int64_t found = 0;
    for (int64_t j = 0; j < batch; ++j)
      if (data[3 * j] + data[3 * j + 1] + data[3 * j + 2] > 0)
        CHECK(((int64_t *)outputs[1].data)[found++] == j);
    CHECK(outputs[1].dims[0] == found);
    CHECK((uintptr_t)outputs[0].data % 64 == 0);
  }

  /* Outputs as copies. */
  float doubled[6];
  int64_t rows[2];
  outputs[0] = (brisk_tensor){.data = doubled, .capacity = sizeof doubled};
  outputs[1] = (brisk_tensor){.data = rows, .capacity = sizeof rows};
  CHECK(run_dynamic(context, 2, 2, 3, data, outputs) == BRISK_OK);
  CHECK(outputs[0].data == doubled && doubled[5] == 2 * data[5]);
  CHECK(outputs[1].data == rows);
  CHECK(run_dynamic(context, 3, 3, 3, data, outputs) == BRISK_ERROR_OUTPUT);
  CHECK_TEXT(brisk_context_message(context), "output 'doubled' float32 [3, 3] needs 36 bytes, but its buffer "
                                             "has 24");
  brisk_context_destroy(context);
}

static void refuse_dynamic(brisk_context *context, int64_t batch_a, int64_t batch_b, int64_t width, float *data,
                           const char *message) {
  brisk_tensor outputs[2] = {{0}};
  CHECK(run_dynamic(context, batch_a, batch_b, width, data, outputs) == BRISK_ERROR_INPUT);
  CHECK_TEXT(brisk_context_message(context), message);
  CHECK(outputs[0].data == NULL && outputs[1].dims == NULL);
}

static void test_dynamic_refusals(void) {
  float data[30] = {0};
  brisk_context *context = open_context(&fake_dynamic, 1);
  refuse_dynamic(context, 2, 3, 3, data,
                 "input 'b' expects float32 [batch, ?] with batch = 2 as in dim "
                 "0 of input 'a', but got float32 [3, 3] with 3 in dim 0");
  refuse_dynamic(context, -1, 3, 3, data, "input 'a' expects float32 [batch, 3], but got float32 [-1, 3]");
  refuse_dynamic(context, 2, 2, -5, data, "input 'b' expects float32 [batch, ?], but got float32 [2, -5]");
  refuse_dynamic(context, 2, 2, INT64_MAX, data,
                 "input 'b' expects float32 [batch, ?], but got float32 "
                 "[2, 9223372036854775807]");
  refuse_dynamic(context, 2, 2, 3, NULL, "input 'a' float32 [2, 3] has no data");
  static const int64_t dims_a[] = {2, 4}, dims_b[] = {2, 2};
  const brisk_tensor inputs[] = {{BRISK_FLOAT32, 2, dims_a, data, 0}, {BRISK_FLOAT32, 2, dims_b, data, 0}};
  brisk_tensor outputs[2] = {{0}};
  CHECK(brisk_run(context, inputs, 2, outputs, 2) == BRISK_ERROR_INPUT);
  CHECK_TEXT(brisk_context_message(context), "input 'a' expects float32 [batch, 3], but got float32 [2, 4]");
  outputs[0].capacity = 4;
  CHECK(run_dynamic(context, 1, 1, 1, data, outputs) == BRISK_ERROR_OUTPUT);
  CHECK_TEXT(brisk_context_message(context), "output 'doubled' float32 [batch, 3] has no data");
  /* No elements, no data. */
  outputs[0].capacity = 0;
  CHECK(run_dynamic(context, 0, 0, 3, NULL, outputs) == BRISK_OK);
  brisk_context_destroy(context);
}

/*===-- A model that fails --===*/

static void test_failures(int32_t threads) {
  static const struct {
    int32_t way;
    brisk_status status;
    const char *message;
  } cases[] = {
      {FAIL_NODE, BRISK_ERROR_MODEL, "node '/decoder/Reshape': cannot split 7 by 2"},
      {FAIL_NOT, BRISK_OK, NULL},
      {FAIL_SILENTLY, BRISK_ERROR_MODEL, "the model failed without saying why"},
      {FAIL_WORKER, BRISK_ERROR_MODEL, "node '/loop/Gather': index 7 is out of bounds for 5"},
      {FAIL_ALLOCATE, BRISK_ERROR_MEMORY, "out of memory: cannot get 1152921504606846976 bytes"},
      {FAIL_NOT, BRISK_OK, NULL},
      {FAIL_RESERVE, BRISK_ERROR_MEMORY, "out of memory: cannot get 1152921504606846976 bytes"},
      /* The arena was lost; the next run gets a new one. */
      {FAIL_NOT, BRISK_OK, NULL},
  };
  static const int64_t dims[] = {1};
  brisk_context *context = open_context(&fake_failing, threads);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    int32_t way = cases[i].way, y = 0;
    const brisk_tensor input = {BRISK_INT32, 1, dims, &way, 0};
    brisk_tensor output = {BRISK_INT32, 1, dims, &y, sizeof y};
    CHECK(brisk_run(context, &input, 1, &output, 1) == cases[i].status);
    if (cases[i].message)
      CHECK_TEXT(brisk_context_message(context), cases[i].message);
    else
      CHECK(y == 1);
  }
  brisk_context_destroy(context);
}

/* Code that breaks the agreement is reported, not followed. */
static void test_missing_result(void) {
  brisk_context *context = open_context(&fake_forgetful, 1);
  float x[2] = {0}, y[2];
  int64_t dims[] = {2};
  const brisk_tensor input = {BRISK_FLOAT32, 1, dims, x, 0};
  brisk_tensor output = {.data = y, .capacity = sizeof y};
  CHECK(brisk_run(context, &input, 1, &output, 1) == BRISK_ERROR_MODEL);
  CHECK_TEXT(brisk_context_message(context), "the model did not produce output 'y', but left float32 [2]");
  output.capacity = 0;
  CHECK(brisk_run(context, &input, 1, &output, 1) == BRISK_ERROR_MODEL);
  dims[0] = 0;
  CHECK(brisk_run(context, &input, 1, &output, 1) == BRISK_OK);
  CHECK(output.dims[0] == 0);
  brisk_context_destroy(context);
}

/*===-- Options --===*/

static void test_options(void) {
  static const struct {
    brisk_options options;
    brisk_status status;
    const char *message;
  } cases[] = {
      {{.threads = -2}, BRISK_ERROR_ARGUMENT, "threads expects -1 to 1024, but is -2"},
      {{.threads = 1025}, BRISK_ERROR_ARGUMENT, "threads expects -1 to 1024, but is 1025"},
      {{.profile_events = -1}, BRISK_ERROR_ARGUMENT, "profile_events expects 0 to 67108864, but is -1"},
      {{.max_isa = "avx2"}, BRISK_ERROR_ARGUMENT, "max_isa expects x86-64, x86-64-v3, x86-64-v3-vnni, x86-64-v4, x86-64-v4-vnni or x86-64-v4-bf16, but is 'avx2'"},
  };
  brisk_model *model = open_model(&fake_static);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    brisk_context *context = (brisk_context *)&cases;
    CHECK(brisk_context_create(model, &cases[i].options, &context) == cases[i].status);
    CHECK(context == NULL);
    CHECK_TEXT(brisk_error_message(), cases[i].message);
  }
  brisk_context *context = NULL;
  CHECK(brisk_context_create(NULL, NULL, &context) == BRISK_ERROR_ARGUMENT);
  CHECK(brisk_context_create(model, NULL, NULL) == BRISK_ERROR_ARGUMENT);
  CHECK(brisk_context_create(model, NULL, &context) == BRISK_OK);
  CHECK(brisk_context_threads(context) == 1);
  brisk_context_destroy(context);
  const brisk_options all = {.threads = -1, .pin_threads = 1};
  CHECK(brisk_context_create(model, &all, &context) == BRISK_OK);
  CHECK(brisk_context_threads(context) >= 1);
  brisk_context_destroy(context);
  brisk_context_destroy(NULL);
  brisk_model_close(model);
  brisk_model_close(NULL);
}

int main(void) {
  test_static();
  test_static_refusals();
  test_dynamic();
  test_dynamic_refusals();
  test_failures(1);
  test_failures(3);
  test_missing_result();
  test_options();
  return check_result();
}
