// SPDX-License-Identifier: Apache-2.0
// Elementwise arithmetic, comparisons and reductions on values that are known while importing: what exporters make of
// shapes.
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/ExtentAlgebra.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

using Element = std::optional<KnownElement>;

/// `expression` divided by `divisor`, without a factor that both have.
Element makeFraction(AffineExpr expression, int64_t divisor) {
  AffineExpr by = getAffineConstantExpr(divisor, expression.getContext());
  if (divisor != 1 && constantDim(getRemainder(expression, by)) == 0)
    return KnownElement(divideExtents(expression, by));
  return divisor < (int64_t(1) << 31) ? Element(KnownElement(expression, divisor)) : std::nullopt;
}

/// Arithmetic on two elements of one type, before it is wrapped or rounded to the type.
struct Arithmetic {
  AffineExpr (*symbolic)(AffineExpr, AffineExpr); ///< may give null
  int64_t (*integer)(int64_t, int64_t);
  double (*real)(double, double);
};

/// On constants only: integers wrap at 64 bits and, by convertElement, at the type's width.
int64_t wrap(uint64_t value) { return static_cast<int64_t>(value); }

AffineExpr divideExpressions(AffineExpr a, AffineExpr b) {
  // By a negative number as by its opposite; by what may be negative or 0, not at all.
  std::optional<int64_t> divisor = constantDim(b);
  if (divisor && *divisor < 0)
    return truncateQuotient(multiplyExtents(a, getAffineConstantExpr(-1, a.getContext())),
                            getAffineConstantExpr(-*divisor, a.getContext()));
  return divisor != 0 && getExtentRange(b).low >= 0 ? truncateQuotient(a, b) : AffineExpr();
}
AffineExpr moduloExpressions(AffineExpr a, AffineExpr b) {
  // Nobody asks for the remainder of an extent of 0, but a run computes it all the same.
  return getExtentRange(b).low < 0 ? AffineExpr()
                                   : getRemainder(a, maximumExtent(b, getAffineConstantExpr(1, a.getContext())));
}

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

const Arithmetic addition = {addExtents, [](int64_t a, int64_t b) { return wrap(uint64_t(a) + uint64_t(b)); },
                             [](double a, double b) { return a + b; }};
const Arithmetic subtraction = {subtractExtents, [](int64_t a, int64_t b) { return wrap(uint64_t(a) - uint64_t(b)); },
                                [](double a, double b) { return a - b; }};
const Arithmetic multiplication = {multiplyExtents,
                                   [](int64_t a, int64_t b) { return wrap(uint64_t(a) * uint64_t(b)); },
                                   [](double a, double b) { return a * b; }};
const Arithmetic division = {divideExpressions, divideIntegers, [](double a, double b) { return a / b; }};
const Arithmetic modulo = {moduloExpressions, moduloIntegers, moduloReals};
const Arithmetic minimum = {minimumExtent, [](int64_t a, int64_t b) { return std::min(a, b); },
                            [](double a, double b) { return a != a || b != b ? std::nan("") : std::min(a, b); }};
const Arithmetic maximum = {maximumExtent, [](int64_t a, int64_t b) { return std::max(a, b); },
                            [](double a, double b) { return a != a || b != b ? std::nan("") : std::max(a, b); }};

/// Arithmetic on fractions, for floating point that was an extent.
Element applyToFractions(const Arithmetic &arithmetic, const KnownElement &a, const KnownElement &b) {
  MLIRContext *context = a.expression.getContext();
  auto scale = [&](AffineExpr x, int64_t factor) { return multiplyExtents(x, getAffineConstantExpr(factor, context)); };
  if (&arithmetic == &multiplication)
    return makeFraction(multiplyExtents(a.expression, b.expression), a.divisor * b.divisor);
  if (&arithmetic == &division) {
    // Only by numbers: a quotient of extents is rounded.
    std::optional<int64_t> divisor = constantDim(b.expression);
    if (!divisor || *divisor == 0)
      return std::nullopt;
    return makeFraction(scale(a.expression, *divisor < 0 ? -b.divisor : b.divisor), a.divisor * std::abs(*divisor));
  }
  if (&arithmetic == &modulo)
    return std::nullopt;
  return makeFraction(arithmetic.symbolic(scale(a.expression, b.divisor), scale(b.expression, a.divisor)),
                      a.divisor * b.divisor);
}

