/* Functions that GPUs have no instruction for, in f64; f32 is rounded from it. Linked into kernels that call them; common ones
 * on f32 are polynomials (passes/lower, expand-math) and never get here.
 *
 * Errors against correctly rounded results: a few units in the last place of f64; pow |y log x| times that, erf 20; sin, cos
 * and tan of more than 2^20 lose digits, beyond 2^40 they are NaN.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdint.h>

#define LN2_HIGH 0x1.62e42fefa3800p-1 /* a multiple of any exponent of it is exact */
#define LN2_LOW 0x1.ef35793c76730p-45
#define LN2 0x1.62e42fefa39efp-1
#define LOG2_E 0x1.71547652b82fep+0
#define LOG10_E 0x1.bcb7b1526e50ep-2
#define PI_2 0x1.921fb54442d18p+0
#define HUGE_X 0x1p+500

typedef union bits {
  double f;
  uint64_t u;
} bits;

static double sign_of(double x, double sign) { return __builtin_copysign(x, sign); }

/* x 2^n, also where the result has few bits. */
static double scale(double x, int n) {
  int half = n / 2;
  bits a = {.u = (uint64_t)(1023 + half) << 52}, b = {.u = (uint64_t)(1023 + n - half) << 52};
  return x * a.f * b.f;
}

/* e^r - 1 for |r| <= ln 2 / 2, as r times its Taylor series. */
static double small_expm1(double r) {
  double sum = 1.0 / 87178291200.0;
  const double inverse[] = {1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0,
                            1.0 / 40320.0,      1.0 / 5040.0,      1.0 / 720.0,      1.0 / 120.0,     1.0 / 24.0,
                            1.0 / 6.0,          0.5,               1.0};
  for (int i = 0; i < 13; ++i)
    sum = __builtin_fma(sum, r, inverse[i]);
  return sum * r;
}

double exp(double x) {
  if (x != x)
    return x;
  if (x > 710)
    return __builtin_inf();
  if (x < -746)
    return 0;
  double n = __builtin_rint(x * LOG2_E);
  double r = __builtin_fma(-n, LN2_LOW, __builtin_fma(-n, LN2_HIGH, x));
  return scale(1 + small_expm1(r), (int)n);
}

double expm1(double x) { return __builtin_fabs(x) < 0.34 ? small_expm1(x) : exp(x) - 1; }

double log(double x) {
  if (x != x || x == __builtin_inf())
    return x;
  if (x <= 0)
    return x == 0 ? -__builtin_inf() : __builtin_nan("");
  int exponent = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    exponent = -54;
  }
  bits b = {.f = x};
  exponent += (int)(b.u >> 52) - 1023;
  b.u = (b.u & 0xfffffffffffff) | 0x3ff0000000000000;
  if (b.f > 1.4142135623730951) {
    b.f *= 0.5;
    ++exponent;
  }
  /* log m = 2 artanh((m - 1) / (m + 1)) */
  double s = (b.f - 1) / (b.f + 1), square = s * s, sum = 0;
  for (int k = 23; k >= 3; k -= 2)
    sum = __builtin_fma(sum, square, 1.0 / k);
  return __builtin_fma(exponent, LN2_HIGH, 2 * s + __builtin_fma(2 * s * square, sum, exponent * LN2_LOW));
}

double log1p(double x) {
  double u = 1 + x;
  return u == 1 || u == __builtin_inf() ? x : log(u) * (x / (u - 1));
}
double log2(double x) { return log(x) * LOG2_E; }
double log10(double x) { return log(x) * LOG10_E; }
double exp2(double x) { return exp(x * LN2); }

/* The quarter turn that x lies in, and what is left, within an eighth of a turn. */
static double quarter(double x, int *turn) {
  double n = __builtin_rint(x * (1 / PI_2));
  *turn = (int)((int64_t)n & 3);
  double r = __builtin_fma(-n, PI_2, x);
  r = __builtin_fma(-n, 0x1.1a62633145c07p-54, r);
  return __builtin_fma(-n, -0x1.f1976b7ed8fbcp-110, r);
}
static double small_sin(double r) {
  double square = r * r, sum = 0;
  for (int k = 17; k >= 3; k -= 2)
    sum = -(sum + 1) * square / (k * (k - 1));
  return __builtin_fma(r, sum, r);
}
static double small_cos(double r) {
  double square = r * r, sum = 0;
  for (int k = 18; k >= 2; k -= 2)
    sum = -(sum + 1) * square / (k * (k - 1));
  return 1 + sum;
}
/* sin(x + turns quarter turns) */
static double turned(double x, int turns) {
  if (!(__builtin_fabs(x) < 0x1p40))
    return __builtin_nan("");
  int turn;
  double r = quarter(x, &turn);
  turn = (turn + turns) & 3;
  double y = turn & 1 ? small_cos(r) : small_sin(r);
  return turn & 2 ? -y : y;
}
double sin(double x) { return x == 0 ? x : turned(x, 0); }
double cos(double x) { return turned(x, 1); }
double tan(double x) { return x == 0 ? x : sin(x) / cos(x); }

