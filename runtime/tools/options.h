/* The command line of brisk-run.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_RUNTIME_TOOLS_OPTIONS_H
#define BRISK_RUNTIME_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct brisk_texts {
  const char **items;
  int count;
} brisk_texts;

typedef struct brisk_run_options {
  const char *artifact; /* NULL: the linked model */
  brisk_texts inputs;   /* [NAME=]FILE: either may hold '=' */
  brisk_texts shapes;   /* NAME=DIMS: ends with the only '=' that counts */
  const char *output, *expect, *profile, *device, *isa;
  double rtol, atol;
  int64_t repeat, warmup, threads, seed;
  bool random, stream, info, help;
} brisk_run_options;

/* Returns false after one line on stderr when the command line is wrong. With
 * `linked` no artifact is expected. Frees with brisk_options_free in any case.
 */
bool brisk_options_parse(int argc, char **argv, bool linked,
                         brisk_run_options *options);
void brisk_options_free(brisk_run_options *options);
void brisk_options_help(const char *program, bool linked);

#endif
