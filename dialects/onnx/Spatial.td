// Ops whose window slides over spatial axes.
#ifndef BRISK_DIALECTS_ONNX_SPATIAL_TD
#define BRISK_DIALECTS_ONNX_SPATIAL_TD

include "dialects/onnx/Base.td"

// First operand and first result are activations N x C x D1 x D2..., or with the unit attribute
// `channels_last` (Brisk's own, set by the layout pass) N x D1 x D2... x C.
class Onnx_Spatial<string mnemonic, list<Trait> traits = []>
    : Onnx_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<PermuteInterface, ["preferredPermutation"]>],
                                    traits)> {
  let extraClassDefinition = [{
    ::llvm::SmallVector<int64_t> $cppClass::preferredPermutation() {
      return ::brisk::onnx::preferredSpatialPermutation(*this);
    }
    std::optional<::llvm::SmallVector<unsigned>> $cppClass::permutableOperands(::llvm::ArrayRef<int64_t> permutation) {
      return ::brisk::onnx::spatialPermutableOperands(*this, permutation);
    }
    void $cppClass::permute(::mlir::OpBuilder &builder, ::llvm::ArrayRef<int64_t>) {
      ::brisk::onnx::permuteSpatial(*this, builder);
    }
  }];
}

// The same layouts, but the op follows its operand: it carries no work that wants one of them.
class Onnx_ChannelWise<string mnemonic, list<Trait> traits = []>
    : Onnx_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<PermuteInterface>], traits)> {
  let extraClassDefinition = [{
    std::optional<::llvm::SmallVector<unsigned>> $cppClass::permutableOperands(::llvm::ArrayRef<int64_t> permutation) {
      return ::brisk::onnx::spatialPermutableOperands(*this, permutation);
    }
    void $cppClass::permute(::mlir::OpBuilder &builder, ::llvm::ArrayRef<int64_t>) {
      ::brisk::onnx::permuteSpatial(*this, builder);
    }
  }];
}

#endif
