// The HLS target: C++ for high-level synthesis and Verilog, from one schedule.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/Target.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Transforms/Passes.h"
#include "targets/common/Codegen.h"
#include "targets/common/Tools.h"
#include "targets/hls/Emit.h"
#include "targets/hls/Passes.h"

using namespace llvm;
using namespace brisk;
using namespace brisk::hls;

// Resources by the vendor's product tables.
static const Part kParts[] = {{"generic", "", 0, 0, 0},
                              {"xc7z020", "xc7z020clg400-1", 53200, 106400, 220},
                              {"xcvu13p", "xcvu13p-flga2577-2-e", 1728000, 3456000, 12288},
                              {"xcu55c", "xcu55c-fsvh2892-2L-e", 1303680, 2607360, 9024}};

const Part *hls::partOf(StringRef name) {
  if (name.empty() || name == "native")
    name = "xcvu13p";
  for (const Part &part : kParts)
    if (part.name == name)
      return &part;
  return nullptr;
}

std::string hls::partNames() {
  std::string names;
  for (const Part &part : kParts)
    names += (names.empty() ? "" : ", ") + part.name.str();
  return names;
}

/// PART or PART@NSns: the clock of 200 MHz if none is given.
static Expected<std::pair<const Part *, double>> parseMarch(StringRef march) {
  auto [name, clock] = march.split('@');
  const Part *part = partOf(name);
  if (!part)
    return createStringError("unknown --march=" + march + " for the hls target: expects native (xcvu13p), " + partNames() +
                             ", perhaps with a clock cycle, as in xcvu13p@5ns");
  double ns = 5;
  if (march.contains('@') && (!clock.consume_back("ns") || clock.getAsDouble(ns) || !(ns > 0) || ns > 1e6))
    return createStringError("--march=" + march + ": expects a clock cycle such as xcvu13p@5ns");
  return std::pair(part, ns);
}

namespace {

class HlsTarget : public brisk::Target {
public:
  StringRef name() const override { return "hls"; }
  ArrayRef<StringRef> artifacts() const override {
    static const StringRef kinds[] = {"hls", "cpp", "verilog"};
    return kinds;
  }
  LogicalResult checkMarch(StringRef march, std::string &message) const override {
    auto parsed = parseMarch(march);
    if (parsed)
      return success();
    message = toString(parsed.takeError());
    return failure();
  }
  machine::Description describe() const override {
    machine::Description machine;
    machine.name = "fpga";
    return machine;
  }
  void addPasses(mlir::OpPassManager &passes, bool plain) const override {
    passes.addPass(createHlsFormFlow());
    passes.addPass(createHlsFormDesign());
    passes.addPass(mlir::createCSEPass());
  }

  LogicalResult emit(mlir::ModuleOp module, const EmitRequest &request) const override {
    auto march = parseMarch(request.march);
    if (!march)
      return diagnosed(module, march.takeError());
    auto [part, clock] = *march;
    mlir::PassManager passes(module.getContext());
    HlsFormAddersOptions adders;
    adders.share = !request.plain;
    passes.addPass(createHlsFormAdders(adders));
    passes.addPass(mlir::createCSEPass());
    HlsScheduleOptions schedule;
    schedule.clockNs = clock;
    passes.addPass(createHlsSchedule(schedule));
    passes.addPass(createHlsSizeFlow());
    if (failed(passes.run(module)))
      return failure();
    auto flows = module.getOps<FlowOp>();
    if (!flows.empty()) {
      FlowOp flow = *flows.begin();
      FlowNetlist netlist(flow);
      if (failed(checkSize(flow, *part)))
        return failure();
      return diagnosed(module, write(netlist, request, *part));
    }
    auto designs = module.getOps<DesignOp>();
    if (designs.empty())
      return module.emitError("has no design");
    DesignOp design = *designs.begin();
    if (failed(checkSize(design, *part)))
      return failure();
    return diagnosed(module, write(Netlist(design), request, *part));
  }

private:
  /// Whether the part has room, by the model. A part of no size has.
  static LogicalResult checkSize(mlir::Operation *design, const Part &part) {
    struct Resource {
      StringRef key, name;
      int64_t has;
    };
    for (const Resource &resource : {Resource{"luts", "LUTs", part.luts}, {"ffs", "flip-flops", part.ffs}, {"dsps", "DSPs", part.dsps}}) {
      int64_t takes = design->getAttrOfType<mlir::IntegerAttr>(resource.key).getInt();
      if (resource.has && takes > resource.has)
        return design->emitError("the design takes ") << takes << " " << resource.name << " by the model, but " << part.name
                                                      << " has " << resource.has;
    }
    return success();
  }

  template <typename Circuit> static Error write(const Circuit &netlist, const EmitRequest &request, const Part &part) {
    if (request.kind == "verilog")
      return writeFile(request.output, topVerilog(netlist));
    if (request.kind == "cpp") {
      CppFiles files = printCpp(netlist);
      return writeFile(request.output, "// top.h\n" + files.header + "\n// top.cpp\n" + StringRef(files.source).drop_front(sizeof("#include \"top.h\"\n") - 1).str());
    }
    return writeProject(netlist, request.output, request.name, part, request.manifest);
  }
};

} // namespace

namespace brisk {
void registerHlsTarget(TargetRegistry &targets) {
  auto target = std::make_unique<HlsTarget>();
  targets[target->name().str()] = std::move(target);
}
} // namespace brisk
