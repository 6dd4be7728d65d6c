// The walk over a module that becomes an ONNX graph.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_EXPORT_EXPORTER_H
#define BRISK_COMPILER_EXPORT_EXPORTER_H

#include "compiler/export/Export.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"
#include <map>

namespace onnx {
class OpSchema;
}

namespace brisk {

/// Bytes of a constant as an ONNX tensor holds them: little-endian, less than a byte packed.
std::string fileBytes(mlir::ElementsAttr value);
/// Sets type and dims, and `bytes` as the data.
void fillTensor(::onnx::TensorProto &tensor, mlir::ElementsAttr value, std::string bytes);

/// The domain and type of a node: "onnx.ms.Gelu" is Gelu of com.microsoft.
std::pair<std::string, std::string> operatorOf(mlir::Operation *op);
/// An attribute that `schema` lacks, but whose value the newest opset takes when it is left out.
bool isImplied(mlir::Operation *op, mlir::NamedAttribute attribute, const ::onnx::OpSchema *schema);

class Exporter {
public:
  Exporter(mlir::ModuleOp module, const ExportOptions &options) : module(module), options(options) {}

  /// The model, but for the weights of `large`, which are left without data.
  llvm::LogicalResult run(::onnx::ModelProto &model);
  /// Initializers of the main graph in order, and their values.
  std::vector<std::pair<::onnx::TensorProto *, mlir::ElementsAttr>> weights;

private:
  // Opset.cpp
  /// Finds the opset of each domain.
  llvm::LogicalResult chooseOpsets();
  /// Why the op has another form in that opset; empty if it has this one.
  std::string mismatch(mlir::Operation *op, const ::onnx::OpSchema *schema);
  /// The op's schema in the opset chosen; null for domains that libonnx does not know.
  const ::onnx::OpSchema *schemaOf(mlir::Operation *op);

  // Exporter.cpp
  llvm::LogicalResult exportBlock(mlir::Block &block, ::onnx::GraphProto &graph, mlir::ValueRange results);
  llvm::LogicalResult exportNode(mlir::Operation *op, ::onnx::GraphProto &graph);
  llvm::LogicalResult exportAttribute(mlir::Operation *op, mlir::NamedAttribute attribute, ::onnx::NodeProto &node);
  llvm::LogicalResult exportRegion(mlir::Region &region, ::onnx::GraphProto &graph);
  void exportConstant(mlir::Operation *op, mlir::ElementsAttr value, ::onnx::GraphProto &graph);
  void metadata(::onnx::ModelProto &model);
  void describe(::onnx::ValueInfoProto &info, llvm::StringRef name, mlir::Type type);
  std::string nodeName(mlir::Operation *op);
  /// `stem`, or with a number if some value or node has that name already.
  std::string unique(llvm::StringSet<> &taken, llvm::StringRef stem);
  /// The name of a value, "" for an absent operand.
  std::string nameOf(mlir::Value value);

  mlir::ModuleOp module;
  const ExportOptions &options;
  std::map<std::string, int64_t> opsets;
  llvm::DenseMap<mlir::Value, std::string> names;
  llvm::StringSet<> valueNames, nodeNames;
  unsigned depth = 0;
};

} // namespace brisk
#endif