double atan(double x) {
  double a = __builtin_fabs(x), t = a > 1 ? 1 / a : a;
  /* Twice half the angle: |t| < 0.2 in the end. */
  t = t / (1 + __builtin_sqrt(__builtin_fma(t, t, 1)));
  t = t / (1 + __builtin_sqrt(__builtin_fma(t, t, 1)));
  double square = t * t, sum = 0;
  for (int k = 25; k >= 3; k -= 2)
    sum = __builtin_fma(-sum, square, 1.0 / k);
  double angle = 4 * __builtin_fma(-t * square, sum, t);
  return sign_of(a > 1 ? PI_2 - angle : angle, x);
}
double atan2(double y, double x) {
  if (x != x || y != y)
    return x + y;
  double ax = __builtin_fabs(x), ay = __builtin_fabs(y);
  double angle = ay == 0 && ax == 0 ? 0 : ax == ay ? PI_2 / 2 : ax > ay ? atan(ay / ax) : PI_2 - atan(ax / ay);
  return sign_of(__builtin_signbit(x) ? 2 * PI_2 - angle : angle, y);
}
double asin(double x) { return atan(x / __builtin_sqrt((1 - x) * (1 + x))); }
double acos(double x) { return 2 * atan(__builtin_sqrt((1 - x) / (1 + x))); }

double sinh(double x) {
  double a = __builtin_fabs(x);
  if (a > 700) {
    double half = exp(a / 2);
    return sign_of(half / 2 * half, x);
  }
  double e = expm1(a);
  return sign_of((e + e / (e + 1)) / 2, x);
}
double cosh(double x) {
  double half = exp(__builtin_fabs(x) / 2);
  return half > 0x1p+400 ? half / 2 * half : (half * half + 1 / (half * half)) / 2;
}
double tanh(double x) {
  double a = __builtin_fabs(x), e = expm1(2 * (a > 22 ? 22 : a));
  return x != x ? x : sign_of(e / (e + 2), x);
}
double asinh(double x) {
  double a = __builtin_fabs(x);
  if (a > HUGE_X)
    return sign_of(log(a) + LN2, x);
  return sign_of(log1p(a + a * a / (1 + __builtin_sqrt(1 + a * a))), x);
}
double acosh(double x) {
  double t = x - 1;
  if (t < 0)
    return __builtin_nan("");
  return x > HUGE_X ? log(x) + LN2 : log1p(t + __builtin_sqrt(t * (t + 2)));
}
double atanh(double x) {
  double a = __builtin_fabs(x);
  return sign_of(log1p(2 * a / (1 - a)) / 2, x);
}

/* 2/sqrt(pi) e^(-x^2) sum of x (2 x^2)^n / (1 3 5 .. (2n + 1)): no term is negative. */
double erf(double x) {
  double a = __builtin_fabs(x);
  if (!(a < 6))
    return x != x ? x : sign_of(1, x);
  double term = a, sum = a;
  for (int n = 1; n < 150 && term > sum * 0x1p-54; ++n) {
    term *= 2 * a * a / (2 * n + 1);
    sum += term;
  }
  return sign_of(0x1.20dd750429b6dp+0 * exp(-a * a) * sum, x);
}

double pow(double x, double y) {
  if (y == 0 || x == 1)
    return 1;
  if (x != x || y != y)
    return x + y;
  double whole = __builtin_trunc(y), half = y * 0.5;
  int is_whole = whole == y, is_odd = is_whole && __builtin_trunc(half) != half;
  double a = __builtin_fabs(x), size;
  if (a == 1)
    size = 1; /* also to an infinite power */
  else
    size = exp(y * log(a));
  if (!__builtin_signbit(x))
    return size;
  if (x != 0 && !is_whole && a != __builtin_inf())
    return __builtin_nan("");
  return is_odd ? -size : size;
}

double cbrt(double x) {
  double a = __builtin_fabs(x);
  if (!(a > 0) || a == __builtin_inf())
    return x;
  double r = exp(log(a) / 3);
  return sign_of(r - (r * r * r - a) / (3 * r * r), x);
}

#define OF_FLOAT(name)                                                                                                 \
  float name##f(float x) { return (float)name((double)x); }
OF_FLOAT(exp) OF_FLOAT(expm1) OF_FLOAT(exp2) OF_FLOAT(log) OF_FLOAT(log1p) OF_FLOAT(log2) OF_FLOAT(log10)
OF_FLOAT(sin) OF_FLOAT(cos) OF_FLOAT(tan) OF_FLOAT(asin) OF_FLOAT(acos) OF_FLOAT(atan)
OF_FLOAT(sinh) OF_FLOAT(cosh) OF_FLOAT(tanh) OF_FLOAT(asinh) OF_FLOAT(acosh) OF_FLOAT(atanh) OF_FLOAT(erf) OF_FLOAT(cbrt)
float powf(float x, float y) { return (float)pow(x, y); }
float atan2f(float y, float x) { return (float)atan2(y, x); }
