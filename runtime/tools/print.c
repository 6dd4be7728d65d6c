/* What brisk-run shows: --info as JSON, and a line per output.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/tools/session.h"

#include <inttypes.h>
#include <math.h>

/*===-- --info --===*/

static void print_value(const brisk_value *value) {
  fputs("\n    {\"name\": ", stdout);
  brisk_write_json_string(stdout, value->name);
  printf(", \"dtype\": \"%s\", \"dims\": [", brisk_dtype_name(value->dtype));
  for (int32_t i = 0; i < value->rank; ++i)
    printf("%s%" PRId64, i ? ", " : "", value->dims[i]);
  fputs("], \"symbols\": [", stdout);
  for (int32_t i = 0; i < value->rank; ++i) {
    fputs(i ? ", " : "", stdout);
    if (value->symbols && value->symbols[i] && value->dims[i] < 0)
      brisk_write_json_string(stdout, value->symbols[i]);
    else
      fputs("null", stdout);
  }
  fputs("]}", stdout);
}

void brisk_session_info(const brisk_session *session) {
  const brisk_model *model = session->model;
  fputs("{\n  \"name\": ", stdout);
  brisk_write_json_string(stdout, brisk_model_name(model));
  fputs(",\n  \"inputs\": [", stdout);
  for (int32_t i = 0; i < session->num_inputs; ++i) {
    fputs(i ? "," : "", stdout);
    print_value(brisk_model_input(model, i));
  }
  fputs("],\n  \"outputs\": [", stdout);
  for (int32_t i = 0; i < session->num_outputs; ++i) {
    fputs(i ? "," : "", stdout);
    print_value(brisk_model_output(model, i));
  }
  printf("],\n  \"arena_size\": %" PRIu64 ",\n  \"variants\": [", brisk_model_arena_size(model));
  for (int32_t i = 0; i < brisk_model_num_variants(model); ++i) {
    const char *name = brisk_isa_name(brisk_model_variant(model, i));
    fputs(i ? ", " : "", stdout);
    brisk_write_json_string(stdout, name ? name : "unknown");
  }
  printf("],\n  \"isa\": \"%s\",\n  \"kernels\": [", brisk_isa_name(brisk_model_isa(model)));
  for (int32_t i = 0; i < brisk_model_num_kernels(model); ++i) {
    const brisk_kernel *kernel = brisk_model_kernel(model, i);
    fputs(i ? ",\n    {\"name\": " : "\n    {\"name\": ", stdout);
    brisk_write_json_string(stdout, kernel->name);
    fputs(", \"op\": ", stdout);
    brisk_write_json_string(stdout, kernel->op);
    fputs("}", stdout);
  }
  const char *manifest = brisk_model_manifest(model);
  printf("],\n  \"manifest\": %s\n}\n", *manifest ? manifest : "null");
}

/*===-- Summary --===*/

void brisk_session_summary(const brisk_session *session) {
  for (int32_t i = 0; i < session->num_outputs; ++i) {
    const brisk_tensor *output = &session->outputs[i];
    const uint64_t count = brisk_count(output->rank, output->dims);
    char type[200];
    printf("%s %s", brisk_model_output(session->model, i)->name, brisk_format_tensor(type, sizeof type, output));
    long double low = INFINITY, high = -INFINITY, sum = 0;
    uint64_t nans = 0;
    for (uint64_t j = 0; output->dtype != BRISK_STRING && j < count; ++j) {
      const long double x = brisk_element(output->dtype, output->data, j).real;
      if (isnan(x)) {
        ++nans;
        continue;
      }
      low = fminl(low, x);
      high = fmaxl(high, x);
      sum += x;
    }
    if (output->dtype != BRISK_STRING && count > nans)
      printf(" min %.6Lg max %.6Lg mean %.6Lg", low, high, sum / (long double)(count - nans));
    if (nans)
      printf(" NaN %" PRIu64, nans);
    putchar('\n');
  }
}
