/* Models: loading an artifact, choosing its variant, and its tables.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/internal.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The tables are handed out as they lie in the artifact. */
_Static_assert(
    sizeof(brisk_value) == sizeof(brisk_abi_value) &&
        offsetof(brisk_value, rank) == offsetof(brisk_abi_value, rank) &&
        offsetof(brisk_value, dims) == offsetof(brisk_abi_value, dims) &&
        offsetof(brisk_value, symbols) == offsetof(brisk_abi_value, symbols),
    "brisk_value is brisk_abi_value");
_Static_assert(sizeof(brisk_kernel) == sizeof(brisk_abi_kernel) &&
                   offsetof(brisk_kernel, op) == offsetof(brisk_abi_kernel, op),
               "brisk_kernel is brisk_abi_kernel");
_Static_assert((int)BRISK_X86_64 == BRISK_ISA_X86_64 &&
                   (int)BRISK_X86_64_V3 == BRISK_ISA_X86_64_V3 &&
                   (int)BRISK_X86_64_V3_VNNI == BRISK_ISA_X86_64_V3_VNNI &&
                   (int)BRISK_X86_64_V4 == BRISK_ISA_X86_64_V4 &&
                   (int)BRISK_X86_64_V4_VNNI == BRISK_ISA_X86_64_V4_VNNI &&
                   (int)BRISK_X86_64_V4_BF16 == BRISK_ISA_X86_64_V4_BF16,
               "levels are the ABI's");

/*===-- Checking a descriptor --===*/

static brisk_status check_value(const brisk_abi_model *abi,
                                const brisk_abi_value *value) {
  if (!value->name || !brisk_dtype_bits(value->dtype) || value->rank < 0 ||
      (value->rank && !value->dims))
    return brisk_fail(BRISK_ERROR_FILE,
                      "model '%s' has a damaged table entry '%s'", abi->name,
                      value->name ? value->name : "");
  return BRISK_OK;
}

static brisk_status check_descriptor(const brisk_abi_model *abi,
                                     const char *origin) {
  if (abi->magic != BRISK_ABI_MAGIC)
    return brisk_fail(BRISK_ERROR_FILE,
                      "'%s' is not a Brisk artifact: wrong magic number",
                      origin);
  if (abi->abi_version != BRISK_ABI_VERSION)
    return brisk_fail(BRISK_ERROR_VERSION,
                      "'%s' was compiled for runtime interface %u, but this "
                      "runtime has %u: compile "
                      "the model again",
                      origin, abi->abi_version, BRISK_ABI_VERSION);
  bool whole = abi->name && abi->manifest && abi->num_inputs >= 0 &&
               abi->num_outputs >= 0 && abi->num_kernels >= 0 &&
               abi->num_variants > 0 && (!abi->num_inputs || abi->inputs) &&
               (!abi->num_outputs || abi->outputs) &&
               (!abi->num_kernels || abi->kernels) && abi->variants;
  for (int32_t i = 0; whole && i < abi->num_variants; ++i)
    whole = abi->variants[i].run &&
            (i == 0 || abi->variants[i - 1].isa < abi->variants[i].isa);
  if (!whole)
    return brisk_fail(BRISK_ERROR_FILE, "'%s' has a damaged descriptor",
                      origin);
  brisk_status status = BRISK_OK;
  for (int32_t i = 0; !status && i < abi->num_inputs; ++i)
    status = check_value(abi, &abi->inputs[i]);
  for (int32_t i = 0; !status && i < abi->num_outputs; ++i)
    status = check_value(abi, &abi->outputs[i]);
  return status;
}

/*===-- Variants --===*/

int32_t brisk_model_pick_variant(const brisk_abi_model *abi, int32_t isa) {
  for (int32_t i = abi->num_variants - 1; i >= 0; --i)
    if (abi->variants[i].isa <= (uint32_t)isa && brisk_cpu_runs((int32_t)abi->variants[i].isa))
      return i;
  return -1;
}

