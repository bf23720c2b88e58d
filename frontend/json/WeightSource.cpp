// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/WeightSource.h"
#include "frontend/json/Elements.h"
#include "frontend/json/NestedNumbers.h"
#include "ir/ConstantData.h"
#include "ir/ConstantTable.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace mlir;
using namespace dlc::json;

RulePtr dlc::json::getWeightsRule() {
  static const RulePtr rule = [] {
    std::string title = "a .safetensors file, an initializer's name or an object of numbers";
    RulePtr initializerName = getInitializerRule()->alternatives.front();
    return either({stringEndingIn(".safetensors", title), choice(initializerName->choices, title),
                   mapOf(either({mapOf(anything()), number(), list(anything())},
                                "an object of a layer's parameters, or nested lists of numbers"))},
                  title);
  }();
  return rule;
}

WeightSource::WeightSource(const JsonValue &model, StringRef modelPath, Reporter &reporter)
    : reporter(reporter), context(reporter.getContext()) {
  // Values that break their rules have been reported.
  if (const JsonValue *value = model.find("seed"))
    seed = static_cast<uint64_t>(value->integer);
  if (const JsonValue *value = model.find("initializer"); value && isValid(*getInitializerRule(), *value))
    initializer = Initializer::parse(*value);
  const JsonValue *weights = model.find("weights");
  if (!weights || !isValid(*getWeightsRule(), *weights))
    return;
  if (weights->isObject())
    inlined = weights;
  else if (StringRef(weights->string).ends_with(".safetensors"))
    openFile(*weights, modelPath);
  else // What is left is an initializer's name.
    initializer = Initializer::parse(*weights);
}

void WeightSource::openFile(const JsonValue &path, StringRef modelPath) {
  namespace fs = llvm::sys::path;
  filePath = path.string;
  auto leaves = [&] {
    return reporter.error(path.position, "weights file '" + path.string + "' must be in the model's folder");
  };
  if (fs::is_absolute(path.string) ||
      llvm::is_contained(llvm::make_range(fs::begin(path.string), fs::end(path.string)), ".."))
    return leaves();
  StringRef folder = fs::parent_path(modelPath);
  SmallString<256> joined(folder), realFolder, realFile;
  fs::append(joined, path.string);
  if (std::error_code error = llvm::sys::fs::real_path(joined, realFile))
    return reporter.error(path.position, "cannot read weights file '" + path.string + "': " + error.message());
  // A symbolic link may lead out of the folder, too.
  if (std::error_code error = llvm::sys::fs::real_path(folder.empty() ? "." : folder, realFolder))
    return reporter.error(path.position, "cannot read the model's folder: " + error.message());
  if (!StringRef(realFile).starts_with((realFolder + (realFolder == "/" ? "" : "/")).str()))
    return leaves();
  if (llvm::sys::fs::is_directory(realFile))
    return reporter.error(path.position, "weights file '" + path.string + "' is a folder");
  file = Safetensors::open(joined, context);
  if (!file)
    reporter.error(path.position, "weights file '" + path.string + "' cannot be used");
}

ElementsAttr WeightSource::keep(const ParameterRequest &request, std::vector<char> bytes) {
  auto owner = std::make_shared<std::vector<char>>(std::move(bytes));
  ConstantTable::get(context).addMemory(*owner, owner);
  return borrowConstant(request.type, *owner, request.getName());
}

/// Elements of a row-major tensor of `shape` in the order of one whose dimension i is dimension `order[i]` of it.
static std::vector<char> permute(ArrayRef<char> source, ArrayRef<int64_t> shape, ArrayRef<int64_t> order, size_t size) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  std::vector<char> result(source.size());
  SmallVector<int64_t> index(order.size(), 0);
  for (size_t at = 0; at < result.size(); at += size) {
    int64_t offset = 0;
    for (size_t i = 0; i < order.size(); ++i)
      offset += index[i] * strides[order[i]];
    memcpy(&result[at], &source[offset * size], size);
    for (size_t i = order.size(); i-- > 0;) {
      if (++index[i] < shape[order[i]])
        break;
      index[i] = 0;
    }
  }
  return result;
}

/// The shape that a request's tensor has under `role`.
static SmallVector<int64_t> getGivenShape(const ParameterRequest &request, StringRef role) {
  SmallVector<int64_t> shape(request.type.getShape());
  if (role == "kernel" && !request.kernelOrder.empty())
    for (size_t i = 0; i < shape.size(); ++i)
      shape[request.kernelOrder[i]] = request.type.getDimSize(i);
  return shape;
}

ElementsAttr WeightSource::fromText(const ParameterRequest &request, const JsonValue &value, StringRef role) {
  SmallVector<int64_t> shape = getGivenShape(request, role);
  std::string what = "'" + role.str() + "' of " + request.label;
  std::optional<std::vector<char>> bytes =
      readNestedNumbers(value, shape, request.type.getElementType(), what, reporter);
  if (!bytes)
    return {};
  if (role == "kernel" && !request.kernelOrder.empty())
    bytes = permute(*bytes, shape, request.kernelOrder, getElementSize(request.type.getElementType()));
  return keep(request, std::move(*bytes));
}

