/* brisk-run from its command line to its exit status.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/tools/main.h"
#include "runtime/abi.h"
#include "runtime/tools/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A sample shorter than this is mostly the clock's own time. */
#define SAMPLE_NS 10000u
/* Kernel timings kept of each thread. */
#define PROFILE_EVENTS (1 << 18)
#define MAX_REPEAT 100000000

/*===-- Running --===*/

static brisk_status run_once(brisk_session *session) {
  brisk_status status =
      brisk_run(session->context, session->inputs, session->num_inputs, session->outputs, session->num_outputs);
  if (status)
    brisk_fail(status, "%s", brisk_context_message(session->context));
  return status;
}

static brisk_status run_group(brisk_session *session, uint64_t runs, uint64_t *ns) {
  const uint64_t start = brisk_now_ns();
  brisk_status status = BRISK_OK;
  for (uint64_t i = 0; !status && i < runs; ++i)
    status = run_once(session);
  *ns = brisk_now_ns() - start;
  return status;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_times(const brisk_session *session, double *us, int64_t count) {
  qsort(us, (size_t)count, sizeof *us, by_size);
  const double median = count % 2 ? us[count / 2] : (us[count / 2 - 1] + us[count / 2]) / 2;
  /* The smallest time that 99 % of the samples do not exceed. */
  const int64_t rank99 = (count * 99 + 99) / 100;
  printf("{\"min_us\": %.3f, \"median_us\": %.3f, \"p99_us\": %.3f, "
         "\"open_us\": %.3f, \"first_us\": %.3f}\n",
         us[0], median, us[rank99 - 1], (double)session->open_ns / 1e3, (double)session->first_ns / 1e3);
}

static brisk_status measure(brisk_session *session) {
  const int64_t repeat = session->options.repeat;
  brisk_status status = BRISK_OK;
  /* A step of --stream gives less than what was written. */
  for (int32_t i = 0; i < session->num_outputs; ++i)
    if (session->whole_dims[i])
      session->outputs[i] = (brisk_tensor){0, 0, NULL, session->outputs[i].data, session->outputs[i].capacity};
  for (int64_t i = 0; !status && i < session->options.warmup; ++i)
    status = run_once(session);
  uint64_t runs = 1, ns = 0;
  while (!status) {
    status = run_group(session, runs, &ns);
    if (ns >= SAMPLE_NS || runs >= SAMPLE_NS)
      break;
    runs *= 2;
  }
  if (status)
    return status;
  double *us = malloc((size_t)repeat * sizeof *us);
  if (!us)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for %" PRId64 " times", repeat);
  for (int64_t i = 0; !status && i < repeat; ++i) {
    status = run_group(session, runs, &ns);
    us[i] = (double)ns / 1e3 / (double)runs;
  }
  if (!status)
    print_times(session, us, repeat);
  free(us);
  return status;
}

/*===-- Opening --===*/

static brisk_status open_model(brisk_session *session, const void *descriptor) {
  const uint64_t start = brisk_now_ns();
  brisk_status status = descriptor ? brisk_model_from_abi(descriptor, &session->model)
                                   : brisk_model_open(session->options.artifact, &session->model);
  session->open_ns = brisk_now_ns() - start;
  if (status)
    return status;
  const int32_t inputs = brisk_model_num_inputs(session->model);
  const int32_t outputs = brisk_model_num_outputs(session->model);
  session->inputs = calloc((size_t)inputs + 1, sizeof *session->inputs);
  session->outputs = calloc((size_t)outputs + 1, sizeof *session->outputs);
  session->input_dims = calloc((size_t)inputs + 1, sizeof(int64_t *));
  session->output_buffers = calloc((size_t)outputs + 1, sizeof(void *));
  session->whole_dims = calloc((size_t)outputs + 1, sizeof(int64_t *));
  if (!session->inputs || !session->outputs || !session->input_dims || !session->output_buffers || !session->whole_dims)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory");
  session->num_inputs = inputs;
  session->num_outputs = outputs;
  return BRISK_OK;
}

static brisk_status open_context(brisk_session *session) {
  const brisk_run_options *options = &session->options;
  const brisk_options wanted = {.threads = options->threads ? (int32_t)options->threads : -1,
                                .max_isa = options->isa,
                                .device = options->device,
                                .profile_events = options->profile ? PROFILE_EVENTS : 0};
  const uint64_t start = brisk_now_ns();
  brisk_status status = brisk_context_create(session->model, &wanted, &session->context);
  session->open_ns += brisk_now_ns() - start;
  return status;
}

/* Buffers for the outputs whose size is known; the others come from the
 * context. */
static brisk_status make_outputs(brisk_session *session) {
  for (int32_t i = 0; i < session->num_outputs; ++i) {
    const brisk_value *value = brisk_model_output(session->model, i);
    const uint64_t bytes = brisk_tensor_bytes(value->dtype, value->rank, value->dims);
    if (bytes == UINT64_MAX)
      continue;
    session->output_buffers[i] = brisk_allocate(bytes);
    if (!session->output_buffers[i])
      return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for output '%s'", value->name);
    session->outputs[i].data = session->output_buffers[i];
    session->outputs[i].capacity = bytes;
  }
  return BRISK_OK;
}

static void close_session(brisk_session *session) {
  brisk_context_destroy(session->context);
  brisk_model_close(session->model);
  for (int32_t i = 0; i < session->num_inputs; ++i) {
    free(session->inputs[i].data);
    free(session->input_dims[i]);
  }
  for (int32_t i = 0; i < session->num_outputs; ++i) {
    free(session->output_buffers[i]);
    free(session->whole_dims[i]);
  }
  free(session->inputs);
  free(session->outputs);
  free(session->input_dims);
  free(session->output_buffers);
  free(session->whole_dims);
}

/*===-- Results --===*/

static brisk_status write_outputs(const brisk_session *session) {
  brisk_arrays arrays = {calloc((size_t)session->num_outputs + 1, sizeof(brisk_array)), 0};
  brisk_status status = BRISK_OK;
  if (!arrays.items)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory");
  for (int32_t i = 0; !status && i < session->num_outputs; ++i) {
    status =
        brisk_array_from_tensor(&session->outputs[i], brisk_model_output(session->model, i)->name, &arrays.items[i]);
    arrays.count += !status;
  }
  if (!status)
    status = brisk_arrays_write(session->options.output, &arrays);
  brisk_arrays_free(&arrays);
  return status;
}

static brisk_status work(brisk_session *session, const void *descriptor) {
  const brisk_run_options *options = &session->options;
  brisk_status status = open_model(session, descriptor);
  if (status)
    return status;
  if (options->info) {
    brisk_session_info(session);
    return BRISK_OK;
  }
  status = brisk_session_inputs(session);
  if (!status)
    status = make_outputs(session);
  if (!status)
    status = open_context(session);
  if (!status)
    status = options->stream ? brisk_session_stream(session, &session->first_ns) : run_group(session, 1, &session->first_ns);
  if (!status && options->expect)
    status = brisk_session_compare(session, options->expect);
  if (!status && options->output)
    status = write_outputs(session);
  if (!status && options->repeat)
    status = measure(session);
  if (!status && options->profile)
    status = brisk_profile_write(session->context, options->profile);
  if (!status && !options->repeat && !options->expect && !options->output)
    brisk_session_summary(session);
  return status;
}

static bool in_range(const brisk_run_options *options) {
  if (options->threads > 1024)
    fputs("brisk-run: --threads expects at most 1024\n", stderr);
  else if (options->repeat > MAX_REPEAT || options->warmup > MAX_REPEAT)
    fprintf(stderr, "brisk-run: --repeat and --warmup expect at most %d\n", MAX_REPEAT);
  else if (options->isa && brisk_isa_from_name(options->isa) < 0)
    fprintf(stderr,
            "brisk-run: --isa expects " BRISK_ISA_NAMES ", but got '%s'\n",
            options->isa);
  else
    return true;
  return false;
}

int brisk_main(int argc, char **argv, const void *descriptor) {
  brisk_session session = {0};
  int result = 2;
  if (brisk_options_parse(argc, argv, descriptor != NULL, &session.options) && in_range(&session.options)) {
    result = 0;
    if (session.options.help)
      brisk_options_help(argc > 0 ? argv[0] : "brisk-run", descriptor != NULL);
    else if (work(&session, descriptor)) {
      fprintf(stderr, "brisk-run: %s\n", brisk_error_message());
      result = 1;
    }
  }
  close_session(&session);
  brisk_options_free(&session.options);
  if (fflush(stdout) && !result) {
    fputs("brisk-run: cannot write to the standard output\n", stderr);
    result = 1;
  }
  return result;
}
