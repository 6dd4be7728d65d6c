// The hls dialect: a design of integer arithmetic, laid out in space.
#ifndef BRISK_TARGETS_HLS_IR_HLS_TD
#define BRISK_TARGETS_HLS_IR_HLS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Hls_Dialect : Dialect {
  let name = "hls";
  let cppNamespace = "::brisk::hls";
  let summary = "Integer arithmetic in space and by clock cycle";
  let description = [{
    Values are integers of the builtin types siN and uiN, N at most 62; operators
    compute in unbounded integers, and every type is wide enough for each value that
    can occur (the schedule checks it).
  }];
}

def Hls_Int : Type<And<[CPred<"::llvm::isa<::mlir::IntegerType>($_self)">,
                        CPred<"!::llvm::cast<::mlir::IntegerType>($_self).isSignless()">,
                        CPred<"::llvm::cast<::mlir::IntegerType>($_self).getWidth() <= 62">]>,
                   "signed or unsigned integer of at most 62 bits">;

class Hls_Op<string mnemonic, list<Trait> traits = []> : Op<Hls_Dialect, mnemonic, traits>;

def Hls_DesignOp : Hls_Op<"design", [Symbol, IsolatedFromAbove, SingleBlock]> {
  let summary = "What becomes one circuit";
  let description = [{
    The arguments of the body are the elements of the inputs, its yielded values those
    of the outputs. `inputs` and `outputs` tell of each tensor its name, dims, and how its
    numbers are integers. Once scheduled: `clock_ns`, `latency` and `ii` (cycles), and
    what it takes (`luts`, `ffs`, by the model).
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, ArrayAttr:$inputs, ArrayAttr:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def Hls_FlowOp : Hls_Op<"flow", [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator]> {
  let summary = "Stages that hand each other pixels";
  let description = [{
    Values are frames: tensors whose pixels, in the order of their rows, follow one another in
    time. The argument is the model's input, the last stage's result its output, whose rows and
    columns are the dimensions `output_axes`. Once sized:
    `interval` (cycles from frame to frame) and `latency` (from the first pixel that enters
    until the last has left).
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def Hls_StageOp : Hls_Op<"stage", [ParentOneOf<["FlowOp"]>]> {
  let summary = "A design that makes each pixel of a frame from a window of another, or from pixels of several";
  let description = [{
    The window of pixel (r, c) starts at (r * stride - before); pixels outside are `fill`. `from`
    and `to` are rows and columns of frames; `axes` tells which dimensions of the operand's
    type they are, -1 for none. With `accumulate`, what is made of all pixels is added up,
    and is one pixel. Once sized: `depths` of the queues that pixels wait in.
  }];
  let arguments = (ins FlatSymbolRefAttr:$design, Variadic<AnyRankedTensor>:$frames, DenseI64ArrayAttr:$from,
                       DenseI64ArrayAttr:$to, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$stride,
                       DenseI64ArrayAttr:$before, DenseI64ArrayAttr:$axes, I64Attr:$fill, UnitAttr:$accumulate);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $design `(` $frames `)` `kernel` $kernel `stride` $stride `before` $before `from` $from `to` $to attr-dict
    `:` functional-type($frames, $result)
  }];
}

def Hls_NodeOp : Hls_Op<"node", [IsolatedFromAbove, SingleBlock, Pure]> {
  let summary = "A layer of a design";
  let description = [{
    Once scheduled: `start` and `latency` (cycles), `ii`, and its area by the model:
    `adders`, `adder_bits`, `luts`, `ffs`.
  }];
  let arguments = (ins StrAttr:$name, Variadic<Hls_Int>:$operands_);
  let results = (outs Variadic<Hls_Int>:$results_);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name `(` $operands_ `)` attr-dict-with-keyword `:` functional-type(operands, results) $body";
}

def Hls_YieldOp : Hls_Op<"yield", [Terminator, Pure, ParentOneOf<["DesignOp", "NodeOp"]>]> {
  let summary = "Ends a design or node with its results";
  let arguments = (ins Variadic<Hls_Int>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Hls_ConstantOp : Hls_Op<"constant", [Pure]> {
  let summary = "A number";
  let arguments = (ins I64Attr:$value);
  let results = (outs Hls_Int:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
}

def Hls_SumOp : Hls_Op<"sum", [Pure]> {
  let summary = "Operands times constants, plus a constant";
  let description = [{
    Before adders are formed.

    ```mlir
    %2 = hls.sum(%0, %1) times [3, -1] plus 5 : (ui8, si8) -> si11
    ```
  }];
  let arguments = (ins Variadic<Hls_Int>:$terms, DenseI64ArrayAttr:$factors, I64Attr:$bias);
  let results = (outs Hls_Int:$result);
  let assemblyFormat = [{
    `(` $terms `)` `times` $factors `plus` $bias attr-dict `:` functional-type($terms, $result)
  }];
  let hasVerifier = 1;
}

def Hls_AddOp : Hls_Op<"add", [Pure]> {
  let summary = "One adder: lhs + rhs * 2^shift, each perhaps negated, not both";
  let arguments = (ins Hls_Int:$lhs, Hls_Int:$rhs, ConfinedAttr<I64Attr, [IntNonNegative]>:$shift,
                       UnitAttr:$negate_lhs, UnitAttr:$negate_rhs);
  let results = (outs Hls_Int:$result);
  let assemblyFormat = "$lhs `,` $rhs `shl` $shift attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

def Hls_ScaleOp : Hls_Op<"scale", [Pure]> {
  let summary = "Times 2^shift, perhaps negated";
  let arguments = (ins Hls_Int:$input, ConfinedAttr<I64Attr, [IntNonNegative]>:$shift, UnitAttr:$negate);
  let results = (outs Hls_Int:$result);
  let assemblyFormat = "$input `shl` $shift attr-dict `:` functional-type(operands, $result)";
}

def Hls_RoundOp : Hls_Op<"round", [Pure]> {
  let summary = "Divided by 2^shift, downwards";
  let description = [{
    If `even`, what divides without a rest goes to the even number that is not above. So, of a
    number plus 2^(shift - 1), it is the nearest with ties to even: the half is part of a sum
    that has a constant anyway, and what is left to do concerns the lowest bit only.
  }];
  let arguments = (ins Hls_Int:$input, ConfinedAttr<I64Attr, [IntPositive]>:$shift, UnitAttr:$even);
  let results = (outs Hls_Int:$result);
  let assemblyFormat = "$input `shr` $shift attr-dict `:` functional-type(operands, $result)";
}

def Hls_ClampOp : Hls_Op<"clamp", [Pure]> {
  let summary = "The nearest number within bounds";
  let arguments = (ins Hls_Int:$input, I64Attr:$low, I64Attr:$high);
  let results = (outs Hls_Int:$result);
  let assemblyFormat = "$input `to` $low `,` $high attr-dict `:` functional-type(operands, $result)";
}

def Hls_TableOp : Hls_Op<"table", [Pure]> {
  let summary = "Entry number `input - first`";
  let arguments = (ins Hls_Int:$input, I64Attr:$first, DenseI64ArrayAttr:$entries);
  let results = (outs Hls_Int:$result);
  let assemblyFormat = "$input `from` $first $entries attr-dict `:` functional-type(operands, $result)";
}

def Hls_EqualOp : Hls_Op<"equal", [Pure]> {
  let summary = "1 if input is the number, else 0";
  let arguments = (ins Hls_Int:$input, I64Attr:$number);
  let results = (outs Hls_Int:$result);
  let assemblyFormat = "$input `to` $number attr-dict `:` functional-type(operands, $result)";
}

class Hls_PairOp<string mnemonic, string what> : Hls_Op<mnemonic, [Pure]> {
  let summary = what;
  let arguments = (ins Hls_Int:$lhs, Hls_Int:$rhs);
  let results = (outs Hls_Int:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, $result)";
}
def Hls_MaxOp : Hls_PairOp<"max", "The larger">;
def Hls_MinOp : Hls_PairOp<"min", "The smaller">;
def Hls_MulOp : Hls_PairOp<"mul", "The product of two variables">;
def Hls_LessOp : Hls_PairOp<"less", "1 if lhs is less than rhs, else 0">;

def Hls_SelectOp : Hls_Op<"select", [Pure]> {
  let summary = "One of two numbers";
  let arguments = (ins Hls_Int:$condition, Hls_Int:$yes, Hls_Int:$no);
  let results = (outs Hls_Int:$result);
  let assemblyFormat = "$condition `,` $yes `,` $no attr-dict `:` functional-type(operands, $result)";
}

#endif
