// Resampling of images.
include "dialects/onnx/Base.td"

def Onnx_ResizeOp : Onnx_Op<"Resize", [Pure, Upgradable, DeclareOpInterfaceMethods<PermuteInterface>, Quantizable,
                                      Onnx_Slices<["resizeResults"]>, Onnx_Frames<["keepFrames"]>]> {
  let summary = "Resamples axes by scales or to sizes (ONNX Resize, opset 19)";
  let description = [{
    Positions and weights are vectors along each resized axis, computed once:
    constants where sizes and scales are. Up to 16 neighbors are combined in one
    loop over the result; more (antialias) go axis by axis.
    Besides the modes of the newest opset, `tf_half_pixel_for_nn` of opset 11 is known.
  }];
  let arguments = (ins AnyTensor:$X, Onnx_Value:$roi, Onnx_Value:$scales, Onnx_Value:$sizes,
                       DefaultValuedAttr<I64Attr, "0">:$antialias, OptionalAttr<DenseI64ArrayAttr>:$axes,
                       DefaultValuedAttr<StrAttr, "\"half_pixel\"">:$coordinate_transformation_mode,
                       DefaultValuedAttr<F32Attr, "-0.75f">:$cubic_coeff_a,
                       DefaultValuedAttr<I64Attr, "0">:$exclude_outside,
                       DefaultValuedAttr<F32Attr, "0.0f">:$extrapolation_value,
                       DefaultValuedAttr<StrAttr, "\"stretch\"">:$keep_aspect_ratio_policy,
                       DefaultValuedAttr<StrAttr, "\"nearest\"">:$mode,
                       DefaultValuedAttr<StrAttr, "\"round_prefer_floor\"">:$nearest_mode);
  let results = (outs AnyTensor:$Y);
  let extraClassDeclaration = [{
    /// The axes that roi, scales and sizes speak of, counted from the front.
    ::llvm::SmallVector<int64_t> resizedAxes();
  }];
}

def Onnx_UpsampleOp : Onnx_LegacyOp<"Upsample"> {
  let summary = "Resize with asymmetric coordinates (ONNX Upsample, opset 9)";
}
