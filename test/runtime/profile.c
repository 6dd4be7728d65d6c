/* Profiles: which events are kept, and the trace that is written from them.
 *
 * Argument: a folder to write to.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/runtime.h"
#include "test/runtime/check.h"
#include "test/runtime/models.h"

#include <stdlib.h>
#include <unistd.h>

static float x[5000], y[5000];

static brisk_context *open_context(int32_t threads, int32_t events) {
  brisk_model *model;
  brisk_context *context = NULL;
  const brisk_options options = {.threads = threads, .profile_events = events};
  CHECK(brisk_model_from_abi(&fake_parallel, &model) == BRISK_OK);
  CHECK(brisk_context_create(model, &options, &context) == BRISK_OK);
  brisk_model_close(model);
  return context;
}

static void run(brisk_context *context, int runs) {
  static const int64_t dims[] = {5000};
  const brisk_tensor input = {BRISK_FLOAT32, 1, dims, x, 0};
  brisk_tensor output = {.data = y};
  for (int i = 0; i < runs; ++i)
    CHECK(brisk_run(context, &input, 1, &output, 1) == BRISK_OK);
}

static void test_events(void) {
  brisk_context *context = open_context(2, 100);
  run(context, 5);
  /* The caller: two kernels and the whole, each run. The worker: two shares. */
  brisk_event events[100];
  CHECK(brisk_profile_events(context, NULL, 0) == 25);
  CHECK(brisk_profile_events(context, events, 100) == 25);
  for (int i = 0; i < 25; ++i) {
    const brisk_event *e = &events[i];
    CHECK(e->thread == (i >= 15));
    CHECK(e->kernel == (i < 15 ? (i % 3 == 2 ? -1 : i % 3) : (i - 15) % 2));
    CHECK(e->duration_ns < 10000000000u);
    /* A kernel lies inside its run, and a share inside its kernel. */
    const brisk_event *outer = NULL;
    if (i < 15 && i % 3 != 2)
      outer = &events[i - i % 3 + 2];
    else if (i >= 15)
      outer = &events[(i - 15) / 2 * 3 + (i - 15) % 2];
    CHECK(!outer ||
          (e->start_ns >= outer->start_ns && e->start_ns + e->duration_ns <= outer->start_ns + outer->duration_ns));
  }
  brisk_profile_clear(context);
  CHECK(brisk_profile_events(context, NULL, 0) == 0);
  brisk_context_destroy(context);

  /* Of many events the last are kept, oldest first. */
  context = open_context(1, 4);
  run(context, 3);
  CHECK(brisk_profile_events(context, events, 100) == 4);
  CHECK(events[0].kernel == -1 && events[1].kernel == 0 && events[2].kernel == 1 && events[3].kernel == -1);
  for (int i = 1; i < 4; ++i)
    CHECK(events[i].start_ns + events[i].duration_ns >= events[i - 1].start_ns + events[i - 1].duration_ns);
  brisk_context_destroy(context);
}

static void test_trace(void) {
  brisk_context *context = open_context(2, 100);
  run(context, 2);
  CHECK(brisk_profile_write(context, "trace.json") == BRISK_OK);
  char text[8192] = {0};
  FILE *file = fopen("trace.json", "rb");
  CHECK(file != NULL);
  if (file) {
    CHECK(fread(text, 1, sizeof text - 1, file) > 100);
    fclose(file);
  }
  CHECK(strstr(text, "\"name\":\"/block.0/Mul\",\"cat\":\"kernel\",\"tid\":1"));
  CHECK(strstr(text, "\"name\":\"/block.0/\\\"Add\\\"+/act\""));
  CHECK(strstr(text, "\"op\":\"fused\""));
  CHECK(strstr(text, "\"ts\":0.000,"));

  /* A failure leaves what was there. */
  CHECK(brisk_profile_write(context, "missing/trace.json") == BRISK_ERROR_FILE);
  CHECK_TEXT(brisk_error_message(), "cannot write 'missing/trace.json': No such file or directory");
  CHECK(brisk_profile_write(context, ".") == BRISK_ERROR_FILE);
  CHECK(brisk_profile_write(context, NULL) == BRISK_ERROR_ARGUMENT);
  CHECK(brisk_profile_write(context, "/dev/full") == BRISK_ERROR_FILE);
  CHECK_TEXT(brisk_error_message(), "cannot write '/dev/full': No space left on device");
  brisk_context_destroy(context);

  context = open_context(2, 0);
  run(context, 1);
  CHECK(brisk_profile_events(context, NULL, 0) == 0);
  CHECK(brisk_profile_write(context, "none.json") == BRISK_ERROR_ARGUMENT);
  CHECK(access("none.json", F_OK) != 0);
  brisk_context_destroy(context);
}

int main(int argc, char **argv) {
  if (argc != 2 || chdir(argv[1])) {
    fputs("usage: profile FOLDER\n", stderr);
    return 2;
  }
  test_events();
  test_trace();
  return check_result();
}
