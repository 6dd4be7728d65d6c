"""The models of the tests and benchmarks: how to get each and what to feed it.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
