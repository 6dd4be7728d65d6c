/* The command line of brisk-run: one table.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/tools/options.h"

#include "runtime/abi.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { FLAG, TEXT, COUNT, NUMBER, TEXTS } kind;

typedef struct option {
  const char *name;
  kind kind;
  size_t at; /* the field of brisk_run_options */
  const char *value, *help;
} option;

#define FIELD(name) offsetof(brisk_run_options, name)

static const option table[] = {
    {"--input", TEXTS, FIELD(inputs), "[NAME=]FILE",
     "an input from FILE.npy or FILE.npz; without NAME, all inputs from a "
     ".npz of that\n"
     "names; repeatable"},
    {"--random", FLAG, FIELD(random), NULL,
     "draw the inputs that no file gives: floats in [-1, 1), integers and bool "
     "0 or 1"},
    {"--seed", COUNT, FIELD(seed), "N", "of --random; default 0"},
    {"--shape", TEXTS, FIELD(shapes), "NAME=1x3x224x224",
     "the dims of an input to draw that the model leaves open; repeatable"},
    {"--stream", FLAG, FIELD(stream), NULL,
     "the model is a step over time (briskc --stream): go through inputs of any "
     "length\n"
     "step by step, states beginning as zeros, and join the outputs"},
    {"--output", TEXT, FIELD(output), "FILE.npz", "write the outputs"},
    {"--expect", TEXT, FIELD(expect), "FILE.npz",
     "fail unless |got - expected| <= atol + rtol * |expected| everywhere"},
    {"--rtol", NUMBER, FIELD(rtol), "X", "default 1e-3"},
    {"--atol", NUMBER, FIELD(atol), "X", "default 1e-5"},
    {"--repeat", COUNT, FIELD(repeat), "N",
     "time N more runs and print one JSON line; a run that is too short to be "
     "timed\n"
     "alone is timed in groups, of which the means are taken"},
    {"--warmup", COUNT, FIELD(warmup), "N", "runs before those, besides the first; default 1"},
    {"--threads", COUNT, FIELD(threads), "N", "default 1; 0: one for each CPU"},
    {"--device", TEXT, FIELD(device), "NAME", "cpu or npu:qemu; by default what the artifact is compiled for"},
    {"--isa", TEXT, FIELD(isa), "LEVEL", "at most " BRISK_ISA_NAMES "; also environment BRISK_ISA"},
    {"--profile", TEXT, FIELD(profile), "FILE.json", "write a Chrome/Perfetto trace of the runs"},
    {"--info", FLAG, FIELD(info), NULL, "print inputs, outputs, memory and manifest as JSON and stop"},
    {"--help", FLAG, FIELD(help), NULL, "print this"},
};

static bool wrong(const char *format, const char *a, const char *b) {
  fputs("brisk-run: ", stderr);
  fprintf(stderr, format, a, b);
  fputc('\n', stderr);
  return false;
}

static bool append(brisk_texts *list, const char *text) {
  const char **grown = realloc(list->items, ((size_t)list->count + 1) * sizeof *grown);
  if (!grown)
    return wrong("out of memory%s%s", "", "");
  list->items = grown;
  list->items[list->count++] = text;
  return true;
}

static bool assign(const option *o, const char *value, brisk_run_options *options) {
  char *at = (char *)options + o->at, *end = NULL;
  errno = 0;
  switch (o->kind) {
  case FLAG:
    *(bool *)at = true;
    return true;
  case TEXT:
    *(const char **)at = value;
    return true;
  case COUNT: {
    long long number = strtoll(value, &end, 10);
    if (!*value || *end || errno || number < 0)
      return wrong("%s expects a number from 0 up, but got '%s'", o->name, value);
    *(int64_t *)at = number;
    return true;
  }
  case NUMBER: {
    double number = strtod(value, &end);
    if (!*value || *end || errno || !(number >= 0))
      return wrong("%s expects a number from 0 up, but got '%s'", o->name, value);
    *(double *)at = number;
    return true;
  }
  case TEXTS:
    if (o->at == FIELD(shapes) && !strchr(value, '='))
      return wrong("%s expects NAME=DIMS, but got '%s'", o->name, value);
    return append((brisk_texts *)at, value);
  }
  return false;
}

/* The option that `text` names, up to '='. */
static const option *find(const char *text, size_t length) {
  for (size_t i = 0; i < sizeof table / sizeof *table; ++i)
    if (strlen(table[i].name) == length && !memcmp(table[i].name, text, length))
      return &table[i];
  return NULL;
}

bool brisk_options_parse(int argc, char **argv, bool linked, brisk_run_options *options) {
  *options = (brisk_run_options){.rtol = 1e-3, .atol = 1e-5, .warmup = 1, .threads = 1};
  for (int i = 1; i < argc; ++i) {
    const char *text = argv[i];
    if (text[0] != '-' || !text[1]) {
      if (linked || options->artifact)
        return wrong("unexpected argument '%s'%s", text, "");
      options->artifact = text;
      continue;
    }
    const size_t length = strcspn(text, "=");
    const option *o = find(text, length);
    if (!o)
      return wrong("unknown option '%s'; see --help%s", text, "");
    const char *value = text[length] ? text + length + 1 : NULL;
    if (o->kind == FLAG && value)
      return wrong("%s takes no value, but got '%s'", o->name, value);
    if (o->kind != FLAG && !value && ++i == argc)
      return wrong("%s expects %s", o->name, o->value);
    if (!assign(o, value ? value : argv[i], options))
      return false;
  }
  if (!options->artifact && !linked && !options->help)
    return wrong("expects an artifact; see --help%s%s", "", "");
  return true;
}

void brisk_options_free(brisk_run_options *options) {
  free(options->inputs.items);
  free(options->shapes.items);
}

void brisk_options_help(const char *program, bool linked) {
  printf("Runs a compiled model.\n\nusage: %s%s [options]\n\n", program, linked ? "" : " ARTIFACT.so");
  for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
    char left[64];
    snprintf(left, sizeof left, "%s%s%s", table[i].name, table[i].value ? " " : "",
             table[i].value ? table[i].value : "");
    printf("  %-24s ", left);
    for (const char *p = table[i].help; *p; ++p) {
      putchar(*p);
      if (*p == '\n')
        printf("%27s", "");
    }
    putchar('\n');
  }
  puts("\nExit status: 0 done; 1 the model or a file is at fault, or --expect "
       "failed; 2 wrong usage.");
}
