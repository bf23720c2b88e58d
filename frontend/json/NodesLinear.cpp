// SPDX-License-Identifier: Apache-2.0
// Products of matrices and tensors.
#include "frontend/json/NodeKinds.h"
#include "ir/OpsLinear.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace dlc::json;

static NodeResults buildMatMul(NodeContext &context) {
  return {context.create<dlc::MatMulOp>(context.operand(0), context.operand(1), false, false)};
}

static NodeResults buildGemm(NodeContext &context) {
  Value a = context.operand(0), b = context.operand(1);
  if (!a || !b)
    return {Value()};
  if (typeOf(a).getRank() != 2 || typeOf(b).getRank() != 2)
    return {context.error("expects matrices, got " + describeTensor(a) + " and " + describeTensor(b))};
  Type type = typeOf(a).getElementType();
  auto scale = [&](Value x, StringRef key) {
    double factor = context.attributes.number(key);
    return factor == 1 || !x ? x : context.multiply(x, context.constant(factor, type));
  };
  Value result = scale(context.create<dlc::MatMulOp>(a, b, context.flag("transA"), context.flag("transB")), "alpha");
  if (context.hasInput(2))
    result = context.add(result, scale(context.operand(2), "beta"));
  return {result};
}

std::optional<std::string> dlc::json::makeEinsumExplicit(NodeContext &context, StringRef equation,
                                                         ArrayRef<Value> operands) {
  std::string text = equation.str();
  llvm::erase_if(text, llvm::isSpace);
  size_t arrow = text.find("->");
  SmallVector<StringRef> terms;
  StringRef(text).substr(0, arrow).split(terms, ',');
  auto fail = [&](const Twine &message) {
    context.error("equation", message);
    return std::nullopt;
  };
  if (terms.size() != operands.size())
    return fail("has " + Twine(terms.size()) + " terms in its equation, but " + Twine(operands.size()) + " inputs");

  // Letters that the equation does not use name the dimensions of an ellipsis, aligned at its end.
  std::string unused;
  for (char c : std::string("zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA"))
    if (text.find(c) == std::string::npos)
      unused += c;
  size_t longest = 0;
  auto expand = [&](StringRef term, size_t count) {
    std::string letters(unused.rbegin() + (unused.size() - count), unused.rend());
    size_t at = term.find("...");
    return at == StringRef::npos ? term.str() : (term.substr(0, at) + letters + term.substr(at + 3)).str();
  };
  std::string expanded;
  for (auto [term, operand] : llvm::zip(terms, operands)) {
    size_t rank = typeOf(operand).getRank(), letters = llvm::count_if(term, llvm::isAlpha);
    bool hasEllipsis = term.contains("...");
    if (term.size() != letters + (hasEllipsis ? 3 : 0))
      return fail("has a character that is neither letter nor ellipsis in '" + term + "' of its equation");
    if (hasEllipsis ? rank < letters || rank - letters > unused.size() : rank != letters)
      return fail("has the term '" + term + "' in its equation for an input of rank " + Twine(rank));
    size_t count = hasEllipsis ? rank - letters : 0;
    longest = std::max(longest, count);
    expanded += (expanded.empty() ? "" : ",") + expand(term, count);
  }
  std::string result;
  if (arrow != std::string::npos) {
    result = expand(StringRef(text).substr(arrow + 2), longest);
    for (char c : result)
      if (!llvm::isAlpha(c) || llvm::count(result, c) > 1 || expanded.find(c) == std::string::npos)
        return fail("has a result in its equation whose letters are not each once in it and in an input");
  } else {
    // Implicit form: the ellipsis, then every letter that occurs once, in alphabetical order.
    result = std::string(unused.rbegin() + (unused.size() - longest), unused.rend());
    std::string once;
    for (char c : text)
      if (llvm::isAlpha(c) && llvm::count(text, c) == 1)
        once += c;
    llvm::sort(once);
    result += once;
  }
  return expanded + "->" + result;
}

static NodeResults buildEinsum(NodeContext &context) {
  SmallVector<Value> operands = context.operands();
  if (llvm::is_contained(operands, Value()))
    return {Value()};
  std::optional<std::string> equation = makeEinsumExplicit(context, context.attributes.string("equation"), operands);
  if (!equation)
    return {Value()};
  return {context.create<dlc::EinsumOp>(ValueRange(operands), StringRef(*equation))};
}

static NodeResults buildLeastSquares(NodeContext &context) {
  Value a = context.operand(0), b = context.operand(1);
  if (!a || !b)
    return {Value()};
  Type type = typeOf(a).getElementType();
  if ((!type.isF32() && !type.isF64()) || typeOf(b).getElementType() != type)
    return {context.error("expects both inputs in f32 or both in f64, got " + describeTensor(a) + " and " +
                          describeTensor(b))};
  return {context.create<dlc::LeastSquaresOp>(a, b)};
}

void dlc::json::addLinearNodes(std::vector<NodeKind> &kinds) {
  kinds.push_back({"MatMul", 2, 2, 1, {}, buildMatMul});
  kinds.push_back({"Gemm",
                   2,
                   3,
                   1,
                   {optional("alpha", number(), "1", "Factor of the product"),
                    optional("beta", number(), "1", "Factor of the third input"),
                    optional("transA", flagRule(), "0", "Whether the first matrix is transposed"),
                    optional("transB", flagRule(), "0", "Whether the second matrix is transposed")},
                   buildGemm});
  kinds.push_back({"Einsum",
                   1,
                   SIZE_MAX,
                   1,
                   {required("equation", string(), "Indices of inputs and result: \"ij,jk->ik\"")},
                   buildEinsum});
  kinds.push_back({"LeastSquares", 2, 2, 1, {}, buildLeastSquares});
}
