/* brisk-run --stream: a step of a model over time (briskc --stream), again and
 * again over whole sequences.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/tools/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What the manifest says: the axis that time runs along in each input and
 * output (-1: none), and by how many frames outputs lag. */
typedef struct facts {
  int64_t *inputs, *outputs, *delays;
  int64_t states, step;
} facts;

static void free_facts(facts *f) {
  free(f->inputs);
  free(f->outputs);
  free(f->delays);
}

/* The numbers behind "key":, of which there are `count`, or NULL. */
static int64_t *numbers(const char *text, const char *key, int64_t count) {
  const char *at = strstr(text, key);
  int64_t *list = calloc((size_t)count + 1, sizeof *list);
  for (int64_t i = 0; at && list && i < count; ++i) {
    char *end;
    at += i ? 1 : strlen(key);
    list[i] = strtoll(at, &end, 10);
    at = end == at || !strchr(",]}", *end) ? NULL : end;
  }
  if (!at) {
    free(list);
    return NULL;
  }
  return list;
}

static brisk_status read_facts(const brisk_session *session, facts *f) {
  *f = (facts){0};
  /* Quotes inside strings are escaped: this is no part of one. */
  const char *text = strstr(brisk_model_manifest(session->model), "\"stream\":{");
  if (!text)
    return brisk_fail(BRISK_ERROR_INPUT, "--stream: the model is no step of one over time (briskc --stream)");
  f->inputs = numbers(text, "\"inputs\":[", session->num_inputs);
  f->outputs = numbers(text, "\"outputs\":[", session->num_outputs);
  f->delays = numbers(text, "\"delays\":[", session->num_outputs);
  int64_t *states = numbers(text, "\"states\":", 1), *step = numbers(text, "\"step\":", 1);
  bool whole = f->inputs && f->outputs && f->delays && states && step;
  if (whole) {
    f->states = *states;
    f->step = *step;
    whole = f->step > 0 && f->states >= 0 && f->states <= session->num_inputs && f->states <= session->num_outputs;
  }
  free(states);
  free(step);
  return whole ? BRISK_OK : brisk_fail(BRISK_ERROR_INPUT, "--stream: the manifest does not describe the model");
}

brisk_status brisk_stream_states(brisk_session *session) {
  facts f;
  brisk_status status = read_facts(session, &f);
  for (int64_t i = session->num_inputs - f.states; !status && i < session->num_inputs; ++i) {
    const brisk_value *value = brisk_model_input(session->model, (int32_t)i);
    if (session->inputs[i].dtype)
      continue;
    const uint64_t bytes = brisk_tensor_bytes(value->dtype, value->rank, value->dims);
    int64_t *dims = malloc(((size_t)value->rank + 1) * sizeof *dims);
    void *data = bytes == UINT64_MAX ? NULL : brisk_allocate(bytes);
    session->input_dims[i] = dims;
    if (!dims || !data)
      status = brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", value->name);
    else {
      memcpy(dims, value->dims, (size_t)value->rank * sizeof *dims);
      memset(data, 0, bytes);
      session->inputs[i] = (brisk_tensor){value->dtype, value->rank, dims, data, bytes};
    }
  }
  free_facts(&f);
  return status;
}

/* Copies `frames` frames from place `from` to place `to` along an axis; `have`
 * and `room` are the sizes of the two tensors along it. */
static void copy_frames(const uint8_t *source, int64_t have, int64_t from, uint8_t *target, int64_t room, int64_t to,
                        int64_t frames, uint64_t outer, uint64_t frame_bytes) {
  for (uint64_t i = 0; i < outer; ++i)
    memcpy(target + (i * (uint64_t)room + (uint64_t)to) * frame_bytes,
           source + (i * (uint64_t)have + (uint64_t)from) * frame_bytes, (uint64_t)frames * frame_bytes);
}

/* How often the frames of `value` repeat over the axes before `axis`, and how
 * many bytes one frame has behind it. */
static brisk_status extent(const brisk_value *value, int64_t axis, uint64_t *outer, uint64_t *frame_bytes) {
  const int64_t one = 1;
  const uint64_t bytes = brisk_tensor_bytes(value->dtype, value->rank, value->dims);
  const uint64_t count = brisk_count(value->rank, value->dims), item = brisk_tensor_bytes(value->dtype, 1, &one);
  if (bytes == UINT64_MAX || axis >= value->rank || bytes != count * item)
    return brisk_fail(BRISK_ERROR_INPUT, "--stream: '%s' cannot be cut into frames", value->name);
  *outer = brisk_count((int32_t)axis, value->dims);
  *frame_bytes = brisk_count(value->rank - (int32_t)axis - 1, value->dims + axis + 1) * item;
  return BRISK_OK;
}

/* A tensor with other frames than the one step has. */
typedef struct sequence {
  int64_t axis, frames, skipped; /* frames: of the whole */
  uint64_t outer, frame_bytes, bytes;
  uint8_t *data;  /* of the whole; owned of outputs */
  uint8_t *piece; /* of a step; owned of inputs */
} sequence;

