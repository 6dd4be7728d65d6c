/* What the files of the runtime share. Not installed.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_RUNTIME_INTERNAL_H
#define BRISK_RUNTIME_INTERNAL_H

#include "runtime/abi.h"
#include "runtime/runtime.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#define BRISK_MESSAGE_SIZE 512
#define BRISK_CACHE_LINE 64
#define BRISK_PRINTF(text, first)                                              \
  __attribute__((__format__(__printf__, text, first)))
#define BRISK_COLD __attribute__((noinline, cold))
#define BRISK_UNLIKELY(x) __builtin_expect(!!(x), 0)

/*===-- status.c --===*/

/* Sets this thread's brisk_error_message and returns `status`. */
brisk_status brisk_fail(brisk_status status, const char *format, ...)
    BRISK_PRINTF(2, 3);

/*===-- tensor.c --===*/

/* Write "float32 [1, 3]" or, of a model's value, "float32 [batch, 3, ?]", and
 * return `buffer`. */
char *brisk_format_tensor(char *buffer, size_t size,
                          const brisk_tensor *tensor);
char *brisk_format_value(char *buffer, size_t size,
                         const brisk_abi_value *value);

/*===-- file.c --===*/

/* A file that replaces `path` only when it is complete. */
typedef struct brisk_new_file {
  FILE *stream;
  const char *path;
  char *temporary; /* NULL when `path` is a device or pipe, which is written
                      directly */
} brisk_new_file;

/* On failure sets brisk_error_message. */
brisk_status brisk_new_file_open(brisk_new_file *file, const char *path);
/* Renames the file into place, or removes it when `keep` is false or a write
 * failed. */
brisk_status brisk_new_file_close(brisk_new_file *file, bool keep);
/* Writes `text` as a JSON string, quotes included. */
void brisk_write_json_string(FILE *stream, const char *text);

/*===-- artifact.c --===*/

/* Loads a shared object for this machine, a whole one, so that loading it
 * cannot fault on a truncated file; *abi is its descriptor. On failure sets
 * brisk_error_message. */
brisk_status brisk_open_artifact(const char *path, void **library,
                                 const brisk_abi_model **abi);

/*===-- devices --===*/

/* A machine other than this one that artifacts may be for. targets/X/device/host.c
 * defines brisk_device_X; the build lists them in Devices.def. */
typedef struct brisk_device {
  const char *name; /* brisk_options.device is NAME or NAME:KIND */
  bool (*claims)(const char *path);
  /* The tables of an artifact; `run` of its variant is called on contexts that
   * were started. Failures set brisk_error_message. */
  brisk_status (*open)(const char *path, brisk_abi_model **abi);
  void (*close)(brisk_abi_model *abi);
  /* Sets context->device_state; stop() is called after a failure too. */
  brisk_status (*start)(brisk_context *context, const char *kind, bool profiling);
  void (*stop)(brisk_context *context);
  brisk_status (*write_profile)(brisk_context *context, const char *path);
} brisk_device;

/* The device whose artifact `path` is, or NULL. */
const brisk_device *brisk_device_of(const char *path);

/*===-- model.c --===*/

enum {
  BRISK_SLOT_CLOSED = -1, /* the dim is a number */
  BRISK_SLOT_ANY = -2     /* the dim is open and has no name */
};

/* What brisk_run checks of one input or output. */
typedef struct brisk_slot {
  int32_t dtype;
  int32_t rank;
  const int64_t *dims;
  uint64_t bytes; /* when every dim is closed */
  const int32_t
      *symbols; /* NULL when every dim is closed; else per dim a BRISK_SLOT_* or
                   an index into brisk_model.symbols */
} brisk_slot;

/* A named open dim, at the place where it occurs first. */
typedef struct brisk_symbol {
  const char *name;
  int32_t input, dim;
} brisk_symbol;

