// Elementwise arithmetic: unary functions, binary and n-ary operators.
include "dialects/onnx/Base.td"

//===--- unary --------------------------------------------------------------===//

def Onnx_AbsOp : Onnx_Unary<"Abs", [{ return abs(x); }]> {
  let summary = "|x| (ONNX Abs, opset 13); wraps on the lowest integer";
  let content = [{ return elementwiseContent(*this, context, [](ArrayRef<Dim> x) -> std::optional<Dim> {
    return isNonNegative(x[0]) ? x[0] : Dim::max(x[0], Dim(0) - x[0]);
  }); }];
}
def Onnx_NegOp : Onnx_Unary<"Neg", [{ return -x; }]> {
  let summary = "-x (ONNX Neg, opset 13)";
  let content = [{ return elementwiseContent(*this, context, [](ArrayRef<Dim> x) { return Dim(0) - x[0]; }); }];
}
def Onnx_SignOp : Onnx_Unary<"Sign", [{
  Scalar negative = x.isUnsigned() ? x : select(x < 0, -1, x);
  return select(x > 0, 1, negative);
}]> {
  let summary = "-1, 0 or 1 (ONNX Sign, opset 13); NaN stays NaN";
  let arguments = (ins AnyTensor:$input);
  let results = (outs AnyTensor:$output);
}
def Onnx_CeilOp : Onnx_Unary<"Ceil", [{ return ceil(x); }]> {
  let summary = "Least integer not below x (ONNX Ceil, opset 13)";
  let elements = "Float";
}
def Onnx_FloorOp : Onnx_Unary<"Floor", [{ return floor(x); }]> {
  let summary = "Greatest integer not above x (ONNX Floor, opset 13)";
  let elements = "Float";
}
def Onnx_RoundOp : Onnx_Unary<"Round", [{ return roundEven(x); }]> {
  let summary = "Nearest integer, halves to the even one (ONNX Round, opset 22)";
  let elements = "Float";
}
def Onnx_ReciprocalOp : Onnx_Unary<"Reciprocal", [{ return 1 / x; }]> {
  let summary = "1 / x (ONNX Reciprocal, opset 13)";
  let elements = "Float";
}
def Onnx_SqrtOp : Onnx_Unary<"Sqrt", [{ return sqrt(x); }]> {
  let summary = "Square root; NaN below zero (ONNX Sqrt, opset 13)";
  let elements = "Float";
}

def Onnx_AcosOp : Onnx_FloatFunction<"Acos", [{ return acos(x); }]> {
  let summary = "Inverse cosine (ONNX Acos, opset 22)";
}
def Onnx_AcoshOp : Onnx_FloatFunction<"Acosh", [{ return acosh(x); }]> {
  let summary = "Inverse hyperbolic cosine (ONNX Acosh, opset 22)";
}
def Onnx_AsinOp : Onnx_FloatFunction<"Asin", [{ return asin(x); }]> {
  let summary = "Inverse sine (ONNX Asin, opset 22)";
}
def Onnx_AsinhOp : Onnx_FloatFunction<"Asinh", [{ return asinh(x); }]> {
  let summary = "Inverse hyperbolic sine (ONNX Asinh, opset 22)";
}
def Onnx_AtanOp : Onnx_FloatFunction<"Atan", [{ return atan(x); }]> {
  let summary = "Inverse tangent (ONNX Atan, opset 22)";
}
def Onnx_AtanhOp : Onnx_FloatFunction<"Atanh", [{ return atanh(x); }]> {
  let summary = "Inverse hyperbolic tangent (ONNX Atanh, opset 22)";
}
def Onnx_CosOp : Onnx_FloatFunction<"Cos", [{ return cos(x); }]> {
  let summary = "Cosine (ONNX Cos, opset 22)";
}
def Onnx_CoshOp : Onnx_FloatFunction<"Cosh", [{ return cosh(x); }]> {
  let summary = "Hyperbolic cosine (ONNX Cosh, opset 22)";
}
def Onnx_ErfOp : Onnx_FloatFunction<"Erf", [{ return erf(x); }]> {
  let summary = "Gauss error function (ONNX Erf, opset 13)";
}
def Onnx_ExpOp : Onnx_FloatFunction<"Exp", [{ return exp(x); }]> {
  let summary = "e to the power x (ONNX Exp, opset 13)";
}
def Onnx_LogOp : Onnx_FloatFunction<"Log", [{ return log(x); }]> {
  let summary = "Natural logarithm (ONNX Log, opset 13)";
}
def Onnx_SinOp : Onnx_FloatFunction<"Sin", [{ return sin(x); }]> {
  let summary = "Sine (ONNX Sin, opset 22)";
}
def Onnx_SinhOp : Onnx_FloatFunction<"Sinh", [{ return sinh(x); }]> {
  let summary = "Hyperbolic sine (ONNX Sinh, opset 22)";
}
def Onnx_TanOp : Onnx_FloatFunction<"Tan", [{ return tan(x); }]> {
  let summary = "Tangent (ONNX Tan, opset 22)";
}
def Onnx_TanhOp : Onnx_FloatFunction<"Tanh", [{ return tanh(x); }]> {
  let summary = "Hyperbolic tangent (ONNX Tanh, opset 13)";
}

//===--- binary -------------------------------------------------------------===//

