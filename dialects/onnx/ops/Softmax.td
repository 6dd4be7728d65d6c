// Softmax and its kin.
include "dialects/onnx/Base.td"

// Normalises rows along `axis` or, with `flatten` (opset 12 and before), along `axis` and all axes after it.
class Onnx_RowOp<string mnemonic>
    : Onnx_Op<mnemonic, [Pure, Upgradable, DeclareOpInterfaceMethods<PermuteInterface>, Onnx_Slices<>]> {
  let arguments = (ins AnyTensor:$input, DefaultValuedAttr<I64Attr, "-1">:$axis, UnitAttr:$flatten);
  let results = (outs AnyTensor:$output);
  let hasFolder = 1;
  let extraClassDefinition = [{
    ::mlir::OpFoldResult $cppClass::fold(FoldAdaptor) { return foldRows(*this); }
    ::mlir::LogicalResult $cppClass::inferShapes(::brisk::ShapeContext &context) { return inferRows(*this, context); }
    ::mlir::LogicalResult $cppClass::upgrade(::brisk::ImportedNode &node) { return upgradeRows(node); }
    std::optional<::llvm::SmallVector<unsigned>> $cppClass::permutableOperands(::llvm::ArrayRef<int64_t> permutation) {
      return getFlatten() ? std::nullopt : std::optional(::llvm::SmallVector<unsigned>{0});
    }
    void $cppClass::permute(::mlir::OpBuilder &builder, ::llvm::ArrayRef<int64_t> permutation) {
      setAxis(permutedAxis(*normalizeAxis(getAxis(), permutation.size()), permutation));
    }
    void $cppClass::coupleSlices(::brisk::SliceCoupling &slices) { coupleRows(*this, slices); }
  }];
}

def Onnx_SoftmaxOp : Onnx_RowOp<"Softmax"> {
  let summary = "e^x / sum(e^x) along an axis (ONNX Softmax, opset 13)";
  let description = [{
    Computed with x - max(x) in f32 or f64, as four generics over the same rows:
    maximum, exponential, sum, product with the sum's reciprocal.
  }];
}
def Onnx_LogSoftmaxOp : Onnx_RowOp<"LogSoftmax"> {
  let summary = "log(e^x / sum(e^x)) along an axis (ONNX LogSoftmax, opset 13)";
}
def Onnx_HardmaxOp : Onnx_RowOp<"Hardmax"> {
  let summary = "1 at the first maximum along an axis, else 0 (ONNX Hardmax, opset 13)";
}
