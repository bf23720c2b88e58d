// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ModelHeader.h"
#include "dlc/abi.h"
#include "ir/ExtentBounds.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace dlc;

/// An extent as a C expression.
static std::string toCode(mlir::AffineExpr expression, const EntryDescription &entry) {
  if (auto constant = llvm::dyn_cast<mlir::AffineConstantExpr>(expression))
    return std::to_string(constant.getValue());
  if (auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(expression))
    return entry.symbols[symbol.getPosition()].name;
  auto binary = llvm::dyn_cast<mlir::AffineBinaryOpExpr>(expression);
  if (!binary)
    return "?";
  std::string left = toCode(binary.getLHS(), entry), right = toCode(binary.getRHS(), entry);
  switch (expression.getKind()) {
  case mlir::AffineExprKind::Add:
    return "(" + left + " + " + right + ")";
  case mlir::AffineExprKind::Mul:
    return left + " * " + right;
  case mlir::AffineExprKind::FloorDiv:
    return "floor(" + left + " / " + right + ")";
  case mlir::AffineExprKind::CeilDiv:
    return "ceil(" + left + " / " + right + ")";
  default:
    return "(" + left + " mod " + right + ")";
  }
}

static HeaderTensor describeTensor(const TensorDescription &tensor, const EntryDescription &entry) {
  HeaderTensor result{tensor.name, tensor.elementType, {}, tensor.isLabel ? "label" : ""};
  if (tensor.hyperparameter)
    llvm::raw_string_ostream(result.remark)
        << "hyperparameter; the model says " << llvm::format("%g", *tensor.hyperparameter);
  llvm::SmallVector<mlir::AffineExpr> bounds = entry.getBounds();
  for (mlir::AffineExpr dim : tensor.dims) {
    if (isUnbounded(dim, bounds)) {
      result.isKept = true;
      result.dims.push_back({HeaderDim::Computed, 0, "?"});
    } else if (isDerived(dim, bounds)) {
      result.isBounded = true;
      result.dims.push_back({HeaderDim::Computed, 0, "up to " + toCode(boundAbove(dim, bounds), entry)});
    } else if (auto constant = llvm::dyn_cast<mlir::AffineConstantExpr>(dim))
      result.dims.push_back({HeaderDim::Fixed, constant.getValue(), ""});
    else if (auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(dim))
      result.dims.push_back({HeaderDim::Symbol, symbol.getPosition(), ""});
    else
      result.dims.push_back({HeaderDim::Computed, 0, toCode(dim, entry)});
  }
  return result;
}

/// Adds what programs need to know of the data that the model has learned from.
static void describeData(const std::string &description, HeaderModel &model) {
  llvm::Expected<llvm::json::Value> json = llvm::json::parse(description);
  const llvm::json::Object *data = json ? json->getAsObject() : nullptr;
  // It is another program's text: what is not as expected is not shown.
  if (!json)
    llvm::consumeError(json.takeError());
  if (!data)
    return;
  auto listOf = [](const llvm::json::Array *array) {
    std::vector<std::string> texts;
    for (const llvm::json::Value &value : array ? *array : llvm::json::Array())
      texts.push_back(value.getAsString().value_or("").str());
    return texts;
  };
  model.classNames = listOf(data->getArray("classes"));
  const llvm::json::Array *inputs = data->getArray("inputs");
  for (const llvm::json::Value &value : inputs ? *inputs : llvm::json::Array()) {
    const llvm::json::Object *input = value.getAsObject();
    std::string remark;
    llvm::raw_string_ostream stream(remark);
    const llvm::json::Object *units = input ? input->getObject("units") : nullptr;
    const llvm::json::Object *categories = input ? input->getObject("categories") : nullptr;
    const char *separator = "columns ";
    for (const std::string &column : listOf(input ? input->getArray("columns") : nullptr)) {
      std::optional<llvm::StringRef> unit = units ? units->getString(column) : std::nullopt;
      std::vector<std::string> names = listOf(categories ? categories->getArray(column) : nullptr);
      for (std::string &name : names)
        name = column + "=" + name;
      if (names.empty())
        names = {column};
      for (const std::string &name : names) {
        stream << separator << "'" << name << "'" << (unit ? " in " + unit->str() : "");
        separator = ", ";
      }
    }
    if (std::optional<double> scale = input ? input->getNumber("scale") : std::nullopt; scale && *scale != 1)
      stream << (remark.empty() ? "" : "; ") << "numbers of the data times " << llvm::format("%.10g", *scale);
    for (HeaderEntry &entry : model.entries)
      for (HeaderTensor &tensor : entry.inputs)
        if (!remark.empty() && input->getString("name") == llvm::StringRef(tensor.name))
          tensor.remark += (tensor.remark.empty() ? "" : "; ") + remark;
  }
}

HeaderModel dlc::describeHeader(const ProgramDescription &program, llvm::StringRef name, llvm::StringRef compiler,
                                const std::string &dataDescription) {
  HeaderModel model{name.str(), compiler.str(), {}, program.variableBytes};
  for (const EntryDescription &entry : program.entries) {
    HeaderEntry result;
    result.name = entry.name;
    for (const SymbolDescription &symbol : entry.symbols)
      result.symbols.push_back({symbol.name, symbol.minimum, symbol.maximum,
                                symbol.source == DLC_SYMBOL_ELEMENT    ? 1
                                : symbol.source == DLC_SYMBOL_NEGATIVE ? -1
                                                                       : 0,
                                symbol.input, symbol.element, symbol.bound != nullptr});
    for (const TensorDescription &tensor : entry.inputs)
      result.inputs.push_back(describeTensor(tensor, entry));
    for (const TensorDescription &tensor : entry.outputs)
      result.outputs.push_back(describeTensor(tensor, entry));
    for (const TensorDescription &state : entry.states)
      result.states.push_back(state.name);
    result.usesVariables = entry.flags != 0;
    model.entries.push_back(std::move(result));
  }
  if (!dataDescription.empty())
    describeData(dataDescription, model);
  return model;
}
