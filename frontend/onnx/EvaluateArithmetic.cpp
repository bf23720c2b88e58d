// SPDX-License-Identifier: Apache-2.0
// Elementwise arithmetic, comparisons and reductions on values that are known while importing: what exporters make of
// shapes.
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

using Element = std::optional<KnownElement>;

/// Both operands as expressions, if they are integers or whole extents.
bool areExpressions(const KnownElement &lhs, const KnownElement &rhs) { return lhs.expression && rhs.expression; }

/// Where one operand is an expression that became floating point, a whole number beside it can be one as well.
KnownElement asExpression(const KnownElement &element, MLIRContext *context) {
  if (!element.expression && element.number == std::floor(element.number) && std::abs(element.number) < 1e15)
    return KnownElement(getAffineConstantExpr(static_cast<int64_t>(element.number), context));
  return element;
}

/// Arithmetic on two elements of one type, before it is wrapped or rounded to the type.
struct Arithmetic {
  AffineExpr (*symbolic)(AffineExpr, AffineExpr); ///< may give null
  int64_t (*integer)(int64_t, int64_t);
  double (*real)(double, double);
};

/// On constants only: integers wrap at 64 bits and, by convertElement, at the type's width.
int64_t wrap(uint64_t value) { return static_cast<int64_t>(value); }

AffineExpr addExpressions(AffineExpr a, AffineExpr b) { return a + b; }
AffineExpr subtractExpressions(AffineExpr a, AffineExpr b) { return a - b; }
AffineExpr multiplyExpressions(AffineExpr a, AffineExpr b) { return a * b; }
/// Extents are not negative, so rounding down is truncation; anything else under a division is left alone.
AffineExpr divideExpressions(AffineExpr a, AffineExpr b) {
  std::optional<int64_t> divisor = constantDim(b);
  if (!divisor)
    return a == b ? getAffineConstantExpr(1, a.getContext()) : AffineExpr();
  return *divisor > 0 ? divideExactly(a, b) : AffineExpr();
}
AffineExpr sameExpression(AffineExpr a, AffineExpr b) { return a == b ? a : AffineExpr(); }

