// device/ as LLVM bitcode, compiled with this compiler.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Emit.h"

__asm__(".section .rodata\n.balign 16\nbrisk_npu_guest_begin:\n.incbin \"" BRISK_NPU_GUEST
        "\"\nbrisk_npu_guest_end:\n.byte 0\n.text\n");
extern "C" const char brisk_npu_guest_begin[] __attribute__((visibility("hidden")));
extern "C" const char brisk_npu_guest_end[] __attribute__((visibility("hidden")));

llvm::StringRef brisk::npu::guestCode() {
  return {brisk_npu_guest_begin, static_cast<size_t>(brisk_npu_guest_end - brisk_npu_guest_begin)};
}
