// SPDX-License-Identifier: Apache-2.0
// An einsum of two operands is a product of matrices if each letter is one of four kinds: of a batch (in both operands
// and the result), of rows (in the left one and the result), of columns (in the right one and the result), or summed
// (in both operands). Letters of a kind become one dimension, but for those of a batch.
#include "ir/OpsLinear.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsTransposition.h"
#include "passes/Passes.h"
#include "llvm/ADT/StringExtras.h"

#define DEBUG_TYPE "dlc-lower-einsums"

namespace dlc {
#define GEN_PASS_DEF_LOWEREINSUMS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// A tensor and a letter for each of its dimensions.
struct Operand {
  Value value;
  std::string letters;

  bool has(char letter) const { return letters.find(letter) != std::string::npos; }
  int64_t getExtent(char letter) const {
    return llvm::cast<RankedTensorType>(value.getType()).getDimSize(letters.find(letter));
  }
};

class Lowering {
public:
  Lowering(dlc::EinsumOp op, bool reorderSums) : builder(op), op(op), reorderSums(reorderSums) {}

  /// The same numbers by a product of matrices; null if there is none.
  Value run() {
    if (!read())
      return {};
    for (Operand *operand : {&left, &right})
      sumOwn(*operand);
    std::string batch, rows, columns, terms;
    for (char letter : result)
      (left.has(letter) && right.has(letter) ? batch : left.has(letter) ? rows : columns) += letter;
    for (char letter : left.letters)
      if (right.has(letter) && result.find(letter) == std::string::npos)
        terms += letter;
    // Without a sum it is an elementwise product. A run must know all but one extent to take rows apart again.
    if (terms.empty() || countOpen(left, rows) > 1 || countOpen(right, columns) > 1)
      return {};
    // What is contiguous in memory stays so.
    bool isLeftTurned = isLast(left, rows), isRightTurned = isLast(right, terms);
    llvm::SmallVector<int64_t> rowExtents = getExtents(left, rows), columnExtents = getExtents(right, columns);
    Value lhs = isLeftTurned ? arrange(left, batch, terms, rows) : arrange(left, batch, rows, terms);
    Value rhs = isRightTurned ? arrange(right, batch, columns, terms) : arrange(right, batch, terms, columns);
    Value product = create<dlc::MatMulOp>(lhs, rhs, isLeftTurned, isRightTurned);
    auto first = static_cast<int64_t>(batch.size());
    product = split(split(product, first + 1, columnExtents), first, rowExtents);
    product = order({product, batch + rows + columns}, result);
    return product.getType() == op.getType() ? product : Value();
  }

private:
  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return OpTy::create(builder, op.getLoc(), std::forward<Args>(args)...);
  }

  /// Reads the equation; whether it has two operands of real numbers without a letter that occurs twice in one of them,
  /// or that has extent 1 in one operand alone.
  bool read() {
    auto [inputs, output] = op.getEquation().split("->");
    auto [first, second] = inputs.split(',');
    if (op->getNumOperands() != 2 || !llvm::isa<FloatType>(op.getType().getElementType()))
      return false;
    left = {op->getOperand(0), first.str()};
    right = {op->getOperand(1), second.str()};
    result = output.str();
    for (const std::string *letters : {&left.letters, &right.letters, &result})
      for (char letter : *letters)
        if (llvm::count(*letters, letter) > 1)
          return false;
    for (char letter : left.letters)
      if (right.has(letter) && (left.getExtent(letter) == 1) != (right.getExtent(letter) == 1))
        return false;
    for (const Operand *operand : {&left, &right})
      for (char letter : operand->letters)
        if (!reorderSums && isOwn(*operand, letter))
          return false;
    return true;
  }

  /// Whether `letter` is in no other operand, and summed.
  bool isOwn(const Operand &operand, char letter) {
    const Operand &other = &operand == &left ? right : left;
    return !other.has(letter) && result.find(letter) == std::string::npos;
  }

