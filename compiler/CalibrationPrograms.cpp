// The programs that --calibrate-machine measures.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each makes some numbers of a machine count: products in blocks of several
// shapes, weights and activations in each level of memory, bodies of one kind
// of instruction, strides, windows, reductions, many calls of nothing.
#include "compiler/Calibrate.h"

#include "llvm/Support/FormatVariadic.h"

using llvm::formatv;

namespace {

std::string tensor(llvm::ArrayRef<int64_t> dims, llvm::StringRef element = "f32") {
  std::string text = "tensor<";
  for (int64_t dim : dims)
    text += std::to_string(dim) + "x";
  return text + element.str() + ">";
}

/// Loops over an array, its weights and the sums, as affine maps write them.
struct Loops {
  llvm::StringRef all, x, w, y, kinds;
};

/// Sums of products with constant weights; narrow factors are widened to the type of the sums.
std::string products(llvm::ArrayRef<int64_t> x, llvm::ArrayRef<int64_t> w, llvm::ArrayRef<int64_t> y, const Loops &loops,
                     llvm::StringRef element) {
  bool bytes = element == "i8", narrow = element != "f32";
  llvm::StringRef sum = bytes ? "i32" : "f32", suffix = bytes ? "i" : "f";
  std::string body;
  if (narrow)
    body = formatv("    %p = arith.{0} %a : {1} to {2}\n    %q = arith.{3} %b : {1} to {2}\n", bytes ? "extui" : "extf",
                   element, sum, bytes ? "extsi" : "extf");
  body += formatv("    %t = arith.mul{0} {1} : {2}\n    %u = arith.add{0} %s, %t : {2}\n", suffix,
                  narrow ? "%p, %q" : "%a, %b", sum);
  return formatv(R"(#x = affine_map<({0}) -> ({1})>
#w = affine_map<({0}) -> ({2})>
#y = affine_map<({0}) -> ({3})>
func.func @main(%x: {5}) -> {7} {{
  %w = arith.constant dense<{8}> : {6}
  %zero = arith.constant {9} : {10}
  %e = tensor.empty() : {7}
  %f = linalg.fill ins(%zero : {10}) outs(%e : {7}) -> {7}
  %r = linalg.generic {{indexing_maps = [#x, #w, #y], iterator_types = [{4}]} ins(%x, %w : {5}, {6}) outs(%f : {7}) {{
  ^bb0(%a: {11}, %b: {11}, %s: {10}):
{12}    linalg.yield %u : {10}
  } -> {7}
  return %r : {7}
}
)",
                 loops.all, loops.x, loops.w, loops.y, loops.kinds, tensor(x, element), tensor(w, element), tensor(y, sum),
                 bytes ? "3" : "0.25", bytes ? "0" : "0.0", sum, element, body);
}

std::string product(int64_t m, int64_t k, int64_t n, llvm::StringRef element = "f32") {
  return products({m, k}, {k, n}, {m, n},
                  {"m, n, k", "m, k", "k, n", "m, n", R"("parallel", "parallel", "reduction")"}, element);
}

/// A square window over an image with channels last; `depthwise`: channel by channel.
std::string window(int64_t size, int64_t in, int64_t out, int64_t taps, bool depthwise, llvm::StringRef element = "f32") {
  int64_t padded = size + taps - 1;
  if (depthwise)
    return products({1, padded, padded, in}, {in, taps, taps}, {1, size, size, in},
                    {"b, h, w, c, p, q", "b, h + p, w + q, c", "c, p, q", "b, h, w, c",
                     R"("parallel", "parallel", "parallel", "parallel", "reduction", "reduction")"},
                    element);
  return products({1, padded, padded, in}, {out, taps, taps, in}, {1, size, size, out},
                  {"b, h, w, c, p, q, k", "b, h + p, w + q, k", "c, p, q, k", "b, h, w, c",
                   R"("parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction")"},
                  element);
}

/// A program with its result, of type `from`, changed elementwise: `body` makes %y of type `to` from %a.
std::string followed(std::string text, llvm::ArrayRef<int64_t> dims, llvm::StringRef from, llvm::StringRef to,
                     llvm::StringRef body) {
  std::string sums = tensor(dims, from), results = tensor(dims, to), loops, kinds;
  for (size_t d = 0; d < dims.size(); ++d) {
    loops += (d ? ", d" : "d") + std::to_string(d);
    kinds += d ? ", \"parallel\"" : "\"parallel\"";
  }
  text.resize(text.rfind("  return"));
  text.replace(text.find("-> " + sums + " {"), 3 + sums.size(), "-> " + results);
  return text + formatv(R"(  %after = tensor.empty() : {1}
  %z = linalg.generic {{indexing_maps = [affine_map<({2}) -> ({2})>, affine_map<({2}) -> ({2})>],
      iterator_types = [{3}]} ins(%r : {0}) outs(%after : {1}) {{
  ^bb0(%a: {4}, %o: {5}):
{6}    linalg.yield %y : {5}
  } -> {1}
  return %z : {1}
}
)",
                        sums, results, loops, kinds, from, to, body)
                    .str();
}

/// Elementwise: y[rows, columns] of x and x', read through `map`.
std::string pointwise(int64_t rows, int64_t columns, llvm::StringRef body, llvm::StringRef map = "i, j") {
  bool turned = map == "j, i";
  std::string x = tensor(turned ? llvm::ArrayRef<int64_t>{columns, rows} : llvm::ArrayRef<int64_t>{rows, columns});
  return formatv(R"(func.func @main(%x: {0}, %z: {1}) -> {1} {{
  %e = tensor.empty() : {1}
  %r = linalg.generic {{indexing_maps = [affine_map<(i, j) -> ({2})>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} ins(%x, %z : {0}, {1}) outs(%e : {1}) {{
  ^bb0(%a: f32, %b: f32, %o: f32):
{3}    linalg.yield %y : f32
  } -> {1}
  return %r : {1}
}
)",
                 x, tensor({rows, columns}), map, body);
}

/// The sum (or largest element) of each row, or of each column.
std::string reduction(int64_t rows, int64_t columns, llvm::StringRef op, bool ofRows) {
  return formatv(R"(func.func @main(%x: {0}) -> {1} {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : {1}
  %f = linalg.fill ins(%zero : f32) outs(%e : {1}) -> {1}
  %r = linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ({2})>],
      iterator_types = [{3}]} ins(%x : {0}) outs(%f : {1}) {{
  ^bb0(%a: f32, %s: f32):
    %y = arith.{4} %s, %a : f32
    linalg.yield %y : f32
  } -> {1}
  return %r : {1}
}
)",
                 tensor({rows, columns}), tensor({ofRows ? rows : columns}), ofRows ? "i" : "j",
                 ofRows ? "\"parallel\", \"reduction\"" : "\"reduction\", \"parallel\"", op);
}

/// Rows of a table picked by the rows of indices.
std::string gather(int64_t table, int64_t rows, int64_t columns) {
  return formatv(R"(func.func @main(%t: {0}, %i: {1}) -> {2} {{
  %e = tensor.empty() : {2}
  %r = linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} ins(%i : {1}) outs(%e : {2}) {{
  ^bb0(%a: i32, %o: f32):
    %at = arith.index_cast %a : i32 to index
    %j = linalg.index 1 : index
    %y = tensor.extract %t[%at, %j] : {0}
    linalg.yield %y : f32
  } -> {2}
  return %r : {2}
}
)",
                 tensor({table, columns}), tensor({rows}, "i32"), tensor({rows, columns}));
}

