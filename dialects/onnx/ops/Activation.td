// Activation functions.
include "dialects/onnx/Base.td"

class Onnx_Activation<string mnemonic, code expression> : Onnx_Unary<mnemonic, expression> {
  let elements = "Float";
}

def Onnx_ReluOp : Onnx_Unary<"Relu", [{ return max(x, 0); }], [Clamps]> {
  let summary = "max(x, 0) (ONNX Relu, opset 14)";
}
def Onnx_LeakyReluOp : Onnx_Activation<"LeakyRelu", [{ return select(x < 0, x * number(getAlpha()), x); }]> {
  let summary = "x, or alpha x below zero (ONNX LeakyRelu, opset 16)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "0.01f">:$alpha);
}
def Onnx_PReluOp : Onnx_Elementwise<"PRelu"> {
  let summary = "x, or slope x below zero (ONNX PRelu, opset 16)";
  let arguments = (ins AnyTensor:$X, AnyTensor:$slope);
  let results = (outs AnyTensor:$Y);
  let check = [{ return checkSlope(*this, context); }];
  let scalar = [{ return select(args[0] < 0, args[0] * args[1], args[0]); }];
}
def Onnx_ThresholdedReluOp : Onnx_Activation<"ThresholdedRelu", [{ return select(x > number(getAlpha()), x, 0); }]> {
  let summary = "x above alpha, else 0 (ONNX ThresholdedRelu, opset 22)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "1.0f">:$alpha);
}
def Onnx_EluOp : Onnx_Activation<"Elu", [{ return select(x < 0, number(getAlpha()) * (exp(x) - 1), x); }]> {
  let summary = "x, or alpha (e^x - 1) below zero (ONNX Elu, opset 22)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "1.0f">:$alpha);
}
def Onnx_CeluOp : Onnx_Activation<"Celu", [{
  double alpha = number(getAlpha());
  return max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0);
}]> {
  let summary = "max(0, x) + min(0, alpha (e^(x / alpha) - 1)) (ONNX Celu, opset 28)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "1.0f">:$alpha);
}
def Onnx_SeluOp : Onnx_Activation<"Selu", [{
  double alpha = number(getAlpha()), gamma = number(getGamma());
  return gamma * select(x > 0, x, alpha * exp(x) - alpha);
}]> {
  let summary = "gamma x, or gamma alpha (e^x - 1) below zero (ONNX Selu, opset 22)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "1.67326319217681884765625f">:$alpha,
                   DefaultValuedAttr<F32Attr, "1.05070102214813232421875f">:$gamma);
}
def Onnx_SigmoidOp : Onnx_Activation<"Sigmoid", [{ return sigmoid(x); }]> {
  let summary = "1 / (1 + e^-x) (ONNX Sigmoid, opset 13)";
}
def Onnx_HardSigmoidOp : Onnx_Activation<"HardSigmoid", [{
  return max(min(x * number(getAlpha()) + number(getBeta()), 1), 0);
}]> {
  let summary = "alpha x + beta within 0 and 1 (ONNX HardSigmoid, opset 22)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "0.2f">:$alpha,
                   DefaultValuedAttr<F32Attr, "0.5f">:$beta);
}
def Onnx_HardSwishOp : Onnx_Activation<"HardSwish", [{ return x * max(min(x * (1.0 / 6.0) + 0.5, 1), 0); }]> {
  let summary = "x HardSigmoid(x) with alpha 1/6, beta 0.5 (ONNX HardSwish, opset 22)";
}
def Onnx_SwishOp : Onnx_Activation<"Swish", [{ return x * sigmoid(x * number(getAlpha())); }]> {
  let summary = "x sigmoid(alpha x) (ONNX Swish, opset 24)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "1.0f">:$alpha);
}
def Onnx_SwiGLUOp : Onnx_Elementwise<"SwiGLU"> {
  let summary = "A sigmoid(alpha A) B (ONNX SwiGLU, opset 28)";
  let arguments = (ins AnyTensor:$A, AnyTensor:$B, DefaultValuedAttr<F32Attr, "1.0f">:$alpha);
  let results = (outs AnyTensor:$Y);
  let check = [{ return checkGate(*this, context); }];
  let scalar = [{ return args[0] * sigmoid(args[0] * number(getAlpha())) * args[1]; }];
}
def Onnx_SoftplusOp : Onnx_Activation<"Softplus", [{ return softplus(x); }]> {
  let summary = "log(1 + e^x) (ONNX Softplus, opset 22)";
}
def Onnx_SoftsignOp : Onnx_FloatFunction<"Softsign", [{ return x / (1 + abs(x)); }]> {
  let summary = "x / (1 + |x|) (ONNX Softsign, opset 22)";
}
def Onnx_MishOp : Onnx_Activation<"Mish", [{ return x * tanh(softplus(x)); }]> {
  let summary = "x tanh(log(1 + e^x)) (ONNX Mish, opset 22)";
}
def Onnx_GeluOp : Onnx_Unary<"Gelu", [{
  if (getApproximate() == "tanh")
    return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * (x * x * x))));
  return 0.5 * x * (1 + erf(x * 0.7071067811865476));
}]> {
  let summary = "x times the normal distribution function of x, or its tanh approximation (ONNX Gelu, opset 20)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<StrAttr, "\"none\"">:$approximate);
  let check = [{
    if (getApproximate() != "none" && getApproximate() != "tanh")
      return emitOpError("expects approximate to be none or tanh, but got ") << getApproximate();
    return checkElements(*this, ElementKind::Float);
  }];
}
def Onnx_ShrinkOp : Onnx_Unary<"Shrink", [{
  // Integers are compared and shifted as floats, as the reference does.
  Scalar wide = x.isFloat() ? x : x.to(builder.getF64Type());
  double lambd = number(getLambd()), bias = number(getBias());
  Scalar result = select(wide < -lambd, wide + bias, select(wide > lambd, wide - bias, 0));
  return x.isFloat() ? result : result.to(resultElementType());
}]> {
  let summary = "x moved by bias toward zero outside [-lambd, lambd], 0 inside (ONNX Shrink, opset 9)";
  let arguments = (ins AnyTensor:$input, DefaultValuedAttr<F32Attr, "0.0f">:$bias,
                   DefaultValuedAttr<F32Attr, "0.5f">:$lambd);
  let results = (outs AnyTensor:$output);
}
