/* The part of NVIDIA's driver interface that device/host.c uses, under the names by which the driver exports it. It is opened
 * at run time: nothing of NVIDIA's is needed to build.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_TARGETS_CUDA_DEVICE_DRIVER_H
#define BRISK_TARGETS_CUDA_DEVICE_DRIVER_H

#include <stddef.h>
#include <stdint.h>

typedef int CUresult; /* 0 is success */
typedef int CUdevice;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphExec_st *CUgraphExec;
typedef uint64_t CUdeviceptr;

enum {
  CU_DEVICE_ATTRIBUTE_MAJOR = 75,       /* of the compute capability */
  CU_DEVICE_ATTRIBUTE_MINOR = 76,
  CU_FUNC_ATTRIBUTE_MAX_SHARED = 8,     /* bytes of shared memory that a launch may ask for */
  CU_STREAM_NON_BLOCKING = 1,
  CU_CAPTURE_THREAD_LOCAL = 1
};

/* X(name, parameters) */
#define BRISK_CUDA_DRIVER(X)                                                                                           \
  X(cuInit, (unsigned flags))                                                                                          \
  X(cuDeviceGet, (CUdevice * device, int ordinal))                                                                     \
  X(cuDeviceGetCount, (int *count))                                                                                    \
  X(cuDeviceGetAttribute, (int *value, int attribute, CUdevice device))                                                \
  X(cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device))                                                  \
  X(cuDevicePrimaryCtxRelease_v2, (CUdevice device))                                                                   \
  X(cuCtxSetCurrent, (CUcontext context))                                                                              \
  X(cuMemAlloc_v2, (CUdeviceptr * address, size_t bytes))                                                              \
  X(cuMemFree_v2, (CUdeviceptr address))                                                                               \
  X(cuMemAllocHost_v2, (void **address, size_t bytes))                                                                 \
  X(cuMemFreeHost, (void *address))                                                                                    \
  X(cuMemcpyHtoD_v2, (CUdeviceptr to, const void *from, size_t bytes))                                                 \
  X(cuMemcpyHtoDAsync_v2, (CUdeviceptr to, const void *from, size_t bytes, CUstream stream))                           \
  X(cuMemcpyDtoHAsync_v2, (void *to, CUdeviceptr from, size_t bytes, CUstream stream))                                 \
  X(cuStreamCreate, (CUstream * stream, unsigned flags))                                                               \
  X(cuStreamDestroy_v2, (CUstream stream))                                                                             \
  X(cuStreamSynchronize, (CUstream stream))                                                                            \
  X(cuStreamBeginCapture_v2, (CUstream stream, int mode))                                                              \
  X(cuStreamEndCapture, (CUstream stream, CUgraph * graph))                                                            \
  X(cuGraphInstantiateWithFlags, (CUgraphExec * executable, CUgraph graph, unsigned long long flags))                  \
  X(cuGraphLaunch, (CUgraphExec executable, CUstream stream))                                                          \
  X(cuGraphExecDestroy, (CUgraphExec executable))                                                                      \
  X(cuGraphDestroy, (CUgraph graph))                                                                                   \
  X(cuModuleLoadData, (CUmodule * module, const void *image))                                                          \
  X(cuModuleUnload, (CUmodule module))                                                                                 \
  X(cuModuleGetFunction, (CUfunction * function, CUmodule module, const char *name))                                   \
  X(cuModuleGetGlobal_v2, (CUdeviceptr * address, size_t *bytes, CUmodule module, const char *name))                   \
  X(cuFuncSetAttribute, (CUfunction function, int attribute, int value))                                               \
  X(cuLaunchKernel, (CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, \
                     unsigned shared, CUstream stream, void **params, void **extra))                                   \
  X(cuEventCreate, (CUevent * event, unsigned flags))                                                                  \
  X(cuEventDestroy_v2, (CUevent event))                                                                                \
  X(cuEventRecord, (CUevent event, CUstream stream))                                                                   \
  X(cuEventElapsedTime, (float *milliseconds, CUevent start, CUevent end))                                             \
  X(cuGetErrorString, (CUresult result, const char **text))

#endif
