// A flow of stages as its control sees it.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_FLOW_H
#define BRISK_TARGETS_HLS_FLOW_H

#include "targets/hls/Netlist.h"
#include <array>

namespace brisk::hls {

/// One stage: how its window moves over the frame that it reads.
struct StageForm {
  explicit StageForm(StageOp stage);

  int64_t rows, columns;     // of the frame read
  int64_t toRows, toColumns; // of windows
  int64_t kernel[2], stride[2], before[2];
  bool isWindow; // of one frame; others read a pixel of each frame at a time
  bool accumulates;

  int64_t pixels() const { return rows * columns; }
  int64_t windows() const { return toRows * toColumns; }
  /// The pixel, counted along the rows and on beyond the frame's end, that completes the window.
  int64_t completes(int64_t row, int64_t column) const {
    return (row * stride[0] - before[0] + kernel[0] - 1) * columns + column * stride[1] - before[1] + kernel[1] - 1;
  }
  /// Steps of a frame: its pixels, and those beyond that its last windows wait for.
  int64_t steps() const { return std::max(pixels(), completes(toRows - 1, toColumns - 1) + 1); }
  /// Pixels that the window has to remember.
  int64_t remembered() const { return (kernel[0] - 1) * columns + kernel[1] - 1; }
};

/// Where an element of a frame travels.
struct Place {
  int64_t pixel, element;
};
/// Of each element in row-major order.
std::vector<Place> placesOf(mlir::RankedTensorType frame, llvm::ArrayRef<int64_t> axes);

/// A flow with the designs of its stages.
class FlowNetlist {
public:
  explicit FlowNetlist(FlowOp flow);
  struct Stage {
    StageOp op;
    StageForm form;
    DesignOp design;
    mlir::SmallVector<int64_t> frames; // numbers: 0 is the input's, n + 1 that of stage n
  };
  FlowOp flow;
  std::vector<Stage> stages;
  int64_t interval, latency;

  mlir::RankedTensorType frameType(int64_t frame) const;
  /// Pixels of a frame, and elements of a pixel.
  int64_t pixels(int64_t frame) const;
  int64_t elements(int64_t frame) const { return frameType(frame).getNumElements() / pixels(frame); }
  /// Dimensions of the input's frame that are rows and columns.
  llvm::ArrayRef<int64_t> inputAxes() const { return inputOp.getAxes(); }
  llvm::ArrayRef<int64_t> outputAxes() const; // and of the output's

  /// The element of the window that an argument of a stage's design is: {row, column, element}.
  std::vector<std::array<int64_t, 3>> arguments(const Stage &stage, int64_t operand) const;

private:
  mutable StageOp inputOp;
};

/// The top module and those of the stages, after project/stream.v.
std::string printVerilog(const FlowNetlist &flow);
CppFiles printCpp(const FlowNetlist &flow);
std::string printReport(const FlowNetlist &flow, llvm::StringRef name, llvm::StringRef part);

} // namespace brisk::hls
#endif