/// What rounds sums to bytes, as the epilogues of quantized layers do: `%a` of i32 or f32 to `%y` of i8.
std::string toBytes(llvm::StringRef from) {
  std::string text = from == "i32" ? "    %float = arith.sitofp %a : i32 to f32\n" : "    %float = arith.addf %a, %a : f32\n";
  return text + R"(    %scale = arith.constant 0.0125 : f32
    %low = arith.constant 0.0 : f32
    %high = arith.constant 255.0 : f32
    %scaled = arith.mulf %float, %scale : f32
    %whole = math.roundeven %scaled : f32
    %under = arith.cmpf ogt, %whole, %low : f32
    %above = arith.select %under, %whole, %low : f32
    %over = arith.cmpf olt, %above, %high : f32
    %inside = arith.select %over, %above, %high : f32
    %integer = arith.fptosi %inside : f32 to i32
    %y = arith.trunci %integer : i32 to i8
)";
}

const char *const toBf16 = "    %y = arith.truncf %a : f32 to bf16\n";

/// Elementwise from one type to another.
std::string conversion(int64_t rows, int64_t columns, llvm::StringRef from, llvm::StringRef to, llvm::StringRef body) {
  return formatv(R"(#m = affine_map<(i, j) -> (i, j)>
func.func @main(%x: {0}) -> {1} {{
  %e = tensor.empty() : {1}
  %r = linalg.generic {{indexing_maps = [#m, #m], iterator_types = ["parallel", "parallel"]} ins(%x : {0}) outs(%e : {1}) {{
  ^bb0(%a: {2}, %o: {3}):
{4}    linalg.yield %y : {3}
  } -> {1}
  return %r : {1}
}
)",
                 tensor({rows, columns}, from), tensor({rows, columns}, to), from, to, body);
}

/// A chain of products with a small vector: little work in many kernels.
std::string chain(int64_t links, int64_t size) {
  std::string v = tensor({1, size}), w = tensor({size, size});
  std::string text = formatv("func.func @main(%v0: {0}) -> {0} {{\n  %zero = arith.constant 0.0 : f32\n  %e = tensor.empty() : {0}\n"
                             "  %f = linalg.fill ins(%zero : f32) outs(%e : {0}) -> {0}\n",
                             v);
  for (int64_t i = 0; i < links; ++i)
    text += formatv("  %w{0} = arith.constant dense<{1}> : {2}\n  %v{3} = linalg.matmul ins(%v{0}, %w{0} : {4}, {2}) outs(%f : {4}) -> {4}\n",
                    i, llvm::format("%.3f", 0.5 / static_cast<double>(size) + 1e-3 * static_cast<double>(i)), w, i + 1, v);
  return text + formatv("  return %v{0} : {1}\n}\n", links, v).str();
}

} // namespace

std::vector<brisk::CalibrationProgram> brisk::calibrationPrograms() {
  std::vector<CalibrationProgram> programs;
  auto add = [&](std::string text, bool highestOnly = false) { programs.push_back({std::move(text), highestOnly}); };
  for (auto [m, k, n] : {std::array<int64_t, 3>{64, 64, 64}, {128, 128, 128}, {128, 384, 384}, {96, 64, 192}, {197, 768, 768},
                         {256, 256, 1024}, {49, 960, 160}, {784, 24, 144}, {1024, 16, 64}, {16, 512, 512}, {4, 256, 512},
                         {3136, 64, 64}, {12, 64, 1000}, {300, 33, 70}})
    add(product(m, k, n));
  // Weights from the second cache, the third, memory.
  for (auto [k, n] : {std::array<int64_t, 2>{128, 384}, {256, 512}, {512, 512}, {512, 1408}, {1280, 1000}, {2048, 2048}, {4096, 6144}})
    add(product(1, k, n));
  for (const char *element : {"i8", "bf16"})
    for (auto [m, k, n] : {std::array<int64_t, 3>{128, 384, 384}, {196, 256, 256}, {49, 960, 160}, {1, 512, 1024}, {784, 64, 128}})
      add(product(m, k, n, element));
  for (auto [m, k, n] : {std::array<int64_t, 3>{3136, 16, 96}, {784, 32, 192}, {196, 384, 96}, {49, 960, 160}, {1, 512, 1024},
                         {12544, 32, 16}, {128, 384, 384}}) {
    add(followed(product(m, k, n, "i8"), {m, n}, "i32", "i8", toBytes("i32")), /*highestOnly=*/true);
    add(followed(product(m, k, n, "bf16"), {m, n}, "f32", "bf16", toBf16), /*highestOnly=*/true);
  }
  for (auto [size, channels, taps] : {std::array<int64_t, 3>{56, 96, 3}, {14, 384, 3}, {28, 64, 5}}) {
    llvm::SmallVector<int64_t> dims = {1, size, size, channels};
    add(followed(window(size, channels, channels, taps, true, "i8"), dims, "i32", "i8", toBytes("i32")), /*highestOnly=*/true);
    add(followed(window(size, channels, channels, taps, true, "bf16"), dims, "f32", "bf16", toBf16), /*highestOnly=*/true);
  }
  for (auto [size, in, out] : {std::array<int64_t, 3>{28, 64, 64}, {60, 3, 32}, {14, 256, 256}}) {
    llvm::SmallVector<int64_t> dims = {1, size, size, out};
    add(followed(window(size, in, out, 3, false, "i8"), dims, "i32", "i8", toBytes("i32")), /*highestOnly=*/true);
    add(followed(window(size, in, out, 3, false, "bf16"), dims, "f32", "bf16", toBf16), /*highestOnly=*/true);
  }
  const char *gelu = "    %half = arith.constant 0.5 : f32\n    %root = arith.constant 0.70710678 : f32\n"
                     "    %scaled = arith.mulf %a, %root : f32\n    %erf = math.erf %scaled : f32\n"
                     "    %by = arith.mulf %a, %half : f32\n    %y = math.fma %erf, %by, %by : f32\n";
  add(followed(product(128, 384, 1536), {128, 1536}, "f32", "f32", gelu));
  add(followed(product(32, 64, 256), {32, 256}, "f32", "f32", gelu));
  for (auto [rows, columns] : {std::array<int64_t, 2>{64, 256}, {256, 512}, {2048, 1024}}) {
    add(conversion(rows, columns, "f32", "i8", toBytes("f32")));
    add(conversion(rows, columns, "i8", "f32", "    %i = arith.extui %a : i8 to i32\n    %y = arith.sitofp %i : i32 to f32\n"));
    add(conversion(rows, columns, "bf16", "f32", "    %y = arith.extf %a : bf16 to f32\n"));
  }
  add(window(28, 64, 64, 3, false));
  add(window(56, 32, 64, 3, false));
  add(window(14, 256, 256, 3, false));
  add(window(60, 3, 32, 3, false));
  add(window(28, 24, 48, 5, false));
  for (int64_t taps : {3, 5})
    for (auto [size, channels] : {std::array<int64_t, 2>{56, 96}, {14, 480}, {28, 64}, {7, 960}, {60, 16}})
      add(window(size, channels, channels, taps, true));
  const char *sum = "    %y = arith.addf %a, %b : f32\n";
  for (auto [rows, columns] : {std::array<int64_t, 2>{16, 128}, {64, 256}, {128, 384}, {512, 512}, {1024, 1024}, {4096, 2048}})
    add(pointwise(rows, columns, sum));
  // A tree, so that operations wait for each other as little as those of an epilogue do.
  std::string many = "    %l0 = arith.addf %a, %b : f32\n    %l1 = arith.mulf %a, %b : f32\n    %l2 = arith.subf %a, %b : f32\n"
                     "    %l3 = arith.maximumf %a, %b : f32\n    %l4 = arith.minimumf %a, %b : f32\n"
                     "    %l5 = arith.subf %b, %a : f32\n    %m0 = arith.maximumf %l0, %l1 : f32\n"
                     "    %m1 = arith.minimumf %l2, %l3 : f32\n    %m2 = arith.addf %l4, %l5 : f32\n"
                     "    %n0 = arith.subf %m0, %m1 : f32\n    %y = arith.maximumf %n0, %m2 : f32\n";
  add(pointwise(64, 128, many));
  add(pointwise(256, 512, many));
  for (const char *op : {"math.exp", "math.tanh", "math.erf", "math.log", "math.sqrt", "math.sin"})
    for (int64_t rows : {32, 512})
      add(pointwise(rows, 256, formatv("    %y = {0} %a : f32\n", op).str()));
  for (int64_t rows : {32, 512})
    add(pointwise(rows, 256, "    %y = arith.divf %a, %b : f32\n"));
  add(pointwise(64, 64, "    %y = math.atan %a : f32\n"));
  for (auto [rows, columns] : {std::array<int64_t, 2>{64, 196}, {384, 196}, {3136, 24}, {3, 3136}, {512, 1024}})
    add(pointwise(rows, columns, sum, "j, i"));
  for (auto [rows, columns] : {std::array<int64_t, 2>{128, 384}, {1536, 128}, {384, 96}, {49, 1280}, {3136, 64}, {16, 2048}}) {
    add(reduction(rows, columns, "addf", true));
    add(reduction(rows, columns, "addf", false));
  }
  add(reduction(1536, 128, "maximumf", true));
  add(gather(30000, 128, 384));
  add(gather(64, 512, 8));
  add(chain(40, 16));
  add(chain(24, 64));
  add(chain(4, 8));
  return programs;
}
