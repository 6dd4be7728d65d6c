// Ops that read or write at positions given by index tensors.
include "dialects/onnx/Base.td"

def Onnx_GatherOp : Onnx_Op<"Gather", [Pure, InfersContent, MovesElements, Onnx_Slices<>]> {
  let summary = "Slices of an axis by index (ONNX Gather, opset 13)";
  let description = [{
    Negative indices count from the end. Indices out of range fail the run where
    checking them is cheap, and read the nearest slice where it is not.
  }];
  let arguments = (ins AnyTensor:$data, AnyTensor:$indices, DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs AnyTensor:$output);
}

def Onnx_GatherElementsOp : Onnx_Op<"GatherElements", [Pure, MovesElements]> {
  let summary = "Elements by their index along one axis (ONNX GatherElements, opset 13)";
  let arguments = (ins AnyTensor:$data, AnyTensor:$indices, DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs AnyTensor:$output);
}

def Onnx_GatherNDOp : Onnx_Op<"GatherND", [Pure, MovesElements]> {
  let summary = "Slices by tuples of indices (ONNX GatherND, opset 13)";
  let arguments = (ins AnyTensor:$data, AnyTensor:$indices, DefaultValuedAttr<I64Attr, "0">:$batch_dims);
  let results = (outs AnyTensor:$output);
}

def Onnx_ScatterElementsOp : Onnx_Op<"ScatterElements", [Pure]> {
  let summary = "Writes elements by their index along one axis (ONNX ScatterElements, opset 18)";
  let arguments = (ins AnyTensor:$data, AnyTensor:$indices, AnyTensor:$updates,
                       DefaultValuedAttr<StrAttr, "\"none\"">:$reduction, DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs AnyTensor:$output);
}

def Onnx_ScatterNDOp : Onnx_Op<"ScatterND", [Pure]> {
  let summary = "Writes slices by tuples of indices (ONNX ScatterND, opset 18)";
  let arguments = (ins AnyTensor:$data, AnyTensor:$indices, AnyTensor:$updates,
                       DefaultValuedAttr<StrAttr, "\"none\"">:$reduction);
  let results = (outs AnyTensor:$output);
}

def Onnx_ScatterOp : Onnx_LegacyOp<"Scatter"> {
  let summary = "ScatterElements before it had a reduction (ONNX Scatter, opset 9)";
}

def Onnx_TensorScatterOp : Onnx_Op<"TensorScatter", [Pure]> {
  let summary = "Writes an update into a cache along its sequence axis (ONNX TensorScatter, opset 24)";
  let arguments = (ins AnyTensor:$past_cache, AnyTensor:$update, Onnx_Value:$write_indices,
                       DefaultValuedAttr<StrAttr, "\"linear\"">:$mode, DefaultValuedAttr<I64Attr, "-2">:$axis);
  let results = (outs AnyTensor:$present_cache);
}
