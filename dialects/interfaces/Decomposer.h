// The hands that an op's decomposition works with.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types. A lowered tensor holds storage elements: booleans and integers
// narrower than a byte take a whole i8 (booleans 0 or 1, unsigned zero- and
// signed sign-extended), wider integers become signless, floats stay (f4 takes
// an i8). Expressions work on scalars: booleans are i1 there and narrow integers
// have their own width. load() and store() convert. Encodings (symbolic dims)
// end here: a lowered open dim is just `?`.
#ifndef BRISK_DIALECTS_INTERFACES_DECOMPOSER_H
#define BRISK_DIALECTS_INTERFACES_DECOMPOSER_H

#include "dialects/interfaces/ShapeContext.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/StringMap.h"

namespace brisk {

/// How one element of ONNX type `element` is held in a lowered tensor.
mlir::Type storageType(mlir::Type element);
/// How one element takes part in expressions.
mlir::Type scalarType(mlir::Type element);
/// The lowered type of a ranked ONNX tensor type.
mlir::RankedTensorType storageTensorType(mlir::Type type);
/// True for unsigned integers and booleans.
bool isUnsignedElement(mlir::Type element);

class Decomposer {
public:
  explicit Decomposer(mlir::OpBuilder &builder) : b(builder), location(builder.getUnknownLoc()) {}

  mlir::OpBuilder &b;
  ShapeContext shapes;

  mlir::Location loc() const { return location; }

  //===--- values ---------------------------------------------------------===//

  /// The lowered form of an operand; null for one that is absent.
  mlir::Value operator()(mlir::Value onnx) const;
  /// Hands over the lowered form of a result; casts `?` against static dims as needed.
  void setResult(mlir::Value onnx, mlir::Value lowered);
  /// Enters a value that exists already (function and region arguments) and the symbols its type names.
  void bind(mlir::Value onnx, mlir::Value lowered);
  /// arith.constant of storage elements.
  mlir::Value constant(mlir::ElementsAttr attr);

  //===--- sizes ----------------------------------------------------------===//

  /// True when every symbol of `dim` is bound to a value.
  bool canMaterialize(const Dim &dim) const;
  /// A constant attribute, or an index value computed from the bound symbols.
  mlir::OpFoldResult size(const Dim &dim);
  /// Sizes of an ONNX value (an operand, or a result whose type is known).
  llvm::SmallVector<mlir::OpFoldResult> sizes(mlir::Value onnx);
  /// Size of a lowered tensor's axis.
  mlir::OpFoldResult sizeOf(mlir::Value lowered, int64_t axis);
  llvm::SmallVector<mlir::OpFoldResult> sizesOf(mlir::Value lowered);
  mlir::Value index(mlir::OpFoldResult size);
  mlir::Value index(int64_t value);
  /// Element `i` of a lowered integer tensor of rank 1 (or 0) as an index.
  mlir::Value element(mlir::Value lowered, int64_t i);

  //===--- tensors --------------------------------------------------------===//

  /// tensor.empty of storage elements.
  mlir::Value empty(mlir::Type storage, llvm::ArrayRef<mlir::OpFoldResult> sizes);
  /// tensor.empty with the (known) type of an ONNX result.
  mlir::Value empty(mlir::Value onnxResult);
  mlir::Value fill(mlir::Value scalar, mlir::Value tensor);
  /// A zero, or any other number, of a scalar or storage type (int or float).
  mlir::Value number(mlir::Type type, double value);
  /// A tensor.cast, if the types differ.
  mlir::Value cast(mlir::Value tensor, mlir::Type type);
  /// Row-major regrouping of a tensor to `sizes` (same element count): expand, collapse or both.
  mlir::Value reshape(mlir::Value tensor, llvm::ArrayRef<mlir::OpFoldResult> sizes);
  /// The same where both shapes are known symbolically: only axes whose products agree are regrouped.
  mlir::Value reshape(mlir::Value tensor, llvm::ArrayRef<Dim> from, llvm::ArrayRef<Dim> to,
                      llvm::ArrayRef<mlir::OpFoldResult> sizes);
  /// Axes permuted as in ONNX Transpose: result axis i is axis permutation[i].
  mlir::Value transpose(mlir::Value tensor, llvm::ArrayRef<int64_t> permutation);

  using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;
  /// linalg.generic with one result. `maps` holds one map per input and then the output's; `body`
  /// gets the input elements and the output's (storage types) and returns the new output element.
  mlir::Value generic(mlir::ValueRange inputs, mlir::Value init, llvm::ArrayRef<mlir::AffineMap> maps,
                      llvm::ArrayRef<mlir::utils::IteratorType> iterators, Body body);
  /// generic over all axes of `init` in parallel, inputs by `maps` (the output's map is the identity).
  mlir::Value map(mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps, mlir::Value init, Body body);
  /// One parallel loop per axis of `init`; `body` gets the axes' indices and returns a storage
  /// element, read with tensor.extract from anything. The form of last resort: not vectorized.
  mlir::Value generate(mlir::Value init,
                       llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)> body);

  /// Converts between storage and scalar form of an element of ONNX type `element`.
  mlir::Value load(mlir::OpBuilder &builder, mlir::Value stored, mlir::Type element);
  mlir::Value store(mlir::OpBuilder &builder, mlir::Value scalar, mlir::Type element);
  /// Brings lowered operands to the broadcast shape `dims`: returns the map each is to be read with,
  /// replacing operands whose broadcasting is only known at run time.
  llvm::SmallVector<mlir::AffineMap> broadcast(llvm::SmallVectorImpl<mlir::Value> &lowered,
                                               llvm::ArrayRef<Dims> operandDims, llvm::ArrayRef<Dim> dims);
  /// Decomposition of an ElementwiseInterface op.
  llvm::LogicalResult elementwise(mlir::Operation *op);

  //===--- control --------------------------------------------------------===//

  /// Lowers the single block of `region` at the insertion point with `args` for its arguments and
  /// returns the lowered operands of its terminator.
  llvm::LogicalResult inlineRegion(mlir::Region &region, mlir::ValueRange args,
                                   llvm::SmallVectorImpl<mlir::Value> &results);
  /// Fails the run with the op's name and `message` unless `condition` (i1) holds.
  void check(mlir::Value condition, llvm::StringRef message);
  /// Lowers one op: sets the location, calls its decompose().
  llvm::LogicalResult lower(mlir::Operation *op);

private:
  mlir::Value materialize(const Dim &dim);

  mlir::Location location;
  mlir::IRMapping mapping;
  llvm::StringMap<std::pair<mlir::Value, int64_t>> symbols;
};

} // namespace brisk
#endif
