// What the kernels of a program do, whatever the machine.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/cost/Facts.h"

#include "dialects/interfaces/Products.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <map>

using namespace mlir;
using namespace brisk::cost;

namespace {

//===--- locations -----------------------------------------------------------------===//

void collectNames(Location loc, SmallVectorImpl<std::string> &names) {
  if (auto name = dyn_cast<NameLoc>(loc)) {
    if (!llvm::is_contained(names, name.getName().str()))
      names.push_back(name.getName().str());
  } else if (auto fused = dyn_cast<FusedLoc>(loc)) {
    for (Location part : fused.getLocations())
      collectNames(part, names);
  } else if (auto call = dyn_cast<CallSiteLoc>(loc)) {
    collectNames(call.getCaller(), names);
  }
}

std::string namesOf(Location loc) {
  SmallVector<std::string> names;
  collectNames(loc, names);
  return llvm::join(names, "+");
}

//===--- bodies --------------------------------------------------------------------===//

/// Instructions of the polynomial that a function becomes; 0 where it has an instruction, -1 where a library has it.
double instructionsOf(Operation &op) {
  return llvm::StringSwitch<double>(op.getName().stripDialect())
      .Cases({"absf", "absi", "copysign", "fma", "floor", "ceil", "trunc"}, 0)
      .Cases({"exp", "exp2"}, 14)
      .Case("expm1", 20)
      .Cases({"log", "log2", "log1p", "log10"}, 32)
      .Case("tanh", 12)
      .Case("erf", 12)
      .Cases({"sin", "cos"}, 32)
      .Cases({"powf", "fpowi"}, 50)
      .Default(-1);
}

BodyFacts bodyOf(Block &block) {
  BodyFacts facts;
  block.walk([&](Operation *inner) {
    Operation &op = *inner;
    if (isa<linalg::IndexOp>(op)) {
      facts.usesIndex = true;
      return;
    }
    if (op.hasTrait<OpTrait::ConstantLike>() || op.hasTrait<OpTrait::IsTerminator>())
      return;
    // A comparison that picks one of two is one instruction with the choice: the larger, the smaller.
    if (isa<arith::CmpFOp, arith::CmpIOp>(op) && llvm::all_of(op.getUsers(), llvm::IsaPred<arith::SelectOp>))
      return;
    if (isa<memref::LoadOp, tensor::ExtractOp>(op)) {
      auto index = op.getOperands().back().getDefiningOp<linalg::IndexOp>();
      if (op.getNumOperands() > 1 && index)
        facts.runs.push_back(index.getDim());
      else
        ++facts.loads;
      return;
    }
    if (op.getNumRegions() || !OpTrait::hasElementwiseMappableTraits(&op))
      facts.vectorizable = false;
    bool wide = llvm::any_of(op.getResultTypes(), [](Type type) { return type.isF64(); });
    for (Type type : op.getResultTypes())
      if (isa<FloatType>(type) || type.isInteger(32))
        facts.widest = std::max<int64_t>(facts.widest, type.getIntOrFloatBitWidth());
    if (isa<arith::DivFOp, math::SqrtOp, math::RsqrtOp>(op)) {
      ++facts.divides;
    } else if (isa<math::MathDialect>(op.getDialect()) && !isa<math::RoundEvenOp>(op)) {
      double count = instructionsOf(op);
      if (count < 0 || (count > 0 && wide))
        ++facts.library;
      else if (count > 0)
        facts.functions += count;
      else
        ++facts.simple;
    } else if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp,
                   arith::CeilDivSIOp, arith::CeilDivUIOp>(op)) {
      facts.library += 0.25;
    } else if (isa<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(op)) {
      // Widening what was loaded is mostly part of the load, or shared by many points.
      facts.converts += 0.25;
    } else if (isa<CastOpInterface, math::RoundEvenOp>(op)) {
      ++facts.converts;
    } else {
      // NaN goes its own way through the larger and the smaller of two.
      facts.simple += isa<arith::MaximumFOp, arith::MinimumFOp>(op) ? 3 : 1;
    }
  });
  Value result = block.getTerminator()->getNumOperands() ? block.getTerminator()->getOperand(0) : Value();
  Operation *sum = result ? result.getDefiningOp() : nullptr;
  if (sum && isa<arith::AddFOp, arith::AddIOp>(sum))
    facts.multiplies = llvm::any_of(sum->getOperands(), [](Value value) {
      return isa_and_nonnull<arith::MulFOp, arith::MulIOp>(value.getDefiningOp());
    });
  if (facts.multiplies)
    --facts.simple; // one instruction
  return facts;
}

