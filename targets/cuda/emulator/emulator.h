// Runs what kernels do on a GPU on this processor, thread by thread, and checks what a GPU would not: bounds, alignment, races
// in shared memory, barriers that not all threads reach.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CUDA_EMULATOR_EMULATOR_H
#define BRISK_TARGETS_CUDA_EMULATOR_EMULATOR_H

#include <cstddef>
#include <cstdint>

namespace brisk::emu {

/// NAME_twin of a twin: one thread of a kernel.
using Twin = void (*)(void **params);

/// Memory of the device, 256-byte aligned; kernels may touch nothing else. Null if there is none left.
void *allocate(size_t bytes);
void release(void *memory);

/// Runs all threads of a grid; false if one broke a rule, which is printed.
bool run(Twin twin, unsigned blocks, unsigned threads, unsigned sharedBytes, void **params);

/// The size of a shared object in memory, from its own tables; 0 if it is none.
size_t imageBytes(const void *image);

} // namespace brisk::emu
#endif
