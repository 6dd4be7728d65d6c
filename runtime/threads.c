/* A persistent pool of worker threads that belongs to one context.
 *
 * Work is split statically: stretch t of a job goes to thread t, so that a core
 * meets the same weights in its cache on every run. Each worker has its own
 * mailbox on its own cache line; a job that needs fewer threads than there are
 * does not disturb the rest. Whoever waits spins for SPIN_NS, because the next
 * kernel usually follows at once, then sleeps in a futex.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/internal.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPIN_NS 50000u

typedef struct worker {
  /* Written by the caller. */
  _Alignas(BRISK_CACHE_LINE) atomic_uint ticket; /* the job to do; a futex */
  atomic_uint caller_sleeps;
  /* Written by the worker. */
  _Alignas(BRISK_CACHE_LINE) atomic_uint done; /* the last job done; a futex */
  atomic_uint sleeps;
  /* Constant. */
  _Alignas(BRISK_CACHE_LINE) brisk_pool *pool;
  int32_t index;
  pthread_t thread;
} worker;

struct brisk_pool {
  int32_t threads;
  brisk_recorder *recorder;
  worker *workers; /* threads - 1 of them; workers[i] is thread i + 1 */
  /* The job: written by the caller before the tickets, read by the workers
   * after. */
  unsigned ticket;
  brisk_kernel_fn fn; /* NULL: end */
  void *args;
  int64_t units;
  int32_t used; /* threads that take part */
  int32_t kernel;
  bool pinned;
  cpu_set_t allowed; /* where the creator may run */
  bool busy; /* a job runs: another one from inside it runs in place */
};

/*===-- Waiting --===*/

static void futex_wait(atomic_uint *word, unsigned value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void pause_cpu(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Waits until *word is no longer `old` and returns it. `sleeps` tells the other
 * side that it must wake us. */
static unsigned wait_change(atomic_uint *word, unsigned old,
                            atomic_uint *sleeps) {
  unsigned value = atomic_load_explicit(word, memory_order_acquire);
  if (value != old)
    return value;
  const uint64_t start = brisk_now_ns();
  do {
    for (int i = 0; i < 32; ++i) {
      pause_cpu();
      value = atomic_load_explicit(word, memory_order_acquire);
      if (value != old)
        return value;
    }
  } while (brisk_now_ns() - start < SPIN_NS);
  /* Either we see the new value, or the other side sees `sleeps`: both fence
   * between their store and their load. */
  atomic_store_explicit(sleeps, 1, memory_order_relaxed);
  atomic_thread_fence(memory_order_seq_cst);
  while ((value = atomic_load_explicit(word, memory_order_acquire)) == old)
    futex_wait(word, old);
  atomic_store_explicit(sleeps, 0, memory_order_relaxed);
  return value;
}

/*===-- Working --===*/

static void run_stretch(brisk_pool *pool, int32_t thread) {
  const int64_t share = pool->units / pool->used,
                rest = pool->units % pool->used;
  const int64_t begin = thread * share + (thread < rest ? thread : rest);
  const int64_t end = begin + share + (thread < rest);
  if (BRISK_UNLIKELY(pool->recorder != NULL) && thread > 0 &&
      pool->kernel >= 0) {
    const uint64_t start = brisk_now_ns();
    pool->fn(pool->args, begin, end);
    brisk_recorder_add(pool->recorder, thread, pool->kernel, start);
    return;
  }
  pool->fn(pool->args, begin, end);
}

static void *work(void *argument) {
  worker *self = argument;
  brisk_pool *pool = self->pool;
  unsigned ticket = 0;
  if (!pool->pinned)
    sched_setaffinity(0, sizeof pool->allowed, &pool->allowed);
  for (;;) {
    ticket = wait_change(&self->ticket, ticket, &self->sleeps);
    if (!pool->fn)
      return NULL;
    run_stretch(pool, self->index);
    atomic_store_explicit(&self->done, ticket, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&self->caller_sleeps, memory_order_relaxed))
      futex_wake(&self->done);
  }
}

/* Hands the job to the first `count` workers. */
static void post(brisk_pool *pool, int32_t count) {
  ++pool->ticket;
  for (int32_t i = 0; i < count; ++i)
    atomic_store_explicit(&pool->workers[i].ticket, pool->ticket,
                          memory_order_release);
  atomic_thread_fence(memory_order_seq_cst);
  for (int32_t i = 0; i < count; ++i)
    if (atomic_load_explicit(&pool->workers[i].sleeps, memory_order_relaxed))
      futex_wake(&pool->workers[i].ticket);
}

void brisk_pool_run(brisk_pool *pool, brisk_kernel_fn fn, void *args,
                    int64_t units) {
  if (units <= 0)
    return;
  if (units == 1 || pool->busy) {
    fn(args, 0, units);
    return;
  }
  pool->busy = true;
  pool->fn = fn;
  pool->args = args;
  pool->units = units;
  pool->used = units < pool->threads ? (int32_t)units : pool->threads;
  pool->kernel = BRISK_UNLIKELY(pool->recorder != NULL)
                     ? brisk_recorder_kernel(pool->recorder)
                     : -1;
  post(pool, pool->used - 1);
  run_stretch(pool, 0);
  for (int32_t i = 0; i < pool->used - 1; ++i) {
    worker *other = &pool->workers[i];
    unsigned done;
    do
      done = atomic_load_explicit(&other->done, memory_order_acquire);
    while (done != pool->ticket &&
           wait_change(&other->done, done, &other->caller_sleeps) !=
               pool->ticket);
  }
  pool->busy = false;
}

/*===-- Starting and stopping --===*/

int32_t brisk_cpu_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set))
    return 1;
  int count = CPU_COUNT(&set);
  return count > 0 ? count : 1;
}

