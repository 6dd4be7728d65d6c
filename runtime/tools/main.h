/* brisk-run as a function, so that a program which has a model linked in can be
 * one too.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_RUNTIME_TOOLS_MAIN_H
#define BRISK_RUNTIME_TOOLS_MAIN_H

#ifdef __cplusplus
extern "C" {
#endif

/* `descriptor` is the model's symbol, or NULL to take an artifact from the
 * command line. Returns the exit status. */
int brisk_main(int argc, char **argv, const void *descriptor);

#ifdef __cplusplus
}
#endif

#endif
