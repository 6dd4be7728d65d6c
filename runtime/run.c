/* brisk_run.
 *
 * The path of a successful run is short on purpose: a small model takes a tenth
 * of a microsecond. It compares the arguments with the table, stores pointers
 * and calls the variant; everything that formats a message is out of line.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/internal.h"

#include <inttypes.h>
#include <string.h>

/*===-- Refusing arguments --===*/

#define TYPE_SIZE 200

static brisk_status refuse(brisk_context *context, brisk_status status, const char *format, ...) BRISK_PRINTF(3, 4);

static BRISK_COLD brisk_status refuse(brisk_context *context, brisk_status status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(context->message, sizeof context->message, format, args);
  va_end(args);
  return status;
}

/* Too few or too many: names what is missing, or says how many the model takes.
 */
static BRISK_COLD brisk_status refuse_count(brisk_context *context, brisk_status status, const char *kind,
                                            const brisk_abi_value *values, int32_t expected, int32_t got) {
  char type[TYPE_SIZE];
  if (got >= 0 && got < expected)
    return refuse(context, status, "%s '%s' %s is missing: model '%s' has %" PRId32 " %ss, but got %" PRId32, kind,
                  values[got].name, brisk_format_value(type, sizeof type, &values[got]), context->model->abi->name,
                  expected, kind, got);
  return refuse(context, status, "model '%s' has %" PRId32 " %ss, but got %" PRId32, context->model->abi->name,
                expected, kind, got);
}

static BRISK_COLD brisk_status refuse_type(brisk_context *context, brisk_status status, const char *kind,
                                           const brisk_abi_value *value, const brisk_tensor *tensor) {
  char expected[TYPE_SIZE], got[TYPE_SIZE];
  return refuse(context, status, "%s '%s' expects %s, but got %s", kind, value->name,
                brisk_format_value(expected, sizeof expected, value), brisk_format_tensor(got, sizeof got, tensor));
}

static BRISK_COLD brisk_status refuse_no_data(brisk_context *context, brisk_status status, const char *kind,
                                              const brisk_abi_value *value, const brisk_tensor *tensor) {
  char type[TYPE_SIZE];
  return refuse(context, status, "%s '%s' %s has no data", kind, value->name,
                tensor->dims ? brisk_format_tensor(type, sizeof type, tensor)
                             : brisk_format_value(type, sizeof type, value));
}

static BRISK_COLD brisk_status refuse_symbol(brisk_context *context, const brisk_abi_value *value,
                                             const brisk_tensor *tensor, int32_t dim, int32_t symbol) {
  const brisk_symbol *first = &context->model->symbols[symbol];
  const brisk_abi_value *other = &context->model->abi->inputs[first->input];
  char expected[TYPE_SIZE], got[TYPE_SIZE];
  return refuse(context, BRISK_ERROR_INPUT,
                "input '%s' expects %s with %s = %" PRId64 " as in dim %" PRId32
                " of input '%s', but got %s with %" PRId64 " in dim %" PRId32,
                value->name, brisk_format_value(expected, sizeof expected, value), first->name,
                context->symbol_values[symbol], first->dim, other->name, brisk_format_tensor(got, sizeof got, tensor),
                tensor->dims[dim], dim);
}

static BRISK_COLD brisk_status refuse_capacity(brisk_context *context, const brisk_abi_value *value,
                                               const brisk_tensor *result, uint64_t capacity) {
  char type[TYPE_SIZE];
  return refuse(context, BRISK_ERROR_OUTPUT, "output '%s' %s needs %" PRIu64 " bytes, but its buffer has %" PRIu64,
                value->name, brisk_format_tensor(type, sizeof type, result),
                brisk_tensor_bytes(result->dtype, result->rank, result->dims), capacity);
}

/*===-- Checking arguments --===*/

/* Whether `dims` are the table's; open ones pass. */
static inline bool dims_match(const int64_t *table, const int64_t *dims, int32_t rank) {
  for (int32_t i = 0; i < rank; ++i)
    if (BRISK_UNLIKELY(dims[i] != table[i]) && table[i] >= 0)
      return false;
  return true;
}

