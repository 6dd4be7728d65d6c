// Constants, absent operands and the ends of regions.
include "dialects/onnx/Base.td"

def Onnx_ConstantOp : Onnx_Op<"Constant", [Pure, ConstantLike, Upgradable]> {
  let summary = "A tensor known at compile time";
  let description = [{
    ONNX Constant (opset 28) and initializers. The other attributes of ONNX
    (`value_float`, `value_ints`, ...) become `value` at import.

    Example: `%0 = onnx.Constant dense<1.0> : tensor<4xf32> : tensor<4xf32>`
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyTensor:$output);
  let assemblyFormat = "attr-dict $value `:` type($output)";
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{
    build($_builder, $_state, value.getShapedType(), value);
  }]>];
}

def Onnx_NoneOp : Op<Onnx_Dialect, "None", [Pure, DeclareOpInterfaceMethods<DecomposeInterface>]> {
  let summary = "An optional operand that the model leaves out";
  let results = (outs NoneType:$output);
  let assemblyFormat = "attr-dict";
}

def Onnx_YieldOp : Op<Onnx_Dialect, "Yield", [Pure, Terminator]> {
  let summary = "The results of a region (the body of If, Loop or Scan)";
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "attr-dict ($operands^ `:` type($operands))?";
}
