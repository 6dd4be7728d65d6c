// The npu dialect: calls of the kernels in device/.
#ifndef BRISK_TARGETS_NPU_IR_NPU_TD
#define BRISK_TARGETS_NPU_IR_NPU_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Npu_Dialect : Dialect {
  let name = "npu";
  let cppNamespace = "::brisk::npu";
  let summary = "Calls of the NPU target's kernels";
}

def Npu_KernelOp : Op<Npu_Dialect, "kernel", [DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "A kernel of the table in Kernels.def on whole tensors";
  let description = [{
    `name` is a row of the table; `parameters` are what the kernel is told of sizes
    and constants (the C struct of that name in device/kernels.h, word by word). The
    last operand is written whole, the others are read.

    ```mlir
    %1 = npu.kernel "lookup" ins(%x, %table : tensor<256xi8>, tensor<256xi8>) outs(%0 : tensor<256xi8>)
      {parameters = array<i32: 2, 1, 0, 1, 32, 32, 0, 256, 0>} -> tensor<256xi8>
    ```
  }];
  let arguments = (ins StrAttr:$name, Variadic<AnyShaped>:$inputs, AnyShaped:$init, DenseI32ArrayAttr:$parameters);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let assemblyFormat = [{
    $name `ins` `(` $inputs `:` type($inputs) `)` `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($outputs)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

#endif