static brisk_status choose_variant(brisk_model *model) {
  int32_t isa;
  brisk_status status = brisk_allowed_isa(&isa);
  if (status)
    return status;
  model->variant = brisk_model_pick_variant(model->abi, isa);
  if (model->variant >= 0)
    return BRISK_OK;
  const char *needed = brisk_isa_name((int32_t)model->abi->variants[0].isa);
  return brisk_fail(BRISK_ERROR_ISA, "model '%s' needs %s at least, but %s %s",
                    model->abi->name,
                    needed ? needed : "an unknown instruction set",
                    isa < brisk_cpu_isa() ? "BRISK_ISA allows only"
                                          : "this processor has only",
                    brisk_isa_name(isa));
}

/*===-- Slots --===*/

static bool is_open(const brisk_abi_value *value) {
  for (int32_t i = 0; i < value->rank; ++i)
    if (value->dims[i] < 0)
      return true;
  return false;
}

static int32_t find_symbol(brisk_model *model, const char *name, int32_t input,
                           int32_t dim) {
  for (int32_t i = 0; i < model->num_symbols; ++i)
    if (!strcmp(model->symbols[i].name, name))
      return i;
  model->symbols[model->num_symbols] = (brisk_symbol){name, input, dim};
  return model->num_symbols++;
}

/* Fills `slot`; open values take `rank` entries from *pool. Only inputs name
 * symbols: those of outputs are what the model computes. */
static brisk_status fill_slot(brisk_model *model, const brisk_abi_value *value,
                              int32_t input, brisk_slot *slot, int32_t **pool) {
  *slot = (brisk_slot){
      .dtype = value->dtype, .rank = value->rank, .dims = value->dims};
  if (!is_open(value)) {
    slot->bytes = brisk_tensor_bytes(value->dtype, value->rank, value->dims);
    if (slot->bytes == UINT64_MAX)
      return brisk_fail(BRISK_ERROR_FILE,
                        "'%s' of model '%s' is too large for any memory",
                        value->name, model->abi->name);
    return BRISK_OK;
  }
  slot->symbols = *pool;
  for (int32_t i = 0; i < value->rank; ++i) {
    const char *name = value->symbols ? value->symbols[i] : NULL;
    if (value->dims[i] >= 0)
      (*pool)[i] = BRISK_SLOT_CLOSED;
    else if (input < 0 || !name || !*name)
      (*pool)[i] = BRISK_SLOT_ANY;
    else
      (*pool)[i] = find_symbol(model, name, input, i);
  }
  *pool += value->rank;
  return BRISK_OK;
}

static brisk_status fill_slots(brisk_model *model) {
  const brisk_abi_model *abi = model->abi;
  size_t dims = 0;
  for (int32_t i = 0; i < abi->num_inputs; ++i)
    dims += (size_t)abi->inputs[i].rank;
  for (int32_t i = 0; i < abi->num_outputs; ++i)
    dims += (size_t)abi->outputs[i].rank;
  model->inputs = calloc((size_t)abi->num_inputs + 1, sizeof *model->inputs);
  model->outputs = calloc((size_t)abi->num_outputs + 1, sizeof *model->outputs);
  model->symbols = calloc(dims + 1, sizeof *model->symbols);
  model->symbol_pool = calloc(dims + 1, sizeof *model->symbol_pool);
  if (!model->inputs || !model->outputs || !model->symbols ||
      !model->symbol_pool)
    return brisk_fail(BRISK_ERROR_MEMORY,
                      "out of memory for the tables of model '%s'", abi->name);
  int32_t *pool = model->symbol_pool;
  brisk_status status = BRISK_OK;
  for (int32_t i = 0; !status && i < abi->num_inputs; ++i)
    status = fill_slot(model, &abi->inputs[i], i, &model->inputs[i], &pool);
  for (int32_t i = 0; !status && i < abi->num_outputs; ++i)
    status = fill_slot(model, &abi->outputs[i], -1, &model->outputs[i], &pool);
  return status;
}

/*===-- Opening and closing --===*/

/* Takes over `library`, or the tables that `device` made. */
static brisk_status create(const brisk_abi_model *abi, const char *origin,
                           void *library, const brisk_device *device,
                           brisk_model **result) {
  brisk_model *model = calloc(1, sizeof *model);
  if (!model) {
    if (library)
      dlclose(library);
    if (device)
      device->close((brisk_abi_model *)(uintptr_t)abi);
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for a model");
  }
  model->abi = abi;
  model->library = library;
  model->device = device;
  atomic_init(&model->references, 1);
  brisk_status status = check_descriptor(abi, origin);
  if (!status)
    status = choose_variant(model);
  if (!status)
    status = fill_slots(model);
  if (status)
    brisk_model_close(model);
  else
    *result = model;
  return status;
}

