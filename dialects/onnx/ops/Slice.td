// Ops that cut, join and pad tensors along axes.
include "dialects/onnx/Base.td"

// Layout: the op names axes, which move with a permutation.
defvar Onnx_AlongAxes = DeclareOpInterfaceMethods<PermuteInterface>;

def Onnx_ConcatOp : Onnx_Op<"Concat", [Pure, InfersContent, Onnx_AlongAxes, Upgradable, Quantizable, Onnx_Slices<>]> {
  let summary = "Joins tensors along an axis (ONNX Concat, opset 13)";
  let arguments = (ins Variadic<AnyTensor>:$inputs, I64Attr:$axis);
  let results = (outs AnyTensor:$concat_result);
  let hasFolder = 1;
}

def Onnx_SplitOp : Onnx_Op<"Split", [Pure, InfersContent, Onnx_AlongAxes, Upgradable, MovesElements,
                                    Onnx_Slices<["resizeResults"]>, Onnx_Frames<>]> {
  let summary = "Cuts a tensor into pieces along an axis (ONNX Split, opset 18)";
  let description = [{
    Piece sizes are the operand `split`; without it all pieces are equal but for
    the last, which may be smaller.
  }];
  let arguments = (ins AnyTensor:$input, Onnx_Value:$split, DefaultValuedAttr<I64Attr, "0">:$axis,
                       OptionalAttr<I64Attr>:$num_outputs);
  let results = (outs Variadic<AnyTensor>:$outputs);
}

def Onnx_SliceOp : Onnx_Op<"Slice", [Pure, InfersContent, Onnx_AlongAxes, Upgradable, MovesElements, Onnx_Slices<>,
                                    Onnx_Frames<["keepFrames"]>]> {
  let summary = "Elements start, start+step, ... before end, along each named axis (ONNX Slice, opset 13)";
  let description = [{
    Negative positions count from the end; positions out of range are clamped.

    Example: `%1 = onnx.Slice %0, %starts, %ends, %axes, %none : (...) -> tensor<2x3xf32>`
  }];
  let arguments = (ins AnyTensor:$data, AnyTensor:$starts, AnyTensor:$ends, Onnx_Value:$axes, Onnx_Value:$steps);
  let results = (outs AnyTensor:$output);
  let hasFolder = 1;
}

def Onnx_PadOp : Onnx_Op<"Pad", [Pure, Onnx_AlongAxes, Upgradable, Quantizable, Onnx_Slices<>, Onnx_Frames<["keepFrames"]>]> {
  let summary = "Adds or (negative) removes elements at both ends of axes (ONNX Pad, opset 25)";
  let arguments = (ins AnyTensor:$data, AnyTensor:$pads, Onnx_Value:$constant_value, Onnx_Value:$axes,
                       DefaultValuedAttr<StrAttr, "\"constant\"">:$mode);
  let results = (outs AnyTensor:$output);
  let hasFolder = 1;
}

def Onnx_CenterCropPadOp : Onnx_Op<"CenterCropPad", [Pure]> {
  let summary = "Crops or pads with zeros around the center (ONNX CenterCropPad, opset 18)";
  let arguments = (ins AnyTensor:$input_data, AnyTensor:$shape, OptionalAttr<DenseI64ArrayAttr>:$axes);
  let results = (outs AnyTensor:$output_data);
}
