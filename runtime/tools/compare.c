/* --expect: are the outputs what a file says?
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/tools/session.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool close_enough(long double got, long double expected, double rtol, double atol) {
  if (isnan(got) || isnan(expected))
    return isnan(got) && isnan(expected);
  if (got == expected) /* infinities too */
    return true;
  return fabsl(got - expected) <= atol + rtol * fabsl(expected);
}

/* Writes "[3, 5]". */
static void format_index(char *text, size_t size, const brisk_tensor *tensor, uint64_t index) {
  size_t used = (size_t)snprintf(text, size, "[");
  uint64_t below = brisk_count(tensor->rank, tensor->dims);
  for (int32_t i = 0; i < tensor->rank && used < size; ++i) {
    below /= (uint64_t)tensor->dims[i];
    used += (size_t)snprintf(text + used, size - used, "%s%" PRIu64, i ? ", " : "", index / below);
    index %= below;
  }
  if (used < size)
    snprintf(text + used, size - used, "]");
}

static brisk_status compare(const brisk_session *session, const char *name, const brisk_tensor *got,
                            const brisk_tensor *expected) {
  char types[2][200];
  bool same = got->rank == expected->rank;
  for (int32_t i = 0; same && i < got->rank; ++i)
    same = got->dims[i] == expected->dims[i];
  if (!same)
    return brisk_fail(BRISK_ERROR_OUTPUT, "output '%s' is %s, but %s was expected", name,
                      brisk_format_tensor(types[0], sizeof types[0], got),
                      brisk_format_tensor(types[1], sizeof types[1], expected));
  const double rtol = session->options.rtol, atol = session->options.atol;
  const uint64_t count = brisk_count(got->rank, got->dims);
  uint64_t wrong = 0, first = 0;
  long double largest = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const brisk_number a = brisk_element(got->dtype, got->data, i);
    const brisk_number b = brisk_element(expected->dtype, expected->data, i);
    const long double apart = fmaxl(fabsl(a.real - b.real), fabsl(a.imaginary - b.imaginary));
    if (apart > largest)
      largest = apart;
    if (!close_enough(a.real, b.real, rtol, atol) || !close_enough(a.imaginary, b.imaginary, rtol, atol))
      if (!wrong++)
        first = i;
  }
  if (!wrong) {
    if (!session->options.repeat)
      printf("output '%s' agrees, max |difference| %.3Lg\n", name, largest);
    return BRISK_OK;
  }
  char where[200];
  format_index(where, sizeof where, got, first);
  return brisk_fail(BRISK_ERROR_OUTPUT,
                    "output '%s' differs in %" PRIu64 " of %" PRIu64
                    " elements, max |difference| %.3Lg; the first at %s is %.9Lg, but "
                    "%.9Lg was expected",
                    name, wrong, count, largest, where, brisk_element(got->dtype, got->data, first).real,
                    brisk_element(expected->dtype, expected->data, first).real);
}

brisk_status brisk_session_compare(const brisk_session *session, const char *path) {
  brisk_arrays arrays;
  brisk_status status = brisk_arrays_read(path, &arrays);
  int compared = 0;
  for (size_t i = 0; !status && i < arrays.count; ++i) {
    const char *name = arrays.items[i].name;
    int32_t index = name ? brisk_model_find_output(session->model, name) : session->num_outputs == 1 ? 0 : -1;
    if (index < 0 && name && brisk_model_find_input(session->model, name) >= 0)
      continue;
    if (index < 0) {
      status = brisk_fail(BRISK_ERROR_OUTPUT, "'%s' holds '%s', which is no output of the model", path,
                          name ? name : "an array without a name");
      break;
    }
    const brisk_tensor *got = &session->outputs[index];
    const char *output = brisk_model_output(session->model, index)->name;
    brisk_tensor expected = {0};
    status = brisk_tensor_from_array(&arrays.items[i], got->dtype, output, &expected);
    if (!status)
      status = compare(session, output, got, &expected);
    free(expected.data);
    ++compared;
  }
  brisk_arrays_free(&arrays);
  if (!status && !compared)
    return brisk_fail(BRISK_ERROR_OUTPUT, "'%s' holds no output of the model", path);
  return status;
}
