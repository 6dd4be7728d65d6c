// The cpu dialect: structured ops that linalg has no form for.
#ifndef BRISK_TARGETS_CPU_IR_CPU_TD
#define BRISK_TARGETS_CPU_IR_CPU_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Cpu_Dialect : Dialect {
  let name = "cpu";
  let cppNamespace = "::brisk::cpu";
  let summary = "Structured ops of the CPU target";
}

def Cpu_ContractOp : Op<Cpu_Dialect, "contract", [DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, SingleBlock]> {
  let summary = "Sums of products, and what is done to each sum before it is stored";
  let description = [{
    For every point of the parallel loops, sums A * B over the reduction loops,
    starting at zero; the region maps the sum, and the elements of the operands
    after A and B, to the element that is stored. The first two inputs are A and
    B. B may be packed in panels: its map then names a loop `n` as
    `n floordiv 32` and `n mod 32`, and columns past the last are zero.

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
                       AffineMapArrayAttr:$indexing_maps, StrArrayAttr:$iterator_types);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    attr-dict `ins` `(` $inputs `:` type($inputs) `)` `outs` `(` $init `:` type($init) `)` $epilogue
    (`->` type($outputs)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    ::llvm::SmallVector<::mlir::AffineMap> maps() {
      return ::llvm::to_vector(getIndexingMaps().getAsValueRange<::mlir::AffineMapAttr>());
    }
    ::llvm::SmallVector<::mlir::utils::IteratorType> iterators();
    /// True when B is packed in panels along the loop that this returns.
    std::optional<unsigned> packedLoop();
  }];
}

def Cpu_YieldOp : Op<Cpu_Dialect, "yield", [Pure, ReturnLike, Terminator]> {
  let summary = "End of an epilogue: the element to store";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "attr-dict $value `:` type($value)";
}

#endif
