// How an op behaves when the axes of its tensors are permuted.
#ifndef BRISK_DIALECTS_INTERFACES_PERMUTE_TD
#define BRISK_DIALECTS_INTERFACES_PERMUTE_TD

include "mlir/IR/OpBase.td"

def PermuteInterface : OpInterface<"PermuteInterface"> {
  let description = [{
    An op that can compute on tensors whose axes are permuted: axis i of the
    permuted tensor is axis `permutation[i]` of the original, as in ONNX
    Transpose. The layout pass uses it to keep activations channels-last.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<[{
        Operands that must carry the permutation for the op to produce its
        results of that rank permuted, as a list of operand numbers; nullopt
        when the op cannot follow this permutation. Operands not in the list
        (weights, scalars, shapes) stay as they are.
      }], "std::optional<::llvm::SmallVector<unsigned>>", "permutableOperands",
      (ins "::llvm::ArrayRef<int64_t>":$permutation)>,
    InterfaceMethod<[{
        Changes the op's attributes (and parameter operands, through `builder`)
        so that it computes on permuted operands. The caller has replaced the
        listed operands by permuted ones and sets the results' types afterwards.
      }], "void", "permute", (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<int64_t>":$permutation)>,
    InterfaceMethod<[{
        The layout this op runs best in, as a permutation of its input: set by
        ops that carry the work (convolutions, windows), empty for followers.
      }], "::llvm::SmallVector<int64_t>", "preferredPermutation", (ins), "", [{ return {}; }]>,
  ];
}

#endif
