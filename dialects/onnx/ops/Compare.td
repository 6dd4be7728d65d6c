// Comparison, logic, bits and choice.
include "dialects/onnx/Base.td"

// A binary op on operands of kind `kind` with a boolean result.
class Onnx_Predicate<string mnemonic, string kind, code expression, string decide, list<Trait> traits = []>
    : Onnx_Elementwise<mnemonic, traits, ["resultElementType"]> {
  let arguments = (ins AnyTensor:$A, AnyTensor:$B);
  let results = (outs AnyTensor:$C);
  let elements = kind;
  let names = "const Scalar &a = args[0], &b = args[1];";
  let scalar = expression;
  let content = [{ return decideContent(*this, context, }] # decide # [{); }];
  let methods = [{
    ::mlir::Type $cppClass::resultElementType() { return ::mlir::IntegerType::get(getContext(), 1); }
  }];
}

def Onnx_EqualOp : Onnx_Predicate<"Equal", "Any", [{ return equal(a, b); }], "isEqual", [Commutative]> {
  let summary = "a == b (ONNX Equal, opset 19)";
}
def Onnx_GreaterOp : Onnx_Predicate<"Greater", "Number", [{ return a > b; }],
                                    "[](const Dim &a, const Dim &b) { return isLess(b, a); }"> {
  let summary = "a > b (ONNX Greater, opset 13)";
}
def Onnx_GreaterOrEqualOp : Onnx_Predicate<"GreaterOrEqual", "Number", [{ return a >= b; }],
                                           "[](const Dim &a, const Dim &b) { return isLessOrEqual(b, a); }"> {
  let summary = "a >= b (ONNX GreaterOrEqual, opset 16)";
}
def Onnx_LessOp : Onnx_Predicate<"Less", "Number", [{ return a < b; }], "isLess"> {
  let summary = "a < b (ONNX Less, opset 13)";
}
def Onnx_LessOrEqualOp : Onnx_Predicate<"LessOrEqual", "Number", [{ return a <= b; }], "isLessOrEqual"> {
  let summary = "a <= b (ONNX LessOrEqual, opset 16)";
}

def Onnx_AndOp : Onnx_Predicate<"And", "Bool", [{ return a & b; }],
                                "[](const Dim &a, const Dim &b) { return decideAnd(a, b); }", [Commutative]> {
  let summary = "Logical and (ONNX And, opset 7)";
}
def Onnx_OrOp : Onnx_Predicate<"Or", "Bool", [{ return a | b; }],
                               "[](const Dim &a, const Dim &b) { return decideOr(a, b); }", [Commutative]> {
  let summary = "Logical or (ONNX Or, opset 7)";
}
def Onnx_XorOp : Onnx_Predicate<"Xor", "Bool", [{ return a ^ b; }],
                                "[](const Dim &a, const Dim &b) { return isNotEqual(a, b); }", [Commutative]> {
  let summary = "Logical exclusive or (ONNX Xor, opset 7)";
}
def Onnx_NotOp : Onnx_Unary<"Not", [{ return ~x; }]> {
  let summary = "Logical not (ONNX Not, opset 1)";
  let elements = "Bool";
  let content = [{ return elementwiseContent(*this, context, [](ArrayRef<Dim> x) { return Dim(1) - x[0]; }); }];
}

class Onnx_FloatTest<string mnemonic, code expression>
    : Onnx_Elementwise<mnemonic, [], ["resultElementType"]> {
  let arguments = (ins AnyTensor:$X);
  let results = (outs AnyTensor:$Y);
  let elements = "Float";
  let names = "const Scalar &x = args[0];";
  let scalar = expression;
  let methods = [{
    ::mlir::Type $cppClass::resultElementType() { return ::mlir::IntegerType::get(getContext(), 1); }
  }];
}
def Onnx_IsNaNOp : Onnx_FloatTest<"IsNaN", [{ return isNan(x); }]> {
  let summary = "Whether x is NaN (ONNX IsNaN, opset 20)";
}
def Onnx_IsInfOp : Onnx_FloatTest<"IsInf", [{
  double inf = std::numeric_limits<double>::infinity();
  if (!getDetectNegative() && !getDetectPositive())
    return isNan(x) & ~isNan(x);
  return equal(getDetectNegative() && getDetectPositive() ? abs(x) : x, getDetectPositive() ? inf : -inf);
}]> {
  let summary = "Whether x is infinite, of the signs asked for (ONNX IsInf, opset 20)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<I64Attr, "1">:$detect_negative,
                   DefaultValuedAttr<I64Attr, "1">:$detect_positive);
}

//===--- bits ---------------------------------------------------------------===//

def Onnx_BitwiseAndOp : Onnx_Binary<"BitwiseAnd", [{ return a & b; }], [Commutative]> {
  let summary = "Bitwise and (ONNX BitwiseAnd, opset 18)";
  let elements = "Integer";
}
def Onnx_BitwiseOrOp : Onnx_Binary<"BitwiseOr", [{ return a | b; }], [Commutative]> {
  let summary = "Bitwise or (ONNX BitwiseOr, opset 18)";
  let elements = "Integer";
}
def Onnx_BitwiseXorOp : Onnx_Binary<"BitwiseXor", [{ return a ^ b; }], [Commutative]> {
  let summary = "Bitwise exclusive or (ONNX BitwiseXor, opset 18)";
  let elements = "Integer";
}
def Onnx_BitwiseNotOp : Onnx_Unary<"BitwiseNot", [{ return ~x; }]> {
  let summary = "Bitwise complement (ONNX BitwiseNot, opset 18)";
  let elements = "Integer";
}
def Onnx_BitShiftOp : Onnx_Elementwise<"BitShift"> {
  let summary = "X shifted by Y bits (ONNX BitShift, opset 28)";
  let description = [{
    The right shift of a signed type is arithmetic. A negative amount or one of
    the width and more moves all bits out.
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$Y, StrAttr:$direction);
  let results = (outs AnyTensor:$Z);
  let check = [{
    if (getDirection() != "LEFT" && getDirection() != "RIGHT")
      return emitOpError("expects direction LEFT or RIGHT, but got ") << getDirection();
    return checkElements(*this, ElementKind::Integer);
  }];
  let scalar = [{ return getDirection() == "LEFT" ? shiftLeft(args[0], args[1]) : shiftRight(args[0], args[1]); }];
}

//===--- choice -------------------------------------------------------------===//

def Onnx_WhereOp : Onnx_Elementwise<"Where", [], ["resultElementType"]> {
  let summary = "X where the condition holds, else Y (ONNX Where, opset 16)";
  let arguments = (ins AnyTensor:$condition, AnyTensor:$X, AnyTensor:$Y);
  let results = (outs AnyTensor:$output);
  let check = [{ return checkWhere(*this); }];
  let scalar = [{
    // On the elements as they are: narrow floats pass through without conversion.
    return Scalar::raw(builder, loc, ::mlir::arith::SelectOp::create(builder, loc, values[0], values[1], values[2]));
  }];
  let content = [{ return elementwiseContent(*this, context, [](ArrayRef<Dim> x) -> std::optional<Dim> {
    if (x[1] == x[2])
      return x[1];
    if (!x[0].isConstant())
      return std::nullopt;
    return x[0].value() ? x[1] : x[2];
  }); }];
  let methods = [{
    ::mlir::Type $cppClass::resultElementType() { return ::mlir::getElementTypeOrSelf(getX().getType()); }
  }];
}
