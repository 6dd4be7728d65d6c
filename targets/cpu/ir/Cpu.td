// The cpu dialect: structured ops that linalg has no form for.
#ifndef BRISK_TARGETS_CPU_IR_CPU_TD
#define BRISK_TARGETS_CPU_IR_CPU_TD

include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/interfaces/Products.td"
include "targets/cpu/ir/Epilogue.td"

def Cpu_Dialect : Dialect {
  let name = "cpu";
  let cppNamespace = "::brisk::cpu";
  let summary = "Structured ops of the CPU target";
}

def Cpu_ContractOp : Op<Cpu_Dialect, "contract", [DestinationStyleOpInterface, EpilogueOpInterface, ProductsInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, SingleBlock]> {
  let summary = "Sums of products, and what is done to each sum before it is stored";
  let description = [{
    For every point of the parallel loops, sums A * B over the reduction loops,
    starting at zero; the region maps the sum, and the elements of the operands
    after A and B, to the element that is stored. The first two inputs are A and
    B. B may be packed in panels: its map then names a loop `n` as
    `n floordiv 32` and `n mod 32`, and columns past the last are zero.

    Factors are f32, B perhaps bytes in panels (weights whose scale the region
    applies), or narrow: i8 (exact sums in i32; `unsigned_a` and
    `unsigned_b` say how the bytes are read) or bf16 (sums in f32). Narrow
    factors that fill 32 bits lie together: the map of B then ends in
    `k floordiv 4`, `n mod 32`, `k mod 4` (2 for bf16), and numbers past the
    last k are zero. Without panels (channels multiplied one by one) it ends in
    `k floordiv 4`, `n`, `k mod 4`, and `group_length` is the length of the sum
    over k, which no operand tells. With `column_sums` the third input holds the sum of each
    column of B, for machines that multiply bytes of one signedness by bytes of
    the other only; it is no operand of the region.

    Factors of f32 by packed weights may have a scale for each block of the sum: the next
    `block_parameters` (1 or 2) inputs are those scales and what is subtracted from
    weights before, bytes; both in panels. Weights are bytes or, of type i32, eight unsigned
    numbers of 4 bits along the sum each: the map of B then has `k floordiv 8`.

    ```mlir
    cpu.contract {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>,
                                   affine_map<(m, n, k) -> (n)>, affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b, %bias : memref<5x7xf32>, memref<2x7x32xf32>, memref<40xf32>) outs(%c : memref<5x40xf32>) {
    ^bb0(%sum: f32, %x: f32):
      %0 = arith.addf %sum, %x : f32
      cpu.yield %0 : f32
    }
    ```
  }];
  let arguments = (ins Variadic<AnyShaped>:$inputs, AnyShaped:$init,
                       AffineMapArrayAttr:$indexing_maps, StrArrayAttr:$iterator_types, UnitAttr:$unsigned_a,
                       UnitAttr:$unsigned_b, UnitAttr:$column_sums, OptionalAttr<I64Attr>:$group_length,
                       DefaultValuedAttr<I64Attr, "0">:$block_parameters);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    attr-dict `ins` `(` $inputs `:` type($inputs) `)` `outs` `(` $init `:` type($init) `)` $epilogue
    (`->` type($outputs)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    bool sumsProducts() { return true; }
    /// True when B is packed in panels along the loop that this returns.
    std::optional<unsigned> packedLoop();
    /// The loop whose factors lie in groups, and how many make one.
    std::optional<std::pair<unsigned, int64_t>> groupedLoop();
    /// Inputs that the region does not see: A, B and perhaps the sums of columns or the parameters of blocks.
    unsigned getNumFactors() { return (getColumnSums() ? 3 : 2) + getBlockParameters(); }
    /// The type of a sum.
    ::mlir::Type getSumType();
  }];
}

def Cpu_ReduceOp : Op<Cpu_Dialect, "reduce", [DestinationStyleOpInterface, EpilogueOpInterface, ProductsInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, SingleBlock]> {
  let summary = "A reduction from a constant, and what is done to each result before it is stored";
  let description = [{
    For every point of the parallel loops, folds the first `num_factors` inputs
    over the reduction loops: the region `body` maps their elements and the
    value so far, at first `initial`, to the next value. The region `epilogue`
    maps the last value, and the elements of the other inputs, to the element
    that is stored.

    ```mlir
    cpu.reduce {indexing_maps = [affine_map<(c, k) -> (k, c)>, affine_map<(c, k) -> (c)>],
                iterator_types = ["parallel", "reduction"], num_factors = 1 : i64, initial = 0.0 : f32}
      ins(%x : memref<7x40xf32>) outs(%mean : memref<40xf32>) {
    ^bb0(%e: f32, %sum: f32):
      %0 = arith.addf %sum, %e : f32
      cpu.yield %0 : f32
    } {
    ^bb0(%sum: f32):
      %1 = arith.mulf %sum, %seventh : f32
      cpu.yield %1 : f32
    }
    ```
  }];
  let arguments = (ins Variadic<AnyShaped>:$inputs, AnyShaped:$init,
                       AffineMapArrayAttr:$indexing_maps, StrArrayAttr:$iterator_types, I64Attr:$num_factors,
                       TypedAttrInterface:$initial);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body, SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    attr-dict (`ins` `(` $inputs^ `:` type($inputs) `)`)? `outs` `(` $init `:` type($init) `)` $body $epilogue
    (`->` type($outputs)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    bool sumsProducts() { return false; }
  }];
}

def Cpu_YieldOp : Op<Cpu_Dialect, "yield", [Pure, ReturnLike, Terminator]> {
  let summary = "End of a region: the next value, or the element to store";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "attr-dict $value `:` type($value)";
}

#endif
