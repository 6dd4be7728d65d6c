// Ops that move blocks of elements.
include "dialects/onnx/Base.td"

def Onnx_DepthToSpaceOp : Onnx_Op<"DepthToSpace", [Pure, MovesElements]> {
  let summary = "Channels to blocks of pixels (ONNX DepthToSpace, opset 28)";
  let arguments = (ins AnyTensor:$input, I64Attr:$blocksize, DefaultValuedAttr<StrAttr, "\"DCR\"">:$mode);
  let results = (outs AnyTensor:$output);
}

def Onnx_SpaceToDepthOp : Onnx_Op<"SpaceToDepth", [Pure, MovesElements]> {
  let summary = "Blocks of pixels to channels (ONNX SpaceToDepth, opset 28)";
  let arguments = (ins AnyTensor:$input, I64Attr:$blocksize, DefaultValuedAttr<StrAttr, "\"DCR\"">:$mode);
  let results = (outs AnyTensor:$output);
}

def Onnx_ReverseSequenceOp : Onnx_Op<"ReverseSequence", [Pure]> {
  let summary = "Each sequence of a batch reversed within its length (ONNX ReverseSequence, opset 28)";
  let arguments = (ins AnyTensor:$input, AnyTensor:$sequence_lens, DefaultValuedAttr<I64Attr, "1">:$batch_axis,
                       DefaultValuedAttr<I64Attr, "0">:$time_axis);
  let results = (outs AnyTensor:$Y);
}

def Onnx_Col2ImOp : Onnx_Op<"Col2Im", [Pure]> {
  let summary = "Sums overlapping blocks into an image (ONNX Col2Im, opset 18)";
  let arguments = (ins AnyTensor:$input, AnyTensor:$image_shape, AnyTensor:$block_shape,
                       OptionalAttr<DenseI64ArrayAttr>:$dilations, OptionalAttr<DenseI64ArrayAttr>:$pads,
                       OptionalAttr<DenseI64ArrayAttr>:$strides);
  let results = (outs AnyTensor:$output);
}

def Onnx_DetOp : Onnx_Op<"Det", [Pure]> {
  let summary = "Determinants of square matrices (ONNX Det, opset 22)";
  let arguments = (ins AnyTensor:$X);
  let results = (outs AnyTensor:$Y);
}
