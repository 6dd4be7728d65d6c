// Convolutions.
include "dialects/onnx/Base.td"
include "dialects/onnx/Spatial.td"

def Onnx_ConvOp : Onnx_Spatial<"Conv", [QuantizedSum, Onnx_Slices<["resizeResults", "summands"]>,
                                        Onnx_Frames<["keepFrames"]>]> {
  let summary = "Convolution with bias (ONNX Conv, opset 22)";
  let description = [{
    W has shape O x C/group x kernel, whatever the layout of X and Y. With
    group = C each channel is filtered on its own. f16 and bf16 sum in f32.

    Example: `%y = onnx.Conv %x, %w, %b {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>`
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$W, Onnx_Value:$B,
                       DefaultValuedAttr<StrAttr, "\"NOTSET\"">:$auto_pad,
                       OptionalAttr<DenseI64ArrayAttr>:$dilations, DefaultValuedAttr<I64Attr, "1">:$group,
                       OptionalAttr<DenseI64ArrayAttr>:$kernel_shape, OptionalAttr<DenseI64ArrayAttr>:$pads,
                       OptionalAttr<DenseI64ArrayAttr>:$strides, UnitAttr:$channels_last);
  let results = (outs AnyTensor:$Y);
}

def Onnx_ConvTransposeOp : Onnx_Spatial<"ConvTranspose", [Onnx_Frames<["keepFrames"]>]> {
  let summary = "Transposed convolution (ONNX ConvTranspose, opset 22)";
  let description = [{
    The gradient of a convolution with respect to its input: W has shape
    C x O/group x kernel. Written as a gather: each of the stride's phases of
    the result is a small convolution, and all phases are one contraction whose
    phase axes are then merged with the spatial ones.

    Example: `%y = onnx.ConvTranspose %x, %w, %b {strides = array<i64: 2, 2>} : (tensor<1x3x8x8xf32>, tensor<3x4x2x2xf32>, none) -> tensor<1x4x16x16xf32>`
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$W, Onnx_Value:$B,
                       DefaultValuedAttr<StrAttr, "\"NOTSET\"">:$auto_pad,
                       OptionalAttr<DenseI64ArrayAttr>:$dilations, DefaultValuedAttr<I64Attr, "1">:$group,
                       OptionalAttr<DenseI64ArrayAttr>:$kernel_shape,
                       OptionalAttr<DenseI64ArrayAttr>:$output_padding,
                       OptionalAttr<DenseI64ArrayAttr>:$output_shape, OptionalAttr<DenseI64ArrayAttr>:$pads,
                       OptionalAttr<DenseI64ArrayAttr>:$strides, UnitAttr:$channels_last);
  let results = (outs AnyTensor:$Y);
}

def Onnx_DeformConvOp : Onnx_Op<"DeformConv", [Pure]> {
  let summary = "Convolution whose taps are moved by offsets (ONNX DeformConv, opset 22), in 2-D";
  let description = [{
    Each tap reads X at its place plus an offset, interpolated bilinearly (0
    outside), times a mask. The samples are gathered first; the sum over them is
    a contraction.
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$W, AnyTensor:$offset, Onnx_Value:$B, Onnx_Value:$mask,
                       OptionalAttr<DenseI64ArrayAttr>:$dilations, DefaultValuedAttr<I64Attr, "1">:$group,
                       OptionalAttr<DenseI64ArrayAttr>:$kernel_shape, DefaultValuedAttr<I64Attr, "1">:$offset_group,
                       OptionalAttr<DenseI64ArrayAttr>:$pads, OptionalAttr<DenseI64ArrayAttr>:$strides);
  let results = (outs AnyTensor:$Y);
}