  /// Sums over the letters that only this operand has.
  void sumOwn(Operand &operand) {
    llvm::SmallVector<int64_t> axes;
    std::string rest;
    for (auto [axis, letter] : llvm::enumerate(operand.letters))
      if (isOwn(operand, letter))
        axes.push_back(static_cast<int64_t>(axis));
      else
        rest += letter;
    if (!axes.empty())
      operand.value = create<dlc::ReduceOp>(dlc::ReductionKind::Sum, operand.value, axes, /*keep_dims=*/false);
    operand.letters = rest;
  }

  static bool isLast(const Operand &operand, llvm::StringRef letters) {
    return !operand.letters.empty() && letters.contains(operand.letters.back());
  }
  static int64_t countOpen(const Operand &operand, llvm::StringRef letters) {
    return llvm::count_if(letters, [&](char letter) { return ShapedType::isDynamic(operand.getExtent(letter)); });
  }
  static llvm::SmallVector<int64_t> getExtents(const Operand &operand, llvm::StringRef letters) {
    return llvm::map_to_vector(letters, [&](char letter) { return operand.getExtent(letter); });
  }

  Value order(const Operand &operand, llvm::StringRef letters) {
    if (operand.letters == letters)
      return operand.value;
    llvm::SmallVector<int64_t> permutation;
    for (char letter : letters)
      permutation.push_back(static_cast<int64_t>(operand.letters.find(letter)));
    return create<dlc::TransposeOp>(operand.value, permutation);
  }

  /// The operand as [batch..., first, second].
  Value arrange(const Operand &operand, const std::string &batch, const std::string &first, const std::string &second) {
    Value ordered = order(operand, batch + first + second);
    auto position = static_cast<int64_t>(batch.size());
    // The last ones first, whose merging does not move the others.
    return merge(merge(ordered, position + static_cast<int64_t>(first.size()), static_cast<int64_t>(second.size())),
                 position, static_cast<int64_t>(first.size()));
  }

  /// One dimension in place of `count` ones from `first` on.
  Value merge(Value x, int64_t first, int64_t count) {
    if (count == 1)
      return x;
    auto type = llvm::cast<RankedTensorType>(x.getType());
    int64_t merged = 1;
    for (int64_t extent : type.getShape().slice(first, count))
      merged = merged < 0 || ShapedType::isDynamic(extent) ? -1 : merged * extent;
    llvm::SmallVector<int64_t> shape;
    for (int64_t dim = 0; dim < first; ++dim)
      shape.push_back(-2 - dim);
    shape.push_back(merged);
    for (int64_t dim = first + count; dim < type.getRank(); ++dim)
      shape.push_back(-2 - dim);
    return create<dlc::ReshapeOp>(x, shape);
  }

  /// Dimensions of `extents`, of which one may be open, in place of the one at `position`.
  Value split(Value x, int64_t position, llvm::ArrayRef<int64_t> extents) {
    if (extents.size() == 1)
      return x;
    auto type = llvm::cast<RankedTensorType>(x.getType());
    llvm::SmallVector<int64_t> shape;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (dim != position)
        shape.push_back(-2 - dim);
      else
        for (int64_t extent : extents)
          shape.push_back(ShapedType::isDynamic(extent) ? -1 : extent);
    return create<dlc::ReshapeOp>(x, shape);
  }

  OpBuilder builder;
  dlc::EinsumOp op;
  bool reorderSums;
  Operand left, right;
  std::string result;
};

class LowerEinsums final : public dlc::impl::LowerEinsumsBase<LowerEinsums> {
public:
  using LowerEinsumsBase::LowerEinsumsBase;

private:
  void runOnOperation() override {
    llvm::SmallVector<dlc::EinsumOp> ops;
    getOperation().walk([&](dlc::EinsumOp op) { ops.push_back(op); });
    for (dlc::EinsumOp op : ops)
      if (Value product = Lowering(op, reorderSums).run()) {
        op.replaceAllUsesWith(product);
        op.erase();
      }
  }
};

} // namespace