//===--- operands ------------------------------------------------------------------===//

bool addLinear(AffineExpr expr, double scale, std::vector<double> &coefficient) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    coefficient[dim.getPosition()] += scale;
    return true;
  }
  if (isa<AffineConstantExpr>(expr))
    return true;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return addLinear(binary.getLHS(), scale, coefficient) && addLinear(binary.getRHS(), scale, coefficient);
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return binary.getKind() == AffineExprKind::Mul && factor &&
         addLinear(binary.getLHS(), scale * factor.getValue(), coefficient);
}

OperandFacts operandOf(Value value, AffineMap map) {
  OperandFacts facts;
  facts.coefficient.assign(map.getNumDims(), 0);
  Type element = getElementTypeOrSelf(value.getType());
  facts.bits = element.isIntOrFloat() ? std::max(8u, element.getIntOrFloatBitWidth()) : 64;
  auto shaped = dyn_cast<ShapedType>(value.getType());
  if (!shaped)
    return facts;
  SmallVector<int64_t> strides;
  int64_t offset;
  auto memref = dyn_cast<MemRefType>(shaped);
  if (!memref || failed(memref.getStridesAndOffset(strides, offset))) {
    strides.assign(shaped.getRank(), 1);
    for (int64_t i = shaped.getRank() - 2; i >= 0; --i)
      strides[i] = strides[i + 1] * std::max<int64_t>(1, shaped.getDimSize(i + 1));
  }
  for (auto [expr, stride] : llvm::zip(map.getResults(), strides))
    facts.linear &= addLinear(expr, ShapedType::isDynamic(stride) ? 1 << 16 : stride, facts.coefficient);
  return facts;
}

//===--- programs ------------------------------------------------------------------===//

class Walker {
public:
  explicit Walker(ModuleOp module) : module(module) {}
  ProgramFacts run(func::FuncOp entry);

private:
  using Arguments = DenseMap<Value, Value>;
  void block(Block &block, double calls, bool repeated, Arguments &arguments);
  void structured(Operation *op, Operation *site, double calls, bool repeated, const Arguments &arguments);
  void describe(Operation *op, Operation *site, KernelFacts &facts);
  double bytesOf(Type type, Location loc);
  void isOpen(const Twine &what) {
    if (!llvm::is_contained(program.open, what.str()))
      program.open.push_back(what.str());
  }
  Value rootOf(Value value, const Arguments &arguments) {
    while (true) {
      if (Value outer = arguments.lookup(value)) {
        value = outer;
        continue;
      }
      Operation *op = value.getDefiningOp();
      auto view = dyn_cast_if_present<ViewLikeOpInterface>(op);
      if (!view)
        return value;
      value = view.getViewSource();
    }
  }

  ModuleOp module;
  ProgramFacts program;
  llvm::DenseMap<std::pair<Operation *, Operation *>, size_t> known; // by structured op and call
  /// A buffer: its bytes and when it was used, in uses of any buffer so far.
  struct Buffer {
    double bytes = 0;
    int64_t first = 0, last = 0;
    bool scratch = false; // written before it is read
  };
  llvm::MapVector<Value, Buffer> buffers;
  double scratchBytes = 0; // of those that are alive at once, at most
  int64_t clock = 0;
  bool recording = false;
  double distanceOf(const Buffer &buffer) const;
  void measureScratch();
};

double Walker::bytesOf(Type type, Location loc) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return 0;
  if (!shaped.hasStaticShape())
    isOpen("the sizes of node '" + namesOf(loc) + "'");
  double count = 1;
  for (int64_t dim : shaped.getShape())
    count *= ShapedType::isDynamic(dim) ? 1 : dim;
  Type element = shaped.getElementType();
  return count * (element.isIntOrFloat() ? std::max(1u, element.getIntOrFloatBitWidth() / 8) : 8);
}

