// What a machine can do: the description that decisions are taken from.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/machine/Machine.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>

using namespace mlir;
using namespace brisk;
using namespace brisk::machine;
namespace json = llvm::json;

#include "dialects/machine/Machine.Dialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/machine/Machine.Attrs.cpp.inc"

void MachineDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/machine/Machine.Attrs.cpp.inc"
      >();
}

void brisk::registerMachineDialect(DialectRegistry &registry) { registry.insert<MachineDialect>(); }

Description::Description() {
  isas = {{"generic", 256, {{"f32", 50}}}};
  memory = {{"L1", 32 << 10, 150}, {"L2", 1 << 20, 60}, {"L3", 16 << 20, 25}, {"memory", 0, 12}};
#define BRISK_MACHINE_NUMBER(group, key, value, help) group##s[#key] = value;
#include "dialects/machine/Numbers.def"
}

const Isa *Description::isa(StringRef wanted) const {
  for (const Isa &isa : llvm::reverse(isas))
    if (wanted.empty() || wanted == "native" || wanted == isa.name)
      return &isa;
  return nullptr;
}

double Description::computeRate(const Isa &isa, StringRef dtype) const {
  auto found = isa.compute.find(dtype.str());
  if (found != isa.compute.end())
    return found->second;
  auto base = isa.compute.find("f32");
  double f32 = base == isa.compute.end() ? 50 : base->second;
  return dtype == "f64" ? f32 / 2 : f32;
}

//===--- JSON ------------------------------------------------------------------------===//

namespace {

/// Reads one object: every key must be taken, the first mistake is kept.
class Reader {
public:
  Reader(const json::Value &value, std::string where, std::string &problem) : where(std::move(where)), problem(problem) {
    object = value.getAsObject();
    if (!object)
      fail("expects an object");
  }
  ~Reader() {
    if (!object)
      return;
    for (auto &entry : *object)
      if (!llvm::is_contained(taken, entry.first.str()))
        fail("unknown key '" + entry.first.str() + "'");
  }
  void fail(const std::string &what) {
    if (problem.empty())
      problem = (where.empty() ? "" : where + ": ") + what;
  }
  const json::Value *take(StringRef key) {
    taken.push_back(key.str());
    return object ? object->get(key) : nullptr;
  }
  void text(StringRef key, std::string &to) {
    if (const json::Value *value = take(key)) {
      if (auto read = value->getAsString())
        to = read->str();
      else
        fail("'" + key.str() + "' expects a string");
    }
  }
  /// A positive number; `zero`: or 0.
  void number(StringRef key, double &to, bool zero = false) {
    const json::Value *value = take(key);
    if (!value)
      return;
    auto read = value->getAsNumber();
    if (!read || !std::isfinite(*read) || *read < 0 || (*read == 0 && !zero))
      fail("'" + key.str() + "' expects a " + (zero ? "number from 0 up" : "positive number"));
    else
      to = *read;
  }
  void count(StringRef key, int64_t &to, int64_t most) {
    double read = static_cast<double>(to);
    number(key, read);
    if (read != std::floor(read) || read > static_cast<double>(most))
      fail("'" + key.str() + "' expects a whole number of at most " + std::to_string(most));
    else
      to = static_cast<int64_t>(read);
  }
  template <typename Body> void list(StringRef key, Body body) {
    const json::Value *value = take(key);
    if (!value)
      return;
    const json::Array *array = value->getAsArray();
    if (!array || array->empty())
      return fail("'" + key.str() + "' expects a list that is not empty");
    for (auto [i, element] : llvm::enumerate(*array)) {
      Reader inner(element, (where.empty() ? "" : where + ".") + key.str() + "[" + std::to_string(i) + "]", problem);
      body(inner);
    }
  }
  template <typename Body> void inside(StringRef key, Body body) {
    if (const json::Value *value = take(key)) {
      Reader inner(*value, (where.empty() ? "" : where + ".") + key.str(), problem);
      body(inner);
    }
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> result;
    if (object)
      for (auto &entry : *object)
        result.push_back(entry.first.str());
    return result;
  }

private:
  const json::Object *object = nullptr;
  std::string where;
  std::string &problem;
  std::vector<std::string> taken;
};

/// JSON of attributes and back: objects are dictionaries, lists are arrays.
json::Value fromPlain(Attribute attribute) {
  return llvm::TypeSwitch<Attribute, json::Value>(attribute)
      .Case<DictionaryAttr>([](DictionaryAttr dictionary) {
        json::Object object;
        for (NamedAttribute entry : dictionary)
          object[entry.getName().getValue()] = fromPlain(entry.getValue());
        return object;
      })
      .Case<ArrayAttr>([](ArrayAttr array) {
        json::Array list;
        for (Attribute element : array)
          list.push_back(fromPlain(element));
        return list;
      })
      .Case<StringAttr>([](StringAttr text) { return json::Value(text.getValue()); })
      .Case<IntegerAttr>([](IntegerAttr number) { return json::Value(number.getValue().getSExtValue()); })
      .Case<FloatAttr>([](FloatAttr number) { return json::Value(number.getValueAsDouble()); })
      .Default([](Attribute) { return json::Value(nullptr); });
}

Attribute toPlain(Builder &b, const json::Value &value) {
  if (const json::Object *object = value.getAsObject()) {
    SmallVector<NamedAttribute> entries;
    for (auto &entry : *object)
      entries.push_back(b.getNamedAttr(StringRef(entry.first), toPlain(b, entry.second)));
    return b.getDictionaryAttr(entries);
  }
  if (const json::Array *array = value.getAsArray()) {
    SmallVector<Attribute> elements;
    for (const json::Value &element : *array)
      elements.push_back(toPlain(b, element));
    return b.getArrayAttr(elements);
  }
  if (auto number = value.getAsInteger())
    return b.getI64IntegerAttr(*number);
  if (auto number = value.getAsNumber())
    return b.getF64FloatAttr(*number);
  return b.getStringAttr(value.getAsString().value_or(""));
}

} // namespace

