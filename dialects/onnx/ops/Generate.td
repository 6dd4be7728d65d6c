// Ops that make tensors from positions.
include "dialects/onnx/Base.td"

def Onnx_ConstantOfShapeOp : Onnx_Op<"ConstantOfShape", [Pure, InfersContent]> {
  let summary = "A tensor of one value, of a shape given by an operand (ONNX ConstantOfShape, opset 25)";
  let arguments = (ins AnyTensor:$input, OptionalAttr<ElementsAttr>:$value);
  let results = (outs AnyTensor:$output);
}

def Onnx_RangeOp : Onnx_Op<"Range", [Pure, InfersContent]> {
  let summary = "start, start+delta, ... before limit (ONNX Range, opset 27)";
  let arguments = (ins AnyTensor:$start, AnyTensor:$limit, AnyTensor:$delta,
                       DefaultValuedAttr<I64Attr, "1">:$stash_type);
  let results = (outs AnyTensor:$output);
}

def Onnx_EyeLikeOp : Onnx_Op<"EyeLike", [Pure]> {
  let summary = "Ones on diagonal k of a matrix of zeros (ONNX EyeLike, opset 22)";
  let arguments = (ins AnyTensor:$input, OptionalAttr<I64Attr>:$dtype, DefaultValuedAttr<I64Attr, "0">:$k);
  let results = (outs AnyTensor:$output);
}

def Onnx_TriluOp : Onnx_Op<"Trilu", [Pure]> {
  let summary = "The upper or lower triangle of matrices, zero elsewhere (ONNX Trilu, opset 14)";
  let arguments = (ins AnyTensor:$input, Onnx_Value:$k, DefaultValuedAttr<I64Attr, "1">:$upper);
  let results = (outs AnyTensor:$output);
}

def Onnx_OneHotOp : Onnx_Op<"OneHot", [Pure]> {
  let summary = "A new axis with values[1] at the index and values[0] elsewhere (ONNX OneHot, opset 28)";
  let arguments = (ins AnyTensor:$indices, AnyTensor:$depth, AnyTensor:$values,
                       DefaultValuedAttr<I64Attr, "-1">:$axis);
  let results = (outs AnyTensor:$output);
}