struct brisk_model {
  const brisk_abi_model *abi;
  void *library; /* dlopen's handle, or NULL */
  const brisk_device *device; /* NULL: this processor; else it owns `abi` */
  atomic_int references;
  int32_t variant; /* index of the chosen one */
  int32_t num_symbols;
  brisk_slot *inputs, *outputs;
  brisk_symbol *symbols;
  int32_t *symbol_pool;
};

/* Whether this processor has all of a level's instructions. */
bool brisk_cpu_runs(int32_t isa);
/* The index of the highest variant that runs here and is not above `isa`, or -1. */
int32_t brisk_model_pick_variant(const brisk_abi_model *abi, int32_t isa);
/* brisk_cpu_isa(), lowered by BRISK_ISA. On failure sets brisk_error_message.
 */
brisk_status brisk_allowed_isa(int32_t *isa);

/*===-- profile.c --===*/

typedef struct brisk_lane {
  brisk_event *events; /* a ring */
  uint64_t count;      /* events ever recorded */
  char padding[BRISK_CACHE_LINE - 16];
} brisk_lane;

typedef struct brisk_recorder {
  brisk_lane *lanes; /* one a thread, written by it alone */
  int32_t threads;
  uint64_t capacity; /* of each ring */
  /* The kernels that the caller's thread is in. */
  int32_t depth;
  struct {
    int32_t kernel;
    uint64_t start_ns;
  } stack[16];
} brisk_recorder;

uint64_t brisk_now_ns(void);
/* NULL when out of memory. */
brisk_recorder *brisk_recorder_create(int32_t threads, int32_t capacity);
void brisk_recorder_destroy(brisk_recorder *recorder);
void brisk_recorder_enter(brisk_recorder *recorder, int32_t kernel);
void brisk_recorder_leave(brisk_recorder *recorder, int32_t kernel);
void brisk_recorder_add(brisk_recorder *recorder, int32_t thread,
                        int32_t kernel, uint64_t start_ns);
/* The kernel that the caller's thread is in, or -1. */
int32_t brisk_recorder_kernel(const brisk_recorder *recorder);

/*===-- threads.c --===*/

typedef struct brisk_pool brisk_pool;

/* The number of CPUs that this thread may use. */
int32_t brisk_cpu_count(void);
/* Starts threads - 1 workers; `threads` >= 2. `recorder` may be NULL. On
 * failure sets brisk_error_message. */
brisk_status brisk_pool_create(int32_t threads, bool pin,
                               brisk_recorder *recorder, brisk_pool **pool);
void brisk_pool_destroy(brisk_pool *pool);
/* Runs fn over [0, units) in one contiguous stretch a thread and returns when
 * all are done. A call from inside such a stretch runs in place. */
void brisk_pool_run(brisk_pool *pool, brisk_kernel_fn fn, void *args,
                    int64_t units);

/*===-- context.c --===*/

/* 64-byte aligned memory that brisk_run obtained for this run. */
typedef struct brisk_chunk {
  struct brisk_chunk *next;
  uint64_t size, used;
} brisk_chunk;

struct brisk_context {
  brisk_call call; /* first: compiled code is given its address */
  brisk_model *model;
  const brisk_abi_variant *variant;
  brisk_pool *pool;         /* NULL with one thread */
  brisk_recorder *recorder; /* NULL unless profiling */
  void *device_state;       /* NULL on this processor */
  uint64_t arena_bytes;
  brisk_chunk *chunks;
  int64_t *symbol_values;
  const void **input_data;
  const int64_t **input_dims;
  void **output_data;
  int64_t **output_dims;
  atomic_bool failed; /* somebody has claimed the message of this run */
  uint64_t refused;   /* bytes that could not be had in this run */
  char message[BRISK_MESSAGE_SIZE];
};

/* brisk_call.reserve and .fail */
uint8_t *brisk_context_reserve(brisk_call *call, uint64_t bytes);
void brisk_context_fail(brisk_call *call, const char *where,
                        const char *message);
/* Forgets what the last run allocated. */
void brisk_context_recycle(brisk_context *context);

#endif
