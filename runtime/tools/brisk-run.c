/* The program brisk-run.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/tools/main.h"

#include <stddef.h>

int main(int argc, char **argv) { return brisk_main(argc, argv, NULL); }
