/* The functions of libm that lowered models call, for floats. Errors are a few units in the last place.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdint.h>

#define KEEP __attribute__((used, noinline))

typedef union bits {
  float f;
  uint32_t u;
} bits;

static uint32_t of(float x) { return ((bits){.f = x}).u; }
static float to(uint32_t u) { return ((bits){.u = u}).f; }

/* 2^23 and above have no fraction. */
static int is_whole(float x) { return (of(x) & 0x7fffffff) >= 0x4b000000; }
static float with_sign(float x, float sign) { return to((of(x) & 0x7fffffff) | (of(sign) & 0x80000000)); }

KEEP float truncf(float x) { return is_whole(x) ? x : with_sign((float)(int32_t)x, x); }
KEEP float floorf(float x) {
  float t = truncf(x);
  return t > x ? t - 1 : t;
}
KEEP float ceilf(float x) {
  float t = truncf(x);
  return t < x ? with_sign(t + 1, x) : t;
}
/* Adding 2^23 rounds to nearest, ties to even. */
KEEP float roundevenf(float x) {
  if (is_whole(x))
    return x;
  volatile float magic = 8388608.0f;
  float a = to(of(x) & 0x7fffffff);
  volatile float sum = a + magic;
  return with_sign(sum - magic, x);
}
KEEP float rintf(float x) { return roundevenf(x); }
KEEP float nearbyintf(float x) { return roundevenf(x); }
KEEP float roundf(float x) { return is_whole(x) ? x : with_sign(truncf(to(of(x) & 0x7fffffff) + 0.5f), x); }
KEEP float fmodf(float x, float y) { return y == 0 ? x / y - x / y : x - y * truncf(x / y); }

KEEP float sqrtf(float x) {
  if (!(x > 0) || of(x) >= 0x7f800000)
    return x == 0 || x > 0 ? x : x - x == 0 ? (x - x) / (x - x) : x;
  /* Newton on 1/sqrt, then one corrected step. */
  float r = to(0x5f3759df - (of(x) >> 1));
  for (int i = 0; i < 3; ++i)
    r = r * (1.5f - 0.5f * x * r * r);
  float s = x * r;
  return s + 0.5f * r * __builtin_fmaf(-s, s, x);
}

KEEP float __hexagon_sqrtf(float x) { return sqrtf(x); }

/* e^x = 2^n e^r with |r| <= ln 2 / 2. */
KEEP float expf(float x) {
  if (x != x)
    return x;
  if (x > 88.8f)
    return to(0x7f800000);
  if (x < -104.0f)
    return 0;
  float n = roundevenf(x * 1.44269504f);
  float r = __builtin_fmaf(n, -0.693145752f, x);
  r = __builtin_fmaf(n, -1.42860677e-6f, r);
  float p = 1.98756912e-4f;
  p = __builtin_fmaf(p, r, 1.39819994e-3f);
  p = __builtin_fmaf(p, r, 8.33345186e-3f);
  p = __builtin_fmaf(p, r, 4.16657962e-2f);
  p = __builtin_fmaf(p, r, 1.66666657e-1f);
  p = __builtin_fmaf(p, r, 5e-1f);
  p = __builtin_fmaf(p * r, r, r) + 1;
  int32_t e = (int32_t)n, half = e / 2;
  return p * to((uint32_t)(half + 127) << 23) * to((uint32_t)(e - half + 127) << 23);
}
KEEP float exp2f(float x) { return expf(x * 0.693147181f); }
KEEP float expm1f(float x) {
  if (x > -0.25f && x < 0.25f)
    return x * (1 + x * (0.5f + x * (0.166666667f + x * (0.0416666667f + x * (8.33333e-3f + x * 1.38889e-3f)))));
  return expf(x) - 1;
}

KEEP float logf(float x) {
  if (!(x > 0) || of(x) >= 0x7f800000)
    return x == 0 ? -to(0x7f800000) : x < 0 ? (x - x) / (x - x) : x;
  int32_t e = 0;
  if (of(x) < 0x00800000) {
    x *= 8388608.0f;
    e = -23;
  }
  e += (int32_t)(of(x) >> 23) - 126;
  float m = to((of(x) & 0x007fffff) | 0x3f000000);
  if (m < 0.707106781f) {
    m += m;
    --e;
  }
  m -= 1;
  float p = 7.0376836292e-2f;
  static const float c[] = {-1.1514610310e-1f, 1.1676998740e-1f,  -1.2420140846e-1f, 1.4249322787e-1f,
                            -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f};
  for (int i = 0; i < 8; ++i)
    p = __builtin_fmaf(p, m, c[i]);
  float z = m * m, n = (float)e;
  float y = p * m * z - 2.12194440e-4f * n - 0.5f * z;
  return m + y + 0.693359375f * n;
}
KEEP float log2f(float x) { return logf(x) * 1.44269504f; }
KEEP float log1pf(float x) {
  float u = 1 + x;
  return u == 1 ? x : logf(u) * x / (u - 1);
}

