// The onnx dialect and the base classes of its op families.
#ifndef BRISK_DIALECTS_ONNX_BASE_TD
#define BRISK_DIALECTS_ONNX_BASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/interfaces/Cost.td"
include "dialects/interfaces/Decompose.td"
include "dialects/interfaces/Elementwise.td"
include "dialects/interfaces/InferShapes.td"
include "dialects/interfaces/Permute.td"
include "dialects/interfaces/Prunable.td"
include "dialects/interfaces/Quantizable.td"
include "dialects/interfaces/RegionArguments.td"
include "dialects/interfaces/Streamable.td"
include "dialects/interfaces/Upgrade.td"
include "dialects/onnx/Onnx.td"

// An operand: a tensor, or `none` where the model leaves an optional input out.
def Onnx_Value : AnyTypeOf<[AnyTensor, NoneType]>;

// Base of every op. `onnx.X` is op X of domain ai.onnx, `onnx.ml.X` of ai.onnx.ml and
// `onnx.ms.X` of com.microsoft, always in the newest form that Brisk knows.
// Shape inference and decomposition are written by every op in its family's .cpp.
class Onnx_Op<string mnemonic, list<Trait> traits = []>
    : Op<Onnx_Dialect, mnemonic, !listconcat([DeclareOpInterfaceMethods<InferShapesInterface>,
                                              DeclareOpInterfaceMethods<DecomposeInterface>], traits)> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

// An op whose form changed since opset 7: implements `upgrade` beside it.
def Upgradable : DeclareOpInterfaceMethods<UpgradeInterface>;
// An op that also knows contents of small integer tensors.
def InfersContent : DeclareOpInterfaceMethods<InferShapesInterface, ["inferContent"]>;

// An op that moves or compares elements of its first operand: quantized ones as they are.
def MovesElements : DeclareOpInterfaceMethods<QuantizableInterface>;
// An op with other facts about quantized operands, given in the family's .cpp.
def Quantizable : DeclareOpInterfaceMethods<QuantizableInterface, ["quantizedForm"]>;
// An op with an integer form, likewise.
def QuantizedSum : DeclareOpInterfaceMethods<QuantizableInterface, ["quantizedForm", "buildQuantized"]>;
def QuantizedMatrix : DeclareOpInterfaceMethods<QuantizableInterface, ["quantizedForm", "buildQuantized", "buildInBlocks"]>;
// An elementwise op that only bounds its operand, likewise.
def Clamps : DeclareOpInterfaceMethods<QuantizableInterface, ["quantizedForm", "clampBounds"]>;
// An op that couples slices of its operands and results, in ops/Slices.cpp; what else it says of them is listed.
class Onnx_Slices<list<string> facts = []> : DeclareOpInterfaceMethods<PrunableInterface, facts>;
// An op that looks at other frames along an axis than its own, in ops/Frames.cpp; `facts` as above.
class Onnx_Frames<list<string> facts = []> : DeclareOpInterfaceMethods<StreamableInterface, facts>;
// An op that is short for others; `expand` is in the family's .cpp.
def Composite : DeclareOpInterfaceMethods<CompositeInterface>;

// An op that only exists to be upgraded to another one (Upsample, Scatter).
class Onnx_LegacyOp<string mnemonic> : Op<Onnx_Dialect, mnemonic, [Upgradable]> {
  let arguments = (ins Variadic<Onnx_Value>:$inputs);
  let results = (outs Variadic<AnyTensor>:$outputs);
}

// Elementwise: inference, decomposition and layout are shared; an op states its
// scalar expression in `scalar`: statements that return a Scalar (../Scalar.h) made
// of `x`, or of `a` and `b`, or of `args`. `content` is the body of inferContent. `facts` names
// methods of ElementwiseInterface that the op itself gives, in `methods`.
class Onnx_Elementwise<string mnemonic, list<Trait> traits = [], list<string> facts = []>
    : Op<Onnx_Dialect, mnemonic, !listconcat([Pure, InfersContent, DeclareOpInterfaceMethods<DecomposeInterface>,
                                              DeclareOpInterfaceMethods<PermuteInterface>,
                                              DeclareOpInterfaceMethods<ElementwiseInterface, facts>], traits)> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  // What element types the operands may have (brisk::onnx::ElementKind), all the same.
  string elements = "Number";
  code check = [{ return ::brisk::onnx::checkElements(*this, ::brisk::onnx::ElementKind::}] # elements # [{); }];
  code names = "";
  code scalar = "";
  code content = [{ return std::nullopt; }];
  code methods = "";
  let extraClassDefinition = [{
    ::mlir::LogicalResult $cppClass::inferShapes(::brisk::ShapeContext &context) {
      auto check = [&]() -> ::mlir::LogicalResult { }] # check # [{ };
      if (failed(check()))
        return ::mlir::failure();
      return ::brisk::onnx::inferElementwise(*this, context);
    }
    std::optional<::brisk::Dims> $cppClass::inferContent(::brisk::ShapeContext &context, unsigned) {
      using namespace ::brisk;
      }] # content # [{
    }
    ::mlir::LogicalResult $cppClass::decompose(::brisk::Decomposer &decomposer) {
      return decomposer.elementwise(*this);
    }
    ::mlir::Value $cppClass::emitScalar(::mlir::OpBuilder &builder, ::mlir::Location loc, ::mlir::ValueRange values) {
      ::llvm::SmallVector<Scalar, 3> args = scalarsOf(*this, builder, loc, values);
      }] # names # [{
      Scalar result = [&]() -> Scalar { }] # scalar # [{ }();
      return result.as(resultElementType());
    }
    std::optional<::llvm::SmallVector<unsigned>> $cppClass::permutableOperands(::llvm::ArrayRef<int64_t> permutation) {
      return ::brisk::onnx::elementwisePermutableOperands(*this, permutation);
    }
    void $cppClass::permute(::mlir::OpBuilder &builder, ::llvm::ArrayRef<int64_t> permutation) {
      ::brisk::onnx::permuteElementwise(*this, builder, permutation);
    }
  }] # methods;
}

class Onnx_Unary<string mnemonic, code expression, list<Trait> traits = []> : Onnx_Elementwise<mnemonic, traits> {
  let arguments = (ins AnyTensor:$X);
  let results = (outs AnyTensor:$Y);
  let names = "const Scalar &x = args[0];";
  let scalar = expression;
}

// A unary op on floats whose operand the schema calls `input`.
class Onnx_FloatFunction<string mnemonic, code expression, list<Trait> traits = []>
    : Onnx_Unary<mnemonic, expression, traits> {
  let arguments = (ins AnyTensor:$input);
  let results = (outs AnyTensor:$output);
  let elements = "Float";
}

class Onnx_Binary<string mnemonic, code expression, list<Trait> traits = []> : Onnx_Elementwise<mnemonic, traits> {
  let arguments = (ins AnyTensor:$A, AnyTensor:$B);
  let results = (outs AnyTensor:$C);
  let names = "const Scalar &a = args[0], &b = args[1];";
  let scalar = expression;
}

#endif
