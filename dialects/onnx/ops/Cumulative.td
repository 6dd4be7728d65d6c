// Running sums and products.
include "dialects/onnx/Base.td"

class Onnx_Cumulative<string mnemonic, string isSum>
    : Onnx_Op<mnemonic, [Pure]> {
  let description = [{
    The axis is an operand and may be known only at run time. With `exclusive`
    an element does not count itself; with `reverse` the end comes first.
  }];
  let arguments = (ins AnyTensor:$x, AnyTensor:$axis, DefaultValuedAttr<I64Attr, "0">:$exclusive,
                   DefaultValuedAttr<I64Attr, "0">:$reverse);
  let results = (outs AnyTensor:$y);
  let extraClassDefinition = [{
    ::mlir::LogicalResult $cppClass::inferShapes(::brisk::ShapeContext &context) { return inferCumulative(*this, context); }
    ::mlir::LogicalResult $cppClass::decompose(::brisk::Decomposer &d) {
      return decomposeCumulative(*this, }] # isSum # [{, d);
    }
  }];
}

def Onnx_CumSumOp : Onnx_Cumulative<"CumSum", "true"> {
  let summary = "Running sum along an axis (ONNX CumSum, opset 14)";
}
def Onnx_CumProdOp : Onnx_Cumulative<"CumProd", "false"> {
  let summary = "Running product along an axis (ONNX CumProd, opset 26)";
}
