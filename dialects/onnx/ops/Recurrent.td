// Recurrent networks.
include "dialects/onnx/Base.td"

// Arguments that all have, in ONNX's order of inputs.
class Onnx_Recurrent<string mnemonic, dag operands, dag attributes, list<Trait> traits = [QuantizedSum, Onnx_Frames<>],
                     dag factors = (ins AnyTensor:$X, AnyTensor:$W, AnyTensor:$R)>
    : Onnx_Op<mnemonic, !listconcat([Pure], traits)> {
  let arguments = !con(factors, (ins Onnx_Value:$B, Onnx_Value:$sequence_lens, Onnx_Value:$initial_h), operands,
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

// Their integer forms; no ONNX file has them.
class Onnx_ByteRecurrent<string mnemonic, dag operands, dag attributes>
    : Onnx_Recurrent<"brisk.Byte" # mnemonic, operands, attributes, [],
                     (ins AnyTensor:$projected, AnyTensor:$R_scale, AnyTensor:$R)> {
  let summary = mnemonic # " whose states are multiplied as bytes";
  let description = [{
    `projected` holds the products of X and W of all directions and gates in
    its last axis, in place of X's inputs. R is signed, with a scale for each
    row (directions x rows). States, which lie within -1 and 1 or the bounds of
    the initial ones, are rounded to signed bytes before each product.
  }];
}
def Onnx_ByteLSTMOp : Onnx_ByteRecurrent<"LSTM", (ins Onnx_Value:$initial_c, Onnx_Value:$P),
                                         (ins DefaultValuedAttr<I64Attr, "0">:$input_forget)>;
def Onnx_ByteGRUOp : Onnx_ByteRecurrent<"GRU", (ins), (ins DefaultValuedAttr<I64Attr, "0">:$linear_before_reset)>;
def Onnx_ByteRNNOp : Onnx_ByteRecurrent<"RNN", (ins), (ins)>;

def Onnx_DynamicQuantizeLSTMOp
    : Onnx_Recurrent<"ms.DynamicQuantizeLSTM",
                     (ins Onnx_Value:$initial_c, Onnx_Value:$P, AnyTensor:$W_scale, AnyTensor:$W_zero_point,
                          AnyTensor:$R_scale, AnyTensor:$R_zero_point),
                     (ins DefaultValuedAttr<I64Attr, "0">:$input_forget), [Composite]> {
  let summary = "LSTM of weights in bytes, X as its data quantizes it (com.microsoft DynamicQuantizeLSTM)";
  let description = [{
    W and R have the outputs of the gates in their last axis, scales and zero
    points for each direction or for each output as well.
  }];
}
