// SPDX-License-Identifier: Apache-2.0
// The gradient rule of attention. The matrix of probabilities, which the forward kernel never stores, is computed again
// as a whole: memory grows with queries times keys. Heads of the query that share a key are rows of one product, so
// that nothing is copied for them and the gradients of keys and values are summed by the product itself.
#include "ir/OpsAttention.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLinear.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "passes/training/Formula.h"
#include "passes/training/GradientRules.h"
#include <cmath>

using namespace mlir;

namespace dlc {

static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

namespace {
/// Scores, probabilities and their gradients, as `[B, H, S, T]`.
class AttentionGradient {
public:
  AttentionGradient(AttentionOp op, GradientBuilder &gradients)
      : op(op), gradients(gradients), heads(getType(op.getQuery()).getDimSize(1)),
        sharedHeads(getType(op.getKey()).getDimSize(1)), query(widen(op.getQuery())), key(widen(op.getKey())),
        value(widen(op.getValue())) {}

  void build();

private:
  Term widen(Value x) { return {gradients, gradients.widen(x)}; }
  Term product(Value a, Value b, bool transposeA, bool transposeB) {
    return {gradients, gradients.create<MatMulOp>(a, b, transposeA, transposeB)};
  }
  Term sumOverKeys(const Term &x, ReductionKind kind) {
    return {gradients, gradients.create<ReduceOp>(kind, x, llvm::ArrayRef<int64_t>{3}, /*keep_dims=*/true)};
  }
  Term integer(int64_t number) {
    auto type = RankedTensorType::get({}, gradients.builder.getI64Type());
    return {gradients, ConstantOp::create(gradients.builder, op.getLoc(), type,
                                          DenseElementsAttr::get(type, llvm::ArrayRef<int64_t>{number}))};
  }
  Term extent(Value x, int64_t dim) {
    return {gradients, gradients.create<ExtentOp>(x, llvm::ArrayRef<int64_t>{dim}, gradients.builder.getI64Type())};
  }
  Term reshape(Value x, llvm::ArrayRef<int64_t> shape) { return {gradients, gradients.create<ReshapeOp>(x, shape)}; }

  /// `[B, H, S, n]` as `[B, G, H / G S, n]`.
  Term fold(Value x);
  /// And back.
  Term unfold(Value x);
  /// Where a query sees a key, if it does not see all; null otherwise.
  Value findVisible();
  Term computeProbabilities(Term score, Value visible);

