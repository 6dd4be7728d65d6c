// device/math.c as LLVM bitcode, compiled with this compiler.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/Emit.h"

__asm__(".section .rodata\n.balign 16\nbrisk_cuda_math_begin:\n.incbin \"" BRISK_CUDA_MATH
        "\"\nbrisk_cuda_math_end:\n.byte 0\n.text\n");
extern "C" const char brisk_cuda_math_begin[] __attribute__((visibility("hidden")));
extern "C" const char brisk_cuda_math_end[] __attribute__((visibility("hidden")));

llvm::StringRef brisk::cuda::mathCode() {
  return {brisk_cuda_math_begin, static_cast<size_t>(brisk_cuda_math_end - brisk_cuda_math_begin)};
}
