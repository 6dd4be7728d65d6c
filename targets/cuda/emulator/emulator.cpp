// Threads as fibers: they switch at barriers and nowhere else, so that what they do between two is one after the other.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cuda/emulator/emulator.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <map>
#include <sys/mman.h>
#include <vector>

using namespace brisk::emu;

// Saves the registers that a call keeps, changes stacks, restores them.
extern "C" void brisk_emu_switch(void **from, void *to);
__asm__(R"(
.text
.hidden brisk_emu_switch
.globl brisk_emu_switch
brisk_emu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");

namespace {

constexpr size_t kStackBytes = 64 << 10, kMaxThreads = 1024, kSharedBytes = 256 << 10;

enum class State { Ready, Waiting, Done };

struct Fiber {
  void *stack; // where it stopped
  State state;
};

/// Who touched a byte of shared memory since the last barrier.
struct Byte {
  uint32_t epoch = 0;
  int16_t writer = -1, reader = -1; // -1 nobody; a reader of -2 is several
};

struct Machine {
  std::map<const char *, size_t> allocations; // by address, with their bytes
  std::vector<Fiber> fibers;
  char *stacks = nullptr;
  void *scheduler = nullptr; // its stack while a fiber runs
  unsigned current = 0, waiting = 0, alive = 0;
  unsigned block = 0, blocks = 0, threads = 0, sharedBytes = 0;
  uint32_t epoch = 1;
  std::vector<Byte> bytes;
  Twin twin = nullptr;
  void **params = nullptr;
  unsigned complaints = 0;
  bool failed = false;
  const char *low = nullptr, *high = nullptr; // the allocation that was touched last
} machine;

/// Shared memory of the block that runs.
alignas(1024) char shared[kSharedBytes];

void complain(const char *what, const void *address, long bytes) {
  if (machine.complaints++ < 5)
    fprintf(stderr, "emulator: %s at %p (%ld bytes) by thread %u of block %u\n", what, address, bytes, machine.current,
            machine.block);
}

/// A complaint that ends the run: the access itself might end this process.
[[noreturn]] void fail(const char *what, const void *address, long bytes) {
  complain(what, address, bytes);
  machine.failed = true;
  brisk_emu_switch(&machine.fibers[machine.current].stack, machine.scheduler);
  abort(); // nobody resumes it
}

void fiberMain() {
  machine.twin(machine.params);
  machine.fibers[machine.current].state = State::Done;
  --machine.alive;
  brisk_emu_switch(&machine.fibers[machine.current].stack, machine.scheduler);
  abort(); // a finished fiber is never resumed
}

void startFiber(unsigned thread) {
  char *top = machine.stacks + kStackBytes * (thread + 1) - 64;
  auto *at = reinterpret_cast<uint64_t *>(top);
  *--at = 0; // fiberMain never returns; the stack is aligned as after a call
  *--at = reinterpret_cast<uint64_t>(&fiberMain);
  at -= 6;
  memset(at, 0, 6 * sizeof *at);
  machine.fibers[thread] = {at, State::Ready};
}

/// Everybody goes on, in a new epoch of shared memory.
void releaseBarrier() {
  machine.waiting = 0;
  ++machine.epoch;
  for (Fiber &fiber : machine.fibers)
    if (fiber.state == State::Waiting)
      fiber.state = State::Ready;
}

bool runBlock() {
  machine.alive = machine.threads;
  machine.waiting = 0;
  ++machine.epoch;
  memset(shared, 0xff, machine.sharedBytes); // NaNs
  for (unsigned thread = 0; thread < machine.threads; ++thread)
    startFiber(thread);
  while (machine.alive) {
    bool ran = false;
    for (unsigned thread = 0; thread < machine.threads; ++thread)
      if (machine.fibers[thread].state == State::Ready) {
        ran = true;
        machine.current = thread;
        brisk_emu_switch(&machine.scheduler, machine.fibers[thread].stack);
        if (machine.failed)
          return false;
      }
    if (ran)
      continue;
    if (machine.waiting != machine.threads) {
      fprintf(stderr, "emulator: %u of %u threads of block %u wait at a barrier that the others never reach\n", machine.waiting,
              machine.threads, machine.block);
      return false;
    }
    releaseBarrier();
  }
  return true;
}

void touchShared(const char *address, long count, bool isWrite) {
  size_t offset = address - shared;
  if (offset + count > machine.sharedBytes)
    fail("access past the shared memory that was asked for", address, count);
  auto self = static_cast<int16_t>(machine.current);
  for (size_t i = offset; i < offset + count; ++i) {
    Byte &byte = machine.bytes[i];
    if (byte.epoch != machine.epoch)
      byte = {machine.epoch, -1, -1};
    const char *fault = nullptr;
    if (byte.writer >= 0 && byte.writer != self)
      fault = isWrite ? "two threads write the same place without a barrier between them"
                      : "read of what another thread writes without a barrier between them";
    else if (isWrite && byte.reader != -1 && byte.reader != self)
      fault = "write of what another thread reads without a barrier between them";
    if (fault)
      return complain(fault, address, count);
    if (isWrite)
      byte.writer = self;
    else
      byte.reader = byte.reader == -1 || byte.reader == self ? self : -2;
  }
}

} // namespace

void *brisk::emu::allocate(size_t bytes) {
  void *memory = aligned_alloc(256, (std::max<size_t>(bytes, 1) + 255) / 256 * 256);
  if (memory)
    machine.allocations[static_cast<char *>(memory)] = bytes;
  return memory;
}

void brisk::emu::release(void *memory) {
  machine.allocations.erase(static_cast<char *>(memory));
  machine.low = machine.high = nullptr;
  free(memory);
}

bool brisk::emu::run(Twin twin, unsigned blocks, unsigned threads, unsigned sharedBytes, void **params) {
  if (threads > kMaxThreads || sharedBytes > kSharedBytes)
    return false;
  if (!machine.stacks) {
    void *memory = mmap(nullptr, kStackBytes * kMaxThreads, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      return false;
    machine.stacks = static_cast<char *>(memory);
    machine.bytes.resize(kSharedBytes);
  }
  machine.twin = twin;
  machine.params = params;
  machine.blocks = blocks;
  machine.threads = threads;
  machine.sharedBytes = sharedBytes;
  machine.complaints = 0;
  machine.failed = false;
  machine.fibers.resize(threads);
  for (machine.block = 0; machine.block < blocks; ++machine.block)
    if (!runBlock() || machine.complaints)
      return false;
  return true;
}

size_t brisk::emu::imageBytes(const void *image) {
  const auto *header = static_cast<const Elf64_Ehdr *>(image);
  return memcmp(header->e_ident, ELFMAG, SELFMAG) ? 0 : header->e_shoff + size_t(header->e_shnum) * header->e_shentsize;
}

//===-- What twins call --===//

#define EMULATED extern "C" __attribute__((visibility("default")))

EMULATED int brisk_emu_read_ptx_sreg_tid_x() { return machine.current; }
EMULATED int brisk_emu_read_ptx_sreg_ntid_x() { return machine.threads; }
EMULATED int brisk_emu_read_ptx_sreg_ctaid_x() { return machine.block; }
EMULATED int brisk_emu_read_ptx_sreg_nctaid_x() { return machine.blocks; }

EMULATED void brisk_emu_barrier_cta_sync_aligned_all(int) {
  machine.fibers[machine.current].state = State::Waiting;
  ++machine.waiting;
  brisk_emu_switch(&machine.fibers[machine.current].stack, machine.scheduler);
}

/// The shared memory of the block.
EMULATED void *brisk_emu_shared() { return shared; }

/// Before every access that is not a thread's own memory.
EMULATED void brisk_emu_access(const char *address, long bytes, int isWrite, long alignment) {
  if (reinterpret_cast<uintptr_t>(address) % alignment)
    fail("misaligned access", address, bytes);
  if (address >= machine.low && address + bytes <= machine.high)
    return;
  if (address >= shared && address < shared + kSharedBytes)
    return touchShared(address, bytes, isWrite);
  auto at = machine.allocations.upper_bound(address);
  if (at != machine.allocations.begin() && address + bytes <= std::prev(at)->first + std::prev(at)->second) {
    machine.low = std::prev(at)->first;
    machine.high = machine.low + std::prev(at)->second;
    return;
  }
  fail(isWrite ? "write outside every buffer" : "read outside every buffer", address, bytes);
}
