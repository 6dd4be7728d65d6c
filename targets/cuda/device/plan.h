/* What an artifact for GPUs holds beside the tables of runtime/abi.h, and how its host code launches kernels. Shared by the
 * compiler and device/host.c.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_TARGETS_CUDA_DEVICE_PLAN_H
#define BRISK_TARGETS_CUDA_DEVICE_PLAN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The plan is the symbol brisk_cuda in a section of this name. */
#define BRISK_CUDA_SECTION ".brisk.cuda"
/* Any change of layout or meaning here raises it. */
#define BRISK_CUDA_VERSION 1u

typedef struct brisk_cuda_host brisk_cuda_host;

/* What host code sees: addresses on the device. */
struct brisk_cuda_host {
  void *const *values; /* of each input, then of each output */
  void *arena;
  void *weights;
  /* Launches kernel plan.launches[launch] with the values that `params` point to; each lies in 8 bytes. */
  void (*launch)(brisk_cuda_host *host, int32_t launch, void **params);
};

typedef struct brisk_cuda_kernel {
  const char *symbol;
  int32_t blocks, threads; /* of the grid, of a block; both one-dimensional */
  int32_t shared;          /* bytes of shared memory asked for at launch */
  int32_t num_params;
} brisk_cuda_kernel;

enum { BRISK_CUDA_PTX = 0, BRISK_CUDA_CUBIN = 1, BRISK_CUDA_TWIN = 2 /* a shared object for this processor */ };

/* The kernels for one generation of GPUs. */
typedef struct brisk_cuda_image {
  uint32_t chip; /* 10 * major + minor of its compute capability; 0 for a twin */
  int32_t kind;
  uint64_t bytes;
  const void *data; /* PTX ends in a zero, which `bytes` counts */
} brisk_cuda_image;

/* A check that kernels make; the word brisk_failure of the image holds the number of one that failed, from 1. */
typedef struct brisk_cuda_check {
  const char *where; /* an ONNX node */
  const char *message;
} brisk_cuda_check;

typedef struct brisk_cuda_plan {
  uint32_t version;
  int32_t num_images, num_kernels, num_launches, num_checks;
  int32_t reserved;
  const brisk_cuda_image *images;
  const brisk_cuda_kernel *kernels;
  const int32_t *launches; /* the kernel of each; launch i is brisk_abi_model.kernels[i] */
  const brisk_cuda_check *checks;
  const void *weights;
  uint64_t weight_bytes, arena_bytes;
  void (*run)(brisk_cuda_host *host);
} brisk_cuda_plan;

#ifdef __cplusplus
}
#endif
#endif
