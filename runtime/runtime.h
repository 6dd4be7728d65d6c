/* The public API of the Brisk runtime: open a compiled model, run it.
 *
 *   brisk_model *model;
 *   brisk_context *context;
 *   if (brisk_model_open("mlp.so", &model) ||
 *       brisk_context_create(model, NULL, &context))
 *     die(brisk_error_message());
 *   int64_t dims[] = {1, 16};
 *   brisk_tensor x = {BRISK_FLOAT32, 2, dims, features, 0};
 *   brisk_tensor y = {BRISK_FLOAT32, 2, NULL, scores, sizeof scores};
 *   if (brisk_run(context, &x, 1, &y, 1))
 *     die(brisk_context_message(context));
 *   brisk_context_destroy(context);
 *   brisk_model_close(model);
 *
 * Threads. A `brisk_model` is immutable: any number of threads may use one. A
 * `brisk_context` holds the memory and the worker threads of one run at a time:
 * give each of your threads its own. Different contexts never wait for each
 * other. Worker threads do not survive fork(): create contexts in the child.
 * Nothing here touches signals, environment, locale or rounding mode.
 *
 * Strings that are returned are UTF-8 and live as long as the object they were
 * asked of, unless said otherwise.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_RUNTIME_H
#define BRISK_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BRISK_API __attribute__((visibility("default")))
#else
#define BRISK_API
#endif

/*===-- Status --===*/

typedef enum brisk_status {
  BRISK_OK = 0,
  /* The call itself is wrong: a null pointer, an unknown option. */
  BRISK_ERROR_ARGUMENT = 1,
  /* An input is missing, extra, or of the wrong dtype, rank or dims. */
  BRISK_ERROR_INPUT = 2,
  /* The same of an output, or its buffer is too small. */
  BRISK_ERROR_OUTPUT = 3,
  /* A file cannot be read or written, or is no Brisk artifact. */
  BRISK_ERROR_FILE = 4,
  /* The artifact was compiled for another version of the runtime. */
  BRISK_ERROR_VERSION = 5,
  /* The artifact has no variant that this processor can run. */
  BRISK_ERROR_ISA = 6,
  BRISK_ERROR_MEMORY = 7, /* out of memory */
  BRISK_ERROR_SYSTEM = 8, /* the system refused a thread */
  /* The model failed while running, such as an index out of bounds. */
  BRISK_ERROR_MODEL = 9
} brisk_status;

/* A constant phrase for the status, such as "wrong input". */
BRISK_API const char *brisk_status_text(brisk_status status);

/* One line about the last call that failed on this thread, other than
 * brisk_run: it names the file, the object and the sizes concerned. Valid until
 * the next failure on this thread. */
BRISK_API const char *brisk_error_message(void);

/*===-- Element types --===*/

/* ONNX's TensorProto.DataType numbers. Elements narrower than a byte are
 * packed, low bits first, without padding between rows. */
typedef enum brisk_dtype {
  BRISK_UNDEFINED = 0,
  BRISK_FLOAT32 = 1,
  BRISK_UINT8 = 2,
  BRISK_INT8 = 3,
  BRISK_UINT16 = 4,
  BRISK_INT16 = 5,
  BRISK_INT32 = 6,
  BRISK_INT64 = 7,
  BRISK_STRING = 8, /* const char *, each to a zero-terminated UTF-8 string */
  BRISK_BOOL = 9,   /* one byte, 0 or 1 */
  BRISK_FLOAT16 = 10,
  BRISK_FLOAT64 = 11,
  BRISK_UINT32 = 12,
  BRISK_UINT64 = 13,
  BRISK_COMPLEX64 = 14,
  BRISK_COMPLEX128 = 15,
  BRISK_BFLOAT16 = 16,
  BRISK_FLOAT8E4M3FN = 17,
  BRISK_FLOAT8E4M3FNUZ = 18,
  BRISK_FLOAT8E5M2 = 19,
  BRISK_FLOAT8E5M2FNUZ = 20,
  BRISK_UINT4 = 21,
  BRISK_INT4 = 22,
  BRISK_FLOAT4E2M1 = 23,
  BRISK_FLOAT8E8M0 = 24,
  BRISK_UINT2 = 25,
  BRISK_INT2 = 26,
  BRISK_FLOAT6E2M3 = 27,
  BRISK_FLOAT6E3M2 = 28
} brisk_dtype;

/* "float32", "int64", ...; "undefined" for a number that is no dtype. */
BRISK_API const char *brisk_dtype_name(int32_t dtype);
/* Bits of one element; 0 for a number that is no dtype. */
BRISK_API int32_t brisk_dtype_bits(int32_t dtype);
/* Bytes of a dense tensor (rounded up to whole bytes), or UINT64_MAX when a dim
 * is negative or the size does not fit into 63 bits. `dims` may be NULL for
 * rank 0. */