def Onnx_AddOp : Onnx_Binary<"Add", [{ return a + b; }], [Commutative, Quantizable]> {
  let summary = "Sum of two tensors (ONNX Add, opset 14)";
  let content = [{ return binaryContent(*this, context, [](const Dim &a, const Dim &b) { return a + b; }); }];
}
def Onnx_SubOp : Onnx_Binary<"Sub", [{ return a - b; }]> {
  let summary = "Difference of two tensors (ONNX Sub, opset 14)";
  let content = [{ return binaryContent(*this, context, [](const Dim &a, const Dim &b) { return a - b; }); }];
}
def Onnx_MulOp : Onnx_Binary<"Mul", [{ return a * b; }], [Commutative]> {
  let summary = "Product of two tensors (ONNX Mul, opset 14)";
  let content = [{ return binaryContent(*this, context, [](const Dim &a, const Dim &b) { return a * b; }); }];
}
def Onnx_DivOp : Onnx_Binary<"Div", [{ return a / b; }]> {
  let summary = "Quotient of two tensors (ONNX Div, opset 14)";
  let description = [{
    Integers truncate toward zero; what ONNX leaves undefined is 0 for x / 0
    and the lowest integer for the lowest integer / -1.
  }];
  let content = [{ return binaryContent(*this, context, truncatingDiv); }];
}
def Onnx_ModOp : Onnx_Binary<"Mod", [{ return getFmod() ? remainder(a, b) : floorMod(a, b); }]> {
  let summary = "Remainder with the sign of B, or of A when fmod is 1 (ONNX Mod, opset 28)";
  let description = [{ The remainder of an integer by 0, which ONNX leaves undefined, is 0. }];
  let arguments = (ins AnyTensor:$A, AnyTensor:$B, DefaultValuedAttr<I64Attr, "0">:$fmod);
  let content = [{ return binaryContent(*this, context, [&](const Dim &a, const Dim &b) -> std::optional<Dim> {
    if (!b.isConstant() || b.value() == 0 || (getFmod() && !(isNonNegative(a) && b.value() > 0)))
      return std::nullopt;
    return a.mod(b);
  }); }];
}
def Onnx_PowOp : Onnx_Elementwise<"Pow"> {
  let summary = "X to the power Y, in X's type (ONNX Pow, opset 15)";
  let description = [{
    Y may be of another type. An integer power of integers wraps; a negative
    one truncates to zero unless X is 1 or -1.
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$Y);
  let results = (outs AnyTensor:$Z);
  let check = [{ return checkMixedNumbers(*this); }];
  let scalar = [{ return emitPower(*this, args[0], args[1]); }];
}

//===--- n-ary --------------------------------------------------------------===//

class Onnx_Nary<string mnemonic, code expression> : Onnx_Elementwise<mnemonic> {
  let arguments = (ins Variadic<AnyTensor>:$data_0);
  let results = (outs AnyTensor:$result);
  let check = [{ return checkNary(*this, ElementKind::}] # elements # [{); }];
  let scalar = expression;
}

def Onnx_MaxOp : Onnx_Nary<"Max", [{ return reduceArgs(args, onnx::max); }]> {
  let summary = "Greatest of the operands, NaN if any is (ONNX Max, opset 13)";
  let content = [{ return elementwiseContent(*this, context, [](ArrayRef<Dim> x) { return foldDims(x, Dim::max); }); }];
}
def Onnx_MinOp : Onnx_Nary<"Min", [{ return reduceArgs(args, onnx::min); }]> {
  let summary = "Least of the operands, NaN if any is (ONNX Min, opset 13)";
  let content = [{ return elementwiseContent(*this, context, [](ArrayRef<Dim> x) { return foldDims(x, Dim::min); }); }];
}
def Onnx_SumOp : Onnx_Nary<"Sum", [{ return reduceArgs(args, onnx::operator+); }]> {
  let summary = "Sum of the operands (ONNX Sum, opset 13)";
  let elements = "Float";
}
def Onnx_MeanOp : Onnx_Nary<"Mean", [{ return reduceArgs(args, onnx::operator+) / args.size(); }]> {
  let summary = "Mean of the operands (ONNX Mean, opset 13)";
  let elements = "Float";
}

def Onnx_ClipOp : Onnx_Elementwise<"Clip", [Upgradable, Clamps]> {
  let summary = "min(max(x, min), max), either bound optional (ONNX Clip, opset 13)";
  let arguments = (ins AnyTensor:$input, Onnx_Value:$min, Onnx_Value:$max);
  let results = (outs AnyTensor:$output);
  let check = [{ return checkClip(*this); }];
  let scalar = [{
    Scalar x = args[0];
    unsigned next = 1;
    if (isPresent(getMin()))
      x = onnx::max(x, args[next++]);
    if (isPresent(getMax()))
      x = onnx::min(x, args[next]);
    return x;
  }];
}

//===--- nothing at all -----------------------------------------------------===//

def Onnx_IdentityOp : Onnx_Op<"Identity", [Pure, InfersContent, DeclareOpInterfaceMethods<PermuteInterface>, MovesElements,
                                          Onnx_Slices<>]> {
  let summary = "The operand itself (ONNX Identity, opset 25), of any type";
  let arguments = (ins AnyType:$input);
  let results = (outs AnyType:$output);
  let hasFolder = 1;
}

def Onnx_DropoutOp : Onnx_Op<"Dropout", [Pure, Upgradable, DeclareOpInterfaceMethods<PermuteInterface>]> {
  let summary = "The operand itself, and a mask of trues (ONNX Dropout, opset 22)";
  let description = [{
    Inference only: training with a ratio other than 0 is reported when it is
    known at compile time and fails the run otherwise.
  }];
  let arguments = (ins AnyTensor:$data, Onnx_Value:$ratio, Onnx_Value:$training_mode,
                   OptionalAttr<I64Attr>:$seed);
  let results = (outs AnyTensor:$output, AnyTensor:$mask);
}