int64_t divideIntegers(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? wrap(-static_cast<uint64_t>(a)) : a / b; }
int64_t moduloIntegers(int64_t a, int64_t b) {
  if (b == 0 || b == -1)
    return 0;
  int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
double moduloReals(double a, double b) {
  double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

const Arithmetic addition = {addExpressions, [](int64_t a, int64_t b) { return wrap(uint64_t(a) + uint64_t(b)); },
                             [](double a, double b) { return a + b; }};
const Arithmetic subtraction = {subtractExpressions,
                                [](int64_t a, int64_t b) { return wrap(uint64_t(a) - uint64_t(b)); },
                                [](double a, double b) { return a - b; }};
const Arithmetic multiplication = {multiplyExpressions,
                                   [](int64_t a, int64_t b) { return wrap(uint64_t(a) * uint64_t(b)); },
                                   [](double a, double b) { return a * b; }};
const Arithmetic division = {divideExpressions, divideIntegers, [](double a, double b) { return a / b; }};
const Arithmetic modulo = {
    [](AffineExpr a, AffineExpr b) { return constantDim(b).value_or(0) > 0 ? a % b : AffineExpr(); }, moduloIntegers,
    moduloReals};
const Arithmetic minimum = {sameExpression, [](int64_t a, int64_t b) { return std::min(a, b); },
                            [](double a, double b) { return a != a || b != b ? std::nan("") : std::min(a, b); }};
const Arithmetic maximum = {sameExpression, [](int64_t a, int64_t b) { return std::max(a, b); },
                            [](double a, double b) { return a != a || b != b ? std::nan("") : std::max(a, b); }};

Element apply(const Arithmetic &arithmetic, KnownElement a, KnownElement b, Type type) {
  if (!a.isConstant() || !b.isConstant()) {
    // A quotient of floating point is a whole number only if it is exact, which is not known of symbols.
    if (&arithmetic == &division && !isInteger(type) && !(b.isConstant() && b.asReal() == 1))
      return std::nullopt;
    MLIRContext *context = type.getContext();
    a = asExpression(a, context);
    b = asExpression(b, context);
    if (!areExpressions(a, b))
      return std::nullopt;
    AffineExpr result = arithmetic.symbolic(a.expression, b.expression);
    return result ? Element(KnownElement(result)) : std::nullopt;
  }
  if (isInteger(type))
    return convertElement(
        getAffineConstantExpr(arithmetic.integer(*constantDim(a.expression), *constantDim(b.expression)),
                              type.getContext()),
        type);
  return convertElement(KnownElement(arithmetic.real(a.asReal(), b.asReal())), type);
}

/// Sets result 0 to the elementwise image of two operands, if all elements can be computed.
void evaluateBinary(NodeImporter &node, const KnownValue &lhs, const KnownValue &rhs, Type resultType,
                    llvm::function_ref<Element(const KnownElement &, const KnownElement &)> compute) {
  std::optional<SmallVector<int64_t>> shape = broadcastShapes(lhs.shape, rhs.shape);
  if (!shape || countElements(*shape) > KnownValue::maxElements)
    return;
  KnownValue result{resultType, *shape, {}};
  for (int64_t i = 0, count = countElements(*shape); i < count; ++i) {
    Element element = compute(lhs.elements[broadcastPosition(i, *shape, lhs.shape)],
                              rhs.elements[broadcastPosition(i, *shape, rhs.shape)]);
    if (!element)
      return;
    result.elements.push_back(*element);
  }
  node.setKnown(0, std::move(result));
}

/// Whether arithmetic on `type` is followed. 16-bit floating point is left to kernels, which round where the reference
/// does, booleans to importers, which reject them.
bool isFollowed(Type type) { return (isInteger(type) && !isBool(type)) || type.isF32() || type.isF64(); }

template <const Arithmetic &arithmetic> void evaluateArithmetic(NodeImporter &node) {
  // Before opset 7, operands broadcast along a given axis.
  if (node.getNumOperands() != 2 || node.hasAttribute("axis") || node.hasAttribute("fmod"))
    return;
  const KnownValue &lhs = *node.getKnown(0), &rhs = *node.getKnown(1);
  Type type = lhs.elementType;
  if (type != rhs.elementType || !isFollowed(type) || type.isUnsignedInteger(64))
    return;
  evaluateBinary(node, lhs, rhs, type,
                 [&](const KnownElement &a, const KnownElement &b) { return apply(arithmetic, a, b, type); });
}

enum class Comparison { Equal, Less, LessOrEqual, Greater, GreaterOrEqual };

template <Comparison comparison> void evaluateComparison(NodeImporter &node) {
  if (node.getNumOperands() != 2 || node.hasAttribute("axis"))
    return;
  const KnownValue &lhs = *node.getKnown(0), &rhs = *node.getKnown(1);
  Type boolean = node.getBuilder().getI1Type();
  if (lhs.elementType != rhs.elementType || (isBool(lhs.elementType) && comparison != Comparison::Equal))
    return;
  evaluateBinary(node, lhs, rhs, boolean, [&](const KnownElement &a, const KnownElement &b) -> Element {
    int order; // of a to b
    if (a.isConstant() && b.isConstant()) {
      double x = a.asReal(), y = b.asReal();
      if (a.expression && b.expression) {
        int64_t m = *constantDim(a.expression), n = *constantDim(b.expression);
        order = m < n ? -1 : m > n;
      } else if (x != x || y != y) {
        return KnownElement(getAffineConstantExpr(0, node.getContext()));
      } else {
        order = x < y ? -1 : x > y;
      }
    } else if (a.expression && a.expression == b.expression) {
      order = 0;
    } else {
      // An extent differs from every negative number, such as the -1 that exporters test for.
      const KnownElement &known = a.isConstant() ? a : b;
      const KnownElement &symbolic = a.isConstant() ? b : a;
      if (!known.isConstant() || known.asReal() >= 0 || !llvm::isa<AffineSymbolExpr>(symbolic.expression))
        return std::nullopt;
      order = a.isConstant() ? -1 : 1;
    }
    bool holds = comparison == Comparison::Equal         ? order == 0
                 : comparison == Comparison::Less        ? order < 0
                 : comparison == Comparison::LessOrEqual ? order <= 0
                 : comparison == Comparison::Greater     ? order > 0
                                                         : order >= 0;
    return KnownElement(getAffineConstantExpr(holds, node.getContext()));
  });
}

/// Boolean operators on constants.
template <typename Function> void evaluateLogic(NodeImporter &node, Function combine) {
  if (node.getNumOperands() != 2 || node.hasAttribute("axis") || !isBool(node.getKnown(0)->elementType) ||
      !isBool(node.getKnown(1)->elementType))
    return;
  evaluateBinary(node, *node.getKnown(0), *node.getKnown(1), node.getBuilder().getI1Type(),
                 [&](const KnownElement &a, const KnownElement &b) -> Element {
                   if (!a.isConstant() || !b.isConstant())
                     return std::nullopt;
                   return KnownElement(
                       getAffineConstantExpr(combine(a.asReal() != 0, b.asReal() != 0), node.getContext()));
                 });
}

template <typename Function> void evaluateUnary(NodeImporter &node, Type resultType, Function compute) {
  if (node.getNumOperands() != 1)
    return;
  const KnownValue &x = *node.getKnown(0);
  KnownValue result{resultType, x.shape, {}};
  for (const KnownElement &element : x.elements) {
    Element computed = compute(element);
    if (!computed)
      return;
    result.elements.push_back(*computed);
  }
  node.setKnown(0, std::move(result));
}

/// Rounding leaves whole numbers, hence extents, as they are.
template <double (*function)(double)> void evaluateRounding(NodeImporter &node) {
  Type type = node.getKnown(0)->elementType;
  if (isFollowed(type) && !isInteger(type))
    evaluateUnary(node, type,
                  [](const KnownElement &x) -> Element { return x.expression ? x : KnownElement(function(x.number)); });
}
double floorOf(double x) { return std::floor(x); }
double ceilOf(double x) { return std::ceil(x); }

void evaluateCast(NodeImporter &node) {
  Type type = node.getTypeAttribute("to", {});
  if (type)
    evaluateUnary(node, type, [&](const KnownElement &x) { return convertElement(x, type); });
}

void evaluateNot(NodeImporter &node) {
  if (!isBool(node.getKnown(0)->elementType))
    return;
  evaluateUnary(node, node.getBuilder().getI1Type(), [&](const KnownElement &x) -> Element {
    if (!x.isConstant())
      return std::nullopt;
    return KnownElement(getAffineConstantExpr(x.asReal() == 0, node.getContext()));
  });
}

void evaluateNegation(NodeImporter &node) {
  Type type = node.getKnown(0)->elementType;
  if (isFollowed(type))
    evaluateUnary(node, type, [&](const KnownElement &x) -> Element {
      if (!x.expression)
        return KnownElement(-x.number);
      // Affine constants do not wrap.
      if (std::optional<int64_t> value = constantDim(x.expression))
        return convertElement(getAffineConstantExpr(wrap(-static_cast<uint64_t>(*value)), node.getContext()), type);
      return convertElement(KnownElement(-x.expression), type);
    });
}

void evaluateWhere(NodeImporter &node) {
  if (node.getNumOperands() != 3)
    return;
  const KnownValue &condition = *node.getKnown(0), &onTrue = *node.getKnown(1), &onFalse = *node.getKnown(2);
  std::optional<SmallVector<int64_t>> values = broadcastShapes(onTrue.shape, onFalse.shape);
  std::optional<SmallVector<int64_t>> shape = values ? broadcastShapes(*values, condition.shape) : std::nullopt;
  if (!shape || countElements(*shape) > KnownValue::maxElements || onTrue.elementType != onFalse.elementType ||
      !isBool(condition.elementType))
    return;
  KnownValue result{onTrue.elementType, *shape, {}};
  for (int64_t i = 0, count = countElements(*shape); i < count; ++i) {
    const KnownElement &chosen = condition.elements[broadcastPosition(i, *shape, condition.shape)];
    if (!chosen.isConstant())
      return;
    const KnownValue &source = chosen.asReal() != 0 ? onTrue : onFalse;
    result.elements.push_back(source.elements[broadcastPosition(i, *shape, source.shape)]);
  }
  node.setKnown(0, std::move(result));
}

/// Whether the reduction of `x` is the same in any order, which is for kernels to choose: a sum or product of whole
/// numbers that are exact in the element type.
template <const Arithmetic &arithmetic> bool isExact(const KnownValue &x) {
  if (isInteger(x.elementType) || &arithmetic == &minimum || &arithmetic == &maximum)
    return true;
  double size = &arithmetic == &addition ? 0 : 1, limit = x.elementType.isF32() ? 0x1p24 : 0x1p53;
  return llvm::all_of(x.elements, [&](const KnownElement &element) {
    if (element.expression)
      return true;
    size = &arithmetic == &addition ? size + std::abs(element.number) : size * std::max(std::abs(element.number), 1.0);
    return element.number == std::floor(element.number) && size <= limit;
  });
}

/// Reductions of a whole tensor of rank 1 (or 0), as `Shape -> ReduceProd` makes them.
template <const Arithmetic &arithmetic> void evaluateReduction(NodeImporter &node) {
  const KnownValue &x = *node.getKnown(0);
  if (x.rank() > 1 || x.elements.empty() || !isFollowed(x.elementType) || x.elementType.isUnsignedInteger(64) ||
      !isExact<arithmetic>(x))
    return;
  if (x.rank() == 1 && node.getNumOperands() == 2 && node.getKnown(1)->elements.empty() &&
      node.getFlag("noop_with_empty_axes"))
    return;
  Element total = x.elements.front();
  for (const KnownElement &element : llvm::drop_begin(x.elements))
    if (total)
      total = apply(arithmetic, *total, element, x.elementType);
  if (total)
    node.setKnown(0, {x.elementType, SmallVector<int64_t>(node.getFlag("keepdims", true) ? x.rank() : 0, 1), {*total}});
}

void evaluateAnd(NodeImporter &node) {
  evaluateLogic(node, [](bool a, bool b) { return a && b; });
}
void evaluateOr(NodeImporter &node) {
  evaluateLogic(node, [](bool a, bool b) { return a || b; });
}

} // namespace

void registerArithmeticEvaluators(OpRegistry &registry) {
  registry.addEvaluator("Add", evaluateArithmetic<addition>);
  registry.addEvaluator("Sub", evaluateArithmetic<subtraction>);
  registry.addEvaluator("Mul", evaluateArithmetic<multiplication>);
  registry.addEvaluator("Div", evaluateArithmetic<division>);
  registry.addEvaluator("Mod", evaluateArithmetic<modulo>);
  registry.addEvaluator("Min", evaluateArithmetic<minimum>);
  registry.addEvaluator("Max", evaluateArithmetic<maximum>);
  registry.addEvaluator("Equal", evaluateComparison<Comparison::Equal>);
  registry.addEvaluator("Less", evaluateComparison<Comparison::Less>);
  registry.addEvaluator("LessOrEqual", evaluateComparison<Comparison::LessOrEqual>);
  registry.addEvaluator("Greater", evaluateComparison<Comparison::Greater>);
  registry.addEvaluator("GreaterOrEqual", evaluateComparison<Comparison::GreaterOrEqual>);
  registry.addEvaluator("And", evaluateAnd);
  registry.addEvaluator("Or", evaluateOr);
  registry.addEvaluator("Not", evaluateNot);
  registry.addEvaluator("Neg", evaluateNegation);
  registry.addEvaluator("Floor", evaluateRounding<floorOf>);
  registry.addEvaluator("Ceil", evaluateRounding<ceilOf>);
  registry.addEvaluator("Cast", evaluateCast);
  registry.addEvaluator("Where", evaluateWhere);
  registry.addEvaluator("ReduceProd", evaluateReduction<multiplication>);
  registry.addEvaluator("ReduceSum", evaluateReduction<addition>);
  registry.addEvaluator("ReduceMin", evaluateReduction<minimum>);
  registry.addEvaluator("ReduceMax", evaluateReduction<maximum>);
}

} // namespace dlc::onnx_import
