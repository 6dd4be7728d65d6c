// Quantized operators of com.microsoft, which onnxruntime's quantizer and optimizer write.
include "dialects/onnx/Base.td"

// Written out as dequantization, the operator on floats and quantization, which the quantize stage turns into integers.
class Onnx_MsQuantized<string mnemonic, dag operands, dag attributes = (ins)>
    : Onnx_Op<"ms." # mnemonic, [Pure, Composite]> {
  let arguments = !con(operands, attributes);
  let results = (outs AnyTensor:$result);
  let extraClassDefinition = [{
    ::mlir::LogicalResult $cppClass::inferShapes(::brisk::ShapeContext &context) {
      return ::brisk::onnx::inferComposite(*this, context);
    }
    ::mlir::LogicalResult $cppClass::decompose(::brisk::Decomposer &decomposer) {
      return ::brisk::onnx::decomposeComposite(*this, decomposer);
    }
  }];
}

//===--- elementwise --------------------------------------------------------===//

defvar quantizedPair = (ins AnyTensor:$A, AnyTensor:$A_scale, Onnx_Value:$A_zero_point, AnyTensor:$B,
                        AnyTensor:$B_scale, Onnx_Value:$B_zero_point, AnyTensor:$C_scale, Onnx_Value:$C_zero_point);
defvar quantizedOne = (ins AnyTensor:$X, AnyTensor:$X_scale, Onnx_Value:$X_zero_point, AnyTensor:$Y_scale,
                       Onnx_Value:$Y_zero_point);

def Onnx_QLinearAddOp : Onnx_MsQuantized<"QLinearAdd", quantizedPair> {
  let summary = "Quantized sum of quantized tensors (com.microsoft QLinearAdd)";
}
def Onnx_QLinearMulOp : Onnx_MsQuantized<"QLinearMul", quantizedPair> {
  let summary = "Quantized product, element by element, of quantized tensors (com.microsoft QLinearMul)";
}
def Onnx_QLinearSigmoidOp : Onnx_MsQuantized<"QLinearSigmoid", quantizedOne> {
  let summary = "Quantized 1 / (1 + e^-x) (com.microsoft QLinearSigmoid)";
}
def Onnx_QLinearLeakyReluOp
    : Onnx_MsQuantized<"QLinearLeakyRelu", quantizedOne, (ins DefaultValuedAttr<F32Attr, "0.01f">:$alpha)> {
  let summary = "Quantized x, or alpha x below zero (com.microsoft QLinearLeakyRelu)";
}
def Onnx_QLinearSoftmaxOp
    : Onnx_MsQuantized<"QLinearSoftmax", quantizedOne, (ins DefaultValuedAttr<I64Attr, "-1">:$axis, I64Attr:$opset)> {
  let summary = "Quantized softmax (com.microsoft QLinearSoftmax)";
  let description = [{ Below opset 13 all axes from `axis` on are one row. }];
}
def Onnx_QLinearWhereOp
    : Onnx_MsQuantized<"QLinearWhere", (ins AnyTensor:$condition, AnyTensor:$X, AnyTensor:$x_scale,
                                            AnyTensor:$x_zero_point, AnyTensor:$Y, AnyTensor:$y_scale,
                                            AnyTensor:$y_zero_point, AnyTensor:$z_scale, AnyTensor:$z_zero_point)> {
  let summary = "Quantized choice between quantized tensors (com.microsoft QLinearWhere)";
}

//===--- windows and joins --------------------------------------------------===//

