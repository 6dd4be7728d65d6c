/* Where brisk-run's inputs come from: .npy and .npz files, or a seeded
 * generator.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/tools/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*===-- Files --===*/

/* Moves the array into input `index`. */
static brisk_status take(brisk_session *session, int32_t index, brisk_array *array) {
  const brisk_value *value = brisk_model_input(session->model, index);
  if (session->inputs[index].dtype)
    return brisk_fail(BRISK_ERROR_INPUT, "input '%s' is given twice", value->name);
  brisk_status status = brisk_tensor_from_array(array, value->dtype, value->name, &session->inputs[index]);
  if (status)
    return status;
  session->input_dims[index] = array->dims;
  array->dims = NULL;
  return BRISK_OK;
}

/* Names of the model's inputs, for a message. */
static const char *list_inputs(const brisk_session *session, char *text, size_t size) {
  size_t used = 0;
  text[0] = 0;
  for (int32_t i = 0; i < session->num_inputs && used < size; ++i)
    used +=
        (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", brisk_model_input(session->model, i)->name);
  return text;
}

/* A file of samples or of golden results may hold these besides inputs. */
static bool is_companion(const brisk_session *session, const char *name) {
  return !strcmp(name, "label") || brisk_model_find_output(session->model, name) >= 0;
}

static brisk_status take_all(brisk_session *session, const char *path, brisk_arrays *arrays) {
  char names[200];
  if (arrays->count == 1 && !arrays->items[0].name) {
    if (session->num_inputs == 1)
      return take(session, 0, &arrays->items[0]);
    return brisk_fail(BRISK_ERROR_INPUT, "'%s' has no names: give NAME=%s with one of %s", path, path,
                      list_inputs(session, names, sizeof names));
  }
  for (size_t i = 0; i < arrays->count; ++i) {
    const char *name = arrays->items[i].name;
    const int32_t index = brisk_model_find_input(session->model, name);
    if (index < 0 && is_companion(session, name))
      continue;
    if (index < 0)
      return brisk_fail(BRISK_ERROR_INPUT, "'%s' holds '%s', but the model's inputs are %s", path, name,
                        list_inputs(session, names, sizeof names));
    brisk_status status = take(session, index, &arrays->items[i]);
    if (status)
      return status;
  }
  return BRISK_OK;
}

static brisk_status take_one(brisk_session *session, int32_t index, const char *path, brisk_arrays *arrays) {
  if (arrays->count == 1)
    return take(session, index, &arrays->items[0]);
  const char *name = brisk_model_input(session->model, index)->name;
  for (size_t i = 0; i < arrays->count; ++i)
    if (arrays->items[i].name && !strcmp(arrays->items[i].name, name))
      return take(session, index, &arrays->items[i]);
  return brisk_fail(BRISK_ERROR_INPUT, "'%s' holds no array '%s'", path, name);
}

/* Splits [NAME=]FILE. Both parts may hold '=', so NAME is the first prefix that
 * the model knows; *index is -1 without one. */
static brisk_status split(const brisk_session *session, const char *text, int32_t *index, const char **path) {
  *path = text;
  *index = -1;
  for (const char *equals = strchr(text, '='); equals; equals = strchr(equals + 1, '='))
    for (int32_t i = 0; i < session->num_inputs; ++i) {
      const char *name = brisk_model_input(session->model, i)->name;
      const size_t length = (size_t)(equals - text);
      if (strlen(name) == length && !memcmp(name, text, length)) {
        *index = i;
        *path = equals + 1;
        return BRISK_OK;
      }
    }
  char names[200];
  if (strchr(text, '=') && access(text, F_OK))
    return brisk_fail(BRISK_ERROR_INPUT, "the model has no input '%.*s'; its inputs are %s", (int)strcspn(text, "="),
                      text, list_inputs(session, names, sizeof names));
  return BRISK_OK;
}

static brisk_status read_files(brisk_session *session) {
  brisk_status status = BRISK_OK;
  for (int i = 0; !status && i < session->options.inputs.count; ++i) {
    int32_t index;
    const char *path;
    status = split(session, session->options.inputs.items[i], &index, &path);
    if (status)
      return status;
    brisk_arrays arrays;
    status = brisk_arrays_read(path, &arrays);
    if (status)
      return status;
    status = index < 0 ? take_all(session, path, &arrays) : take_one(session, index, path, &arrays);
    brisk_arrays_free(&arrays);
  }
  return status;
}

/*===-- Random --===*/

/* Reads "1x3x224" into dims; returns the rank or -1. "" is rank 0. */
static int32_t parse_dims(const char *text, int64_t *dims, int32_t capacity) {
  int32_t rank = 0;
  while (*text) {
    char *end;
    if (*text < '0' || *text > '9' || rank == capacity)
      return -1;
    dims[rank++] = strtoll(text, &end, 10);
    if (*end && (*end != 'x' || !end[1]))
      return -1;
    text = *end ? end + 1 : end;
  }
  return rank;
}

/* The dims that --shape gives the input, or NULL. */
static const char *find_shape(const brisk_session *session, const char *name) {
  for (int i = 0; i < session->options.shapes.count; ++i) {
    const char *text = session->options.shapes.items[i];
    const size_t length = (size_t)(strrchr(text, '=') - text);
    if (strlen(name) == length && !memcmp(name, text, length))
      return text + length + 1;
  }
  return NULL;
}

static brisk_status make_random(brisk_session *session, int32_t index, uint64_t *state) {
  const brisk_value *value = brisk_model_input(session->model, index);
  char type[200];
  brisk_format_value(type, sizeof type, (const brisk_abi_value *)value);
  int64_t *dims = malloc(((size_t)value->rank + 1) * sizeof *dims);
  if (!dims)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", value->name);
  session->input_dims[index] = dims;
  bool open = false;
  for (int32_t i = 0; i < value->rank; ++i) {
    dims[i] = value->dims[i];
    open |= dims[i] < 0;
  }
  const char *shape = find_shape(session, value->name);
  if (shape && parse_dims(shape, dims, value->rank) != value->rank)
    return brisk_fail(BRISK_ERROR_INPUT, "input '%s' expects %s, but got --shape %s", value->name, type, shape);
  if (open && !shape)
    return brisk_fail(BRISK_ERROR_INPUT, "input '%s' %s has open dims: give --shape %s=DIMS", value->name, type,
                      value->name);
  if (value->dtype == BRISK_STRING)
    return brisk_fail(BRISK_ERROR_INPUT, "input '%s' holds strings, which brisk-run cannot make", value->name);
  const uint64_t bytes = brisk_tensor_bytes(value->dtype, value->rank, dims);
  void *data = brisk_allocate(bytes);
  if (!data)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for input '%s'", value->name);
  session->inputs[index] = (brisk_tensor){value->dtype, value->rank, dims, data, bytes};
  brisk_draw(&session->inputs[index], state);
  return BRISK_OK;
}

/*===-- Both --===*/

/* Each --shape must name an input that is drawn. */
static brisk_status check_shapes(const brisk_session *session) {
  char names[200];
  for (int i = 0; i < session->options.shapes.count; ++i) {
    const char *text = session->options.shapes.items[i];
    bool known = false;
    for (int32_t j = 0; j < session->num_inputs; ++j)
      known |= !session->inputs[j].dtype && find_shape(session, brisk_model_input(session->model, j)->name);
    if (!known || !session->options.random)
      return brisk_fail(BRISK_ERROR_INPUT,
                        "--shape %s is for an input that is drawn by --random; "
                        "the inputs are %s",
                        text, list_inputs(session, names, sizeof names));
  }
  return BRISK_OK;
}

brisk_status brisk_session_inputs(brisk_session *session) {
  brisk_status status = read_files(session);
  if (!status && session->options.stream)
    status = brisk_stream_states(session);
  if (!status)
    status = check_shapes(session);
  uint64_t state = (uint64_t)session->options.seed;
  for (int32_t i = 0; !status && i < session->num_inputs; ++i) {
    const brisk_value *value = brisk_model_input(session->model, i);
    if (session->inputs[i].dtype)
      continue;
    if (session->options.random) {
      status = make_random(session, i, &state);
      continue;
    }
    char type[200];
    status = brisk_fail(BRISK_ERROR_INPUT, "input '%s' %s is missing: give --input %s=FILE or --random", value->name,
                        brisk_format_value(type, sizeof type, (const brisk_abi_value *)value), value->name);
  }
  return status;
}