/* The rest of the check of an input with open dims. */
static brisk_status check_open_input(brisk_context *context, int32_t index, const brisk_tensor *tensor) {
  const brisk_model *model = context->model;
  const brisk_slot *slot = &model->inputs[index];
  const brisk_abi_value *value = &model->abi->inputs[index];
  for (int32_t i = 0; i < slot->rank; ++i) {
    const int32_t symbol = slot->symbols[i];
    if (tensor->dims[i] < 0)
      return refuse_type(context, BRISK_ERROR_INPUT, "input", value, tensor);
    if (symbol < 0)
      continue;
    const brisk_symbol *first = &model->symbols[symbol];
    if (first->input == index && first->dim == i)
      context->symbol_values[symbol] = tensor->dims[i];
    else if (context->symbol_values[symbol] != tensor->dims[i])
      return refuse_symbol(context, value, tensor, i, symbol);
  }
  const uint64_t bytes = brisk_tensor_bytes(slot->dtype, slot->rank, tensor->dims);
  if (bytes == UINT64_MAX)
    return refuse_type(context, BRISK_ERROR_INPUT, "input", value, tensor);
  if (bytes && !tensor->data)
    return refuse_no_data(context, BRISK_ERROR_INPUT, "input", value, tensor);
  return BRISK_OK;
}

static inline brisk_status check_inputs(brisk_context *context, const brisk_tensor *inputs, int32_t count) {
  const brisk_model *model = context->model;
  for (int32_t i = 0; i < count; ++i) {
    const brisk_slot *slot = &model->inputs[i];
    const brisk_tensor *tensor = &inputs[i];
    if (BRISK_UNLIKELY(tensor->dtype != slot->dtype || tensor->rank != slot->rank || (!tensor->dims && slot->rank) ||
                       !dims_match(slot->dims, tensor->dims, slot->rank)))
      return refuse_type(context, BRISK_ERROR_INPUT, "input", &model->abi->inputs[i], tensor);
    if (slot->symbols) {
      brisk_status status = check_open_input(context, i, tensor);
      if (BRISK_UNLIKELY(status))
        return status;
    } else if (BRISK_UNLIKELY(!tensor->data && slot->bytes)) {
      return refuse_no_data(context, BRISK_ERROR_INPUT, "input", &model->abi->inputs[i], tensor);
    }
    context->input_data[i] = tensor->data;
    context->input_dims[i] = tensor->dims;
  }
  return BRISK_OK;
}

static inline brisk_status check_outputs(brisk_context *context, const brisk_tensor *outputs, int32_t count) {
  const brisk_model *model = context->model;
  for (int32_t i = 0; i < count; ++i) {
    const brisk_slot *slot = &model->outputs[i];
    const brisk_tensor *tensor = &outputs[i];
    if (BRISK_UNLIKELY(
            (tensor->dtype && tensor->dtype != slot->dtype) ||
            (tensor->dims && (tensor->rank != slot->rank || !dims_match(slot->dims, tensor->dims, slot->rank)))))
      return refuse_type(context, BRISK_ERROR_OUTPUT, "output", &model->abi->outputs[i], tensor);
    if (slot->symbols) {
      context->output_data[i] = NULL;
      if (BRISK_UNLIKELY(tensor->capacity && !tensor->data))
        return refuse_no_data(context, BRISK_ERROR_OUTPUT, "output", &model->abi->outputs[i], tensor);
      continue;
    }
    if (BRISK_UNLIKELY(!tensor->data && slot->bytes))
      return refuse_no_data(context, BRISK_ERROR_OUTPUT, "output", &model->abi->outputs[i], tensor);
    if (BRISK_UNLIKELY(tensor->capacity && tensor->capacity < slot->bytes))
      return refuse_capacity(context, &model->abi->outputs[i],
                             &(brisk_tensor){slot->dtype, slot->rank, slot->dims, NULL, 0}, tensor->capacity);
    context->output_data[i] = tensor->data;
  }
  return BRISK_OK;
}

/*===-- Running --===*/

static BRISK_COLD brisk_status explain_failure(brisk_context *context) {
  if (context->refused) {
    if (!atomic_exchange(&context->failed, true))
      refuse(context, BRISK_ERROR_MEMORY, "out of memory: cannot get %" PRIu64 " bytes", context->refused);
    return BRISK_ERROR_MEMORY;
  }
  brisk_context_fail(&context->call, NULL, "the model failed without saying why");
  return BRISK_ERROR_MODEL;
}