/* The CPU `steps` further than `from` among the allowed ones, in a circle; -1 if there is none. */
static int cpu_after(const cpu_set_t *allowed, int from, int32_t steps) {
  const int count = CPU_COUNT(allowed);
  if (count == 0)
    return -1;
  int cpu = from;
  for (steps %= count; steps > 0; steps -= CPU_ISSET(cpu, allowed) != 0)
    cpu = (cpu + 1) % CPU_SETSIZE;
  return cpu;
}

/* Starts the worker on a CPU of its own: a new thread begins where its creator runs, and one that waits for the other
 * by turns gives the system no reason to part them. */
static int start(worker *self, const cpu_set_t *allowed, int here) {
  pthread_attr_t attributes;
  cpu_set_t one;
  const int cpu = here < 0 ? -1 : cpu_after(allowed, here, self->index);
  if (cpu >= 0 && !pthread_attr_init(&attributes)) {
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    int error = pthread_attr_setaffinity_np(&attributes, sizeof one, &one);
    if (!error)
      error = pthread_create(&self->thread, &attributes, work, self);
    pthread_attr_destroy(&attributes);
    if (!error)
      return 0;
  }
  return pthread_create(&self->thread, NULL, work, self);
}

static void stop(brisk_pool *pool, int32_t started) {
  pool->fn = NULL;
  post(pool, started);
  for (int32_t i = 0; i < started; ++i)
    pthread_join(pool->workers[i].thread, NULL);
  free(pool->workers);
  free(pool);
}

void brisk_pool_destroy(brisk_pool *pool) {
  if (pool)
    stop(pool, pool->threads - 1);
}

brisk_status brisk_pool_create(int32_t threads, bool pinned,
                               brisk_recorder *recorder, brisk_pool **result) {
  const int32_t count = threads - 1;
  brisk_pool *pool = calloc(1, sizeof *pool);
  worker *workers =
      aligned_alloc(_Alignof(worker), (size_t)count * sizeof *workers);
  if (!pool || !workers) {
    free(pool);
    free(workers);
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for %d threads",
                      threads);
  }
  memset(workers, 0, (size_t)count * sizeof *workers);
  pool->threads = threads;
  pool->recorder = recorder;
  pool->workers = workers;
  pool->pinned = pinned;

  /* Signals of the program go to the program's threads. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int32_t started = 0;
  int error = 0, here = sched_getcpu();
  if (sched_getaffinity(0, sizeof pool->allowed, &pool->allowed))
    here = -1;
  while (started < count && !error) {
    worker *next = &workers[started];
    next->pool = pool;
    next->index = started + 1;
    error = start(next, &pool->allowed, here);
    started += !error;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error) {
    stop(pool, started);
    return brisk_fail(BRISK_ERROR_SYSTEM, "cannot start thread %d of %d: %s",
                      started + 2, threads, strerror(error));
  }
  *result = pool;
  return BRISK_OK;
}
