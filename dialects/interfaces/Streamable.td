// How an op moves along an axis that time runs along.
#ifndef BRISK_DIALECTS_INTERFACES_STREAMABLE_TD
#define BRISK_DIALECTS_INTERFACES_STREAMABLE_TD

include "mlir/IR/OpBase.td"

def StreamableInterface : OpInterface<"StreamableInterface"> {
  let description = [{
    What an op does along axes beyond coupling slices of operands and results:
    windows over frames, states carried from frame to frame (see Frames.h). Ask
    `brisk::coupleFrames(op, ...)`, which also knows the slices that ops couple.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<"Says which frames are made of which.", "void", "coupleFrames",
                    (ins "::brisk::FrameCoupling &":$frames)>,
    InterfaceMethod<[{
        Operand 0 has other frames along `axis` than before: with all those in front that the results look back at.
        Brings attributes and constant operands in line, so that the results, of these dims (open ones:
        ShapedType::kDynamic), are the frames all of whose operands are there: no padding along the axis, sizes stated anew.
      }], "void", "keepFrames",
      (ins "::mlir::OpBuilder &":$builder, "int64_t":$axis, "::llvm::ArrayRef<::llvm::SmallVector<int64_t>>":$dims),
      "", [{ return; }]>,
  ];
}

#endif
