// Structured ops that map each result of a reduction before it is stored.
#ifndef BRISK_TARGETS_CPU_IR_EPILOGUE_TD
#define BRISK_TARGETS_CPU_IR_EPILOGUE_TD

include "mlir/IR/OpBase.td"

def EpilogueOpInterface : OpInterface<"EpilogueOpInterface"> {
  let description = [{
    An op in destination style over loops (`indexing_maps`, one per operand, and
    `iterator_types`) whose region `epilogue` takes what the reduction gave and
    the elements of the inputs that the reduction does not read, and yields the
    element to store. More work on the result may be moved into that region.
  }];
  let cppNamespace = "::brisk::cpu";
  let methods = [
    InterfaceMethod<"The first inputs, which only the reduction reads.", "unsigned", "getNumFactors">,
    InterfaceMethod<"", "::mlir::Region &", "getEpilogue">,
    InterfaceMethod<"One map per operand.", "::llvm::SmallVector<::mlir::AffineMap>", "maps", (ins), "", [{
      auto all = $_op->template getAttrOfType<::mlir::ArrayAttr>("indexing_maps");
      return ::llvm::to_vector(all.template getAsValueRange<::mlir::AffineMapAttr>());
    }]>,
    InterfaceMethod<"", "::llvm::SmallVector<::mlir::utils::IteratorType>", "iterators", (ins), "", [{
      ::llvm::SmallVector<::mlir::utils::IteratorType> types;
      auto all = $_op->template getAttrOfType<::mlir::ArrayAttr>("iterator_types");
      for (::llvm::StringRef name : all.template getAsValueRange<::mlir::StringAttr>())
        types.push_back(name == "parallel" ? ::mlir::utils::IteratorType::parallel
                                           : ::mlir::utils::IteratorType::reduction);
      return types;
    }]>,
  ];
}

#endif
