/* Models for NVIDIA GPUs from this side: the driver is opened at run time, weights are uploaded once, and a run is one launch of
 * a graph that was captured when the context was made.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/internal.h"
#include "targets/cuda/device/driver.h"
#include "targets/cuda/device/plan.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*===-- The driver --===*/

#define DECLARE(name, parameters) CUresult(*name) parameters;
static struct {
  void *library;
  BRISK_CUDA_DRIVER(DECLARE)
} driver;
static pthread_mutex_t driver_lock = PTHREAD_MUTEX_INITIALIZER;

static brisk_status open_driver(void) {
  const char *name = getenv("BRISK_LIBCUDA");
  if (!name || !*name)
    name = "libcuda.so.1";
  void *library = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
  if (!library)
    return brisk_fail(BRISK_ERROR_SYSTEM, "this machine has no NVIDIA driver: %s", dlerror());
#define FIND(symbol, parameters)                                                                                       \
  if (!(*(void **)&driver.symbol = dlsym(library, #symbol))) {                                                         \
    dlclose(library);                                                                                                  \
    return brisk_fail(BRISK_ERROR_SYSTEM, "the NVIDIA driver '%s' is too old: it lacks %s", name, #symbol);            \
  }
  BRISK_CUDA_DRIVER(FIND)
  driver.library = library;
  return BRISK_OK;
}

/* Sets brisk_error_message to what the driver says. */
static brisk_status driver_failed(CUresult result, const char *doing) {
  const char *text = NULL;
  driver.cuGetErrorString(result, &text);
  return brisk_fail(BRISK_ERROR_SYSTEM, "the GPU failed at %s: %s", doing, text ? text : "unknown error");
}

#define TRY(call, doing)                                                                                               \
  do {                                                                                                                 \
    CUresult try_result = driver.call;                                                                                 \
    if (try_result)                                                                                                    \
      return driver_failed(try_result, doing);                                                                         \
  } while (0)

/*===-- The artifact --===*/

typedef struct cuda_model {
  brisk_abi_model abi; /* first: what the runtime holds */
  brisk_abi_variant variant;
  const brisk_cuda_plan *plan;
  void *library;
} cuda_model;

static bool read_at(int file, void *to, size_t bytes, uint64_t offset) {
  return pread(file, to, bytes, (off_t)offset) == (ssize_t)bytes;
}

/* Whether the file is a shared object with a section of plans. */
static bool has_plan(int file) {
  Elf64_Ehdr header;
  Elf64_Shdr names, section;
  if (!read_at(file, &header, sizeof header, 0) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64 || header.e_shstrndx >= header.e_shnum ||
      !read_at(file, &names, sizeof names, header.e_shoff + (uint64_t)header.e_shstrndx * sizeof names))
    return false;
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    char name[sizeof BRISK_CUDA_SECTION];
    if (read_at(file, &section, sizeof section, header.e_shoff + (uint64_t)i * sizeof section) &&
        read_at(file, name, sizeof name, names.sh_offset + section.sh_name) &&
        !memcmp(name, BRISK_CUDA_SECTION, sizeof name))
      return true;
  }
  return false;
}

static bool claims(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  bool is_ours = file >= 0 && has_plan(file);
  if (file >= 0)
    close(file);
  return is_ours;
}

static int32_t cuda_run(brisk_call *call);

static void close_model(brisk_abi_model *abi) {
  cuda_model *model = (cuda_model *)abi;
  dlclose(model->library);
  free(model);
}

static brisk_status open_model(const char *path, brisk_abi_model **abi) {
  void *library;
  const brisk_abi_model *tables;
  brisk_status status = brisk_open_artifact(path, &library, &tables);
  if (status)
    return status;
  const brisk_cuda_plan *plan = dlsym(library, "brisk_cuda");
  const bool fits = plan && plan->version == BRISK_CUDA_VERSION;
  cuda_model *model = fits ? calloc(1, sizeof *model) : NULL;
  if (!model) {
    dlclose(library);
    return fits ? brisk_fail(BRISK_ERROR_MEMORY, "out of memory for a model")
                : brisk_fail(BRISK_ERROR_VERSION, "'%s' was compiled for another runtime: compile the model again", path);
  }
  model->library = library;
  model->plan = plan;
  model->variant = (brisk_abi_variant){BRISK_ISA_X86_64, cuda_run};
  model->abi = *tables;
  model->abi.num_variants = 1;
  model->abi.variants = &model->variant;
  *abi = &model->abi;
  return BRISK_OK;
}

/*===-- A context --===*/

typedef struct cuda_buffer {
  CUdeviceptr device;
  void *staging; /* host memory that the device reads and writes directly */
  uint64_t bytes;
} cuda_buffer;

typedef struct cuda_state {
  brisk_cuda_host host; /* first: what host code is given */
  const brisk_cuda_plan *plan;
  CUdevice device;
  CUcontext context;
  bool is_retained, profiling;
  CUstream stream;
  CUmodule module;
  CUgraph graph;
  CUgraphExec executable;
  CUdeviceptr weights, arena, failure; /* failure: the word brisk_failure, 0 if no kernel checks anything */
  uint32_t *failed;                    /* its copy on this side */
  CUfunction *functions;
  cuda_buffer *buffers; /* inputs, then outputs */
  void **values;
  int32_t num_buffers;
  CUresult result; /* the first failure of a launch */
  CUevent *events; /* while profiling: one more than launches */
  double *microseconds;
  uint64_t runs;
} cuda_state;

/* The image for a device: its own machine code, else the newest PTX that it takes. */
static const brisk_cuda_image *choose_image(const brisk_cuda_plan *plan, uint32_t chip) {
  const brisk_cuda_image *best = NULL;
  for (int32_t i = 0; i < plan->num_images; ++i) {
    const brisk_cuda_image *image = &plan->images[i];
    bool fits = image->kind == BRISK_CUDA_TWIN ? chip == 0
                : image->kind == BRISK_CUDA_PTX ? chip && image->chip <= chip
                                                : image->chip / 10 == chip / 10 && image->chip <= chip;
    if (fits && (!best || image->kind > best->kind || (image->kind == best->kind && image->chip > best->chip)))
      best = image;
  }
  return best;
}

static void launch(brisk_cuda_host *host, int32_t index, void **params) {
  cuda_state *state = (cuda_state *)host;
  if (state->result)
    return;
  const int32_t number = state->plan->launches[index];
  const brisk_cuda_kernel *kernel = &state->plan->kernels[number];
  if (state->profiling)
    driver.cuEventRecord(state->events[index], state->stream);
  state->result = driver.cuLaunchKernel(state->functions[number], (unsigned)kernel->blocks, 1, 1, (unsigned)kernel->threads,
                                        1, 1, (unsigned)kernel->shared, state->stream, params, NULL);
}

/* Queues a run: copies in, kernels, copies out. */
static brisk_status queue(cuda_state *state, int32_t num_inputs) {
  for (int32_t i = 0; i < num_inputs; ++i)
    TRY(cuMemcpyHtoDAsync_v2(state->buffers[i].device, state->buffers[i].staging, state->buffers[i].bytes, state->stream),
        "copying an input");
  state->result = 0;
  state->plan->run(&state->host);
  if (state->result)
    return driver_failed(state->result, "launching a kernel");
  if (state->profiling)
    driver.cuEventRecord(state->events[state->plan->num_launches], state->stream);
  for (int32_t i = num_inputs; i < state->num_buffers; ++i)
    TRY(cuMemcpyDtoHAsync_v2(state->buffers[i].staging, state->buffers[i].device, state->buffers[i].bytes, state->stream),
        "copying an output");
  if (state->failure)
    TRY(cuMemcpyDtoHAsync_v2(state->failed, state->failure, sizeof *state->failed, state->stream), "reading checks");
  return BRISK_OK;
}

static brisk_status load_kernels(cuda_state *state, const char *name) {
  int major = 0, minor = 0;
  TRY(cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_MAJOR, state->device), "asking for its generation");
  TRY(cuDeviceGetAttribute(&minor, CU_DEVICE_ATTRIBUTE_MINOR, state->device), "asking for its generation");
  const brisk_cuda_image *image = choose_image(state->plan, (uint32_t)(major * 10 + minor));
  if (!image)
    return brisk_fail(BRISK_ERROR_ISA, "model '%s' has no code for this GPU (sm_%d%d): give its chip to --march", name, major,
                      minor);
  if (image->kind == BRISK_CUDA_PTX)
    fprintf(stderr, "brisk: no machine code for sm_%d%d in model '%s': the driver compiles it now\n", major, minor, name);
  TRY(cuModuleLoadData(&state->module, image->data), "loading kernels");
  state->functions = calloc((size_t)state->plan->num_kernels + 1, sizeof *state->functions);
  if (!state->functions)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for the kernels of model '%s'", name);
  for (int32_t i = 0; i < state->plan->num_kernels; ++i) {
    const brisk_cuda_kernel *kernel = &state->plan->kernels[i];
    TRY(cuModuleGetFunction(&state->functions[i], state->module, kernel->symbol), "finding a kernel");
    if (kernel->shared > 48 << 10)
      TRY(cuFuncSetAttribute(state->functions[i], CU_FUNC_ATTRIBUTE_MAX_SHARED, kernel->shared), "asking for shared memory");
  }
  size_t bytes = 0;
  if (state->plan->num_checks)
    TRY(cuModuleGetGlobal_v2(&state->failure, &bytes, state->module, "brisk_failure"), "finding the word of checks");
  return BRISK_OK;
}

/* Memory of the device; at least one byte, so that everything has an address. */
static brisk_status allocate(CUdeviceptr *address, uint64_t bytes) {
  TRY(cuMemAlloc_v2(address, bytes ? bytes : 1), "reserving memory");
  return BRISK_OK;
}

static brisk_status make_buffers(cuda_state *state, const brisk_abi_model *abi) {
  const int32_t count = abi->num_inputs + abi->num_outputs;
  state->buffers = calloc((size_t)count + 1, sizeof *state->buffers);
  state->values = calloc((size_t)count + 1, sizeof *state->values);
  state->num_buffers = count;
  if (!state->buffers || !state->values)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for the buffers of model '%s'", abi->name);
  for (int32_t i = 0; i < count; ++i) {
    const brisk_abi_value *value = i < abi->num_inputs ? &abi->inputs[i] : &abi->outputs[i - abi->num_inputs];
    cuda_buffer *buffer = &state->buffers[i];
    buffer->bytes = brisk_tensor_bytes(value->dtype, value->rank, value->dims);
    brisk_status status = allocate(&buffer->device, buffer->bytes);
    if (status)
      return status;
    TRY(cuMemAllocHost_v2(&buffer->staging, buffer->bytes ? buffer->bytes : 1), "reserving host memory");
    state->values[i] = (void *)(uintptr_t)buffer->device;
  }
  TRY(cuMemAllocHost_v2((void **)&state->failed, sizeof *state->failed), "reserving host memory");
  *state->failed = 0;
  return BRISK_OK;
}

static brisk_status capture(cuda_state *state, int32_t num_inputs) {
  TRY(cuStreamBeginCapture_v2(state->stream, CU_CAPTURE_THREAD_LOCAL), "beginning a graph");
  brisk_status status = queue(state, num_inputs);
  CUresult result = driver.cuStreamEndCapture(state->stream, &state->graph);
  if (status)
    return status;
  if (result)
    return driver_failed(result, "capturing a graph");
  TRY(cuGraphInstantiateWithFlags(&state->executable, state->graph, 0), "preparing a graph");
  return BRISK_OK;
}

static brisk_status prepare(cuda_state *state, const brisk_abi_model *abi, int ordinal) {
  int count = 0;
  TRY(cuInit(0), "starting");
  TRY(cuDeviceGetCount(&count), "counting devices");
  if (ordinal >= count)
    return brisk_fail(BRISK_ERROR_ARGUMENT, "device cuda:%d is not there: this machine has %d", ordinal, count);
  TRY(cuDeviceGet(&state->device, ordinal), "opening the device");
  TRY(cuDevicePrimaryCtxRetain(&state->context, state->device), "opening the device");
  state->is_retained = true;
  TRY(cuCtxSetCurrent(state->context), "opening the device");
  TRY(cuStreamCreate(&state->stream, CU_STREAM_NON_BLOCKING), "making a stream");
  brisk_status status = load_kernels(state, abi->name);
  if (!status)
    status = allocate(&state->weights, state->plan->weight_bytes);
  if (!status)
    status = allocate(&state->arena, state->plan->arena_bytes);
  if (!status)
    status = make_buffers(state, abi);
  if (status)
    return status;
  TRY(cuMemcpyHtoD_v2(state->weights, state->plan->weights, state->plan->weight_bytes), "uploading weights");
  state->host = (brisk_cuda_host){state->values, (void *)(uintptr_t)state->arena, (void *)(uintptr_t)state->weights, launch};
  if (!state->profiling)
    return capture(state, abi->num_inputs);
  const size_t launches = (size_t)state->plan->num_launches;
  state->events = calloc(launches + 1, sizeof *state->events);
  state->microseconds = calloc(launches + 1, sizeof *state->microseconds);
  if (!state->events || !state->microseconds)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for a profile");
  for (size_t i = 0; i <= launches; ++i)
    TRY(cuEventCreate(&state->events[i], 0), "making an event");
  return BRISK_OK;
}

static brisk_status start(brisk_context *context, const char *kind, bool profiling) {
  char *end = NULL;
  long ordinal = *kind ? strtol(kind, &end, 10) : 0;
  if (*kind && (*end || ordinal < 0 || ordinal > 1023))
    return brisk_fail(BRISK_ERROR_ARGUMENT, "device cuda:%s is unknown: expects cuda or cuda:NUMBER", kind);
  pthread_mutex_lock(&driver_lock);
  brisk_status status = driver.library ? BRISK_OK : open_driver();
  pthread_mutex_unlock(&driver_lock);
  if (status)
    return status;
  cuda_state *state = calloc(1, sizeof *state);
  if (!state)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for a context");
  context->device_state = state;
  const cuda_model *model = (const cuda_model *)context->model->abi;
  state->plan = model->plan;
  state->profiling = profiling;
  return prepare(state, &model->abi, (int)ordinal);
}

static void stop(brisk_context *context) {
  cuda_state *state = context->device_state;
  if (!state)
    return;
  if (state->is_retained) {
    driver.cuCtxSetCurrent(state->context);
    for (int32_t i = 0; state->events && i <= state->plan->num_launches; ++i)
      if (state->events[i])
        driver.cuEventDestroy_v2(state->events[i]);
    if (state->executable)
      driver.cuGraphExecDestroy(state->executable);
    if (state->graph)
      driver.cuGraphDestroy(state->graph);
    for (int32_t i = 0; i < state->num_buffers; ++i) {
      if (state->buffers && state->buffers[i].device)
        driver.cuMemFree_v2(state->buffers[i].device);
      if (state->buffers && state->buffers[i].staging)
        driver.cuMemFreeHost(state->buffers[i].staging);
    }
    if (state->failed)
      driver.cuMemFreeHost(state->failed);
    if (state->arena)
      driver.cuMemFree_v2(state->arena);
    if (state->weights)
      driver.cuMemFree_v2(state->weights);
    if (state->module)
      driver.cuModuleUnload(state->module);
    if (state->stream)
      driver.cuStreamDestroy_v2(state->stream);
    driver.cuDevicePrimaryCtxRelease_v2(state->device);
  }
  free(state->functions);
  free(state->buffers);
  free(state->values);
  free(state->events);
  free(state->microseconds);
  free(state);
  context->device_state = NULL;
}

/*===-- A run --===*/

/* What went wrong in kernels, as a message of the context; the word is 0 again for the next run. */
static int32_t check_failed(brisk_call *call, cuda_state *state) {
  const uint32_t number = *state->failed, zero = 0;
  *state->failed = 0;
  driver.cuMemcpyHtoD_v2(state->failure, &zero, sizeof zero);
  const brisk_cuda_check *check = number <= (uint32_t)state->plan->num_checks ? &state->plan->checks[number - 1] : NULL;
  call->fail(call, check ? check->where : "", check ? check->message : "a check of a kernel failed");
  return BRISK_ABI_FAILED;
}

static void add_times(cuda_state *state) {
  for (int32_t i = 0; i < state->plan->num_launches; ++i) {
    float milliseconds = 0;
    if (!driver.cuEventElapsedTime(&milliseconds, state->events[i], state->events[i + 1]))
      state->microseconds[i] += milliseconds * 1e3;
  }
  ++state->runs;
}

static brisk_status run_once(cuda_state *state, int32_t num_inputs) {
  TRY(cuCtxSetCurrent(state->context), "opening the device");
  if (state->profiling) {
    brisk_status status = queue(state, num_inputs);
    if (status)
      return status;
  } else {
    TRY(cuGraphLaunch(state->executable, state->stream), "launching the model");
  }
  TRY(cuStreamSynchronize(state->stream), "running the model");
  return BRISK_OK;
}

static int32_t cuda_run(brisk_call *call) {
  brisk_context *context = (brisk_context *)call;
  cuda_state *state = context->device_state;
  const int32_t num_inputs = context->model->abi->num_inputs;
  for (int32_t i = 0; i < num_inputs; ++i)
    memcpy(state->buffers[i].staging, call->inputs[i], state->buffers[i].bytes);
  if (run_once(state, num_inputs)) {
    call->fail(call, "", brisk_error_message());
    return BRISK_ABI_FAILED;
  }
  if (*state->failed)
    return check_failed(call, state);
  for (int32_t i = num_inputs; i < state->num_buffers; ++i)
    memcpy(call->outputs[i - num_inputs], state->buffers[i].staging, state->buffers[i].bytes);
  if (state->profiling)
    add_times(state);
  return BRISK_ABI_OK;
}

static brisk_status write_profile(brisk_context *context, const char *path) {
  cuda_state *state = context->device_state;
  const brisk_abi_model *abi = context->model->abi;
  brisk_new_file file;
  brisk_status status = brisk_new_file_open(&file, path);
  if (status)
    return status;
  const double runs = state->runs ? (double)state->runs : 1;
  fprintf(file.stream, "{\"unit\": \"microseconds of each launch, without the graph\", \"runs\": %" PRIu64 ", \"kernels\": [",
          state->runs);
  for (int32_t i = 0; i < abi->num_kernels; ++i) {
    fprintf(file.stream, "%s\n  {\"index\": %d, \"us\": %.2f, \"op\": ", i ? "," : "", i, state->microseconds[i] / runs);
    brisk_write_json_string(file.stream, abi->kernels[i].op);
    fputs(", \"nodes\": ", file.stream);
    brisk_write_json_string(file.stream, abi->kernels[i].name);
    fputc('}', file.stream);
  }
  fputs("\n]}\n", file.stream);
  return brisk_new_file_close(&file, true);
}

const brisk_device brisk_device_cuda = {"cuda", claims, open_model, close_model, start, stop, write_profile};
