/* Models written by hand, as the compiler would emit them.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_TEST_RUNTIME_MODELS_H
#define BRISK_TEST_RUNTIME_MODELS_H

#include "runtime/abi.h"

/* x float32 [2, 3], bias float32 [3] -> y = x + bias, total float32 [] = sum of
 * y. */
extern const brisk_abi_model fake_static;

/* a float32 [batch, 3], b float32 [batch, ?] -> doubled float32 [batch, 3] = 2
 * a, rows int64 [?] = the rows of b whose sum is positive. Needs scratch memory
 * for 64 * batch bytes. */
extern const brisk_abi_model fake_dynamic;

/* x int32 [1] -> y int32 [1]; x chooses the way to fail, 0 is none. */
enum {
  FAIL_NOT,
  FAIL_NODE,     /* with a node's name */
  FAIL_SILENTLY, /* without a message */
  FAIL_WORKER,   /* on some thread, unnoticed by the code that returns */
  FAIL_ALLOCATE, /* asks for 2^60 bytes */
  FAIL_RESERVE
};
extern const brisk_abi_model fake_failing;

/* x float32 [?] -> y float32 [?] of as many elements, but no memory for them. */
extern const brisk_abi_model fake_forgetful;

/* x float32 [5000] -> y = 2 x + 1 in two parallel kernels, one unit an element.
 */
extern const brisk_abi_model fake_parallel;

/* level int32 [] = the level of the variant that ran: there is one for each
 * level. */
extern const brisk_abi_model fake_levels;

/* One input and one equal output of each of these types, [3] each. */
enum { NUM_TYPES = 24 };
extern const brisk_abi_model fake_types;

/* x float32 [1, 4] -> y = x, and as little else as there can be. */
extern const brisk_abi_model fake_tiny;

#endif
