// What the emitters need to know of an instruction set.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_VECTORUNIT_H
#define BRISK_TARGETS_CPU_VECTORUNIT_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace brisk::cpu {

struct VectorUnit {
  int64_t vectorBits; // width of a register
  int64_t registers;  // how many there are
  bool masks;         // masked loads and stores of any element width are one instruction
  bool dotBytes;      // four products of bytes, added to a lane, are one instruction
  bool dotBf16;       // two products of bf16 likewise

  /// Lanes of an element of `bits` bits in one register.
  int64_t lanes(int64_t bits) const { return vectorBits / bits; }

  /// An instruction set as --march names it.
  static std::optional<VectorUnit> get(llvm::StringRef name) {
    if (name == "x86-64-v4-bf16")
      return VectorUnit{512, 32, true, true, true};
    if (name == "x86-64-v4-vnni")
      return VectorUnit{512, 32, true, true, false};
    if (name == "x86-64-v4")
      return VectorUnit{512, 32, true, false, false};
    if (name == "x86-64-v3-vnni")
      return VectorUnit{256, 16, false, true, false};
    if (name == "x86-64-v3")
      return VectorUnit{256, 16, false, false, false};
    return std::nullopt;
  }
};

} // namespace brisk::cpu
#endif
