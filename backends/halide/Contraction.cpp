// SPDX-License-Identifier: Apache-2.0
// Matrix products and sums of products over named indices.
//
// "gemm" is the register tile of RegisterTile.cpp over columns (N) and rows (M). The right operand is best packed in
// blocks of 32 columns, [N/32][K][32]: then every step reads one line. One row alone (M = 1) takes a tile of 128
// columns, whose 8 accumulators hide the latency of the multiplication; it runs at the speed at which the weights come
// from memory.
//
// "dots" is for a few rows times a transposed matrix: DotProducts.cpp. "blocked" is for sums of thousands of products:
// BlockedProduct.cpp.
//
// Share of the peak (Zen 4, one core): 128x768 x 768x768 with 12 x 32 accumulators 97 %.
#include "backends/halide/BlockedProduct.h"
#include "backends/halide/DotProducts.h"
#include "backends/halide/Families.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/SumOfProducts.h"
#include "ir/OpsLinear.h"

using namespace mlir;
using Halide::Expr;
using Halide::RDom;

namespace dlc::halide {

static FailureOr<TensorFunc> emitMatMul(MatMulOp op, KernelBuilder &builder) {
  if (op == builder.getAnchorOp() && builder.getSchedule().getAlgorithm() == "dots")
    return emitDotProducts(op, builder);
  if (op == builder.getAnchorOp() && builder.getSchedule().getAlgorithm() == "blocked")
    return emitBlockedProduct(op, builder);
  const TensorFunc &lhs = builder.get(op.getLhs()), &rhs = builder.get(op.getRhs());
  bool isRow = lhs.type.getRank() == 1, isColumn = rhs.type.getRank() == 1;
  size_t lhsRank = lhs.type.getRank();
  Expr depth = lhs.extents[isRow ? 0 : op.getTransposeLhs() ? lhsRank - 2 : lhsRank - 1];
  RDom k(0, depth);
  Halide::Type type = getValueType(op.getType().getElementType());
  // A copy of the right operand, for schedules that compute it block by block; otherwise it is read in place. Columns
  // beyond the last repeat it, so that a block may be longer than what is left.
  Halide::Func panel("panel");
  if (!isColumn) {
    Halide::Var column("column"), step("step");
    std::vector<Halide::Var> arguments{column, step};
    Exprs batch;
    size_t batchRank = rhs.type.getRank() - 2;
    for (size_t dim = 0; dim < batchRank; ++dim)
      arguments.emplace_back("batch" + std::to_string(dim));
    batch.append(arguments.begin() + 2, arguments.end());
    Expr last = rhs.extents[op.getTransposeRhs() ? batchRank : batchRank + 1] - 1;
    bool isStaged = builder.getSchedule().getTile(stageColumnsTile, 0) != 0;
    if (batchRank == 0 && !isStaged)
      panel(arguments) = readWeight(builder, rhs, op.getTransposeRhs() ? Exprs{column, step} : Exprs{step, column});
    else
      panel(arguments) =
          readMatrix(rhs, batch, step, isStaged ? Halide::min(column, last) : Expr(column), op.getTransposeRhs());
    builder.addStage(op, "panel", panel);
  }
  return defineSum(builder, op, [&](llvm::ArrayRef<Expr> index) {
    Expr column = isColumn ? Expr() : index.back();
    llvm::ArrayRef<Expr> rest = isColumn ? index : index.drop_back();
    Expr row = isRow ? Expr() : rest.back();
    llvm::ArrayRef<Expr> batch = isRow ? rest : rest.drop_back();
    Expr a = isRow ? lhs.at({k}) : readMatrix(lhs, batch, row, k, op.getTransposeLhs());
    if (isColumn)
      return multiply(a, rhs.at({k}), type);
    std::vector<Expr> position{column, k};
    size_t batchRank = rhs.type.getRank() - 2;
    for (size_t dim = 0; dim < batchRank; ++dim)
      position.push_back(rhs.type.getDimSize(dim) == 1 ? Expr(0) : batch[batch.size() - batchRank + dim]);
    return multiply(a, panel(position), type);
  });
}

static FailureOr<TensorFunc> emitEinsum(EinsumOp op, KernelBuilder &builder) {
  auto [left, right] = op.getEquation().split("->");
  llvm::SmallVector<llvm::StringRef> terms;
  left.split(terms, ',');
  // A letter of extent 1 in one operand broadcasts against the others.
  std::map<char, Expr> extents;
  for (auto [term, operand] : llvm::zip(terms, op.getOperands())) {
    const TensorFunc &x = builder.get(operand);
    for (auto [dim, letter] : llvm::enumerate(term)) {
      Expr &extent = extents[letter];
      if (!extent.defined() || x.type.getDimSize(dim) != 1)
        extent = x.extents[dim];
    }
  }
  Halide::Region region;
  std::map<char, int> summed;
  for (auto &[letter, extent] : extents)
    if (!right.contains(letter)) {
      summed[letter] = static_cast<int>(region.size());
      region.emplace_back(0, extent);
    }
  if (region.empty())
    region.emplace_back(0, 1);
  RDom domain(region);
  return defineSum(builder, op, [&](llvm::ArrayRef<Expr> index) {
    Expr product;
    for (auto [term, operand] : llvm::zip(terms, op.getOperands())) {
      const TensorFunc &x = builder.get(operand);
      Exprs position;
      for (size_t dim = 0; dim < term.size(); ++dim) {
        char letter = term[dim];
        auto sum = summed.find(letter);
        Expr coordinate = sum != summed.end() ? Expr(domain[sum->second]) : index[right.find(letter)];
        position.push_back(x.type.getDimSize(dim) == 1 ? Expr(0) : coordinate);
      }
      Expr element = x.at(position);
      product = product.defined() ? multiply(product, element) : element;
    }
    // A domain without letters still makes this an update.
    return product + Halide::cast(product.type(), summed.empty() ? domain[0] * 0 : Expr(0));
  });
}

LogicalResult scheduleContraction(KernelBuilder &builder) {
  Halide::Func sum = builder.getStage(sumStage);
  if (builder.getSchedule().getAlgorithm() == "gemm")
    return scheduleRegisterTile(builder, sum);
  schedulePlainSum(builder, sum);
  return success();
}

void addContractionEmitters(MLIRContext *context) {
  addEmitter<MatMulOp, &emitMatMul>(context);
  addEmitter<EinsumOp, &emitEinsum>(context);
}

} // namespace dlc::halide
