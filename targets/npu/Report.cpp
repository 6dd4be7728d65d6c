// What became of each op: the table of a compilation.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Emit.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <map>

using namespace llvm;
using namespace brisk;
using namespace brisk::npu;

/// hvx: a kernel on vectors. move: only carries bytes between layouts, word by word.
StringRef npu::classOf(StringRef kernel) {
  return kernel == "scalar" ? "scalar" : kernel == "block" || kernel == "unblock" ? "move" : "hvx";
}

static StringRef reasonOf(StringRef kernel) {
  if (kernel == "scalar")
    return "no kernel for this op on these types";
  return classOf(kernel) == "move" ? "read by what is no kernel" : "";
}

/// Kernels' op names, nodes and predicted packets, in order.
template <typename Visit> static double eachKernel(mlir::ModuleOp module, Visit visit) {
  auto table = module->getAttrOfType<mlir::ArrayAttr>("npu.kernels");
  auto packets = module->getAttrOfType<mlir::DenseF64ArrayAttr>("npu.packets");
  double total = 0;
  if (!table || !packets)
    return 0;
  for (size_t i = 0; 2 * i + 1 < table.size() && i < static_cast<size_t>(packets.size()); ++i) {
    total += packets[i];
    visit(cast<mlir::StringAttr>(table[2 * i + 1]).getValue(), cast<mlir::StringAttr>(table[2 * i]).getValue(), packets[i]);
  }
  return total;
}

double npu::scalarShare(mlir::ModuleOp module) {
  double scalar = 0;
  double total = eachKernel(module, [&](StringRef kernel, StringRef, double packets) {
    scalar += classOf(kernel) == "hvx" ? 0 : packets;
  });
  return total > 0 ? scalar / total : 0;
}

std::string npu::reportOf(mlir::ModuleOp module) {
  double total = eachKernel(module, [](StringRef, StringRef, double) {});
  std::string text;
  raw_string_ostream out(text);
  out << "predicted packets (packets, not time)\n     packets  share  class   kernel     nodes\n";
  eachKernel(module, [&](StringRef kernel, StringRef nodes, double packets) {
    // What takes nothing is not worth a line, but for what is not on vectors.
    if (total > 0 && packets / total < 0.0005 && classOf(kernel) == "hvx")
      return;
    out << format("%12.0f %5.1f%%  ", packets, total > 0 ? 100 * packets / total : 0.0) << left_justify(classOf(kernel), 6)
        << "  " << left_justify(kernel, 9) << "  " << nodes;
    if (StringRef reason = reasonOf(kernel); !reason.empty())
      out << " (" << reason << ")";
    out << "\n";
  });
  out << format("%12.0f  in all, %.1f%% of them scalar\n", total, 100 * scalarShare(module));
  auto size = [&](StringRef name) {
    auto attr = module->getAttrOfType<mlir::IntegerAttr>(name);
    return attr ? attr.getInt() : 0;
  };
  out << "memory for activations: " << size("npu.vtcm_size") << " bytes of VTCM, " << size("npu.arena_size") << " of DDR\n";
  return text;
}