Element apply(const Arithmetic &arithmetic, const KnownElement &a, const KnownElement &b, Type type) {
  if (!a.isConstant() || !b.isConstant()) {
    Element left = asFraction(a, type.getContext()), right = asFraction(b, type.getContext());
    if (!left || !right)
      return std::nullopt;
    if (!isInteger(type))
      return applyToFractions(arithmetic, *left, *right);
    AffineExpr result = arithmetic.symbolic(left->expression, right->expression);
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
  if (node.getNumOperands() != 2 || node.hasAttribute("axis") || node.getFlag("fmod"))
    return;
  const KnownValue &lhs = *node.getKnown(0), &rhs = *node.getKnown(1);
  Type type = lhs.elementType;
  if (type != rhs.elementType || !isFollowed(type) || type.isUnsignedInteger(64))
    return;
  evaluateBinary(node, lhs, rhs, type,
                 [&](const KnownElement &a, const KnownElement &b) { return apply(arithmetic, a, b, type); });
}

enum class Comparison { Equal, Less, LessOrEqual, Greater, GreaterOrEqual };

/// Whether the comparison holds, as 0 or 1.
template <Comparison comparison> AffineExpr compareExtents(AffineExpr a, AffineExpr b) {
  AffineExpr one = getAffineConstantExpr(1, a.getContext());
  switch (comparison) {
  case Comparison::Equal:
    return isEqualExtent(a, b);
  case Comparison::Less:
    return isLessExtent(a, b);
  case Comparison::LessOrEqual:
    return subtractExtents(one, isLessExtent(b, a));
  case Comparison::Greater:
    return isLessExtent(b, a);
  case Comparison::GreaterOrEqual:
    return subtractExtents(one, isLessExtent(a, b));
  }
  llvm_unreachable("all comparisons are handled");
}

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
    } else {
      Element left = asFraction(a, node.getContext()), right = asFraction(b, node.getContext());
      if (!left || !right)
        return std::nullopt;
      auto scale = [&](AffineExpr x, int64_t factor) { return multiplyExtents(x, node.extent(factor)); };
      return KnownElement(
          compareExtents<comparison>(scale(left->expression, right->divisor), scale(right->expression, left->divisor)));
    }
    bool holds = comparison == Comparison::Equal         ? order == 0
                 : comparison == Comparison::Less        ? order < 0
                 : comparison == Comparison::LessOrEqual ? order <= 0
                 : comparison == Comparison::Greater     ? order > 0
                                                         : order >= 0;
    return KnownElement(getAffineConstantExpr(holds, node.getContext()));
  });
}

