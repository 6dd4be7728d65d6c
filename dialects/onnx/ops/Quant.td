// Quantization, and arithmetic on quantized tensors.
include "dialects/onnx/Base.td"

def Onnx_QuantizeLinearOp : Onnx_Op<"QuantizeLinear", [Pure, Quantizable, DeclareOpInterfaceMethods<PermuteInterface>,
                                                      Onnx_Frames<>]> {
  let summary = "saturate(round(x / scale) + zero point) (ONNX QuantizeLinear, opset 28)";
  let description = [{
    The scale is a scalar, one number along `axis`, or one for each block of
    `block_size` elements along it. The result has the zero point's type, else
    `output_dtype`, else ui8. Rounding is to nearest even.
  }];
  let arguments = (ins AnyTensor:$x, AnyTensor:$y_scale, Onnx_Value:$y_zero_point,
                   DefaultValuedAttr<I64Attr, "1">:$axis, DefaultValuedAttr<I64Attr, "0">:$block_size,
                   DefaultValuedAttr<I64Attr, "0">:$output_dtype, DefaultValuedAttr<I64Attr, "0">:$precision,
                   DefaultValuedAttr<I64Attr, "1">:$saturate);
  let results = (outs AnyTensor:$y);
}

def Onnx_DequantizeLinearOp : Onnx_Op<"DequantizeLinear", [Pure, Quantizable, DeclareOpInterfaceMethods<PermuteInterface>,
                                                        Onnx_Frames<>]> {
  let summary = "(x - zero point) scale (ONNX DequantizeLinear, opset 28)";
  let description = [{
    Granularity as in QuantizeLinear. The result has the type `output_dtype`,
    else the scale's.
  }];
  let arguments = (ins AnyTensor:$x, AnyTensor:$x_scale, Onnx_Value:$x_zero_point,
                   DefaultValuedAttr<I64Attr, "1">:$axis, DefaultValuedAttr<I64Attr, "0">:$block_size,
                   DefaultValuedAttr<I64Attr, "0">:$output_dtype);
  let results = (outs AnyTensor:$y);
}

def Onnx_DynamicQuantizeLinearOp : Onnx_Op<"DynamicQuantizeLinear", [Pure]> {
  let summary = "Quantization to ui8 with the scale and zero point of the data (ONNX DynamicQuantizeLinear, opset 11)";
  let description = [{ A tensor of zeros has scale 0 and zero point 0. }];
  let arguments = (ins AnyTensor:$x);
  let results = (outs AnyTensor:$y, AnyTensor:$y_scale, AnyTensor:$y_zero_point);
}

def Onnx_MatMulIntegerOp : Onnx_Op<"MatMulInteger", [Pure, Composite]> {
  let summary = "Product in i32 of two 8-bit matrices less their zero points (ONNX MatMulInteger, opset 10)";
  let description = [{ A zero point is a scalar or, for A one per row, for B one per column. }];
  let arguments = (ins AnyTensor:$A, AnyTensor:$B, Onnx_Value:$a_zero_point, Onnx_Value:$b_zero_point);
  let results = (outs AnyTensor:$Y);
}

def Onnx_QLinearMatMulOp : Onnx_Op<"QLinearMatMul", [Pure, Composite]> {
  let summary = "Quantized product of two quantized matrices (ONNX QLinearMatMul, opset 21)";
  let arguments = (ins AnyTensor:$a, AnyTensor:$a_scale, AnyTensor:$a_zero_point, AnyTensor:$b, AnyTensor:$b_scale,
                   AnyTensor:$b_zero_point, AnyTensor:$y_scale, AnyTensor:$y_zero_point);
  let results = (outs AnyTensor:$y);
}

defvar convolutionAttributes = (ins DefaultValuedAttr<StrAttr, "\"NOTSET\"">:$auto_pad,
                                OptionalAttr<DenseI64ArrayAttr>:$dilations, DefaultValuedAttr<I64Attr, "1">:$group,
                                OptionalAttr<DenseI64ArrayAttr>:$kernel_shape,
                                OptionalAttr<DenseI64ArrayAttr>:$pads, OptionalAttr<DenseI64ArrayAttr>:$strides);

def Onnx_ConvIntegerOp : Onnx_Op<"ConvInteger", [Pure, Composite]> {
  let summary = "Convolution in i32 of 8-bit tensors less their zero points (ONNX ConvInteger, opset 10)";
  let arguments = !con((ins AnyTensor:$x, AnyTensor:$w, Onnx_Value:$x_zero_point, Onnx_Value:$w_zero_point),
                       convolutionAttributes);
  let results = (outs AnyTensor:$y);
}

def Onnx_QLinearConvOp : Onnx_Op<"QLinearConv", [Pure, Composite]> {
  let summary = "Quantized convolution of quantized tensors (ONNX QLinearConv, opset 10)";
  let arguments = !con((ins AnyTensor:$x, AnyTensor:$x_scale, AnyTensor:$x_zero_point, AnyTensor:$w,
                        AnyTensor:$w_scale, AnyTensor:$w_zero_point, AnyTensor:$y_scale, AnyTensor:$y_zero_point,
                        Onnx_Value:$B), convolutionAttributes);
  let results = (outs AnyTensor:$y);
}
