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

/// x times constant weights, the sums' type `sum`; `widen` turns a factor into it.
std::string product(int64_t m, int64_t k, int64_t n, llvm::StringRef element = "f32") {
  bool bytes = element == "i8", narrow = element != "f32";
  llvm::StringRef sum = bytes ? "i32" : "f32", suffix = bytes ? "i" : "f";
  std::string x = tensor({m, k}, element), w = tensor({k, n}, element), y = tensor({m, n}, sum);
  std::string body;
  if (narrow)
    body = formatv("    %p = arith.{0} %a : {1} to {2}\n    %q = arith.{3} %b : {1} to {2}\n", bytes ? "extui" : "extf",
                   element, sum, bytes ? "extsi" : "extf");
  return formatv(R"(#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @main(%x: {0}) -> {2} {{
  %w = arith.constant dense<{3}> : {1}
  %zero = arith.constant {4} : {5}
  %e = tensor.empty() : {2}
  %f = linalg.fill ins(%zero : {5}) outs(%e : {2}) -> {2}
  %r = linalg.generic {{indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : {0}, {1}) outs(%f : {2}) {{
  ^bb0(%a: {6}, %b: {6}, %s: {5}):
{7}    %t = arith.mul{8} %{9}, %{10} : {5}
    %u = arith.add{8} %s, %t : {5}
    linalg.yield %u : {5}
  } -> {2}
  return %r : {2}
}
)",
                 x, w, y, bytes ? "3" : "0.25", bytes ? "0" : "0.0", sum, element, body, suffix, narrow ? "p" : "a",
                 narrow ? "q" : "b");
}

/// A square window over an image with channels last; `depthwise`: channel by channel.
std::string window(int64_t size, int64_t in, int64_t out, int64_t taps, bool depthwise) {
  int64_t padded = size + taps - 1;
  std::string x = tensor({1, padded, padded, in}), y = tensor({1, size, size, depthwise ? in : out});
  std::string w = depthwise ? tensor({in, taps, taps}) : tensor({out, taps, taps, in});
  return formatv(R"(#x = affine_map<({0}) -> (b, h + p, w + q, {1})>
#w = affine_map<({0}) -> ({2})>
#y = affine_map<({0}) -> (b, h, w, c)>
func.func @main(%x: {3}) -> {5} {{
  %w = arith.constant dense<0.25> : {4}
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : {5}
  %f = linalg.fill ins(%zero : f32) outs(%e : {5}) -> {5}
  %r = linalg.generic {{indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel",
      "reduction", "reduction"{6}]} ins(%x, %w : {3}, {4}) outs(%f : {5}) {{
  ^bb0(%a: f32, %b: f32, %s: f32):
    %t = arith.mulf %a, %b : f32
    %u = arith.addf %s, %t : f32
    linalg.yield %u : f32
  } -> {5}
  return %r : {5}
}
)",
                 depthwise ? "b, h, w, c, p, q" : "b, h, w, c, p, q, k", depthwise ? "c" : "k",
                 depthwise ? "c, p, q" : "c, p, q, k", x, w, y, depthwise ? "" : ", \"reduction\"");
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

std::vector<std::string> brisk::calibrationPrograms() {
  std::vector<std::string> programs;
  for (auto [m, k, n] : {std::array<int64_t, 3>{64, 64, 64}, {128, 128, 128}, {128, 384, 384}, {96, 64, 192}, {197, 768, 768},
                         {256, 256, 1024}, {49, 960, 160}, {784, 24, 144}, {1024, 16, 64}, {16, 512, 512}, {4, 256, 512},
                         {3136, 64, 64}, {12, 64, 1000}, {300, 33, 70}})
    programs.push_back(product(m, k, n));
  // Weights from the second cache, the third, memory.
  for (auto [k, n] : {std::array<int64_t, 2>{128, 384}, {256, 512}, {512, 512}, {512, 1408}, {1280, 1000}, {2048, 2048}, {4096, 6144}})
    programs.push_back(product(1, k, n));
  for (const char *element : {"i8", "bf16"})
    for (auto [m, k, n] : {std::array<int64_t, 3>{128, 384, 384}, {196, 256, 256}, {49, 960, 160}, {1, 512, 1024}, {784, 64, 128}})
      programs.push_back(product(m, k, n, element));
  programs.push_back(window(28, 64, 64, 3, false));
  programs.push_back(window(56, 32, 64, 3, false));
  programs.push_back(window(14, 256, 256, 3, false));
  programs.push_back(window(60, 3, 32, 3, false));
  programs.push_back(window(28, 24, 48, 5, false));
  for (int64_t taps : {3, 5})
    for (auto [size, channels] : {std::array<int64_t, 2>{56, 96}, {14, 480}, {28, 64}, {7, 960}, {60, 16}})
      programs.push_back(window(size, channels, channels, taps, true));
  const char *sum = "    %y = arith.addf %a, %b : f32\n";
  for (auto [rows, columns] : {std::array<int64_t, 2>{16, 128}, {64, 256}, {128, 384}, {512, 512}, {1024, 1024}, {4096, 2048}})
    programs.push_back(pointwise(rows, columns, sum));
  // A tree, so that operations wait for each other as little as those of an epilogue do.
  std::string many = "    %l0 = arith.addf %a, %b : f32\n    %l1 = arith.mulf %a, %b : f32\n    %l2 = arith.subf %a, %b : f32\n"
                     "    %l3 = arith.maximumf %a, %b : f32\n    %l4 = arith.minimumf %a, %b : f32\n"
                     "    %l5 = arith.subf %b, %a : f32\n    %m0 = arith.maximumf %l0, %l1 : f32\n"
                     "    %m1 = arith.minimumf %l2, %l3 : f32\n    %m2 = arith.addf %l4, %l5 : f32\n"
                     "    %n0 = arith.subf %m0, %m1 : f32\n    %y = arith.maximumf %n0, %m2 : f32\n";
  programs.push_back(pointwise(64, 128, many));
  programs.push_back(pointwise(256, 512, many));
  for (const char *op : {"math.exp", "math.tanh", "math.erf", "math.log", "math.sqrt", "math.sin"})
    for (int64_t rows : {32, 512})
      programs.push_back(pointwise(rows, 256, formatv("    %y = {0} %a : f32\n", op).str()));
  for (int64_t rows : {32, 512})
    programs.push_back(pointwise(rows, 256, "    %y = arith.divf %a, %b : f32\n"));
  programs.push_back(pointwise(64, 64, "    %y = math.atan %a : f32\n"));
  for (auto [rows, columns] : {std::array<int64_t, 2>{64, 196}, {384, 196}, {3136, 24}, {3, 3136}, {512, 1024}})
    programs.push_back(pointwise(rows, columns, sum, "j, i"));
  for (auto [rows, columns] : {std::array<int64_t, 2>{128, 384}, {1536, 128}, {384, 96}, {49, 1280}, {3136, 64}, {16, 2048}}) {
    programs.push_back(reduction(rows, columns, "addf", true));
    programs.push_back(reduction(rows, columns, "addf", false));
  }
  programs.push_back(reduction(1536, 128, "maximumf", true));
  programs.push_back(gather(30000, 128, 384));
  programs.push_back(gather(64, 512, 8));
  programs.push_back(chain(40, 16));
  programs.push_back(chain(24, 64));
  programs.push_back(chain(4, 8));
  return programs;
}