/// Boolean operators, on truth values that are 0 or 1.
template <typename Function> void evaluateLogic(NodeImporter &node, Function combine) {
  if (node.getNumOperands() != 2 || node.hasAttribute("axis") || !isBool(node.getKnown(0)->elementType) ||
      !isBool(node.getKnown(1)->elementType))
    return;
  evaluateBinary(node, *node.getKnown(0), *node.getKnown(1), node.getBuilder().getI1Type(),
                 [&](const KnownElement &a, const KnownElement &b) -> Element {
                   return KnownElement(combine(a.expression, b.expression));
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

template <double (*function)(double), AffineExpr (*symbolic)(AffineExpr, AffineExpr)>
void evaluateRounding(NodeImporter &node) {
  Type type = node.getKnown(0)->elementType;
  if (isFollowed(type) && !isInteger(type))
    evaluateUnary(node, type, [](const KnownElement &x) -> Element {
      if (x.isConstant())
        return KnownElement(function(x.asReal()));
      return KnownElement(symbolic(x.expression, getAffineConstantExpr(x.divisor, x.expression.getContext())));
    });
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
    return KnownElement(subtractExtents(node.extent(1), x.expression));
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
      return KnownElement(multiplyExtents(x.expression, node.extent(-1)), x.divisor);
    });
}

void evaluateAbs(NodeImporter &node) {
  Type type = node.getKnown(0)->elementType;
  if (isFollowed(type) && !type.isUnsignedInteger())
    evaluateUnary(node, type, [&](const KnownElement &x) -> Element {
      if (!x.isConstant())
        return KnownElement(maximumExtent(x.expression, multiplyExtents(x.expression, node.extent(-1))), x.divisor);
      if (!x.expression)
        return KnownElement(std::abs(x.number));
      int64_t value = *constantDim(x.expression);
      return convertElement(node.extent(value < 0 ? wrap(-static_cast<uint64_t>(value)) : value), type);
    });
}

void evaluateReciprocal(NodeImporter &node) {
  Type type = node.getKnown(0)->elementType;
  if (isFollowed(type) && !isInteger(type))
    evaluateUnary(node, type, [&](const KnownElement &x) -> Element {
      return x.isConstant() ? convertElement(KnownElement(1 / x.asReal()), type) : std::nullopt;
    });
}

/// A square root is rounded in one way only.
void evaluateSqrt(NodeImporter &node) {
  Type type = node.getKnown(0)->elementType;
  if (isFollowed(type) && !isInteger(type))
    evaluateUnary(node, type, [&](const KnownElement &x) -> Element {
      return x.isConstant() ? convertElement(KnownElement(std::sqrt(x.asReal())), type) : std::nullopt;
    });
}

/// Bounds are attributes before opset 11, then operands; none where they are left out.
void evaluateClip(NodeImporter &node) {
  const KnownValue &x = *node.getKnown(0);
  Type type = x.elementType;
  if (!isFollowed(type) || type.isUnsignedInteger(64))
    return;
  KnownValue result = x;
  auto clamp = [&](int64_t operand, StringRef attribute, const Arithmetic &arithmetic) {
    KnownElement bound;
    if (node.hasOperand(operand)) {
      const KnownValue &given = *node.getKnown(operand);
      if (given.elementType != type || given.elements.size() != 1)
        return false;
      bound = given.elements[0];
    } else if (node.hasAttribute(attribute)) {
      bound = KnownElement(node.getReal(attribute, 0));
    } else {
      return true;
    }
    for (KnownElement &element : result.elements) {
      Element clamped = apply(arithmetic, element, bound, type);
      if (!clamped)
        return false;
      element = *clamped;
    }
    return true;
  };
  if (clamp(1, "min", maximum) && clamp(2, "max", minimum))
    node.setKnown(0, std::move(result));
}

/// Powers of whole numbers, exact ones only: others are for kernels, which round where the reference does.
void evaluatePower(NodeImporter &node) {
  if (node.getNumOperands() != 2 || node.hasAttribute("axis"))
    return;
  const KnownValue &lhs = *node.getKnown(0), &rhs = *node.getKnown(1);
  Type type = lhs.elementType;
  if (!isFollowed(type) || !isFollowed(rhs.elementType))
    return;
  evaluateBinary(node, lhs, rhs, type, [&](const KnownElement &a, const KnownElement &b) -> Element {
    if (a.isConstant() && b.isConstant() && b.asReal() == 0.5) {
      // The side of a square of so many patches.
      double root = std::sqrt(a.asReal());
      if (!(a.asReal() < 0x1p24) || root != std::floor(root) || root * root != a.asReal())
        return std::nullopt;
      return isInteger(type) ? KnownElement(node.extent(static_cast<int64_t>(root))) : KnownElement(root);
    }
    if (!b.isConstant() || b.asReal() != std::floor(b.asReal()) || b.asReal() < 0 || b.asReal() > 62)
      return std::nullopt;
    Element power = isInteger(type) ? KnownElement(node.extent(1)) : KnownElement(1.0);
    double size = 1, limit = type.isF32() ? 0x1p24 : 0x1p53;
    for (int64_t i = 0; i < static_cast<int64_t>(b.asReal()) && power; ++i) {
      if (a.isConstant()) {
        size *= std::abs(a.asReal());
        if (size > limit || a.asReal() != std::floor(a.asReal()))
          return std::nullopt;
      }
      power = apply(multiplication, *power, a, type);
    }
    return power;
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
    const KnownElement &a = onTrue.elements[broadcastPosition(i, *shape, onTrue.shape)],
                       &b = onFalse.elements[broadcastPosition(i, *shape, onFalse.shape)];
    if (!chosen.isConstant() && !(a == b)) {
      if (!a.expression || !b.expression || a.divisor != b.divisor)
        return;
      result.elements.push_back(KnownElement(chooseExtent(chosen.expression, a.expression, b.expression), a.divisor));
      continue;
    }
    result.elements.push_back(!chosen.isConstant() || chosen.asReal() != 0 ? a : b);
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
  if (x.rank() == 1 && node.hasOperand(1) && node.getKnown(1)->elements.empty() && node.getFlag("noop_with_empty_axes"))
    return;
  Element total = x.elements.front();
  for (const KnownElement &element : llvm::drop_begin(x.elements))
    if (total)
      total = apply(arithmetic, *total, element, x.elementType);
  if (total)
    node.setKnown(0, {x.elementType, SmallVector<int64_t>(node.getFlag("keepdims", true) ? x.rank() : 0, 1), {*total}});
}

void evaluateAnd(NodeImporter &node) { evaluateLogic(node, multiplyExtents); }
void evaluateOr(NodeImporter &node) { evaluateLogic(node, maximumExtent); }

} // namespace

void registerArithmeticEvaluators(OpRegistry &registry) {
  registry.addEvaluator("Add", 2, evaluateArithmetic<addition>);
  registry.addEvaluator("Sub", 2, evaluateArithmetic<subtraction>);
  registry.addEvaluator("Mul", 2, evaluateArithmetic<multiplication>);
  registry.addEvaluator("Div", 2, evaluateArithmetic<division>);
  registry.addEvaluator("Mod", 2, evaluateArithmetic<modulo>);
  registry.addEvaluator("Min", 2, evaluateArithmetic<minimum>);
  registry.addEvaluator("Max", 2, evaluateArithmetic<maximum>);
  registry.addEvaluator("Equal", 2, evaluateComparison<Comparison::Equal>);
  registry.addEvaluator("Less", 2, evaluateComparison<Comparison::Less>);
  registry.addEvaluator("LessOrEqual", 2, evaluateComparison<Comparison::LessOrEqual>);
  registry.addEvaluator("Greater", 2, evaluateComparison<Comparison::Greater>);
  registry.addEvaluator("GreaterOrEqual", 2, evaluateComparison<Comparison::GreaterOrEqual>);
  registry.addEvaluator("And", 2, evaluateAnd);
  registry.addEvaluator("Or", 2, evaluateOr);
  registry.addEvaluator("Not", 1, evaluateNot);
  registry.addEvaluator("Neg", 1, evaluateNegation);
  registry.addEvaluator("Floor", 1, evaluateRounding<floorOf, divideExtents>);
  registry.addEvaluator("Ceil", 1, evaluateRounding<ceilOf, divideExtentsUp>);
  registry.addEvaluator("Abs", 1, evaluateAbs);
  registry.addEvaluator("Reciprocal", 1, evaluateReciprocal);
  registry.addEvaluator("Pow", 2, evaluatePower);
  registry.addEvaluator("Sqrt", 1, evaluateSqrt);
  registry.addEvaluator("Clip", 1, evaluateClip);
  registry.addEvaluator("Cast", 1, evaluateCast);
  registry.addEvaluator("Where", 3, evaluateWhere);
  registry.addEvaluator("ReduceProd", 1, evaluateReduction<multiplication>);
  registry.addEvaluator("ReduceSum", 1, evaluateReduction<addition>);
  registry.addEvaluator("ReduceMin", 1, evaluateReduction<minimum>);
  registry.addEvaluator("ReduceMax", 1, evaluateReduction<maximum>);
}

} // namespace dlc::onnx_import