  AttentionOp op;
  GradientBuilder &gradients;
  int64_t heads, sharedHeads;
  Term query, key, value;
};
} // namespace

Term AttentionGradient::fold(Value x) {
  if (heads == sharedHeads)
    return {gradients, x};
  int64_t queries = getType(op.getQuery()).getDimSize(2);
  return reshape(x, {getReshapeExtent(x, 0), sharedHeads,
                     ShapedType::isDynamic(queries) ? -1 : queries * (heads / sharedHeads), getReshapeExtent(x, 3)});
}

Term AttentionGradient::unfold(Value x) {
  if (heads == sharedHeads)
    return {gradients, x};
  int64_t queries = getType(op.getQuery()).getDimSize(2);
  return reshape(
      x, {getReshapeExtent(x, 0), heads, ShapedType::isDynamic(queries) ? -1 : queries, getReshapeExtent(x, 3)});
}

Value AttentionGradient::findVisible() {
  llvm::SmallVector<Term> conditions;
  if (op.getMask() && getType(op.getMask()).getElementType().isInteger(1))
    conditions.emplace_back(gradients, op.getMask());
  if (!op.getLengths() && !op.getLeft() && !op.getRight())
    return conditions.empty() ? Value() : Value(conditions.front());
  Value columns = gradients.create<IndexOp>(op.getKey(), 2), rows = gradients.create<IndexOp>(op.getQuery(), 2);
  Term ofKey(gradients, columns), ofQuery = reshape(rows, {getReshapeExtent(rows, 0), 1}),
                                  count = extent(op.getKey(), 2);
  if (op.getLengths()) {
    Term lengths = reshape(gradients.create<CastOp>(op.getLengths(), gradients.builder.getI64Type()),
                           {getReshapeExtent(op.getLengths(), 0), 1, 1, 1});
    count = lengths.apply<MaxOp>(integer(0)).apply<MinOp>(count);
    conditions.push_back(ofKey < count);
  }
  Term position = ofQuery;
  if (op.getFromEnd())
    position = position + count - extent(op.getQuery(), 2);
  if (std::optional<int64_t> last = op.getLastDistance())
    conditions.push_back(ofKey.apply<LessOrEqualOp>(position + integer(*last)));
  if (std::optional<int64_t> first = op.getFirstDistance())
    conditions.push_back(ofKey.apply<GreaterOrEqualOp>(position + integer(*first)));
  Term all = conditions.front();
  for (const Term &condition : llvm::drop_begin(conditions))
    all = all && condition;
  return all;
}

// A query that sees no key has probabilities of 0.
Term AttentionGradient::computeProbabilities(Term score, Value visible) {
  if (visible)
    score = Term(gradients, visible).choose(score, -HUGE_VAL);
  Term largest = sumOverKeys(score, ReductionKind::Max);
  Term power = exp(score - largest.apply<EqualOp>(-HUGE_VAL).choose(0.0, largest));
  Term total = sumOverKeys(power, ReductionKind::Sum);
  return power / total.apply<EqualOp>(0.0).choose(1.0, total);
}

void AttentionGradient::build() {
  double scale = op.getScale().convertToDouble(), softcap = op.getSoftcap().convertToDouble();
  Term dy = fold(widen(gradients.getResultGradient())), foldedQuery = fold(query);
  Term product0 = unfold(product(foldedQuery, key, false, true)) * scale, score = product0;
  if (softcap > 0)
    score = softcap * tanh(product0 / softcap);
  Term capped = score;
  bool hasNumbers = op.getMask() && !getType(op.getMask()).getElementType().isInteger(1);
  if (hasNumbers)
    score = score + widen(op.getMask());
  Term probability = computeProbabilities(score, findVisible());
  if (gradients.wants(2))
    gradients.set(2, product(fold(probability), dy, true, false));
  Term dProbability = unfold(product(dy, value, false, true));
  Term dScore = probability * (dProbability - sumOverKeys(dProbability * probability, ReductionKind::Sum));
  if (hasNumbers && gradients.wants(3))
    gradients.set(3, dScore);
  if (softcap > 0)
    dScore = dScore * (1 - (capped / softcap) * (capped / softcap));
  Term dProduct = fold(dScore * scale);
  if (gradients.wants(0))
    gradients.set(0, unfold(product(dProduct, key, false, false)));
  if (gradients.wants(1))
    gradients.set(1, product(dProduct, foldedQuery, true, false));
}

static LogicalResult attention(AttentionOp op, GradientBuilder &gradients) {
  auto isEmpty = [](Value x) { return llvm::is_contained(getType(x).getShape(), 0); };
  if (isEmpty(op.getQuery()) || isEmpty(op.getKey()) || isEmpty(op.getValue())) {
    for (unsigned operand = 0; operand < op->getNumOperands(); ++operand)
      if (gradients.wants(operand))
        gradients.set(operand, gradients.zeros(op->getOperand(operand)));
    return success();
  }
  if (getType(op.getQuery()).isDynamicDim(1) || getType(op.getKey()).isDynamicDim(1))
    return gradients.reportMissingRule(" for a number of heads that is only known when it runs");
  AttentionGradient(op, gradients).build();
  return success();
}

void addAttentionGradients(MLIRContext *context) { addGradientRule<AttentionOp, &attention>(context); }

} // namespace dlc
