/* Contexts: the memory of one run at a time, and what compiled code calls back.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static brisk_context *context_of(brisk_call *call) {
  return (brisk_context *)call;
}

/*===-- Memory --===*/

#define ALIGNMENT 64u
#define HUGE_PAGE (2u << 20)
#define CHUNK_MIN (64u << 10)
#define LARGEST (UINT64_C(1) << 56)

/* NULL when out of memory. Large areas are put on huge pages where the system
 * has them. */
static void *allocate_aligned(uint64_t bytes) {
  if (bytes > LARGEST)
    return NULL;
  const uint64_t alignment = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
  bytes = (bytes + alignment - 1) & ~(alignment - 1);
  void *memory = aligned_alloc(alignment, bytes);
  if (memory && alignment == HUGE_PAGE)
    madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

uint8_t *brisk_context_reserve(brisk_call *call, uint64_t bytes) {
  brisk_context *context = context_of(call);
  if (bytes <= context->arena_bytes && call->arena)
    return call->arena;
  free(call->arena);
  /* A sequence that grows by a step a run should not pay for new memory each
   * time. */
  uint64_t roomy = bytes < LARGEST ? bytes + bytes / 4 + ALIGNMENT : bytes;
  call->arena = allocate_aligned(roomy);
  if (!call->arena) {
    roomy = bytes;
    call->arena = allocate_aligned(roomy);
  }
  context->arena_bytes = call->arena ? roomy : 0;
  if (!call->arena)
    context->refused = bytes;
  return call->arena;
}

static uint64_t header_bytes(void) {
  return (sizeof(brisk_chunk) + ALIGNMENT - 1) & -ALIGNMENT;
}

static brisk_chunk *add_chunk(brisk_context *context, uint64_t size) {
  brisk_chunk *chunk =
      size > LARGEST ? NULL : allocate_aligned(header_bytes() + size);
  if (!chunk)
    return NULL;
  *chunk = (brisk_chunk){context->chunks, size, 0};
  return context->chunks = chunk;
}

static void *call_allocate(brisk_call *call, uint64_t bytes) {
  brisk_context *context = context_of(call);
  if (bytes > LARGEST) {
    context->refused = bytes;
    return NULL;
  }
  bytes =
      bytes ? (bytes + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1) : ALIGNMENT;
  brisk_chunk *chunk = context->chunks;
  if (!chunk || chunk->size - chunk->used < bytes) {
    uint64_t doubled = chunk ? 2 * chunk->size : CHUNK_MIN;
    chunk = add_chunk(context, doubled > bytes ? doubled : bytes);
    if (!chunk && doubled > bytes)
      chunk = add_chunk(context, bytes);
    if (!chunk) {
      context->refused = bytes;
      return NULL;
    }
  }
  uint8_t *memory = (uint8_t *)chunk + header_bytes() + chunk->used;
  chunk->used += bytes;
  return memory;
}

static void free_chunks(brisk_context *context) {
  while (context->chunks) {
    brisk_chunk *next = context->chunks->next;
    free(context->chunks);
    context->chunks = next;
  }
}

/* Forgets what the last run allocated. What took several chunks gets one of
 * their sum, so that the same run again allocates nothing. */
void brisk_context_recycle(brisk_context *context) {
  if (context->chunks->next) {
    uint64_t total = 0;
    for (brisk_chunk *chunk = context->chunks; chunk; chunk = chunk->next)
      total += chunk->size;
    free_chunks(context);
    add_chunk(context, total);
  }
  if (context->chunks)
    context->chunks->used = 0;
}

/*===-- What compiled code calls --===*/

static void call_parallel(brisk_call *call, brisk_kernel_fn fn, void *args,
                          int64_t units) {
  brisk_pool_run(context_of(call)->pool, fn, args, units);
}

static void call_serial(brisk_call *call, brisk_kernel_fn fn, void *args,
                        int64_t units) {
  (void)call;
  if (units > 0)
    fn(args, 0, units);
}

static void call_enter(brisk_call *call, int32_t kernel) {
  brisk_recorder_enter(context_of(call)->recorder, kernel);
}

static void call_leave(brisk_call *call, int32_t kernel) {
  brisk_recorder_leave(context_of(call)->recorder, kernel);
}

/* May be called by any thread of the run. */
void brisk_context_fail(brisk_call *call, const char *where,
                        const char *message) {
  brisk_context *context = context_of(call);
  if (atomic_exchange(&context->failed, true))
    return;
  const bool named = where && *where;
  int used = snprintf(context->message, sizeof context->message, "%s%s%s%s",
                      named ? "node '" : "", named ? where : "",
                      named ? "': " : "", message ? message : "failed");
  /* What compiled code says without memory is only that. */
  if (context->refused && used >= 0 && (size_t)used < sizeof context->message)
    snprintf(context->message + used, sizeof context->message - (size_t)used,
             ": cannot get %" PRIu64 " bytes", context->refused);
}

/*===-- Contexts --===*/

#define MAX_THREADS 1024
#define MAX_EVENTS (1 << 26)

/* The number of threads and the variant that the options ask for. */
static brisk_status read_options(const brisk_model *model,
                                 const brisk_options *options, int32_t *threads,
                                 int32_t *variant) {
  *variant = model->variant;
  *threads = 1;
  if (!options)
    return BRISK_OK;
  if (options->threads < -1 || options->threads > MAX_THREADS)
    return brisk_fail(BRISK_ERROR_ARGUMENT,
                      "threads expects -1 to %d, but is %" PRId32, MAX_THREADS,
                      options->threads);
  if (options->profile_events < 0 || options->profile_events > MAX_EVENTS)
    return brisk_fail(BRISK_ERROR_ARGUMENT,
                      "profile_events expects 0 to %d, but is %" PRId32,
                      MAX_EVENTS, options->profile_events);
  if (options->threads)
    *threads = options->threads < 0 ? brisk_cpu_count() : options->threads;
  if (!options->max_isa)
    return BRISK_OK;
  const int32_t level = brisk_isa_from_name(options->max_isa);
  if (level < 0)
    return brisk_fail(
        BRISK_ERROR_ARGUMENT,
        "max_isa expects " BRISK_ISA_NAMES ", but is '%s'",
        options->max_isa);
  const int32_t lowered = brisk_model_pick_variant(model->abi, level);
  if (lowered < 0)
    return brisk_fail(BRISK_ERROR_ISA,
                      "model '%s' has no variant for %s or below",
                      model->abi->name, options->max_isa);
  if (lowered < *variant)
    *variant = lowered;
  return BRISK_OK;
}

/* Cuts the next `count` elements of `size` bytes (a multiple of 8) out of
 * *memory. */
static void *cut(uint8_t **memory, size_t count, size_t size) {
  void *part = *memory;
  *memory += count * size;
  return part;
}

/* One block holds the context and the arrays that compiled code is given. */
static brisk_context *allocate_context(const brisk_model *model) {
  const brisk_abi_model *abi = model->abi;
  const size_t inputs = (size_t)abi->num_inputs,
               outputs = (size_t)abi->num_outputs;
  size_t open_dims = 0;
  for (size_t i = 0; i < outputs; ++i)
    if (model->outputs[i].symbols)
      open_dims += (size_t)model->outputs[i].rank;
  const size_t words =
      (size_t)model->num_symbols + 2 * inputs + 2 * outputs + open_dims;
  brisk_context *context = calloc(1, sizeof *context + words * 8);
  if (!context)
    return NULL;
  uint8_t *memory = (uint8_t *)(context + 1);
  context->symbol_values =
      cut(&memory, (size_t)model->num_symbols, sizeof(int64_t));
  context->input_data = cut(&memory, inputs, sizeof(void *));
  context->input_dims = cut(&memory, inputs, sizeof(void *));
  context->output_data = cut(&memory, outputs, sizeof(void *));
  context->output_dims = cut(&memory, outputs, sizeof(void *));
  for (size_t i = 0; i < outputs; ++i) {
    const brisk_slot *slot = &model->outputs[i];
    /* Compiled code does not write the dims of a closed output. */
    context->output_dims[i] =
        slot->symbols ? cut(&memory, (size_t)slot->rank, sizeof(int64_t))
                      : (int64_t *)(uintptr_t)slot->dims;
  }
  return context;
}

/* Starts the model's device if it has one; refuses another one by name. */
static brisk_status start_device(brisk_context *context,
                                 const brisk_options *options) {
  const brisk_device *device = context->model->device;
  const char *wanted = options && options->device ? options->device : "";
  const char *name = device ? device->name : "cpu";
  const size_t length = strcspn(wanted, ":");
  if (*wanted &&
      (strlen(name) != length || strncmp(wanted, name, length) != 0))
    return brisk_fail(BRISK_ERROR_ARGUMENT,
                      "model '%s' is compiled for device %s, but the device "
                      "asked for is %s",
                      context->model->abi->name, name, wanted);
  if (!device)
    return wanted[length] ? brisk_fail(BRISK_ERROR_ARGUMENT, "device %s is unknown: expects cpu", wanted) : BRISK_OK;
  return device->start(context, wanted + length + (wanted[length] == ':'),
                       options && options->profile_events);
}

brisk_status brisk_context_create(brisk_model *model,
                                  const brisk_options *options,
                                  brisk_context **result) {
  if (!result)
    return brisk_fail(BRISK_ERROR_ARGUMENT,
                      "expects a place for the context, but got null");
  *result = NULL;
  if (!model)
    return brisk_fail(BRISK_ERROR_ARGUMENT, "expects a model, but got null");
  int32_t threads, variant;
  brisk_status status = read_options(model, options, &threads, &variant);
  if (status)
    return status;
  brisk_context *context = allocate_context(model);
  if (!context)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for a context");
  atomic_fetch_add(&model->references, 1);
  context->model = model;
  context->variant = &model->abi->variants[variant];
  context->call =
      (brisk_call){.inputs = context->input_data,
                   .input_dims = context->input_dims,
                   .outputs = context->output_data,
                   .output_dims = context->output_dims,
                   .reserve = brisk_context_reserve,
                   .allocate = call_allocate,
                   .parallel = threads > 1 ? call_parallel : call_serial,
                   .fail = brisk_context_fail,
                   .threads = threads};
  /* One line at least: compiled code may form addresses in an arena it does not
   * need. */
  const uint64_t arena =
      model->abi->arena_size ? model->abi->arena_size : ALIGNMENT;
  context->call.arena = allocate_aligned(arena);
  context->arena_bytes = arena;
  if (!context->call.arena)
    status = brisk_fail(BRISK_ERROR_MEMORY,
                        "out of memory: model '%s' needs %" PRIu64 " bytes",
                        model->abi->name, arena);
  if (!status && options && options->profile_events) {
    context->recorder = brisk_recorder_create(threads, options->profile_events);
    context->call.enter = call_enter;
    context->call.leave = call_leave;
    if (!context->recorder)
      status = brisk_fail(BRISK_ERROR_MEMORY,
                          "out of memory for %" PRId32 " profile events",
                          options->profile_events);
  }
  if (!status && threads > 1)
    status = brisk_pool_create(threads, options->pin_threads != 0,
                               context->recorder, &context->pool);
  if (!status)
    status = start_device(context, options);
  if (status)
    brisk_context_destroy(context);
  else
    *result = context;
  return status;
}

void brisk_context_destroy(brisk_context *context) {
  if (!context)
    return;
  if (context->model->device)
    context->model->device->stop(context);
  brisk_pool_destroy(context->pool);
  brisk_recorder_destroy(context->recorder);
  free_chunks(context);
  free(context->call.arena);
  brisk_model_close(context->model);
  free(context);
}

const char *brisk_context_message(const brisk_context *context) {
  return context->message;
}

int32_t brisk_context_isa(const brisk_context *context) {
  return (int32_t)context->variant->isa;
}

int32_t brisk_context_threads(const brisk_context *context) {
  return context->call.threads;
}
