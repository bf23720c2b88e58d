// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-reduce/Inspection.h"
#include "frontend/json/ImportJson.h"
#include "frontend/onnx/ImportOnnx.h"
#include "ir/Annotations.h"
#include "ir/SymbolicShapes.h"
#include "ir/TensorDescription.h"
#include "tools/dlc-tune/ChildProcess.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"
#include <fstream>

using namespace mlir;
using namespace dlc;
using namespace dlc::reduce;

/// A line for each tensor: name, element type and extents, separated by tabs.
static void describe(std::string &text, StringRef name, Value value, const SymbolicShapes &shapes) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || name.contains('\t') || name.contains('\n'))
    return;
  text += (name + "\t" + describeType(type.getElementType())).str();
  for (auto [dim, extent] : llvm::enumerate(shapes.getDims(value))) {
    std::string word = (name + "." + Twine(dim)).str();
    if (std::optional<int64_t> known = constantDim(extent))
      word = std::to_string(*known);
    else if (auto symbol = dyn_cast<AffineSymbolExpr>(extent); symbol && !isDerived(extent, shapes.getBounds()))
      word = shapes.getSymbols()[symbol.getPosition()];
    text += "\t" + word;
  }
  text += "\n";
}

static func::FuncOp findEntry(ModuleOp module, StringRef entry) {
  for (StringRef name : {entry, StringRef("run"), StringRef("predict")})
    if (auto function = module.lookupSymbol<func::FuncOp>(name); !name.empty() && function)
      return function;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic())
      return function;
  return nullptr;
}

static llvm::Expected<std::string> describeEntry(const std::string &path, const std::string &entry) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  ScopedDiagnosticHandler silence(&context, [](Diagnostic &) { return success(); });
  bool isJson = llvm::sys::path::extension(path) == ".json";
  FailureOr<ImportedModel> module = isJson ? importJson(path, &context, {}) : importOnnx(path, &context, {});
  if (failed(module))
    return llvm::createStringError("not a model that dlc reads");
  std::string text;
  func::FuncOp function = findEntry(**module, entry);
  if (!function)
    return text;
  FailureOr<SymbolicShapes> shapes = SymbolicShapes::analyze(function);
  if (failed(shapes))
    return text;
  for (BlockArgument argument : function.getArguments())
    if (StringAttr name = annotation::name.getOfArgument(function, argument.getArgNumber()))
      describe(text, name, argument, *shapes);
  for (auto [number, result] : llvm::enumerate(function.getBody().front().getTerminator()->getOperands()))
    if (StringAttr name = annotation::name.getOfResult(function, number))
      describe(text, name, result, *shapes);
  return text;
}

std::optional<TensorTypes> dlc::reduce::inspectOutputs(const std::string &path, const std::string &entry) {
  constexpr unsigned longestSeconds = 600;
  tune::ChildProcess process([&] { return describeEntry(path, entry); }, longestSeconds);
  llvm::Expected<std::string> text = process.finish();
  if (!text) {
    llvm::consumeError(text.takeError());
    return std::nullopt;
  }
  TensorTypes types;
  SmallVector<StringRef> lines, words;
  StringRef(*text).split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    words.clear();
    line.split(words, '\t');
    if (words.size() < 2)
      continue;
    TensorType &type = types[words[0]];
    type.element = words[1].str();
    for (StringRef extent : llvm::drop_begin(words, 2))
      type.extents.push_back(extent.str());
  }
  return types;
}

llvm::BitVector dlc::reduce::findUnneededNodes(const ReducibleModel &model, ArrayRef<std::string> outputs) {
  llvm::StringSet<> needed;
  for (const std::string &output : outputs)
    needed.insert(output);
  llvm::BitVector unneeded(static_cast<unsigned>(model.countNodes()));
  for (size_t node = model.countNodes(); node-- > 0;) {
    if (llvm::any_of(model.getResults(node), [&](const std::string &name) { return needed.contains(name); })) {
      for (const std::string &operand : model.getOperands(node))
        needed.insert(operand);
    } else {
      unneeded.set(static_cast<unsigned>(node));
    }
  }
  return unneeded;
}

TensorTypes dlc::reduce::inspectTensors(const ReducibleModel &model, const std::string &path) {
  std::vector<std::string> tensors;
  for (size_t node = 0; node < model.countNodes(); ++node)
    for (const std::string &result : model.getResults(node))
      if (!result.empty())
        tensors.push_back(result);
  auto inspect = [&](ArrayRef<std::string> outputs) {
    std::unique_ptr<ReducibleModel> copy = model.clone();
    copy->setOutputs(outputs, {});
    copy->eraseNodes(findUnneededNodes(model, outputs));
    copy->removeUnused();
    std::ofstream(path, std::ios::binary) << copy->write();
    return inspectOutputs(path, model.getEntry());
  };
  TensorTypes types;
  // Some tensors may be no outputs, such as sequences, or come after a node that cannot be imported: halves, until what
  // is left can be imported or is one of those. What is not found out soon is not worth the time.
  int attempts = 64;
  std::function<void(ArrayRef<std::string>)> collect = [&](ArrayRef<std::string> outputs) {
    if (outputs.empty() || attempts-- <= 0)
      return;
    if (std::optional<TensorTypes> found = inspect(outputs)) {
      for (auto &entry : *found)
        types[entry.getKey()] = entry.getValue();
    } else if (outputs.size() > 1) {
      collect(outputs.take_front(outputs.size() / 2));
      collect(outputs.drop_front(outputs.size() / 2));
    }
  };
  collect(tensors);
  return types;
}
