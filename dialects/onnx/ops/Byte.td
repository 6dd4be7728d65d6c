// Sums of products of bytes as they are: what products of quantized tensors are made of.
include "dialects/onnx/Base.td"
include "dialects/onnx/Spatial.td"

// Brisk's own ops; no ONNX file has them. Zero points, scales and biases are elementwise ops around them.

def Onnx_ByteConvOp : Onnx_Spatial<"brisk.ByteConv"> {
  let summary = "Convolution of 8-bit tensors in i32, without zero points";
  let description = [{
    Attributes and layouts as in Conv. Padding is filled with `padding` (a
    scalar of X's type, 0 if absent), which is X's zero point where X is
    quantized, so that sums over whole windows can be corrected for it.

    Example: `%y = onnx.brisk.ByteConv %x, %w, %zero {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x8x8xui8>, tensor<4x4x3x3xi8>, tensor<ui8>) -> tensor<1x4x8x8xi32>`
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$W, Onnx_Value:$padding,
                       DefaultValuedAttr<StrAttr, "\"NOTSET\"">:$auto_pad,
                       OptionalAttr<DenseI64ArrayAttr>:$dilations, DefaultValuedAttr<I64Attr, "1">:$group,
                       OptionalAttr<DenseI64ArrayAttr>:$kernel_shape, OptionalAttr<DenseI64ArrayAttr>:$pads,
                       OptionalAttr<DenseI64ArrayAttr>:$strides, UnitAttr:$channels_last);
  let results = (outs AnyTensor:$Y);
}

def Onnx_ByteMatMulOp : Onnx_Op<"brisk.ByteMatMul", [Pure]> {
  let summary = "Matrix product of 8-bit tensors in i32, without zero points";
  let description = [{
    Axes as in MatMul.

    Example: `%y = onnx.brisk.ByteMatMul %a, %b : (tensor<2x3xui8>, tensor<3x4xi8>) -> tensor<2x4xi32>`
  }];
  let arguments = (ins AnyTensor:$A, AnyTensor:$B);
  let results = (outs AnyTensor:$Y);
}

def Onnx_BlockMatMulOp : Onnx_Op<"brisk.BlockMatMul", [Pure]> {
  let summary = "Product with a matrix of integers in blocks that share a scale";
  let description = [{
    B (K x N, of 4 or 8 bits) stands for (B - zero_point) scale; both have one
    row for each block of neighbouring rows of B, which have one length. A has any
    rank; its last axis is summed over.

    Example: `%y = onnx.brisk.BlockMatMul %a, %b, %s, %z : (tensor<2x64xf32>, tensor<64x4xui4>, tensor<2x4xf32>, tensor<2x4xui4>) -> tensor<2x4xf32>`
  }];
  let arguments = (ins AnyTensor:$A, AnyTensor:$B, AnyTensor:$scale, Onnx_Value:$zero_point);
  let results = (outs AnyTensor:$Y);
}
