/* Checks for C tests: each failure is printed, and the exit status tells.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_TEST_RUNTIME_CHECK_H
#define BRISK_TEST_RUNTIME_CHECK_H

#include <stdio.h>
#include <string.h>

static int check_failures;

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                        \
      ++check_failures;                                                                                                \
    }                                                                                                                  \
  } while (0)

#define CHECK_TEXT(got, expected)                                                                                      \
  do {                                                                                                                 \
    const char *check_got = (got), *check_expected = (expected);                                                       \
    if (strcmp(check_got, check_expected) != 0) {                                                                      \
      fprintf(stderr, "%s:%d: got      %s\n%s:%d: expected %s\n", __FILE__, __LINE__, check_got, __FILE__, __LINE__,   \
              check_expected);                                                                                         \
      ++check_failures;                                                                                                \
    }                                                                                                                  \
  } while (0)

static inline int check_result(void) {
  if (check_failures)
    fprintf(stderr, "%d checks failed\n", check_failures);
  return check_failures != 0;
}

#endif
