// SPDX-License-Identifier: Apache-2.0
// Products of matrices and tensors.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/SumsOfProducts.h"
#include "ir/OpsLinear.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

void importMatMul(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Number))
    return;
  if (node.getElementType(0) != node.getElementType(1))
    node.error() << "operands have different element types";
  node.setResult(0, node.create<MatMulOp>(node.getOperand(0), node.getOperand(1), false, false));
}

} // namespace

Value createGemm(NodeImporter &node) {
  if (!node.expectOperands(2, 3) || !expectElements(node, 0, ElementClass::Number))
    return {};
  if (node.getRank(0) != 2 || node.getRank(1) != 2) {
    node.error() << "expects matrices, got ranks " << node.getRank(0) << " and " << node.getRank(1);
    return {};
  }
  Type type = node.getElementType(0);
  for (int64_t i = 1; i < node.getNumOperands() && !node.hasFailed(); ++i)
    if (node.hasOperand(i) && node.getElementType(i) != type)
      node.error() << "operands have different element types";
  double alpha = node.getReal("alpha", 1), beta = node.getReal("beta", 1);
  Value result =
      node.create<MatMulOp>(node.getOperand(0), node.getOperand(1), node.getFlag("transA"), node.getFlag("transB"));
  if (alpha != 1)
    result = node.multiply(result, node.createScalar(type, alpha));
  if (node.hasOperand(2) && !node.hasFailed()) {
    if (node.getRank(2) > 2)
      node.error() << "adds an operand of rank " << node.getRank(2);
    Value addend = node.getOperand(2);
    if (beta != 1)
      addend = node.multiply(addend, node.createScalar(type, beta));
    Dims product = node.hasFailed() ? Dims() : Dims(node.getDims(result));
    result = node.add(result, addend);
    for (auto [i, extent] : llvm::enumerate(product))
      if (!node.hasFailed() && constantDim(extent) && constantDim(extent) != constantDim(node.getDims(result)[i]))
        node.error() << "adds an operand that does not broadcast to the product";
  }
  return result;
}

namespace {

void importGemm(NodeImporter &node) { node.setResult(0, createGemm(node)); }

/// Rewrites an equation into dlc's form: no blanks, no ellipses, an explicit result. Nothing after an error.
std::optional<std::string> normalizeEquation(NodeImporter &node, StringRef text) {
  std::string equation;
  for (char c : text)
    if (!llvm::isSpace(c))
      equation.push_back(c);
  auto [inputs, output] = StringRef(equation).split("->");
  bool isExplicit = StringRef(equation).contains("->");
  SmallVector<StringRef> terms;
  inputs.split(terms, ',');
  if (static_cast<int64_t>(terms.size()) != node.getNumOperands()) {
    node.error() << "equation '" << text << "' has " << terms.size() << " terms for " << node.getNumOperands()
                 << " operands";
    return std::nullopt;
  }
  // The dimensions of all ellipses are named by letters that the equation does not use, the same from the right.
  std::string unused, ellipsis;
  for (char c = 'a'; c <= 'z'; ++c)
    for (char letter : {c, llvm::toUpper(c)})
      if (!StringRef(equation).contains(letter))
        unused.push_back(letter);
  std::string result;
  for (auto [i, term] : llvm::enumerate(terms)) {
    auto [before, after] = term.split("...");
    int64_t named = before.size() + after.size(), hidden = node.getRank(i) - named;
    bool hasEllipsis = term.contains("...");
    if ((!hasEllipsis && hidden != 0) || hidden < 0 || hidden > static_cast<int64_t>(unused.size()) ||
        !llvm::all_of(before, llvm::isAlpha) || !llvm::all_of(after, llvm::isAlpha)) {
      node.error() << "term '" << term << "' of equation '" << text << "' does not fit an operand of rank "
                   << node.getRank(i);
      return std::nullopt;
    }
    if (hasEllipsis && hidden > static_cast<int64_t>(ellipsis.size()))
      ellipsis = unused.substr(0, hidden);
    result += (i ? "," : "") + before.str() + std::string(1, '.') + (hasEllipsis ? std::to_string(hidden) : "0") + '.' +
              after.str();
  }
  // The widest ellipsis is known now: fill in the letters.
  std::string filled;
  for (StringRef rest = result; !rest.empty();) {
    auto [before, marked] = rest.split('.');
    auto [count, after] = marked.split('.');
    size_t hidden = 0;
    if (!count.empty())
      (void)count.getAsInteger(10, hidden);
    filled += before.str() + ellipsis.substr(ellipsis.size() - hidden);
    rest = after;
  }
  std::string explicitOutput = output.str();
  if (!isExplicit) {
    // Letters that occur once, in alphabetical order, after the ellipsis.
    for (char c : StringRef("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
      if (StringRef(inputs).count(c) == 1)
        explicitOutput.push_back(c);
    explicitOutput = ellipsis + explicitOutput;
  } else if (size_t at = explicitOutput.find("..."); at != std::string::npos) {
    explicitOutput.replace(at, 3, ellipsis);
  }
  return filled + "->" + explicitOutput;
}

void importEinsum(NodeImporter &node) {
  int64_t count = node.getNumOperands();
  if (!node.expectOperands(1, count) || !node.expectOperands(count, count) ||
      !expectElements(node, 0, ElementClass::Number))
    return;
  std::string equation = node.getString("equation", "");
  SmallVector<Value> operands;
  for (int64_t i = 0; i < count; ++i) {
    if (!node.hasFailed() && node.getElementType(i) != node.getElementType(0))
      node.error() << "operands have different element types";
    operands.push_back(node.getOperand(i));
  }
  if (node.hasFailed())
    return;
  if (std::optional<std::string> normalized = normalizeEquation(node, equation))
    node.setResult(0, node.create<EinsumOp>(ValueRange(operands), StringRef(*normalized)));
}

void importDet(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Real))
    return;
  Type type = node.getElementType(0);
  bool isNarrow = type.getIntOrFloatBitWidth() < 32;
  Value x = isNarrow ? node.cast(node.getOperand(0), node.getBuilder().getF32Type()) : node.getOperand(0);
  node.setResult(0, node.cast(node.create<DeterminantOp>(x), type));
}

} // namespace

void registerLinear(OpRegistry &registry) {
  registry.add("Det", 11, importDet);
  registry.add("MatMul", 1, importMatMul);
  registry.add("Gemm", 1, importGemm);
  registry.add("Einsum", 12, importEinsum);
}

} // namespace dlc::onnx_import
