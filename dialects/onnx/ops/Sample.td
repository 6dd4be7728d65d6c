// Ops that read images at computed positions.
include "dialects/onnx/Base.td"

def Onnx_GridSampleOp : Onnx_Op<"GridSample", [Pure, Upgradable]> {
  let summary = "Elements at the positions of a grid in -1 .. 1 (ONNX GridSample, opset 22)";
  let arguments = (ins AnyTensor:$X, AnyTensor:$grid, DefaultValuedAttr<I64Attr, "0">:$align_corners,
                       DefaultValuedAttr<StrAttr, "\"linear\"">:$mode,
                       DefaultValuedAttr<StrAttr, "\"zeros\"">:$padding_mode);
  let results = (outs AnyTensor:$Y);
}

def Onnx_RoiAlignOp : Onnx_Op<"RoiAlign", [Pure, Upgradable]> {
  let summary = "Regions of images pooled to one size (ONNX RoiAlign, opset 22)";
  let arguments = (ins AnyTensor:$X, AnyTensor:$rois, AnyTensor:$batch_indices,
                       DefaultValuedAttr<StrAttr, "\"half_pixel\"">:$coordinate_transformation_mode,
                       DefaultValuedAttr<StrAttr, "\"avg\"">:$mode,
                       DefaultValuedAttr<I64Attr, "1">:$output_height, DefaultValuedAttr<I64Attr, "1">:$output_width,
                       DefaultValuedAttr<I64Attr, "0">:$sampling_ratio,
                       DefaultValuedAttr<F32Attr, "1.0f">:$spatial_scale);
  let results = (outs AnyTensor:$Y);
}

def Onnx_AffineGridOp : Onnx_Op<"AffineGrid", [Pure]> {
  let summary = "The grid of positions that affine maps give (ONNX AffineGrid, opset 20)";
  let arguments = (ins AnyTensor:$theta, AnyTensor:$size, DefaultValuedAttr<I64Attr, "0">:$align_corners);
  let results = (outs AnyTensor:$grid);
}
