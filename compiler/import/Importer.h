// The walk over a checked model.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_IMPORT_IMPORTER_H
#define BRISK_COMPILER_IMPORT_IMPORTER_H

#include "mlir/IR/TypeUtilities.h"

#include "compiler/import/Import.h"
#include "compiler/import/Model.h"
#include "compiler/import/Weights.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

namespace onnx {
class OpSchema;
}

namespace brisk {

class Importer {
public:
  Importer(mlir::MLIRContext *context, const Model &model, const ImportOptions &options,
           std::vector<ImportProblem> &problems);

  /// The module, or null when there are problems.
  mlir::OwningOpRef<mlir::ModuleOp> run();

private:
  struct Scope;
  /// An attribute, and the scope in which the names of its graphs are looked up.
  struct NodeAttribute {
    const ::onnx::AttributeProto *proto = nullptr;
    Scope *scope = nullptr;
  };

  /// The names visible in one graph or function body. A name that maps to a null value belongs to a
  /// node with a problem; what uses it is passed over in silence.
  struct Scope {
    Scope *parent = nullptr;
    llvm::StringMap<mlir::Value> values;
    llvm::StringMap<const ::onnx::TensorProto *> tensors;             // initializers not used yet
    llvm::StringMap<const ::onnx::SparseTensorProto *> sparseTensors; // likewise
    llvm::StringMap<const ::onnx::ValueInfoProto *> declared;
    /// Where constants go, so that they dominate every use: after `lastConstant` or at the start of `block`.
    mlir::Block *block = nullptr;
    mlir::Operation *lastConstant = nullptr;
    const llvm::StringMap<int64_t> *opsets = nullptr;
    /// Within a function: the caller's attributes, and the name and location of the calling node.
    const llvm::StringMap<NodeAttribute> *attributes = nullptr;
    std::string prefix;
    std::optional<mlir::Location> caller;
    /// Keeps the messages alive that this scope's constants alias.
    std::shared_ptr<const void> owner;
  };

  /// A node on its way to becoming an op.
  struct Node {
    const ::onnx::NodeProto &proto;
    Scope &scope;
    std::string domain;
    int64_t opset = 0;
    std::string name;
    mlir::Location loc;
    llvm::SmallVector<mlir::Value> operands;
    /// Attributes after references to the caller's are followed, under the node's own names.
    llvm::SmallVector<std::pair<llvm::StringRef, NodeAttribute>> attributes;
  };

  /// How many operands, results and regions a registered op takes.
  struct Arity {
    unsigned operands = 0, results = 0, regions = 0;
    bool variadicOperands = false, variadicResults = false, variadicRegions = false;
  };

  // Importer.cpp
  mlir::LogicalResult signature(const ::onnx::GraphProto &graph, Scope &scope);
  mlir::LogicalResult finish(const ::onnx::GraphProto &graph, Scope &scope);
  void metadata();
  mlir::Type inputType(const ::onnx::ValueInfoProto &input);
  void checkDeclared(const ::onnx::ValueInfoProto &info, mlir::Value value);
  void fixDims(const ::onnx::GraphProto &graph);
  void collectDimNames(const ::onnx::GraphProto &graph);
  Dim dimOf(const ::onnx::TensorShapeProto::Dimension &dim, llvm::StringRef input, size_t axis);

  // Graph.cpp
  void enterGraph(const ::onnx::GraphProto &graph, Scope &scope);
  Scope innerScope(const Node &node, Scope &parent);
  void importNodes(const google::protobuf::RepeatedPtrField<::onnx::NodeProto> &nodes, Scope &scope);
  void importNode(const ::onnx::NodeProto &proto, size_t index, Scope &scope);
  /// The value of a name; null if it belongs to a node with a problem, nullopt if there is no such name.
  std::optional<mlir::Value> lookup(llvm::StringRef name, Scope &scope);
  mlir::Value constant(mlir::ElementsAttr value, llvm::StringRef name, Scope &scope);
  mlir::Value none();
  /// Fills region `index` of an op that has its operands.
  mlir::LogicalResult importBody(Node &node, const ::onnx::GraphProto &graph, Scope &parent, mlir::Operation *op,
                                 unsigned index);
  /// Gives the outputs of a node with a problem the types that the model declares, if any.
  void abandon(Node &node);
  /// Looks for problems in the subgraphs of a node that becomes no op.
  void survey(Node &node);
  /// The declared type with open dims of their own; null if the rank is not declared.
  mlir::Type declaredType(const ::onnx::ValueInfoProto &info);
  mlir::Value placeholder(const ::onnx::ValueInfoProto &info, mlir::Location loc);

  // Node.cpp
  mlir::LogicalResult importOp(Node &node);
  std::optional<mlir::RegisteredOperationName> findOp(llvm::StringRef domain, llvm::StringRef op);
  /// Null and an error for what has no form in the dialect.
  llvm::Expected<mlir::Attribute> convertAttribute(const ::onnx::AttributeProto &attribute, Scope &scope);
  mlir::LogicalResult importRegions(Node &node, mlir::Operation *op);
  mlir::LogicalResult inferNew(Node &node, mlir::Operation *op);
  const Arity &arity(mlir::RegisteredOperationName name);

  // Function.cpp
  /// Puts the body of the function that the node calls in its place; nullopt if it has none.
  std::optional<mlir::LogicalResult> expand(Node &node);
  bool canExpand(const Node &node);
  mlir::LogicalResult importFunction(Node &node, const ::onnx::FunctionProto &function, const ::onnx::OpSchema *schema,
                                     std::shared_ptr<const void> owner);

  // Problems. All return failure.
  mlir::LogicalResult problem(ImportProblem::Kind kind, const Node &node, std::string reason);
  mlir::LogicalResult problem(ImportProblem::Kind kind, std::string reason);
  mlir::LogicalResult unsupported(const Node &node, std::string reason) {
    return problem(ImportProblem::Kind::Unsupported, node, std::move(reason));
  }
  mlir::LogicalResult invalid(const Node &node, std::string reason) {
    return problem(ImportProblem::Kind::Invalid, node, std::move(reason));
  }
  /// What ops said through diagnostics since the last call.
  std::string takeMessage();
  std::string nearest(llvm::StringRef op);

  mlir::MLIRContext *context;
  const Model &model;
  const ImportOptions &options;
  std::vector<ImportProblem> &problems;

  mlir::OpBuilder builder;
  Weights weights;
  ShapeContext shapes;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  mlir::Value noneValue;

  llvm::StringMap<int64_t> opsets;
  llvm::StringMap<const ::onnx::FunctionProto *> functions;
  llvm::DenseMap<mlir::OperationName, Arity> arities;
  llvm::StringMap<Dim> dims;    // by dim_param
  llvm::StringSet<> dimNames;   // symbols taken
  llvm::StringMap<int64_t> fixedDims; // symbols that --shape fixes
  std::vector<std::string> messages;
  unsigned openDims = 0;
  uint64_t nodeCount = 0;
  int functionDepth = 0;
  bool stopped = false; // a cap was hit
};

} // namespace brisk
#endif