KEEP float tanhf(float x) {
  float a = to(of(x) & 0x7fffffff);
  if (a != a)
    return x;
  if (a > 9.1f)
    return with_sign(1, x);
  float e = expm1f(2 * a);
  return with_sign(e / (e + 2), x);
}

/* Abramowitz and Stegun 7.1.26 has 1.5e-7; near 0 the series is exact. */
KEEP float erff(float x) {
  float a = to(of(x) & 0x7fffffff);
  if (a < 0.5f) {
    float z = x * x;
    return x * (1.12837917f + z * (-0.376126389f + z * (0.112837917f + z * (-0.0268661706f + z * (5.22397762e-3f - z * 8.54832702e-4f)))));
  }
  float t = 1 / (1 + 0.3275911f * a);
  float p = t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
  return with_sign(1 - p * expf(-a * a), x);
}

/* Quarter turns, then polynomials on [-pi/4, pi/4]. */
static float turn(float x, int32_t shift) {
  float n = roundevenf(x * 0.636619772f);
  int32_t q = (int32_t)n + shift;
  float r = __builtin_fmaf(n, -1.5703125f, x);
  r = __builtin_fmaf(n, -4.83751296997e-4f, r);
  r = __builtin_fmaf(n, -7.54978995489e-8f, r);
  float z = r * r, y;
  if (q & 1)
    y = 1 + z * (-0.5f + z * (4.16666456e-2f + z * (-1.38873162e-3f + z * 2.44331571e-5f)));
  else
    y = r + r * z * (-1.66666546e-1f + z * (8.33216087e-3f - z * 1.95152959e-4f));
  return q & 2 ? -y : y;
}
KEEP float sinf(float x) { return turn(x, 0); }
KEEP float cosf(float x) { return turn(x, 1); }

KEEP float powf(float x, float y) {
  if (y == 0 || x == 1)
    return 1;
  float n = truncf(y);
  if (n == y && n >= -64 && n <= 64) {
    int32_t k = (int32_t)n;
    float r = 1, b = x;
    for (int32_t i = k < 0 ? -k : k; i; i >>= 1, b *= b)
      if (i & 1)
        r *= b;
    return k < 0 ? 1 / r : r;
  }
  return x == 0 ? (y > 0 ? 0 : to(0x7f800000)) : expf(y * logf(x));
}

/* Doubles: models seldom divide them. */
typedef union wide {
  double f;
  uint64_t u;
} wide;

KEEP double __hexagon_divdf3(double a, double b) {
  if (b == 0 || b != b || a != a || a == 0)
    return b == 0 && a != 0 && a == a ? (wide){.u = ((((wide){.f = a}).u ^ ((wide){.f = b}).u) >> 63 << 63) | UINT64_C(0x7ff0000000000000)}.f
           : b == 0 || b != b || a != a ? (wide){.u = UINT64_C(0x7ff8000000000000)}.f
                                        : a * b;
  wide v = {.f = b};
  const int64_t e = (int64_t)(v.u >> 52 & 2047) - 1023;
  v.u = (v.u & UINT64_C(0x800fffffffffffff)) | UINT64_C(0x3ff0000000000000);
  double r = (double)(1.0f / (float)v.f);
  for (int i = 0; i < 2; ++i)
    r = r * (2 - v.f * r);
  double q = a * r;
  q = q + r * (a - q * v.f);
  const int64_t half = -e / 2;
  return q * (wide){.u = (uint64_t)(half + 1023) << 52}.f * (wide){.u = (uint64_t)(-e - half + 1023) << 52}.f;
}
KEEP double roundeven(double x) {
  wide v = {.f = x};
  if ((v.u >> 52 & 2047) >= 1075)
    return x;
  volatile double magic = 4503599627370496.0;
  volatile double sum = (x < 0 ? -x : x) + magic;
  double y = sum - magic;
  return v.u >> 63 ? -y : y;
}