/* A defect of the compiled code, which must not become the caller's crash. */
static BRISK_COLD brisk_status refuse_result(brisk_context *context, int32_t index, const brisk_tensor *result) {
  char type[TYPE_SIZE];
  return refuse(context, BRISK_ERROR_MODEL, "the model did not produce output '%s', but left %s",
                context->model->abi->outputs[index].name, brisk_format_tensor(type, sizeof type, result));
}

/* Hands out the output `index`, whose dims were open until now. */
static brisk_status deliver_open_output(brisk_context *context, int32_t index, brisk_tensor *tensor) {
  const brisk_slot *slot = &context->model->outputs[index];
  const brisk_tensor result = {slot->dtype, slot->rank, context->output_dims[index], context->output_data[index],
                               tensor->capacity};
  const uint64_t bytes = brisk_tensor_bytes(result.dtype, result.rank, result.dims);
  if (BRISK_UNLIKELY(bytes == UINT64_MAX || (bytes && !result.data)))
    return refuse_result(context, index, &result);
  if (tensor->capacity) {
    if (bytes > tensor->capacity)
      return refuse_capacity(context, &context->model->abi->outputs[index], &result, tensor->capacity);
    if (bytes)
      memcpy(tensor->data, result.data, bytes);
  } else {
    tensor->data = result.data;
  }
  tensor->dtype = result.dtype;
  tensor->rank = result.rank;
  tensor->dims = result.dims;
  return BRISK_OK;
}

static BRISK_COLD int32_t run_profiled(brisk_context *context) {
  const uint64_t start = brisk_now_ns();
  context->recorder->depth = 0;
  int32_t failed = context->variant->run(&context->call);
  brisk_recorder_add(context->recorder, 0, -1, start);
  return failed;
}

static BRISK_COLD brisk_status refuse_call(brisk_context *context, const char *message) {
  if (!context)
    return brisk_fail(BRISK_ERROR_ARGUMENT, "%s", message);
  return refuse(context, BRISK_ERROR_ARGUMENT, "%s", message);
}

brisk_status brisk_run(brisk_context *context, const brisk_tensor *inputs, int32_t num_inputs, brisk_tensor *outputs,
                       int32_t num_outputs) {
  if (BRISK_UNLIKELY(!context))
    return refuse_call(NULL, "expects a context, but got null");
  const brisk_abi_model *abi = context->model->abi;
  if (BRISK_UNLIKELY(num_inputs != abi->num_inputs))
    return refuse_count(context, BRISK_ERROR_INPUT, "input", abi->inputs, abi->num_inputs, num_inputs);
  if (BRISK_UNLIKELY(num_outputs != abi->num_outputs))
    return refuse_count(context, BRISK_ERROR_OUTPUT, "output", abi->outputs, abi->num_outputs, num_outputs);
  if (BRISK_UNLIKELY((num_inputs && !inputs) || (num_outputs && !outputs)))
    return refuse_call(context, "expects arrays of tensors, but got null");
  brisk_status status = check_inputs(context, inputs, num_inputs);
  if (BRISK_UNLIKELY(status))
    return status;
  status = check_outputs(context, outputs, num_outputs);
  if (BRISK_UNLIKELY(status))
    return status;
  if (BRISK_UNLIKELY(context->arena_bytes < abi->arena_size))
    if (!brisk_context_reserve(&context->call, abi->arena_size))
      return explain_failure(context);

  atomic_store_explicit(&context->failed, false, memory_order_relaxed);
  context->refused = 0;
  if (context->chunks)
    brisk_context_recycle(context);
  int32_t failed =
      BRISK_UNLIKELY(context->recorder != NULL) ? run_profiled(context) : context->variant->run(&context->call);
  /* A kernel may have failed on a worker thread without the caller's code
   * noticing. */
  if (BRISK_UNLIKELY(failed != BRISK_ABI_OK || atomic_load_explicit(&context->failed, memory_order_relaxed)))
    return explain_failure(context);

  for (int32_t i = 0; i < num_outputs; ++i) {
    const brisk_slot *slot = &context->model->outputs[i];
    if (slot->symbols) {
      status = deliver_open_output(context, i, &outputs[i]);
      if (BRISK_UNLIKELY(status))
        return status;
      continue;
    }
    outputs[i].dtype = slot->dtype;
    outputs[i].rank = slot->rank;
    outputs[i].dims = slot->dims;
  }
  return BRISK_OK;
}