BRISK_API uint64_t brisk_tensor_bytes(int32_t dtype, int32_t rank, const int64_t *dims);

/*===-- Processor --===*/

/* The x86-64 levels that an artifact may hold variants for. */
enum {
  BRISK_X86_64 = 0,    /* SSE2 */
  BRISK_X86_64_V3 = 3, /* AVX2, FMA, F16C, BMI2 */
  BRISK_X86_64_V3_VNNI = 4, /* v3 + AVX-VNNI; not every v4 has it */
  BRISK_X86_64_V4 = 5, /* v3 + AVX-512 F, BW, CD, DQ, VL */
  BRISK_X86_64_V4_VNNI = 6, /* v4 + AVX-512 VNNI */
  BRISK_X86_64_V4_BF16 = 7  /* that + AVX-512 BF16 */
};

/* The highest level that this processor and its system support, read from cpuid
 * and xgetbv. Does not look at the environment. */
BRISK_API int32_t brisk_cpu_isa(void);
/* "x86-64", "x86-64-v3", "x86-64-v4"; NULL for another number. */
BRISK_API const char *brisk_isa_name(int32_t isa);
/* The inverse; -1 for another text. */
BRISK_API int32_t brisk_isa_from_name(const char *name);

/*===-- Models --===*/

typedef struct brisk_model brisk_model;

/* One input or output of a model. `dims[i]` is -1 where the model leaves it
 * open; `symbols[i]` then is its name (ONNX dim_param) or NULL. Dims of one
 * name must be equal in one run. `symbols` itself is NULL when no dim has a
 * name. */
typedef struct brisk_value {
  const char *name;
  int32_t dtype; /* brisk_dtype */
  int32_t rank;
  const int64_t *dims;
  const char *const *symbols;
} brisk_value;

/* One kernel of the artifact. */
typedef struct brisk_kernel {
  const char *name; /* the ONNX nodes it computes, joined by '+' */
  const char *op;   /* what kind of kernel it became */
} brisk_kernel;

/* Loads an artifact (a shared object written by `briskc --emit=so`). Its code
 * is trusted: open only what you would execute. The variant is chosen here: the
 * highest one that fits brisk_cpu_isa() and the environment variable BRISK_ISA
 * (a level name such as x86-64-v3, to lower the choice). On failure *model is
 * NULL. */
BRISK_API brisk_status brisk_model_open(const char *path, brisk_model **model);

/* The same for a model linked into the program: `descriptor` is the symbol that
 * the header beside the object file declares. */
BRISK_API brisk_status brisk_model_from_abi(const void *descriptor, brisk_model **model);

/* Ends the caller's use of the model. Contexts keep it alive until they are
 * destroyed. NULL is allowed. */
BRISK_API void brisk_model_close(brisk_model *model);

BRISK_API const char *brisk_model_name(const brisk_model *model);
BRISK_API int32_t brisk_model_num_inputs(const brisk_model *model);
BRISK_API int32_t brisk_model_num_outputs(const brisk_model *model);
/* NULL when the index is out of range. */
BRISK_API const brisk_value *brisk_model_input(const brisk_model *model, int32_t index);
BRISK_API const brisk_value *brisk_model_output(const brisk_model *model, int32_t index);
/* The index of the named input or output, or -1. */
BRISK_API int32_t brisk_model_find_input(const brisk_model *model, const char *name);
BRISK_API int32_t brisk_model_find_output(const brisk_model *model, const char *name);

/* Bytes of working memory of one context: exact for a model of static shapes; 0
 * for a model that sizes its memory at each run. */
BRISK_API uint64_t brisk_model_arena_size(const brisk_model *model);
/* JSON: producer, target, options, the ONNX model's metadata, hashes. */
BRISK_API const char *brisk_model_manifest(const brisk_model *model);

BRISK_API int32_t brisk_model_num_kernels(const brisk_model *model);
BRISK_API const brisk_kernel *brisk_model_kernel(const brisk_model *model, int32_t index);
BRISK_API int32_t brisk_model_num_variants(const brisk_model *model);
/* The level of the variant, in rising order; -1 when the index is out of range.
 */
BRISK_API int32_t brisk_model_variant(const brisk_model *model, int32_t index);
/* The level of the variant chosen when the model was opened. */
BRISK_API int32_t brisk_model_isa(const brisk_model *model);

/*===-- Contexts --===*/

typedef struct brisk_context brisk_context;

