// Fourier transforms and what goes with them.
include "dialects/onnx/Base.td"

def Onnx_DFTOp : Onnx_Op<"DFT", [Pure, Upgradable]> {
  let summary = "Discrete Fourier transform along an axis (ONNX DFT, opset 20)";
  let description = [{
    The last axis holds the real and the imaginary part (or the real part only).
    Computed as a sum over a table of sines, in time n*n along the axis.
  }];
  let arguments = (ins AnyTensor:$input, Onnx_Value:$dft_length, Onnx_Value:$axis,
                       DefaultValuedAttr<I64Attr, "0">:$inverse, DefaultValuedAttr<I64Attr, "0">:$onesided);
  let results = (outs AnyTensor:$output);
}

def Onnx_STFTOp : Onnx_Op<"STFT", [Pure]> {
  let summary = "Fourier transforms of windows of a signal (ONNX STFT, opset 17)";
  let arguments = (ins AnyTensor:$signal, AnyTensor:$frame_step, Onnx_Value:$window, Onnx_Value:$frame_length,
                       DefaultValuedAttr<I64Attr, "1">:$onesided);
  let results = (outs AnyTensor:$output);
}

def Onnx_MelWeightMatrixOp : Onnx_Op<"MelWeightMatrix", [Pure]> {
  let summary = "Weights from a linear to the mel scale of frequencies (ONNX MelWeightMatrix, opset 17)";
  let arguments = (ins AnyTensor:$num_mel_bins, AnyTensor:$dft_length, AnyTensor:$sample_rate,
                       AnyTensor:$lower_edge_hertz, AnyTensor:$upper_edge_hertz,
                       DefaultValuedAttr<I64Attr, "1">:$output_datatype);
  let results = (outs AnyTensor:$output);
}