brisk_status brisk_model_from_abi(const void *descriptor, brisk_model **model) {
  if (!model)
    return brisk_fail(BRISK_ERROR_ARGUMENT,
                      "expects a place for the model, but got null");
  *model = NULL;
  if (!descriptor)
    return brisk_fail(BRISK_ERROR_ARGUMENT,
                      "expects a model descriptor, but got null");
  return create(descriptor, "the linked model", NULL, NULL, model);
}

brisk_status brisk_model_open(const char *path, brisk_model **model) {
  if (!model)
    return brisk_fail(BRISK_ERROR_ARGUMENT,
                      "expects a place for the model, but got null");
  *model = NULL;
  if (!path)
    return brisk_fail(BRISK_ERROR_ARGUMENT, "expects a path, but got null");
  const brisk_device *device = brisk_device_of(path);
  if (device) {
    brisk_abi_model *tables;
    brisk_status opened = device->open(path, &tables);
    return opened ? opened : create(tables, path, NULL, device, model);
  }
  void *library;
  const brisk_abi_model *abi;
  brisk_status status = brisk_open_artifact(path, &library, &abi);
  return status ? status : create(abi, path, library, NULL, model);
}

void brisk_model_close(brisk_model *model) {
  if (!model || atomic_fetch_sub(&model->references, 1) > 1)
    return;
  free(model->inputs);
  free(model->outputs);
  free(model->symbols);
  free(model->symbol_pool);
  if (model->library)
    dlclose(model->library);
  if (model->device)
    model->device->close((brisk_abi_model *)(uintptr_t)model->abi);
  free(model);
}

/*===-- Tables --===*/

const char *brisk_model_name(const brisk_model *model) {
  return model->abi->name;
}

int32_t brisk_model_num_inputs(const brisk_model *model) {
  return model->abi->num_inputs;
}

int32_t brisk_model_num_outputs(const brisk_model *model) {
  return model->abi->num_outputs;
}

const brisk_value *brisk_model_input(const brisk_model *model, int32_t index) {
  if (index < 0 || index >= model->abi->num_inputs)
    return NULL;
  return (const brisk_value *)&model->abi->inputs[index];
}

const brisk_value *brisk_model_output(const brisk_model *model, int32_t index) {
  if (index < 0 || index >= model->abi->num_outputs)
    return NULL;
  return (const brisk_value *)&model->abi->outputs[index];
}

static int32_t find(const brisk_abi_value *values, int32_t count,
                    const char *name) {
  for (int32_t i = 0; name && i < count; ++i)
    if (!strcmp(values[i].name, name))
      return i;
  return -1;
}

int32_t brisk_model_find_input(const brisk_model *model, const char *name) {
  return find(model->abi->inputs, model->abi->num_inputs, name);
}

int32_t brisk_model_find_output(const brisk_model *model, const char *name) {
  return find(model->abi->outputs, model->abi->num_outputs, name);
}

uint64_t brisk_model_arena_size(const brisk_model *model) {
  return model->abi->arena_size;
}

const char *brisk_model_manifest(const brisk_model *model) {
  return model->abi->manifest;
}

int32_t brisk_model_num_kernels(const brisk_model *model) {
  return model->abi->num_kernels;
}

const brisk_kernel *brisk_model_kernel(const brisk_model *model,
                                       int32_t index) {
  if (index < 0 || index >= model->abi->num_kernels)
    return NULL;
  return (const brisk_kernel *)&model->abi->kernels[index];
}

int32_t brisk_model_num_variants(const brisk_model *model) {
  return model->abi->num_variants;
}

int32_t brisk_model_variant(const brisk_model *model, int32_t index) {
  if (index < 0 || index >= model->abi->num_variants)
    return -1;
  return (int32_t)model->abi->variants[index].isa;
}

int32_t brisk_model_isa(const brisk_model *model) {
  return (int32_t)model->abi->variants[model->variant].isa;
}
