/* Kernel timings: collected in rings that exist before the run, written as a
 * Chrome trace afterwards.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

uint64_t brisk_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/*===-- Recording --===*/

brisk_recorder *brisk_recorder_create(int32_t threads, int32_t capacity) {
  brisk_recorder *recorder = calloc(1, sizeof *recorder);
  if (!recorder)
    return NULL;
  recorder->threads = threads;
  recorder->capacity = (uint64_t)capacity;
  recorder->lanes = calloc((size_t)threads, sizeof *recorder->lanes);
  bool whole = recorder->lanes != NULL;
  for (int32_t i = 0; whole && i < threads; ++i) {
    recorder->lanes[i].events = calloc((size_t)capacity, sizeof(brisk_event));
    whole = recorder->lanes[i].events != NULL;
  }
  if (whole)
    return recorder;
  brisk_recorder_destroy(recorder);
  return NULL;
}

void brisk_recorder_destroy(brisk_recorder *recorder) {
  if (!recorder)
    return;
  for (int32_t i = 0; recorder->lanes && i < recorder->threads; ++i)
    free(recorder->lanes[i].events);
  free(recorder->lanes);
  free(recorder);
}

void brisk_recorder_add(brisk_recorder *recorder, int32_t thread,
                        int32_t kernel, uint64_t start_ns) {
  brisk_lane *lane = &recorder->lanes[thread];
  lane->events[lane->count++ % recorder->capacity] =
      (brisk_event){kernel, thread, start_ns, brisk_now_ns() - start_ns};
}

/* Kernels nest where one calls another (the body of a loop, say). Deeper ones
 * than the stack holds are counted but not timed. */
void brisk_recorder_enter(brisk_recorder *recorder, int32_t kernel) {
  int32_t depth = recorder->depth++;
  if (depth < (int32_t)(sizeof recorder->stack / sizeof *recorder->stack)) {
    recorder->stack[depth].kernel = kernel;
    recorder->stack[depth].start_ns = brisk_now_ns();
  }
}

void brisk_recorder_leave(brisk_recorder *recorder, int32_t kernel) {
  if (recorder->depth == 0)
    return;
  int32_t depth = --recorder->depth;
  if (depth < (int32_t)(sizeof recorder->stack / sizeof *recorder->stack))
    brisk_recorder_add(recorder, 0, kernel, recorder->stack[depth].start_ns);
}

int32_t brisk_recorder_kernel(const brisk_recorder *recorder) {
  const int32_t last =
      (int32_t)(sizeof recorder->stack / sizeof *recorder->stack) - 1;
  int32_t top = recorder->depth - 1;
  return top < 0 ? -1 : recorder->stack[top < last ? top : last].kernel;
}

/*===-- Reading --===*/

static uint64_t kept(const brisk_recorder *recorder, const brisk_lane *lane) {
  return lane->count < recorder->capacity ? lane->count : recorder->capacity;
}

/* The i-th oldest kept event of the lane. */
static const brisk_event *event_at(const brisk_recorder *recorder,
                                   const brisk_lane *lane, uint64_t i) {
  return &lane->events[(lane->count - kept(recorder, lane) + i) %
                       recorder->capacity];
}

uint64_t brisk_profile_events(const brisk_context *context, brisk_event *events,
                              uint64_t capacity) {
  const brisk_recorder *recorder = context->recorder;
  uint64_t total = 0;
  for (int32_t t = 0; recorder && t < recorder->threads; ++t) {
    const brisk_lane *lane = &recorder->lanes[t];
    for (uint64_t i = 0; i < kept(recorder, lane); ++i, ++total)
      if (total < capacity)
        events[total] = *event_at(recorder, lane, i);
  }
  return total;
}

void brisk_profile_clear(brisk_context *context) {
  brisk_recorder *recorder = context->recorder;
  for (int32_t t = 0; recorder && t < recorder->threads; ++t)
    recorder->lanes[t].count = 0;
}

/*===-- The trace file --===*/

/* Microseconds with three decimals, whatever the locale's decimal point is. */
static void write_us(FILE *out, const char *key, uint64_t ns) {
  fprintf(out, ",\"%s\":%" PRIu64 ".%03u", key, ns / 1000,
          (unsigned)(ns % 1000));
}

static void write_event(FILE *out, const brisk_abi_model *abi,
                        const brisk_event *event, uint64_t origin_ns) {
  bool is_kernel = event->kernel >= 0 && event->kernel < abi->num_kernels;
  fputs(",\n{\"ph\":\"X\",\"pid\":1,\"name\":", out);
  brisk_write_json_string(out, is_kernel ? abi->kernels[event->kernel].name
                                         : abi->name);
  fprintf(out, ",\"cat\":\"%s\",\"tid\":%" PRId32, is_kernel ? "kernel" : "run",
          event->thread);
  write_us(out, "ts", event->start_ns - origin_ns);
  write_us(out, "dur", event->duration_ns);
  if (is_kernel) {
    fprintf(out, ",\"args\":{\"kernel\":%" PRId32 ",\"op\":", event->kernel);
    brisk_write_json_string(out, abi->kernels[event->kernel].op);
    fputc('}', out);
  }
  fputc('}', out);
}

brisk_status brisk_profile_write(const brisk_context *context,
                                 const char *path) {
  if (!path)
    return brisk_fail(BRISK_ERROR_ARGUMENT, "expects a path, but got null");
  const brisk_recorder *recorder = context->recorder;
  const brisk_abi_model *abi = context->model->abi;
  if (!recorder)
    return brisk_fail(
        BRISK_ERROR_ARGUMENT,
        "the context was created without profiling: set profile_events");
  /* A device has counts of its own; they are no part of what this promises not to change. */
  if (context->model->device)
    return context->model->device->write_profile((brisk_context *)(uintptr_t)context, path);
  uint64_t origin_ns = UINT64_MAX;
  for (int32_t t = 0; t < recorder->threads; ++t)
    for (uint64_t i = 0; i < kept(recorder, &recorder->lanes[t]); ++i) {
      const brisk_event *event = event_at(recorder, &recorder->lanes[t], i);
      if (event->start_ns < origin_ns)
        origin_ns = event->start_ns;
    }

  brisk_new_file file;
  brisk_status status = brisk_new_file_open(&file, path);
  if (status)
    return status;
  fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
        "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":",
        file.stream);
  brisk_write_json_string(file.stream, abi->name);
  fputs("}}", file.stream);
  for (int32_t t = 0; t < recorder->threads; ++t) {
    const brisk_lane *lane = &recorder->lanes[t];
    fprintf(file.stream,
            ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":%" PRId32
            ",\"name\":\"thread_name\",\"args\":{\"name\":\"%s %" PRId32 "\"}}",
            t, t ? "worker" : "caller", t);
    for (uint64_t i = 0; i < kept(recorder, lane); ++i)
      write_event(file.stream, abi, event_at(recorder, lane, i), origin_ns);
  }
  fputs("\n]}\n", file.stream);
  return brisk_new_file_close(&file, true);
}
