// A driver of GPUs that there are not: the functions of device/driver.h over the emulator, for tests. BRISK_LIBCUDA names it.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/emulator/emulator.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <map>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

extern "C" {
#include "targets/cuda/device/driver.h"
}

using namespace brisk::emu;

namespace {

enum : CUresult { kOk = 0, kInvalid = 1, kMemory = 2, kNotFound = 500, kIllegal = 700 };

/// What a stream or a graph does, step by step.
using Step = std::function<CUresult()>;
std::vector<Step> *capturing = nullptr;

CUresult doOrRecord(Step step) {
  if (!capturing)
    return step();
  capturing->push_back(std::move(step));
  return kOk;
}

struct Function {
  Twin twin;
  int params;
  unsigned shared; // bytes of its own
};

using Clock = std::chrono::steady_clock;

} // namespace

#define EMULATED extern "C" __attribute__((visibility("default"))) CUresult

EMULATED cuInit(unsigned) { return kOk; }
EMULATED cuDeviceGet(CUdevice *device, int ordinal) {
  *device = ordinal;
  return ordinal ? kInvalid : kOk;
}
EMULATED cuDeviceGetCount(int *count) {
  *count = 1;
  return kOk;
}
// No generation: the artifact's twin is meant.
EMULATED cuDeviceGetAttribute(int *value, int, CUdevice) {
  *value = 0;
  return kOk;
}
EMULATED cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice) {
  *context = reinterpret_cast<CUcontext>(1);
  return kOk;
}
EMULATED cuDevicePrimaryCtxRelease_v2(CUdevice) { return kOk; }
EMULATED cuCtxSetCurrent(CUcontext) { return kOk; }
EMULATED cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  void *memory = allocate(bytes);
  *address = reinterpret_cast<CUdeviceptr>(memory);
  return memory ? kOk : kMemory;
}
EMULATED cuMemFree_v2(CUdeviceptr address) {
  release(reinterpret_cast<void *>(address));
  return kOk;
}
EMULATED cuMemAllocHost_v2(void **address, size_t bytes) {
  *address = malloc(bytes);
  return *address ? kOk : kMemory;
}
EMULATED cuMemFreeHost(void *address) {
  free(address);
  return kOk;
}
EMULATED cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  memcpy(reinterpret_cast<void *>(to), from, bytes);
  return kOk;
}
EMULATED cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream) {
  return doOrRecord([=] { return cuMemcpyHtoD_v2(to, from, bytes); });
}
EMULATED cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream) {
  return doOrRecord([=] {
    memcpy(to, reinterpret_cast<void *>(from), bytes);
    return kOk;
  });
}
EMULATED cuStreamCreate(CUstream *stream, unsigned) {
  *stream = reinterpret_cast<CUstream>(1);
  return kOk;
}
EMULATED cuStreamDestroy_v2(CUstream) { return kOk; }
EMULATED cuStreamSynchronize(CUstream) { return kOk; }
EMULATED cuStreamBeginCapture_v2(CUstream, int) {
  capturing = new std::vector<Step>();
  return kOk;
}
EMULATED cuStreamEndCapture(CUstream, CUgraph *graph) {
  *graph = reinterpret_cast<CUgraph>(capturing);
  capturing = nullptr;
  return *graph ? kOk : kInvalid;
}
EMULATED cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long) {
  *executable = reinterpret_cast<CUgraphExec>(new std::vector<Step>(*reinterpret_cast<std::vector<Step> *>(graph)));
  return kOk;
}
EMULATED cuGraphLaunch(CUgraphExec executable, CUstream) {
  for (const Step &step : *reinterpret_cast<std::vector<Step> *>(executable))
    if (CUresult result = step())
      return result;
  return kOk;
}
EMULATED cuGraphExecDestroy(CUgraphExec executable) {
  delete reinterpret_cast<std::vector<Step> *>(executable);
  return kOk;
}
EMULATED cuGraphDestroy(CUgraph graph) {
  delete reinterpret_cast<std::vector<Step> *>(graph);
  return kOk;
}
// A twin is a shared object: the loader takes files only, so it gets one without a name.
EMULATED cuModuleLoadData(CUmodule *module, const void *image) {
  size_t bytes = imageBytes(image);
  int file = bytes ? memfd_create("brisk-twin", MFD_CLOEXEC) : -1;
  bool whole = file >= 0 && write(file, image, bytes) == static_cast<ssize_t>(bytes);
  void *library = whole ? dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
  if (file >= 0)
    close(file);
  if (!library) {
    fprintf(stderr, "emulator: cannot load the kernels: %s\n", whole ? dlerror() : "no twin");
    return kInvalid;
  }
  *module = reinterpret_cast<CUmodule>(library);
  return kOk;
}
EMULATED cuModuleUnload(CUmodule module) {
  dlclose(module);
  return kOk;
}
EMULATED cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  static std::map<std::pair<void *, std::string>, Function> known;
  auto symbol = [&](const char *suffix) { return dlsym(module, (std::string(name) + suffix).c_str()); };
  void *twin = symbol("_twin"), *params = symbol("_params"), *shared = symbol("_shared");
  if (!twin || !params || !shared)
    return kNotFound;
  Function &entry = known[{twin, name}] = {reinterpret_cast<Twin>(twin), *static_cast<int *>(params), *static_cast<unsigned *>(shared)};
  *function = reinterpret_cast<CUfunction>(&entry);
  return kOk;
}
EMULATED cuModuleGetGlobal_v2(CUdeviceptr *address, size_t *bytes, CUmodule module, const char *name) {
  void *found = dlsym(module, name);
  *address = reinterpret_cast<CUdeviceptr>(found);
  *bytes = 4;
  return found ? kOk : kNotFound;
}
EMULATED cuFuncSetAttribute(CUfunction, int, int) { return kOk; }
EMULATED cuLaunchKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, CUstream, void **params, void **) {
  auto *kernel = reinterpret_cast<Function *>(function);
  if (by != 1 || bz != 1 || gy != 1 || gz != 1 || bx == 0 || bx > 1024 || gx == 0 || gx > 0x7fffffffu || shared + kernel->shared > (227u << 10))
    return kInvalid;
  // Values are copied now, as the driver does.
  std::vector<uint64_t> values;
  for (int i = 0; i < kernel->params; ++i)
    values.push_back(*static_cast<uint64_t *>(params[i]));
  return doOrRecord([=]() mutable {
    std::vector<void *> addresses;
    for (uint64_t &value : values)
      addresses.push_back(&value);
    return run(kernel->twin, gx, bx, kernel->shared + shared, addresses.data()) ? kOk : kIllegal;
  });
}
EMULATED cuEventCreate(CUevent *event, unsigned) {
  *event = reinterpret_cast<CUevent>(new Clock::time_point());
  return kOk;
}
EMULATED cuEventDestroy_v2(CUevent event) {
  delete reinterpret_cast<Clock::time_point *>(event);
  return kOk;
}
EMULATED cuEventRecord(CUevent event, CUstream) {
  *reinterpret_cast<Clock::time_point *>(event) = Clock::now();
  return kOk;
}
EMULATED cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  *milliseconds = std::chrono::duration<float, std::milli>(*reinterpret_cast<Clock::time_point *>(end) -
                                                           *reinterpret_cast<Clock::time_point *>(start))
                      .count();
  return kOk;
}
EMULATED cuGetErrorString(CUresult result, const char **text) {
  *text = result == kIllegal ? "a kernel broke a rule that the emulator checks" : result == kMemory ? "out of memory" : "invalid value";
  return kOk;
}
