/* What compiled code and the runtime agree on. Private to the two: programs
 * include runtime.h only.
 *
 * An artifact exports one `brisk_abi_model` under the name `brisk_model` (shared
 * object, program) or `brisk_artifact_NAME` (static object). Everything it points to is
 * constant and lives as long as the artifact is loaded.
 *
 * Any change of layout or meaning here raises BRISK_ABI_VERSION.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_RUNTIME_ABI_H
#define BRISK_RUNTIME_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BRISK_ABI_MAGIC 0x4b535242u /* "BRSK" */
#define BRISK_ABI_VERSION 1u

/* Instruction sets that a variant may ask for, in rising order. */
enum {
  BRISK_ISA_X86_64 = 0,    /* SSE2 */
  BRISK_ISA_X86_64_V3 = 3, /* AVX2, FMA, F16C, BMI2 */
  BRISK_ISA_X86_64_V3_VNNI = 4, /* v3 + AVX-VNNI: products of bytes; not every v4 has it */
  BRISK_ISA_X86_64_V4 = 5, /* v3 + AVX-512 F, BW, CD, DQ, VL */
  BRISK_ISA_X86_64_V4_VNNI = 6, /* v4 + AVX-512 VNNI: products of bytes */
  BRISK_ISA_X86_64_V4_BF16 = 7  /* that + AVX-512 BF16 */
};
/* As messages list them. */
#define BRISK_ISA_NAMES "x86-64, x86-64-v3, x86-64-v3-vnni, x86-64-v4, x86-64-v4-vnni or x86-64-v4-bf16"

/* One input or output. `dtype` is ONNX's TensorProto.DataType number; elements
 * narrower than a byte are packed, low bits first. `dims[i]` is -1 where the
 * model leaves it open; `symbols[i]` then names it (ONNX dim_param), else NULL. */
typedef struct brisk_abi_value {
  const char *name;
  int32_t dtype;
  int32_t rank;
  const int64_t *dims;
  const char *const *symbols;
} brisk_abi_value;

/* One kernel of the artifact, for profiles and run-time errors. */
typedef struct brisk_abi_kernel {
  const char *name; /* the ONNX nodes it computes, joined by '+' */
  const char *op;   /* what kind of kernel it became */
} brisk_abi_kernel;

typedef struct brisk_call brisk_call;

/* A piece of a kernel: does units [begin, end) of its work. */
typedef void (*brisk_kernel_fn)(void *args, int64_t begin, int64_t end);

/* What the runtime hands to compiled code for one run. Only the thread that called
 * `run` uses it, but for `fail`, which any may call. The caller's buffers are aligned
 * for their element type and no more. Compiled code reads the first block and may
 * write `outputs[i]` and `output_dims[i][*]` only where the model's output has an open
 * dim. */
struct brisk_call {
  const void *const *inputs;         /* data of each input */
  const int64_t *const *input_dims;  /* dims of each input, already checked against the table */
  void **outputs;                    /* static output: caller's buffer; open: set by the model, valid until the next run */
  int64_t **output_dims;             /* open outputs: filled by the model, `rank` entries each */
  uint8_t *arena;                    /* 64-byte aligned, at least brisk_abi_model.arena_size bytes */
  /* Dynamic shapes: makes the arena at least `bytes` long (contents are lost) and returns it, or NULL. */
  uint8_t *(*reserve)(brisk_call *, uint64_t bytes);
  /* Data-dependent sizes: 64-byte aligned memory that lives until the run ends, or NULL. */
  void *(*allocate)(brisk_call *, uint64_t bytes);
  /* Runs fn over [0, units), split over the context's threads; returns when all is done. */
  void (*parallel)(brisk_call *, brisk_kernel_fn fn, void *args, int64_t units);
  /* Set only while profiling; `kernel` indexes brisk_abi_model.kernels. */
  void (*enter)(brisk_call *, int32_t kernel);
  void (*leave)(brisk_call *, int32_t kernel);
  /* Records a failure (the first one is kept). `where` is an ONNX node name, `message` one line without a full stop.
   * Compiled code then returns BRISK_ABI_FAILED as soon as it can. */
  void (*fail)(brisk_call *, const char *where, const char *message);
  int32_t threads; /* >= 1 */
};

enum { BRISK_ABI_OK = 0, BRISK_ABI_FAILED = 1 };

/* The model compiled for one instruction set. */
typedef struct brisk_abi_variant {
  uint32_t isa;
  int32_t (*run)(brisk_call *);
} brisk_abi_variant;

typedef struct brisk_abi_model {
  uint32_t magic;
  uint32_t abi_version;
  const char *name;
  const char *manifest; /* JSON text: producer, target, options, model metadata, hashes */
  uint64_t arena_size;  /* bytes, exact for static shapes; 0 and grown by reserve() otherwise */
  int32_t num_inputs, num_outputs, num_kernels, num_variants;
  const brisk_abi_value *inputs;
  const brisk_abi_value *outputs;
  const brisk_abi_kernel *kernels;
  const brisk_abi_variant *variants; /* rising isa */
} brisk_abi_model;

#ifdef __cplusplus
}
#endif
#endif