def Onnx_QLinearGlobalAveragePoolOp
    : Onnx_MsQuantized<"QLinearGlobalAveragePool", quantizedOne, (ins DefaultValuedAttr<I64Attr, "0">:$channels_last)> {
  let summary = "Quantized mean over all spatial axes (com.microsoft QLinearGlobalAveragePool)";
}
def Onnx_QLinearAveragePoolOp
    : Onnx_MsQuantized<"QLinearAveragePool", quantizedOne,
                       (ins DefaultValuedAttr<StrAttr, "\"NOTSET\"">:$auto_pad,
                            DefaultValuedAttr<I64Attr, "0">:$ceil_mode, DefaultValuedAttr<I64Attr, "0">:$channels_last,
                            DefaultValuedAttr<I64Attr, "0">:$count_include_pad,
                            OptionalAttr<DenseI64ArrayAttr>:$dilations, DenseI64ArrayAttr:$kernel_shape,
                            OptionalAttr<DenseI64ArrayAttr>:$pads, OptionalAttr<DenseI64ArrayAttr>:$strides)> {
  let summary = "Quantized mean of each window (com.microsoft QLinearAveragePool)";
}
def Onnx_QLinearConcatOp
    : Onnx_MsQuantized<"QLinearConcat", (ins AnyTensor:$Y_scale, AnyTensor:$Y_zero_point, Variadic<AnyTensor>:$inputs),
                       (ins I64Attr:$axis)> {
  let summary = "Quantized tensors joined along an axis (com.microsoft QLinearConcat)";
  let description = [{ `inputs` are triples: tensor, scale, zero point. }];
}

//===--- products -----------------------------------------------------------===//

def Onnx_QGemmOp
    : Onnx_MsQuantized<"QGemm", (ins AnyTensor:$A, AnyTensor:$a_scale, AnyTensor:$a_zero_point, AnyTensor:$B,
                                     AnyTensor:$b_scale, AnyTensor:$b_zero_point, Onnx_Value:$C, Onnx_Value:$y_scale,
                                     Onnx_Value:$y_zero_point),
                       (ins DefaultValuedAttr<F32Attr, "1.0f">:$alpha, DefaultValuedAttr<I64Attr, "0">:$transA,
                            DefaultValuedAttr<I64Attr, "0">:$transB)> {
  let summary = "alpha A' B' + C of quantized matrices, quantized where y_scale is given (com.microsoft QGemm)";
  let description = [{ C is i32 with the scale alpha a_scale b_scale. }];
}
def Onnx_MatMulIntegerToFloatOp
    : Onnx_MsQuantized<"MatMulIntegerToFloat", (ins AnyTensor:$A, AnyTensor:$B, AnyTensor:$a_scale, AnyTensor:$b_scale,
                                                    Onnx_Value:$a_zero_point, Onnx_Value:$b_zero_point,
                                                    Onnx_Value:$bias)> {
  let summary = "Product of quantized matrices as floats, plus a bias (com.microsoft MatMulIntegerToFloat)";
}
def Onnx_DynamicQuantizeMatMulOp
    : Onnx_MsQuantized<"DynamicQuantizeMatMul", (ins AnyTensor:$A, AnyTensor:$B, AnyTensor:$b_scale,
                                                     Onnx_Value:$b_zero_point, Onnx_Value:$bias)> {
  let summary = "MatMulIntegerToFloat of A as its data quantizes it (com.microsoft DynamicQuantizeMatMul)";
}
def Onnx_MatMulNBitsOp
    : Onnx_MsQuantized<"MatMulNBits", (ins AnyTensor:$A, AnyTensor:$B, AnyTensor:$scales, Onnx_Value:$zero_points,
                                           Onnx_Value:$g_idx, Onnx_Value:$bias),
                       (ins I64Attr:$K, I64Attr:$N, DefaultValuedAttr<I64Attr, "4">:$bits, I64Attr:$block_size,
                            DefaultValuedAttr<I64Attr, "0">:$accuracy_level)> {
  let summary = "Product with a matrix of 2, 4 or 8 bits in blocks (com.microsoft MatMulNBits)";
  let description = [{
    B (N x blocks x bytes, low bits first) holds for each of N columns of the
    matrix its K elements in blocks with a scale each. Without zero points the
    middle of the range is zero. `accuracy_level` allows coarser arithmetic and is not used.
  }];
}