/* Zero, or no options at all, means the default everywhere. */
typedef struct brisk_options {
  /* Threads of one run, the caller's included: 0 = 1; -1 = one for each CPU
   * that the calling thread may use; at most 1024. */
  int32_t threads;
  /* Nonzero: bind each worker to one of those CPUs. */
  int32_t pin_threads;
  /* A level name: use no variant above it. NULL = what the model chose. */
  const char *max_isa;
  /* Keep the last N kernel timings of each thread. 0 = no profiling. */
  int32_t profile_events;
  int32_t reserved; /* zero */
  /* Where to run, as DEVICE or DEVICE:KIND. NULL = what the model is compiled
   * for. */
  const char *device;
} brisk_options;

/* Allocates the arena and starts the worker threads. `options` may be NULL. On
 * failure *context is NULL. */
BRISK_API brisk_status brisk_context_create(brisk_model *model, const brisk_options *options, brisk_context **context);
/* Stops the threads and frees all memory, including outputs that were received
 * as pointers. NULL is allowed. Not while the context runs. */
BRISK_API void brisk_context_destroy(brisk_context *context);

/* One line about the last brisk_run of this context that failed; "" before
 * that. */
BRISK_API const char *brisk_context_message(const brisk_context *context);
/* The level of the variant that this context runs, and its number of threads.
 */
BRISK_API int32_t brisk_context_isa(const brisk_context *context);
BRISK_API int32_t brisk_context_threads(const brisk_context *context);

/*===-- Running --===*/

/* A dense row-major tensor that the caller owns. `dims` has `rank` entries and
 * may be NULL for rank 0. `data` is aligned for its element type (more is not
 * needed) and may be NULL when the tensor has no elements. */
typedef struct brisk_tensor {
  int32_t dtype; /* brisk_dtype */
  int32_t rank;
  const int64_t *dims;
  void *data;        /* never written through when the tensor is an input */
  uint64_t capacity; /* outputs: bytes at `data`, see brisk_run; inputs: ignored */
} brisk_tensor;

/* Runs the model once. `inputs` and `outputs` follow the order of
 * brisk_model_input and brisk_model_output.
 *
 * Inputs: dtype, rank and every closed dim must equal the table's; open dims of
 * one name must agree.
 *
 * Outputs whose dims are all closed: `data` is the caller's buffer, at least
 * brisk_tensor_bytes() long; `capacity` says how long, or 0 = long enough.
 *
 * Outputs with an open dim: with `capacity` 0, `data` is set to memory of the
 * context, valid until its next run; otherwise the result is copied to `data`
 * if it fits into `capacity` bytes, and is an error (both sizes named) if it
 * does not.
 *
 * For both, `dtype` may be BRISK_UNDEFINED and `dims` NULL when the caller does
 * not want to state them; if stated, dtype, rank and closed dims are checked
 * (open dims are not). After success `dtype`, `rank` and `dims` are set to
 * those of the result; `dims` then points into the model or the context and is
 * valid until the next run. The same tensor may therefore be passed again
 * unchanged.
 *
 * Outputs must not overlap inputs or each other; an output received as a
 * pointer into the context must be copied before it can be the input of a later
 * run. Nothing is allocated for a model whose dims are all closed; otherwise
 * memory grows when a run needs more than any before, and is kept.
 *
 * On failure brisk_context_message says what was wrong, with the name and both
 * shapes. Every check of the arguments precedes the first write: after
 * BRISK_ERROR_INPUT, or BRISK_ERROR_OUTPUT about something else than an open
 * output's capacity, the outputs are untouched. After a failure inside the
 * model their contents are unspecified. */
BRISK_API brisk_status brisk_run(brisk_context *context, const brisk_tensor *inputs, int32_t num_inputs,
                                 brisk_tensor *outputs, int32_t num_outputs);

/*===-- Profiles --===*/

/* One timed stretch. Thread 0 is the caller of brisk_run; on it events cover
 * whole kernels, on the others their share of a parallel kernel. `kernel` is -1
 * for a whole run. Times are nanoseconds of the monotonic clock. */
typedef struct brisk_event {
  int32_t kernel;
  int32_t thread;
  uint64_t start_ns;
  uint64_t duration_ns;
} brisk_event;

/* Copies up to `capacity` kept events, oldest first within a thread, to
 * `events` (may be NULL when capacity is 0) and returns how many are kept. Not
 * while the context runs. Events are kept only with
 * brisk_options.profile_events. */
BRISK_API uint64_t brisk_profile_events(const brisk_context *context, brisk_event *events, uint64_t capacity);
/* Forgets all events. */
BRISK_API void brisk_profile_clear(brisk_context *context);
/* Writes the kept events as JSON in the Chrome trace format (open it in
 * Perfetto or chrome://tracing), with the ONNX node names. Replaces the file
 * only when complete. */
BRISK_API brisk_status brisk_profile_write(const brisk_context *context, const char *path);

#ifdef __cplusplus
}
#endif
#endif
