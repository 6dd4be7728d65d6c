// From a design to files.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_EMIT_H
#define BRISK_TARGETS_HLS_EMIT_H

#include "targets/hls/Flow.h"
#include "llvm/Support/Error.h"

namespace brisk::hls {

/// A device that designs are made for.
struct Part {
  llvm::StringRef name;
  llvm::StringRef vendorName; // empty: none
  int64_t luts, ffs, dsps;
};
const Part *partOf(llvm::StringRef name);
/// All names, for messages.
std::string partNames();

/// All modules.
std::string topVerilog(const Netlist &netlist);
std::string topVerilog(const FlowNetlist &flow);
/// Writes the folder: src, rtl, tb, shim, data, Makefile, report. It appears whole or not at all.
llvm::Error writeProject(const Netlist &netlist, llvm::StringRef folder, llvm::StringRef model, const Part &part,
                         llvm::StringRef manifest);
llvm::Error writeProject(const FlowNetlist &flow, llvm::StringRef folder, llvm::StringRef model, const Part &part,
                         llvm::StringRef manifest);

} // namespace brisk::hls
#endif
