/* What the processor and its system can execute.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/internal.h"

#include <stdlib.h>
#include <string.h>

/* Beside the level: AVX-VNNI, which levels above x86-64-v3-vnni may lack. */
enum { AVX_VNNI = 0x100 };

#if defined(__x86_64__)
#include <cpuid.h>

static bool has(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

/* Levels as the x86-64 psABI defines them; `features` alone would miss a system
 * that does not save the wide registers, hence xgetbv. */
static int32_t detect(void) {
  uint32_t a, b, c, d, b7 = 0, c7, d7, c_extended = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, bit_OSXSAVE))
    return BRISK_X86_64;
  const uint32_t basic = c;
  if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7))
    return BRISK_X86_64;
  __get_cpuid(0x80000001u, &a, &b, &c_extended, &d);
  uint32_t saved, high;
  __asm__ volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  (void)high;

  const uint32_t v2_v3 = bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE4_1 |
                         bit_SSE4_2 | bit_POPCNT | bit_MOVBE | bit_AVX |
                         bit_F16C | bit_FMA;
  const uint32_t lahf = 1u << 0, lzcnt = 1u << 5;
  if (!has(basic, v2_v3) || !has(b7, bit_AVX2 | bit_BMI | bit_BMI2) ||
      !has(c_extended, lahf | lzcnt) || !has(saved, 0x6))
    return BRISK_X86_64;
  uint32_t a71 = 0;
  if (!__get_cpuid_count(7, 1, &a71, &b, &c, &d))
    a71 = 0;
  const int32_t dot = has(a71, bit_AVXVNNI) ? AVX_VNNI : 0;
  if (!has(b7, bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ |
                   bit_AVX512VL) ||
      !has(saved, 0xe6))
    return dot | (dot ? BRISK_X86_64_V3_VNNI : BRISK_X86_64_V3);
  if (!has(c7, bit_AVX512VNNI))
    return dot | BRISK_X86_64_V4;
  return dot | (has(a71, bit_AVX512BF16) ? BRISK_X86_64_V4_BF16 : BRISK_X86_64_V4_VNNI);
}
#else
static int32_t detect(void) { return BRISK_X86_64; }
#endif

static int32_t found(void) {
  /* Asked once: under a hypervisor each cpuid costs microseconds. */
  static atomic_int known = -1;
  int isa = atomic_load_explicit(&known, memory_order_relaxed);
  if (isa < 0) {
    isa = detect();
    atomic_store_explicit(&known, isa, memory_order_relaxed);
  }
  return isa;
}

int32_t brisk_cpu_isa(void) { return found() & (AVX_VNNI - 1); }

bool brisk_cpu_runs(int32_t isa) {
  return isa <= brisk_cpu_isa() && (isa != BRISK_X86_64_V3_VNNI || (found() & AVX_VNNI));
}

const char *brisk_isa_name(int32_t isa) {
  switch (isa) {
  case BRISK_X86_64:
    return "x86-64";
  case BRISK_X86_64_V3:
    return "x86-64-v3";
  case BRISK_X86_64_V3_VNNI:
    return "x86-64-v3-vnni";
  case BRISK_X86_64_V4:
    return "x86-64-v4";
  case BRISK_X86_64_V4_VNNI:
    return "x86-64-v4-vnni";
  case BRISK_X86_64_V4_BF16:
    return "x86-64-v4-bf16";
  default:
    return NULL;
  }
}

int32_t brisk_isa_from_name(const char *name) {
  for (int32_t isa = BRISK_X86_64; name && isa <= BRISK_X86_64_V4_BF16; ++isa)
    if (brisk_isa_name(isa) && !strcmp(brisk_isa_name(isa), name))
      return isa;
  return -1;
}

brisk_status brisk_allowed_isa(int32_t *isa) {
  *isa = brisk_cpu_isa();
  const char *wanted = getenv("BRISK_ISA");
  if (!wanted || !*wanted)
    return BRISK_OK;
  int32_t level = brisk_isa_from_name(wanted);
  if (level < 0)
    return brisk_fail(
        BRISK_ERROR_ARGUMENT,
        "BRISK_ISA expects " BRISK_ISA_NAMES ", but is '%s'",
        wanted);
  if (level < *isa)
    *isa = level;
  return BRISK_OK;
}