void Walker::describe(Operation *op, Operation *site, KernelFacts &facts) {
  facts.nodes = namesOf(site->getLoc());
  facts.kind = op->getName().stripDialect().str();
  for (NamedAttribute attribute : site->getDiscardableAttrs())
    if (auto index = dyn_cast<IntegerAttr>(attribute.getValue());
        index && attribute.getName().getValue().ends_with(".index"))
      facts.index = index.getInt();
  SmallVector<AffineMap> maps;
  SmallVector<utils::IteratorType> iterators;
  unsigned outputs = 1;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    maps = linalgOp.getIndexingMapsArray();
    iterators = linalgOp.getIteratorTypesArray();
    outputs = linalgOp.getNumDpsInits();
  } else {
    auto products = cast<brisk::ProductsInterface>(op);
    maps = products.maps();
    iterators = products.iterators();
    facts.products = products.sumsProducts();
  }
  for (utils::IteratorType iterator : iterators)
    facts.loops.push_back({1, iterator == utils::IteratorType::parallel});
  for (auto [i, operand] : llvm::enumerate(op->getOperands().take_front(maps.size()))) {
    OperandFacts walked = operandOf(operand, maps[i]);
    walked.output = i + outputs >= maps.size();
    auto shaped = dyn_cast<ShapedType>(operand.getType());
    for (auto [position, expr] : llvm::enumerate(maps[i].getResults())) {
      if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && shaped) {
        int64_t size = shaped.getDimSize(position);
        facts.loops[dim.getPosition()].size = std::max<double>(1, size);
      }
      if (auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
          binary && i == 1 && facts.products && binary.getKind() == AffineExprKind::FloorDiv)
        if (auto dim = dyn_cast<AffineDimExpr>(binary.getLHS()); dim && facts.loops[dim.getPosition()].parallel)
          facts.packed = dim.getPosition();
    }
    facts.operands.push_back(std::move(walked));
  }
  if (facts.packed >= 0) {
    // Along a panel the columns are neighbours.
    facts.operands[1].linear = true;
    facts.operands[1].coefficient[facts.packed] = 1;
  }
  facts.body = bodyOf(op->getRegion(0).front());
  if (op->getNumRegions() > 1)
    facts.epilogue = bodyOf(op->getRegion(1).front());
  Type element = getElementTypeOrSelf(op->getOperand(0).getType());
  llvm::raw_string_ostream(facts.dtype) << element;
}

void Walker::structured(Operation *op, Operation *site, double calls, bool repeated, const Arguments &arguments) {
  auto [at, isNew] = known.try_emplace({op, site}, program.kernels.size());
  if (isNew)
    describe(op, site, program.kernels.emplace_back());
  KernelFacts &facts = program.kernels[at->second];
  double iterations = 1, total = 0;
  for (const Loop &loop : facts.loops)
    iterations *= loop.size;
  struct Use {
    Value root;
    double bytes;
    bool written;
  };
  SmallVector<Use> uses;
  auto use = [&](Value value, double bytes, bool written) {
    Value root = rootOf(value, arguments);
    auto same = llvm::find_if(uses, [&](Use &other) { return other.root == root && other.written == written; });
    if (same != uses.end() && same->bytes >= bytes)
      return;
    uses.push_back({root, bytes, written});
    total += bytes;
  };
  auto destination = cast<DestinationStyleOpInterface>(op);
  for (OpOperand &operand : op->getOpOperands())
    if (isa<ShapedType>(operand.get().getType())) {
      double bytes = std::min(bytesOf(operand.get().getType(), site->getLoc()), iterations * 8);
      use(operand.get(), bytes, destination.isDpsInit(&operand));
    }
  op->walk([&](Operation *load) {
    if (isa<memref::LoadOp, tensor::ExtractOp>(load)) {
      Type type = load->getOperand(0).getType();
      double element = bytesOf(RankedTensorType::get({}, getElementTypeOrSelf(type)), site->getLoc());
      use(load->getOperand(0), std::min(bytesOf(type, site->getLoc()), iterations * element), false);
    }
  });
  for (const Use &each : uses) {
    Buffer &buffer = buffers[each.root];
    if (recording) {
      double distance = distanceOf(buffer) + total;
      // What is written first lies where something that is dead by now lay not long ago.
      if (each.written && buffer.scratch)
        distance = std::min(distance, 2 * total);
      facts.touches.push_back({each.bytes, distance, calls, each.written});
    } else if (buffer.last == 0) {
      buffer.scratch = each.written;
      buffer.first = clock + 1;
    }
    buffer.bytes = std::max(buffer.bytes, each.bytes);
  }
  ++clock;
  for (const Use &each : uses)
    buffers[each.root].last = clock;
  if (recording) {
    facts.calls += calls;
    facts.repeated |= repeated;
  }
}

