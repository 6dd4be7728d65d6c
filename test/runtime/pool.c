/* Threads: every unit is done exactly once, whatever the number of threads and units,
 * with pauses that let workers fall asleep, and in several contexts at a time.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/internal.h"
#include "test/runtime/check.h"
#include "test/runtime/models.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_UNITS = 1000 };

typedef struct job {
  int counts[MOST_UNITS];
  brisk_pool *pool;
  atomic_int nested;
} job;

static void count_units(void *args, int64_t begin, int64_t end) {
  job *j = args;
  for (int64_t i = begin; i < end; ++i)
    ++j->counts[i];
}

static void add_units(void *args, int64_t begin, int64_t end) {
  atomic_fetch_add((atomic_int *)args, (int)(end - begin));
}

/* A parallel loop inside a parallel loop runs in place. */
static void nest_units(void *args, int64_t begin, int64_t end) {
  job *j = args;
  count_units(j, begin, end);
  brisk_pool_run(j->pool, add_units, &j->nested, 10);
}

static void test_pool(int32_t threads, int rounds) {
  brisk_pool *pool = NULL;
  CHECK(brisk_pool_create(threads, threads == 3, NULL, &pool) == BRISK_OK);
  job *j = calloc(1, sizeof *j);
  j->pool = pool;
  static const int64_t sizes[] = {0, 1, 2, 3, 7, 64, 999, MOST_UNITS};
  int expected[MOST_UNITS] = {0};
  for (int round = 0; round < rounds; ++round)
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
      brisk_pool_run(pool, count_units, j, sizes[s]);
      for (int64_t i = 0; i < sizes[s]; ++i)
        ++expected[i];
      /* Past the workers' spinning, now and then. */
      if (round % 50 == 7 && s == 4)
        usleep(300);
    }
  CHECK(memcmp(expected, j->counts, sizeof expected) == 0);

  const int64_t units = 100;
  const int64_t stretches = threads < units ? threads : units;
  brisk_pool_run(pool, nest_units, j, units);
  for (int64_t i = 0; i < units; ++i)
    ++expected[i];
  CHECK(memcmp(expected, j->counts, sizeof expected) == 0);
  CHECK(j->nested == 10 * stretches);
  brisk_pool_destroy(pool);
  free(j);
}

/*===-- Contexts --===*/

enum { RUNNERS = 4, RUNS = 300 };

typedef struct runner {
  brisk_model *model;
  int index;
  bool right;
} runner;

static void *run_context(void *argument) {
  runner *self = argument;
  static const int64_t dims[] = {5000};
  float *x = malloc(2 * 5000 * sizeof *x), *y = x + 5000;
  brisk_context *context;
  const brisk_options options = {.threads = self->index % 3 + 1};
  self->right = brisk_context_create(self->model, &options, &context) == BRISK_OK;
  for (int run = 0; self->right && run < RUNS; ++run) {
    for (int i = 0; i < 5000; ++i)
      x[i] = (float)(i * self->index + run);
    const brisk_tensor input = {BRISK_FLOAT32, 1, dims, x, 0};
    brisk_tensor output = {.data = y};
    self->right = brisk_run(context, &input, 1, &output, 1) == BRISK_OK;
    for (int i = 0; i < 5000; ++i)
      self->right &= y[i] == 2 * x[i] + 1;
  }
  brisk_context_destroy(context);
  free(x);
  return NULL;
}

static void test_contexts(void) {
  brisk_model *model;
  CHECK(brisk_model_from_abi(&fake_parallel, &model) == BRISK_OK);
  runner runners[RUNNERS];
  pthread_t threads[RUNNERS];
  for (int i = 0; i < RUNNERS; ++i) {
    runners[i] = (runner){model, i, false};
    CHECK(!pthread_create(&threads[i], NULL, run_context, &runners[i]));
  }
  for (int i = 0; i < RUNNERS; ++i) {
    pthread_join(threads[i], NULL);
    CHECK(runners[i].right);
  }
  brisk_model_close(model);
}

int main(void) {
  static const int32_t threads[] = {2, 3, 5, 16};
  for (size_t i = 0; i < sizeof threads / sizeof *threads; ++i)
    test_pool(threads[i], threads[i] > 3 ? 60 : 400);
  /* Pools come and go without having worked. */
  for (int i = 0; i < 50; ++i) {
    brisk_pool *pool = NULL;
    CHECK(brisk_pool_create(4, false, NULL, &pool) == BRISK_OK);
    brisk_pool_destroy(pool);
  }
  test_contexts();
  return check_result();
}
