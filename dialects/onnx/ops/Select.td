// Ops that sort, search and filter: their loops are sequential.
include "dialects/onnx/Base.td"

def Onnx_NonZeroOp : Onnx_Op<"NonZero", [Pure]> {
  let summary = "Indices of elements that are not zero, one row an axis (ONNX NonZero, opset 13)";
  let arguments = (ins AnyTensor:$X);
  let results = (outs AnyTensor:$Y);
}

def Onnx_CompressOp : Onnx_Op<"Compress", [Pure]> {
  let summary = "Slices of an axis where a condition holds (ONNX Compress, opset 28)";
  let arguments = (ins AnyTensor:$input, AnyTensor:$condition, OptionalAttr<I64Attr>:$axis);
  let results = (outs AnyTensor:$output);
}

def Onnx_TopKOp : Onnx_Op<"TopK", [Pure, Upgradable]> {
  let summary = "The k largest or smallest elements of an axis and their indices (ONNX TopK, opset 24)";
  let description = [{
    Always sorted; of equal elements the one with the lower index comes first,
    NaN counts as larger than all numbers.
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$K, DefaultValuedAttr<I64Attr, "-1">:$axis,
                       DefaultValuedAttr<I64Attr, "1">:$largest, DefaultValuedAttr<I64Attr, "1">:$sorted);
  let results = (outs AnyTensor:$Values, AnyTensor:$Indices);
}

def Onnx_UniqueOp : Onnx_Op<"Unique", [Pure]> {
  let summary = "Distinct elements or slices of an axis (ONNX Unique, opset 28)";
  let arguments = (ins AnyTensor:$X, OptionalAttr<I64Attr>:$axis, DefaultValuedAttr<I64Attr, "1">:$sorted);
  let results = (outs AnyTensor:$Y, AnyTensor:$indices, AnyTensor:$inverse_indices, AnyTensor:$counts);
}

def Onnx_NonMaxSuppressionOp : Onnx_Op<"NonMaxSuppression", [Pure]> {
  let summary = "Boxes by descending score that overlap no better one (ONNX NonMaxSuppression, opset 11)";
  let arguments = (ins AnyTensor:$boxes, AnyTensor:$scores, Onnx_Value:$max_output_boxes_per_class,
                       Onnx_Value:$iou_threshold, Onnx_Value:$score_threshold,
                       DefaultValuedAttr<I64Attr, "0">:$center_point_box);
  let results = (outs AnyTensor:$selected_indices);
}
