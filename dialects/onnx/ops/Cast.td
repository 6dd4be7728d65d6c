// Conversions between element types.
include "dialects/onnx/Base.td"

class Onnx_Conversion<string mnemonic, string target, list<Trait> traits = [], list<string> facts = []>
    : Onnx_Elementwise<mnemonic, traits, !listconcat(["resultElementType"], facts)> {
  let results = (outs AnyTensor:$output);
  let content = [{ return castContent(*this, resultElementType(), context); }];
  let methods = [{
    ::mlir::Type $cppClass::resultElementType() { return }] # target # [{; }
  }];
}

def Onnx_CastOp : Onnx_Conversion<"Cast", "elementTypeOf(getContext(), getTo())"> {
  let summary = "Elements converted to another type (ONNX Cast, opset 28)";
  let description = [{
    Floats round to nearest even, toward 8- and 4-bit ones with `saturate`, to
    f8E8M0FNU by `round_mode`. Integers wrap. Floats truncate toward integers;
    out of range, which ONNX leaves undefined, narrow integers wrap.
  }];
  let arguments = (ins AnyTensor:$input, I64Attr:$to, DefaultValuedAttr<I64Attr, "1">:$saturate,
                   DefaultValuedAttr<StrAttr, "\"up\"">:$round_mode);
  let check = [{ return checkCast(*this, getRoundMode(), resultElementType()); }];
  let scalar = [{ return convert(args[0], resultElementType(), getSaturate(), getRoundMode()); }];
  let hasFolder = 1;
}

def Onnx_CastLikeOp : Onnx_Conversion<"CastLike", "::mlir::getElementTypeOrSelf(getTargetType().getType())", [],
                                      ["numBroadcastOperands"]> {
  let summary = "Elements converted to another tensor's type (ONNX CastLike, opset 25)";
  let arguments = (ins AnyTensor:$input, AnyTensor:$target_type, DefaultValuedAttr<I64Attr, "1">:$saturate,
                   DefaultValuedAttr<StrAttr, "\"up\"">:$round_mode);
  let check = [{ return checkCast(*this, getRoundMode(), resultElementType()); }];
  let scalar = [{ return convert(args[0], resultElementType(), getSaturate(), getRoundMode()); }];
  let hasFolder = 1;
  let methods = [{
    ::mlir::Type $cppClass::resultElementType() { return ::mlir::getElementTypeOrSelf(getTargetType().getType()); }
    unsigned $cppClass::numBroadcastOperands() { return 1; }
  }];
}

def Onnx_BitCastOp : Onnx_Conversion<"BitCast", "elementTypeOf(getContext(), getTo())"> {
  let summary = "Elements of the same bits in another type (ONNX BitCast, opset 26)";
  let arguments = (ins AnyTensor:$input, I64Attr:$to);
  let check = [{ return checkBitCast(*this); }];
  let scalar = [{ return reinterpret(builder, loc, values[0], resultElementType()); }];
  let content = [{ return std::nullopt; }];
}
