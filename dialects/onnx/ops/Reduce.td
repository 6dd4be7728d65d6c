// Reductions over axes, and positions of extremes.
include "dialects/onnx/Base.td"

// A reduction: `kind` names a brisk::onnx::ReduceKind.
class Onnx_Reduce<string mnemonic, string kind, list<Trait> traits = []>
    : Op<Onnx_Dialect, mnemonic, !listconcat([Pure, Upgradable, InfersContent,
                                              DeclareOpInterfaceMethods<DecomposeInterface>,
                                              DeclareOpInterfaceMethods<PermuteInterface>, Onnx_Slices<>], traits)> {
  let arguments = (ins AnyTensor:$data, Onnx_Value:$axes, DefaultValuedAttr<I64Attr, "1">:$keepdims,
                   DefaultValuedAttr<I64Attr, "0">:$noop_with_empty_axes);
  let results = (outs AnyTensor:$reduced);
  let description = [{
    The axes are an operand, or absent for all axes. Elements of a type
    narrower than f32 accumulate in f32. Axes that are only known at run time
    work, slowly.
  }];
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let extraClassDefinition = [{
    ::mlir::LogicalResult $cppClass::inferShapes(::brisk::ShapeContext &context) {
      return inferReduce(*this, ReduceKind::}] # kind # [{, context);
    }
    std::optional<::brisk::Dims> $cppClass::inferContent(::brisk::ShapeContext &context, unsigned) {
      return reduceContent(*this, ReduceKind::}] # kind # [{, context);
    }
    ::mlir::LogicalResult $cppClass::decompose(::brisk::Decomposer &d) {
      return decomposeReduce(*this, ReduceKind::}] # kind # [{, d);
    }
    ::mlir::LogicalResult $cppClass::upgrade(::brisk::ImportedNode &node) {
      node.attributeToOperand("axes", 1);
      return ::mlir::success();
    }
    std::optional<::llvm::SmallVector<unsigned>> $cppClass::permutableOperands(::llvm::ArrayRef<int64_t> permutation) {
      return reducePermutableOperands(*this);
    }
    void $cppClass::permute(::mlir::OpBuilder &builder, ::llvm::ArrayRef<int64_t> permutation) {
      permuteReduce(*this, builder, permutation);
    }
    void $cppClass::coupleSlices(::brisk::SliceCoupling &slices) { coupleKeptAxes(*this, slices); }
  }];
}

def Onnx_ReduceSumOp : Onnx_Reduce<"ReduceSum", "Sum"> {
  let summary = "Sum over axes; 0 over nothing (ONNX ReduceSum, opset 13)";
}
def Onnx_ReduceMeanOp : Onnx_Reduce<"ReduceMean", "Mean", [Quantizable]> {
  let summary = "Mean over axes (ONNX ReduceMean, opset 18)";
}
def Onnx_ReduceMaxOp : Onnx_Reduce<"ReduceMax", "Max", [MovesElements]> {
  let summary = "Maximum over axes; the lowest value over nothing (ONNX ReduceMax, opset 20)";
}
def Onnx_ReduceMinOp : Onnx_Reduce<"ReduceMin", "Min", [MovesElements]> {
  let summary = "Minimum over axes; the highest value over nothing (ONNX ReduceMin, opset 20)";
}
def Onnx_ReduceProdOp : Onnx_Reduce<"ReduceProd", "Prod"> {
  let summary = "Product over axes; 1 over nothing (ONNX ReduceProd, opset 18)";
}
def Onnx_ReduceL1Op : Onnx_Reduce<"ReduceL1", "L1"> {
  let summary = "Sum of |x| over axes (ONNX ReduceL1, opset 18)";
}
def Onnx_ReduceL2Op : Onnx_Reduce<"ReduceL2", "L2"> {
  let summary = "Square root of the sum of squares over axes (ONNX ReduceL2, opset 18)";
}
def Onnx_ReduceLogSumOp : Onnx_Reduce<"ReduceLogSum", "LogSum"> {
  let summary = "Logarithm of the sum over axes (ONNX ReduceLogSum, opset 28)";
}
def Onnx_ReduceLogSumExpOp : Onnx_Reduce<"ReduceLogSumExp", "LogSumExp"> {
  let summary = "Logarithm of the sum of e^x over axes, without overflow (ONNX ReduceLogSumExp, opset 28)";
}
def Onnx_ReduceSumSquareOp : Onnx_Reduce<"ReduceSumSquare", "SumSquare"> {
  let summary = "Sum of squares over axes (ONNX ReduceSumSquare, opset 18)";
}

class Onnx_Arg<string mnemonic, string isMax>
    : Onnx_Op<mnemonic, [Pure, DeclareOpInterfaceMethods<PermuteInterface>]> {
  let arguments = (ins AnyTensor:$data, DefaultValuedAttr<I64Attr, "0">:$axis,
                   DefaultValuedAttr<I64Attr, "1">:$keepdims,
                   DefaultValuedAttr<I64Attr, "0">:$select_last_index);
  let results = (outs AnyTensor:$reduced);
  let extraClassDefinition = [{
    ::mlir::LogicalResult $cppClass::inferShapes(::brisk::ShapeContext &context) { return inferArg(*this, context); }
    ::mlir::LogicalResult $cppClass::decompose(::brisk::Decomposer &d) { return decomposeArg(*this, }] # isMax # [{, d); }
    std::optional<::llvm::SmallVector<unsigned>> $cppClass::permutableOperands(::llvm::ArrayRef<int64_t> permutation) {
      return argPermutableOperands(*this);
    }
    void $cppClass::permute(::mlir::OpBuilder &builder, ::llvm::ArrayRef<int64_t> permutation) {
      setAxis(permutedAxis(*normalizeAxis(getAxis(), permutation.size()), permutation));
    }
  }];
}

def Onnx_ArgMaxOp : Onnx_Arg<"ArgMax", "true"> {
  let summary = "Position of the first (or last) greatest element along an axis (ONNX ArgMax, opset 13)";
}
def Onnx_ArgMinOp : Onnx_Arg<"ArgMin", "false"> {
  let summary = "Position of the first (or last) least element along an axis (ONNX ArgMin, opset 13)";
}
