/* A plugin of qemu-user that counts executed packets, kernel by kernel: qemu translates a packet as one instruction.
 * Writes "KERNEL PACKETS" lines to the file that out= names when the guest ends.
 *
 * The plugin interface (version 1) is declared here, so that no header of qemu is needed.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "guest.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*on_syscall)(qemu_plugin_id_t, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                           uint64_t, uint64_t, uint64_t);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op, void *, uint64_t);
extern void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t, on_syscall);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

enum { MAX_KERNELS = 1 << 16, CLOSE = 57 };

static uint64_t executed, since, counts[MAX_KERNELS];
static uint32_t current = GUEST_NO_KERNEL;
static char *out;

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &executed, qemu_plugin_tb_n_insns(block));
}

static void attribute(void) {
  if (current < MAX_KERNELS)
    counts[current] += executed - since;
  since = executed;
}

/* The guest announces each kernel by closing a file that cannot exist. */
static void on_call(qemu_plugin_id_t id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3,
                    uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
  (void)id, (void)cpu, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
  if (number != CLOSE || ((uint32_t)a1 & 0xff000000u) != GUEST_MARK)
    return;
  attribute();
  current = (uint32_t)a1 & 0xffffffu;
}

static void at_exit(qemu_plugin_id_t id, void *data) {
  (void)id, (void)data;
  attribute();
  FILE *file = out ? fopen(out, "w") : NULL;
  if (!file)
    return;
  for (uint32_t i = 0; i < MAX_KERNELS; ++i)
    if (counts[i])
      fprintf(file, "%" PRIu32 " %" PRIu64 "\n", i, counts[i]);
  fprintf(file, "%u %" PRIu64 "\n", (unsigned)GUEST_NO_KERNEL, executed);
  fclose(file);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; ++i)
    if (!strncmp(argv[i], "out=", 4))
      out = strdup(argv[i] + 4);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
  qemu_plugin_register_vcpu_syscall_cb(id, on_call);
  qemu_plugin_register_atexit_cb(id, at_exit, NULL);
  return 0;
}