/// Bytes of other buffers used since the last use of this one. Scratch buffers take each other's place.
double Walker::distanceOf(const Buffer &buffer) const {
  double lasting = 0, scratch = 0;
  for (auto &[root, other] : buffers)
    if (other.last > buffer.last)
      (other.scratch ? scratch : lasting) += other.bytes;
  return lasting + std::min(scratch, scratchBytes);
}

void Walker::measureScratch() {
  std::map<int64_t, double> change; // of bytes alive, by time
  for (auto &[root, buffer] : buffers)
    if (buffer.scratch) {
      change[buffer.first] += buffer.bytes;
      change[buffer.last + 1] -= buffer.bytes;
    }
  double alive = 0;
  for (auto &[time, bytes] : change)
    scratchBytes = std::max(scratchBytes, alive += bytes);
}

void Walker::block(Block &block, double calls, bool repeated, Arguments &arguments) {
  for (Operation &op : block) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (linalgOp || isa<brisk::ProductsInterface>(op)) {
      structured(&op, &op, calls, repeated, arguments);
      continue;
    }
    if (auto call = dyn_cast<func::CallOp>(op)) {
      auto callee = module.lookupSymbol<func::FuncOp>(call.getCallee());
      if (!callee || callee.isExternal())
        continue;
      Arguments inner = arguments;
      for (auto [argument, value] : llvm::zip(callee.getArguments(), call.getOperands()))
        inner[argument] = value;
      callee.walk<WalkOrder::PreOrder>([&](Operation *kernel) {
        if (!isa<linalg::LinalgOp, brisk::ProductsInterface>(kernel))
          return WalkResult::advance();
        structured(kernel, call, calls, repeated, inner);
        return WalkResult::skip();
      });
      continue;
    }
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      auto lower = getConstantIntValue(loop.getLowerBound()), upper = getConstantIntValue(loop.getUpperBound()),
           step = getConstantIntValue(loop.getStep());
      double trips = 1;
      if (lower && upper && step && *step > 0)
        trips = std::max<double>(0, llvm::divideCeil(std::max<int64_t>(0, *upper - *lower), *step));
      else
        isOpen("how often the loop of node '" + namesOf(op.getLoc()) + "' runs");
      if (trips >= 1)
        this->block(*loop.getBody(), calls, repeated || trips > 1, arguments);
      // From the second time on the loop finds what it left.
      if (trips > 1)
        this->block(*loop.getBody(), calls * (trips - 1), true, arguments);
      continue;
    }
    if (isa<scf::WhileOp>(op))
      isOpen("how often the loop of node '" + namesOf(op.getLoc()) + "' runs");
    // Of two branches each is taken half of the time.
    double share = isa<scf::IfOp>(op) && op.getNumRegions() == 2 && !op.getRegion(1).empty() ? 0.5 : 1;
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        this->block(inner, calls * share, repeated, arguments);
    // Whole numbers are addresses, which cost little.
    bool counts = isa<memref::LoadOp, memref::StoreOp>(op) ||
                  (isa<arith::ArithDialect, math::MathDialect>(op.getDialect()) && op.getNumResults() == 1 &&
                   isa<FloatType>(op.getResult(0).getType()));
    if (recording && repeated && counts && !op.hasTrait<OpTrait::ConstantLike>())
      program.hostOperations += calls;
  }
}

ProgramFacts Walker::run(func::FuncOp entry) {
  // Twice: a run finds the caches as the one before left them.
  for (bool record : {false, true}) {
    recording = record;
    Arguments arguments;
    for (Block &inner : entry.getBody())
      block(inner, 1, false, arguments);
    if (!record)
      measureScratch();
  }
  return std::move(program);
}

} // namespace

std::string KernelFacts::key() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << kind << ' ' << dtype << ' ' << products << ' ' << packed << ' ' << calls;
  for (const Loop &loop : loops)
    stream << (loop.parallel ? " p" : " r") << loop.size;
  for (const OperandFacts &operand : operands) {
    stream << (operand.output ? " >" : " <") << operand.bits << (operand.linear ? ":" : "?");
    for (double coefficient : operand.coefficient)
      stream << coefficient << ',';
  }
  for (const BodyFacts *part : {&body, &epilogue})
    stream << ' ' << part->simple << ' ' << part->converts << ' ' << part->divides << ' ' << part->functions << ' ' << part->library << ' '
           << part->loads << ' ' << part->runs.size() << ' ' << part->vectorizable;
  return text;
}

ProgramFacts brisk::cost::factsOf(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isPrivate() && !function.isExternal())
      return Walker(module).run(function);
  return {};
}
