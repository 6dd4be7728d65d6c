// Which slices of tensors can only go together.
#ifndef BRISK_DIALECTS_INTERFACES_PRUNABLE_TD
#define BRISK_DIALECTS_INTERFACES_PRUNABLE_TD

include "mlir/IR/OpBase.td"

def PrunableInterface : OpInterface<"PrunableInterface"> {
  let description = [{
    How an op couples slices of its operands and results (see Slices.h): with a
    slice gone, the op computes what it did for those that stay. An axis that an
    op says nothing about is whole. Ask `brisk::coupleSlices(op, ...)`, which also
    knows elementwise ops.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<"Says what goes with what.", "void", "coupleSlices", (ins "::brisk::SliceCoupling &":$slices)>,
    InterfaceMethod<[{
        Slices of operands are gone: brings attributes and constant operands that state sizes in line with results of
        these dims (open ones: ShapedType::kDynamic). New operands are made with `builder`.
      }], "void", "resizeResults",
      (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<::llvm::SmallVector<int64_t>>":$dims), "", [{ return; }]>,
    InterfaceMethod<[{
        Of a product with a weight (QuantizedForm): which elements of its first activation the sum at place `position`
        multiplies (a row-major index over the result's axes but that of channels), in the order of the
        weight's axes but `channelAxis`; -1 for padding. All dims are static. False where the op cannot tell.
      }], "bool", "summands",
      (ins "::llvm::ArrayRef<int64_t>":$input, "::llvm::ArrayRef<int64_t>":$result, "int64_t":$position,
           "::llvm::MutableArrayRef<int64_t>":$places), "", [{ return false; }]>,
  ];
}

#endif
