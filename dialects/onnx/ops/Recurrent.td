// Recurrent networks.
include "dialects/onnx/Base.td"

// Arguments that all have, in ONNX's order of inputs.
class Onnx_Recurrent<string mnemonic, dag operands, dag attributes> : Onnx_Op<mnemonic, [Pure]> {
  let arguments = !con((ins AnyTensor:$X, AnyTensor:$W, AnyTensor:$R, Onnx_Value:$B, Onnx_Value:$sequence_lens,
                            Onnx_Value:$initial_h),
                       operands,
                       (ins OptionalAttr<DenseF32ArrayAttr>:$activation_alpha,
                            OptionalAttr<DenseF32ArrayAttr>:$activation_beta, OptionalAttr<StrArrayAttr>:$activations,
                            OptionalAttr<F32Attr>:$clip, DefaultValuedAttr<StrAttr, "\"forward\"">:$direction,
                            OptionalAttr<I64Attr>:$hidden_size, DefaultValuedAttr<I64Attr, "0">:$layout),
                       attributes);
  let results = (outs Variadic<AnyTensor>:$outputs);
  let description = [{
    Results: Y with every step's hidden state, then the last state of each kind;
    trailing ones may be missing. All steps' products with W are one matrix
    product before the loop over time. Steps beyond a sequence's length leave
    its state alone and give 0 in Y.
  }];
}

def Onnx_LSTMOp : Onnx_Recurrent<"LSTM", (ins Onnx_Value:$initial_c, Onnx_Value:$P),
                                 (ins DefaultValuedAttr<I64Attr, "0">:$input_forget)> {
  let summary = "Long short-term memory, gates i o f c (ONNX LSTM, opset 22)";
}

def Onnx_GRUOp : Onnx_Recurrent<"GRU", (ins), (ins DefaultValuedAttr<I64Attr, "0">:$linear_before_reset)> {
  let summary = "Gated recurrent unit, gates z r h (ONNX GRU, opset 22)";
}

def Onnx_RNNOp : Onnx_Recurrent<"RNN", (ins), (ins)> {
  let summary = "Recurrence of one layer (ONNX RNN, opset 22)";
}
