/* The program around a model on Hexagon Linux: reads the inputs of a run, calls the model, writes its outputs, until
 * the other side closes the pipe.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "guest.h"

/* Sizes that only the compiled model knows (targets/npu/Emit.cpp). */
extern const int32_t brisk_npu_num_inputs, brisk_npu_num_outputs;
extern const int32_t brisk_npu_sizes[]; /* bytes of the inputs, then of the outputs */
extern uint8_t brisk_npu_buffers[];     /* one after the other, each on 128 bytes */
extern uint8_t brisk_npu_arena[];
extern void brisk_npu_run(uint8_t *const *values, uint8_t *arena);

enum { SYS_CLOSE = 57, SYS_READ = 63, SYS_WRITE = 64, SYS_EXIT = 94 };

static int32_t call(int32_t number, int32_t a, int32_t b, int32_t c) {
  register int32_t r0 __asm__("r0") = a;
  register int32_t r1 __asm__("r1") = b;
  register int32_t r2 __asm__("r2") = c;
  register int32_t r6 __asm__("r6") = number;
  __asm__ volatile("trap0(#1)" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r6) : "memory");
  return r0;
}

static int profiling;

/* Tells the packet counter which kernel runs from here on: a call that no system acts on. */
__attribute__((noinline)) void brisk_npu_enter(int32_t kernel) {
  if (profiling)
    call(SYS_CLOSE, (int32_t)(GUEST_MARK | (uint32_t)kernel), 0, 0);
}

static int whole(int32_t number, int32_t file, uint8_t *at, int32_t bytes) {
  while (bytes > 0) {
    int32_t done = call(number, file, (int32_t)at, bytes);
    if (done <= 0)
      return 0;
    at += done;
    bytes -= done;
  }
  return 1;
}

/* Ends the run with a message for the other side. */
__attribute__((noreturn)) void brisk_npu_fail(const char *message) {
  uint32_t head[2] = {GUEST_FAILED, 0};
  while (message[head[1]])
    ++head[1];
  whole(SYS_WRITE, 1, (uint8_t *)head, sizeof head);
  whole(SYS_WRITE, 1, (uint8_t *)message, (int32_t)head[1]);
  call(SYS_EXIT, 1, 0, 0);
  __builtin_trap();
}

__attribute__((used, noreturn)) static void serve(int32_t arguments) {
  uint8_t *values[GUEST_MAX_VALUES], *at = brisk_npu_buffers;
  const int32_t inputs = brisk_npu_num_inputs, all = inputs + brisk_npu_num_outputs;
  profiling = arguments > 1;
  for (int32_t i = 0; i < all; ++i) {
    values[i] = at;
    at += (brisk_npu_sizes[i] + 127) & ~127;
  }
  uint32_t head[2];
  while (whole(SYS_READ, 0, (uint8_t *)head, 4) && head[0] == GUEST_RUN) {
    int good = 1;
    for (int32_t i = 0; good && i < inputs; ++i)
      good = whole(SYS_READ, 0, values[i], brisk_npu_sizes[i]);
    if (!good)
      break;
    brisk_npu_run(values, brisk_npu_arena);
    brisk_npu_enter(GUEST_NO_KERNEL);
    head[0] = GUEST_DONE;
    head[1] = 0;
    good = whole(SYS_WRITE, 1, (uint8_t *)head, sizeof head);
    for (int32_t i = inputs; good && i < all; ++i)
      good = whole(SYS_WRITE, 1, values[i], brisk_npu_sizes[i]);
    if (!good)
      break;
  }
  call(SYS_EXIT, 0, 0, 0);
  __builtin_trap();
}

/* The stack holds the number of arguments; vectors are spilled on 128 bytes. */
__asm__(".globl _start\n.type _start,@function\n_start:\n{ r0 = memw(r29+#0) }\n{ r29 = and(r29,#-128) }\n{ call serve }\n");