llvm::Expected<Description> Description::fromJson(const json::Value &value) {
  Description result;
  std::string problem;
  {
    Reader reader(value, "", problem);
    reader.text("name", result.name);
    reader.count("threads", result.threads, 4096);
    bool first = true;
    reader.list("isas", [&](Reader &inner) {
      if (std::exchange(first, false))
        result.isas.clear();
      Isa &isa = result.isas.emplace_back();
      inner.text("name", isa.name);
      inner.count("vector_bits", isa.vectorBits, 1 << 16);
      if (isa.name.empty())
        inner.fail("expects a name");
      if (isa.vectorBits < 64)
        inner.fail("'vector_bits' expects at least 64");
      inner.inside("compute", [&](Reader &speeds) {
        for (const std::string &dtype : speeds.keys())
          if (llvm::is_contained({"f64", "f32", "f16", "bf16", "i8", "i16", "i32"}, dtype))
            speeds.number(dtype, isa.compute[dtype]);
      });
    });
    first = true;
    reader.list("memory", [&](Reader &inner) {
      if (std::exchange(first, false))
        result.memory.clear();
      MemoryLevel &level = result.memory.emplace_back();
      inner.text("name", level.name);
      inner.number("bytes", level.bytes, true);
      inner.number("gb_per_s", level.gbPerS);
      if (level.gbPerS == 0)
        inner.fail("expects 'gb_per_s'");
      if (size_t levels = result.memory.size(); levels > 1 && result.memory[levels - 2].bytes == 0)
        inner.fail("follows a level without end");
      else if (levels > 1 && level.bytes && level.bytes < result.memory[levels - 2].bytes)
        inner.fail("is smaller than the level before it");
    });
    if (result.memory.back().bytes != 0)
      reader.fail("'memory' expects a last level without 'bytes'");
#define BRISK_MACHINE_NUMBER(group, key, value, help)                                                                  \
  names_##group.push_back(#key);
    std::vector<std::string> names_rate, names_overhead, names_scale;
#include "dialects/machine/Numbers.def"
    auto numbers = [&](StringRef group, const std::vector<std::string> &names, std::map<std::string, double> &to,
                       bool zero) {
      reader.inside(group, [&](Reader &inner) {
        for (const std::string &name : names)
          inner.number(name, to[name], zero);
      });
    };
    numbers("rates", names_rate, result.rates, false);
    numbers("overheads", names_overhead, result.overheads, true);
    numbers("scales", names_scale, result.scales, false);
  }
  if (!problem.empty())
    return llvm::createStringError(problem);
  return result;
}

llvm::Expected<Description> Description::read(StringRef path) {
  auto fail = [&](const std::string &what) { return llvm::createStringError(path.str() + ": " + what); };
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return fail(buffer.getError().message());
  auto value = json::parse((*buffer)->getBuffer());
  if (!value)
    return fail(StringRef(llvm::toString(value.takeError())).split('\n').first.str());
  auto description = fromJson(*value);
  if (!description)
    return fail(llvm::toString(description.takeError()));
  return description;
}

json::Value Description::toJson() const {
  auto table = [](const std::map<std::string, double> &numbers) {
    json::Object object;
    for (auto &[key, value] : numbers)
      object[key] = value;
    return object;
  };
  json::Array isaList, levels;
  for (const Isa &isa : isas)
    isaList.push_back(json::Object{{"name", isa.name}, {"vector_bits", isa.vectorBits}, {"compute", table(isa.compute)}});
  for (const MemoryLevel &level : memory) {
    json::Object object{{"name", level.name}, {"gb_per_s", level.gbPerS}};
    if (level.bytes)
      object["bytes"] = level.bytes;
    levels.push_back(std::move(object));
  }
  return json::Object{{"name", name},           {"threads", threads},           {"isas", std::move(isaList)},
                      {"memory", std::move(levels)}, {"rates", table(rates)},       {"overheads", table(overheads)},
                      {"scales", table(scales)}};
}

std::string Description::text() const {
  std::string result;
  llvm::raw_string_ostream(result) << llvm::formatv("{0:2}\n", toJson());
  return result;
}

//===--- the attribute ----------------------------------------------------------------===//

DescAttr Description::toAttribute(MLIRContext *context) const {
  Builder b(context);
  return DescAttr::get(context, cast<DictionaryAttr>(toPlain(b, toJson())));
}

llvm::Expected<Description> Description::fromAttribute(DescAttr attribute) {
  return fromJson(fromPlain(attribute.getFields()));
}

LogicalResult DescAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, DictionaryAttr fields) {
  auto description = Description::fromJson(fromPlain(fields));
  if (description)
    return success();
  return emitError() << "machine description: " << llvm::toString(description.takeError());
}