static brisk_status begin_input(brisk_session *session, int32_t i, int64_t axis, int64_t step, int64_t *steps, sequence *s) {
  const brisk_value *value = brisk_model_input(session->model, i);
  brisk_tensor *whole = &session->inputs[i];
  brisk_status status = extent(value, axis, &s->outer, &s->frame_bytes);
  if (status)
    return status;
  s->axis = axis;
  bool fits = whole->rank == value->rank;
  for (int32_t d = 0; fits && d < value->rank; ++d)
    fits = d == axis || whole->dims[d] == value->dims[d];
  s->frames = fits ? whole->dims[axis] : 0;
  if (s->frames < step || (*steps && *steps != s->frames / step))
    return brisk_fail(BRISK_ERROR_INPUT, "input '%s' expects at least %" PRId64 " frames along axis %" PRId64
                      ", as many as other inputs, and the model's sizes along others", value->name, step, axis);
  *steps = s->frames / step;
  s->data = whole->data;
  s->piece = brisk_allocate(s->outer * (uint64_t)step * s->frame_bytes);
  if (!s->piece)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", value->name);
  session->input_dims[i][axis] = step;
  whole->data = s->piece;
  return BRISK_OK;
}

static brisk_status begin_output(brisk_session *session, int32_t i, int64_t axis, int64_t delay, int64_t steps, sequence *s) {
  const brisk_value *value = brisk_model_output(session->model, i);
  brisk_status status = extent(value, axis, &s->outer, &s->frame_bytes);
  if (status)
    return status;
  const int64_t all = value->dims[axis] * steps;
  *s = (sequence){axis, all > delay ? all - delay : 0, delay, s->outer, s->frame_bytes, 0, NULL, session->outputs[i].data};
  /* --repeat writes single steps to it. */
  s->bytes = s->outer * (uint64_t)(s->frames > value->dims[axis] ? s->frames : value->dims[axis]) * s->frame_bytes;
  s->data = brisk_allocate(s->bytes);
  return s->data ? BRISK_OK : brisk_fail(BRISK_ERROR_MEMORY, "out of memory for '%s'", value->name);
}

static brisk_status go(brisk_session *session, const facts *f, int64_t steps, const sequence *inputs, const sequence *outputs) {
  brisk_status status = BRISK_OK;
  for (int64_t step = 0; !status && step < steps; ++step) {
    for (int32_t i = 0; i < session->num_inputs; ++i)
      if (inputs[i].data)
        copy_frames(inputs[i].data, inputs[i].frames, step * f->step, inputs[i].piece, f->step, 0, f->step, inputs[i].outer,
                    inputs[i].frame_bytes);
    status = brisk_run(session->context, session->inputs, session->num_inputs, session->outputs, session->num_outputs);
    if (status)
      return brisk_fail(status, "%s", brisk_context_message(session->context));
    for (int32_t i = 0; i < session->num_outputs; ++i) {
      const sequence *s = &outputs[i];
      if (!s->data)
        continue;
      /* The first frames may be of times before the beginning. */
      const int64_t count = brisk_model_output(session->model, i)->dims[s->axis], at = step * count - s->skipped;
      const int64_t late = at < 0 ? (-at < count ? -at : count) : 0;
      copy_frames(s->piece, count, late, s->data, s->frames, at + late, count - late, s->outer, s->frame_bytes);
    }
    for (int64_t i = 0; i < f->states; ++i) {
      brisk_tensor *past = &session->inputs[session->num_inputs - f->states + i];
      memcpy(past->data, session->outputs[session->num_outputs - f->states + i].data,
             brisk_tensor_bytes(past->dtype, past->rank, past->dims));
    }
  }
  return status;
}

brisk_status brisk_session_stream(brisk_session *session, uint64_t *ns) {
  facts f;
  int64_t steps = 0;
  brisk_status status = read_facts(session, &f);
  sequence *inputs = calloc((size_t)session->num_inputs + 1, sizeof *inputs);
  sequence *outputs = calloc((size_t)session->num_outputs + 1, sizeof *outputs);
  if (!status && (!inputs || !outputs))
    status = brisk_fail(BRISK_ERROR_MEMORY, "out of memory");
  for (int32_t i = 0; !status && i < session->num_inputs; ++i)
    if (f.inputs[i] >= 0)
      status = begin_input(session, i, f.inputs[i], f.step, &steps, &inputs[i]);
  for (int32_t i = 0; !status && i < session->num_outputs; ++i)
    if (f.outputs[i] >= 0)
      status = begin_output(session, i, f.outputs[i], f.delays[i], steps, &outputs[i]);
  const uint64_t start = brisk_now_ns();
  if (!status)
    status = go(session, &f, steps, inputs, outputs);
  *ns = steps ? (brisk_now_ns() - start) / (uint64_t)steps : 0;
  /* What is compared and written are whole sequences; the last piece stays for --repeat. */
  for (int32_t i = 0; inputs && i < session->num_inputs; ++i)
    if (inputs[i].piece)
      free(inputs[i].data);
  for (int32_t i = 0; outputs && i < session->num_outputs; ++i) {
    if (status || !outputs[i].data) {
      free(outputs[i].data);
      continue;
    }
    int64_t *dims = (int64_t *)session->outputs[i].dims;
    session->whole_dims[i] = malloc(((size_t)session->outputs[i].rank + 1) * sizeof *dims);
    if (!session->whole_dims[i]) {
      free(outputs[i].data);
      status = brisk_fail(BRISK_ERROR_MEMORY, "out of memory");
      continue;
    }
    memcpy(session->whole_dims[i], dims, (size_t)session->outputs[i].rank * sizeof *dims);
    session->whole_dims[i][outputs[i].axis] = outputs[i].frames;
    free(session->output_buffers[i]);
    session->output_buffers[i] = outputs[i].data;
    session->outputs[i].data = outputs[i].data;
    session->outputs[i].dims = session->whole_dims[i];
    session->outputs[i].capacity = outputs[i].bytes;
  }
  free(inputs);
  free(outputs);
  free_facts(&f);
  return status;
}