ElementsAttr WeightSource::fromFile(const ParameterRequest &request, const Safetensors::Tensor &tensor,
                                    StringRef role) {
  SmallVector<int64_t> shape = getGivenShape(request, role);
  auto expected = RankedTensorType::get(shape, request.type.getElementType());
  if (tensor.type != expected) {
    auto describe = [](RankedTensorType type) {
      return "shape " + formatShape(type.getShape()) + " and type " + getElementTypeName(type.getElementType());
    };
    reporter.error(request.position, request.label + " needs '" + request.getName() + "' of " + describe(expected) +
                                         ", but '" + filePath + "' holds " + describe(tensor.type));
    return {};
  }
  if (role == "kernel" && !request.kernelOrder.empty())
    return keep(request, permute(tensor.bytes, shape, request.kernelOrder, getElementSize(expected.getElementType())));
  return borrowConstant(request.type, tensor.bytes, request.getName());
}

/// Whether an element of the integer type `type` can be `value`.
static bool canHold(Type type, double value) {
  char element[8];
  // Beyond this a conversion to int64_t is undefined.
  return std::trunc(value) == value && std::abs(value) < 0x1p63 &&
         storeInteger(static_cast<int64_t>(value), type, element);
}

/// Values that are generated, not mapped from a file, take memory of the compiler.
static constexpr uint64_t maxMadeBytes = 4ull << 30;

ElementsAttr WeightSource::get(const ParameterRequest &request, DictionaryAttr *distribution) {
  std::optional<uint64_t> byteCount = getByteCount(request.type.getShape(), request.type.getElementType());
  if (!byteCount || (!file && *byteCount > maxMadeBytes)) {
    reporter.error(request.position, request.label + ": parameter '" + request.role + "' of shape " +
                                         formatShape(request.type.getShape()) + " is too large" +
                                         (byteCount ? " to be generated: give its weights in a file" : ""));
    return {};
  }
  if (request.value)
    return fromText(request, *request.value, "value");
  SmallVector<StringRef, 4> roles = {request.role};
  roles.append(request.otherRoles);
  if (!request.kernelOrder.empty())
    roles.push_back("kernel");

  if (inlined) {
    const JsonValue *owner = request.owner.empty() ? inlined : inlined->find(request.owner);
    used.insert(request.owner);
    for (StringRef role : roles)
      if (const JsonValue *value = owner ? owner->find(role) : nullptr) {
        used.insert(request.owner.empty() ? role.str() : request.owner + "." + role.str());
        return fromText(request, *value, role);
      }
    if (owner && !request.owner.empty() && !request.isInitializerGiven) {
      reporter.error(owner->position, "weights of " + request.label + " lack '" + request.role + "' of shape " +
                                          formatShape(request.type.getShape()));
      return {};
    }
  }
  if (file) {
    for (StringRef role : roles)
      if (auto *tensor = file->find(request.owner.empty() ? role.str() : request.owner + "." + role.str()))
        return fromFile(request, *tensor, role);
    if (!request.isInitializerGiven) {
      SmallVector<StringRef> names = file->getNames();
      reporter.error(request.position, "weights file '" + filePath + "' has no tensor '" + request.getName() +
                                           "' for " + request.label + suggest(request.getName(), names));
      return {};
    }
  } else if (!filePath.empty()) {
    return {}; // The file could not be read, which has been reported.
  }

  if (request.initializer.isRandom() && !isa<FloatType>(request.type.getElementType())) {
    reporter.error(request.position, request.label + ": parameter '" + request.role + "' of type " +
                                         getElementTypeName(request.type.getElementType()) +
                                         " cannot have random initial values");
    return {};
  }
  if (!isa<FloatType>(request.type.getElementType()) &&
      !canHold(request.type.getElementType(), request.initializer.first)) {
    char value[32];
    snprintf(value, sizeof(value), "%.9g", request.initializer.first);
    reporter.error(request.position, request.label + ": parameter '" + request.role + "' of type " +
                                         getElementTypeName(request.type.getElementType()) +
                                         " cannot have the initial value " + value);
    return {};
  }
  if (distribution) {
    *distribution = describeInitializer(request.initializer, request.type, request.isTransposed);
    if (*distribution)
      return {};
    // One number for all elements.
    Type elementType = request.type.getElementType();
    if (auto floatType = dyn_cast<FloatType>(elementType))
      return DenseElementsAttr::get(request.type, FloatAttr::get(floatType, request.initializer.first).getValue());
  }
  std::vector<char> bytes(*byteCount);
  initialize(request.initializer, request.type, request.isTransposed, seed, request.getName(), bytes);
  return keep(request, std::move(bytes));
}

RankedTensorType WeightSource::getTypeOf(StringRef name) {
  if (file)
    if (const Safetensors::Tensor *tensor = file->find(name))
      return tensor->type;
  if (inlined)
    if (const JsonValue *value = inlined->find(name); value && !value->isObject())
      return RankedTensorType::get(getNestedShape(*value), Float32Type::get(context));
  return {};
}

SmallVector<StringRef> WeightSource::getNames() const {
  SmallVector<StringRef> names;
  if (file)
    names = file->getNames();
  if (inlined)
    for (const Member &member : inlined->members)
      names.push_back(member.key);
  return names;
}

void WeightSource::reportUnused(ArrayRef<StringRef> owners) {
  if (!inlined)
    return;
  for (const Member &member : inlined->members) {
    if (!used.contains(member.key)) {
      reporter.error(member.position,
                     "weights are given for '" + member.key + "', which " +
                         (llvm::is_contained(owners, member.key) ? "has none" : "the model does not have") +
                         suggest(member.key, owners));
      continue;
    }
    for (const Member &role : member.value.members)
      if (!used.contains(member.key + "." + role.key))
        reporter.error(role.position, "'" + member.key + "' has no parameter '" + role.key + "'");
  }
}
