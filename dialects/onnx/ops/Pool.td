// Pools.
include "dialects/onnx/Spatial.td"

class Onnx_Pool<string mnemonic, dag extra, list<Trait> traits = []> : Onnx_Spatial<mnemonic, traits> {
  let arguments = !con((ins AnyTensor:$X,
                            DefaultValuedAttr<StrAttr, "\"NOTSET\"">:$auto_pad,
                            DefaultValuedAttr<I64Attr, "0">:$ceil_mode,
                            OptionalAttr<DenseI64ArrayAttr>:$dilations, DenseI64ArrayAttr:$kernel_shape,
                            OptionalAttr<DenseI64ArrayAttr>:$pads, OptionalAttr<DenseI64ArrayAttr>:$strides,
                            UnitAttr:$channels_last),
                       extra);
  let results = (outs AnyTensor:$Y);
}

def Onnx_MaxPoolOp : Onnx_Pool<"MaxPool", (ins DefaultValuedAttr<I64Attr, "0">:$storage_order),
                               [Quantizable, Onnx_Slices<>, Onnx_Frames<["keepFrames"]>]> {
  let summary = "Maximum of each window (ONNX MaxPool, opset 22)";
  let description = [{
    Padding never wins. The second result holds where each maximum was, as a
    flat index into X (with `storage_order` 1 the last two axes count
    column-major).

    Example: `%y = onnx.MaxPool %x {kernel_shape = array<i64: 2, 2>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x7x7xf32>`
  }];
  let results = (outs AnyTensor:$Y, Optional<AnyTensor>:$Indices);
}

def Onnx_AveragePoolOp : Onnx_Pool<"AveragePool", (ins DefaultValuedAttr<I64Attr, "0">:$count_include_pad),
                                    [Quantizable, Onnx_Slices<>, Onnx_Frames<["keepFrames"]>]> {
  let summary = "Mean of each window (ONNX AveragePool, opset 22)";
  let description = [{
    Divides by the number of elements inside the input or, with
    `count_include_pad`, inside the declared padding; what `ceil_mode` adds
    beyond it never counts.
  }];
}

def Onnx_LpPoolOp : Onnx_Pool<"LpPool", (ins DefaultValuedAttr<I64Attr, "2">:$p)> {
  let summary = "(sum |x|^p)^(1/p) of each window (ONNX LpPool, opset 22)";
}

class Onnx_GlobalPool<string mnemonic, list<Trait> traits = []> : Onnx_Spatial<mnemonic, traits> {
  let arguments = (ins AnyTensor:$X, UnitAttr:$channels_last);
  let results = (outs AnyTensor:$Y);
}

def Onnx_GlobalAveragePoolOp : Onnx_GlobalPool<"GlobalAveragePool", [QuantizedSum, Onnx_Slices<>]> {
  let summary = "Mean over all spatial axes (ONNX GlobalAveragePool, opset 22)";
}

def Onnx_GlobalMaxPoolOp : Onnx_GlobalPool<"GlobalMaxPool", [MovesElements, Onnx_Slices<>]> {
  let summary = "Maximum over all spatial axes (ONNX GlobalMaxPool, opset 22)";
}

def Onnx_GlobalLpPoolOp : Onnx_GlobalPool<"GlobalLpPool"> {
  let summary = "(sum |x|^p)^(1/p) over all spatial axes (ONNX GlobalLpPool, opset 22)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<I64Attr, "2">:$p, UnitAttr:$channels_last);
}

def Onnx_MaxUnpoolOp : Onnx_Op<"MaxUnpool", [Pure]> {
  let summary = "Partial inverse of MaxPool (ONNX MaxUnpool, opset 22)";
  let description = [{
    Zeros, with each element of X at its flat index I. `output_shape` gives the
    result's shape where several inputs of MaxPool could have led to X's; I then
    still counts in the shape that X's sizes imply.
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$I, Onnx_Value:$output_shape, DenseI64ArrayAttr:$kernel_shape,
                       OptionalAttr<DenseI64ArrayAttr>:$pads, OptionalAttr<DenseI64ArrayAttr>:$strides);
  let results = (outs AnyTensor:$output);
}

def Onnx_MaxRoiPoolOp : Onnx_Op<"MaxRoiPool", [Pure]> {
  let summary = "Maximum of the bins of regions of interest (ONNX MaxRoiPool, opset 22)";
  let description = [{
    Each row (batch, x1, y1, x2, y2) of `rois` is a rectangle, scaled by
    `spatial_scale` and rounded, whose bins are the result; an empty bin is 0.
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$rois, DenseI64ArrayAttr:$pooled_shape,
                       DefaultValuedAttr<F32Attr, "1.0f">:$spatial_scale);
  let results = (outs AnyTensor:$Y);
}
