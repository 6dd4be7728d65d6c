// Fusion of structured ops.
#ifndef BRISK_PASSES_FUSE_PASSES_TD
#define BRISK_PASSES_FUSE_PASSES_TD

include "mlir/Pass/PassBase.td"

def FuseElementwise : Pass<"fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "Fuse chains of elementwise structured ops into one loop nest";
  let description = [{
    A producer is fused into its consumer when the consumer is its only user, or
    when computing it again costs less than storing it (no division, no
    transcendental function, few inputs). Transposes and broadcasts fuse as indexing maps.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::affine::AffineDialect"];
}

#endif
