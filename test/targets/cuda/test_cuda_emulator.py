"""The emulator finds what is wrong with a kernel: each mistake here is planted, and the same kernel without it is clean.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import pathlib
import subprocess
import sys

import pytest

EMULATOR = pathlib.Path(__file__).resolve().parents[3] / "build" / "lib" / "libbrisk_cuda_emulator.so"
THREADS, BLOCKS = 64, 3

# A kernel that reverses the numbers of each block through shared memory; MISTAKE is one of the words below.
KERNEL = r"""
extern int brisk_emu_read_ptx_sreg_tid_x(void), brisk_emu_read_ptx_sreg_ctaid_x(void);
extern void brisk_emu_barrier_cta_sync_aligned_all(int);
extern char *brisk_emu_shared(void);
extern void brisk_emu_access(const void *, long, int, long);
enum { NONE, NO_BARRIER, PAST_SHARED, PAST_BUFFER, BEFORE_BUFFER, MISALIGNED, DIVERGENT, TWO_WRITERS, WRITE_AFTER_READ, TOO_MANY_BLOCKS };
const int kernel_params = 1;
const unsigned kernel_shared = 64 * 4;
static int load(const int *at) { brisk_emu_access(at, 4, 0, 4); return *at; }
static void store(int *at, int value) { brisk_emu_access(at, 4, 1, 4); *at = value; }
void kernel_twin(void **params) {
  int *x = *(int **)params[0], *s = (int *)brisk_emu_shared();
  const int t = brisk_emu_read_ptx_sreg_tid_x(), at = brisk_emu_read_ptx_sreg_ctaid_x() * 64 + t;
  if (MISTAKE == MISALIGNED && t == 1) { brisk_emu_access((char *)x + 2, 4, 0, 4); }
  const int mine = load(x + (MISTAKE == BEFORE_BUFFER ? at - 1 : at));
  store(s + (MISTAKE == PAST_SHARED ? t + 1 : MISTAKE == TWO_WRITERS ? t / 2 : t), mine);
  if (MISTAKE != NO_BARRIER && !(MISTAKE == DIVERGENT && t == 7)) brisk_emu_barrier_cta_sync_aligned_all(0);
  const int other = load(s + 63 - t);
  if (MISTAKE == WRITE_AFTER_READ) store(s + t, 0);
  store(x + (MISTAKE == PAST_BUFFER ? at + 1 : at), other);
}
"""
MISTAKES = {
    "NO_BARRIER": "without a barrier between them",
    "PAST_SHARED": "past the shared memory",
    "PAST_BUFFER": "write outside every buffer",
    "BEFORE_BUFFER": "read outside every buffer",
    "MISALIGNED": "misaligned",
    "DIVERGENT": "at a barrier that the others never reach",
    "TWO_WRITERS": "two threads write the same place",
    "WRITE_AFTER_READ": "write of what another thread reads",
    "TOO_MANY_BLOCKS": "outside every buffer",
}

# Runs the kernel behind the driver's interface; prints "right", "wrong" or the driver's error.
HOST = r"""
import ctypes, sys
driver = ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)
image, threads, blocks, extra = open(sys.argv[2], "rb").read(), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
module, function, address = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint64()
assert driver.cuModuleLoadData(ctypes.byref(module), image) == 0
assert driver.cuModuleGetFunction(ctypes.byref(function), module, b"kernel") == 0
numbers = (ctypes.c_int * (threads * blocks))(*range(threads * blocks))
assert driver.cuMemAlloc_v2(ctypes.byref(address), ctypes.c_size_t(ctypes.sizeof(numbers))) == 0
assert driver.cuMemcpyHtoD_v2(address, numbers, ctypes.c_size_t(ctypes.sizeof(numbers))) == 0
params = (ctypes.c_void_p * 1)(ctypes.cast(ctypes.byref(address), ctypes.c_void_p))
status = driver.cuLaunchKernel(function, blocks + extra, 1, 1, threads, 1, 1, 0, None, params, None)
if status:
    text = ctypes.c_char_p()
    driver.cuGetErrorString(status, ctypes.byref(text))
    print(text.value.decode())
else:
    driver.cuMemcpyDtoHAsync_v2(numbers, address, ctypes.c_size_t(ctypes.sizeof(numbers)), None)
    print("right" if list(numbers) == [b * threads + threads - 1 - t for b in range(blocks) for t in range(threads)] else "wrong")
"""


def emulate(folder, mistake):
    (folder / "kernel.c").write_text(KERNEL)
    subprocess.run(["clang-22", "-shared", "-fPIC", "-O1", f"-DMISTAKE={mistake}", folder / "kernel.c", "-o", folder / "kernel.so"],
                   check=True)  # fmt: skip
    extra = str(int(mistake == "TOO_MANY_BLOCKS"))
    return subprocess.run([sys.executable, "-c", HOST, EMULATOR, folder / "kernel.so", str(THREADS), str(BLOCKS), extra],
                          capture_output=True, text=True, check=True)  # fmt: skip


def test_clean(tmp_path):
    result = emulate(tmp_path, "NONE")
    assert result.stdout == "right\n" and not result.stderr


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake(tmp_path, mistake):
    result = emulate(tmp_path, mistake)
    assert "broke a rule" in result.stdout and MISTAKES[mistake] in result.stderr, result.stderr


def test_no_image():
    driver = ctypes.CDLL(str(EMULATOR), mode=ctypes.RTLD_GLOBAL)
    assert driver.cuModuleLoadData(ctypes.byref(ctypes.c_void_p()), b"\0" * 64) != 0
