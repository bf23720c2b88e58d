// SPDX-License-Identifier: Apache-2.0
// Reductions over chosen dimensions.
#include "frontend/json/NodeKinds.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSelection.h"

using namespace mlir;
using namespace dlc::json;

template <dlc::ReductionKind kind> static NodeResults buildReduce(NodeContext &context) {
  Value x = context.operand(0);
  bool isValid;
  std::optional<SmallVector<int64_t>> given = context.integers("axes", 1, isValid);
  if (!x || !isValid)
    return {Value()};
  int64_t rank = typeOf(x).getRank();
  if (!given || given->empty()) {
    if (context.flag("noop_with_empty_axes"))
      return {x};
    given = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  }
  auto axes = context.axes(*given, rank);
  if (!axes)
    return {Value()};
  return {context.create<dlc::ReduceOp>(kind, x, ArrayRef<int64_t>(*axes), context.flag("keepdims"))};
}

template <bool minimum> static NodeResults buildArgExtreme(NodeContext &context) {
  if (!context.expectRankOf(0, 1))
    return {Value()};
  auto axis = context.axis(typeOf(context.operand(0)).getRank());
  if (!axis)
    return {Value()};
  return {context.create<dlc::ArgExtremeOp>(context.operand(0), static_cast<uint64_t>(*axis), minimum,
                                            context.flag("keepdims"), context.flag("select_last_index"))};
}

static NodeResults buildTopK(NodeContext &context) {
  bool isValid;
  std::optional<SmallVector<int64_t>> given = context.integers("k", 1, isValid);
  if (!context.expectRankOf(0, 1) || !isValid)
    return {Value(), Value()};
  auto axis = context.axis(typeOf(context.operand(0)).getRank());
  if (!axis)
    return {Value(), Value()};
  if (!given || given->size() != 1)
    return {context.error("needs one number of elements, 'k'"), Value()};
  uint64_t k = given->front(), dim = *axis;
  bool smallest = !context.flag("largest");
  Value values = context.create<dlc::TopKOp>(context.operand(0), OptionalOperand{}, k, dim, smallest);
  return {values, values ? context.create<dlc::TopKIndicesOp>(context.operand(0), k, dim, smallest) : Value()};
}

void dlc::json::addReductionNodes(std::vector<NodeKind> &kinds) {
  Field keep = optional("keepdims", flagRule(), "1", "Whether reduced dimensions stay, with extent 1");
  auto reduce = [&](std::string name, NodeResults (*build)(NodeContext &)) {
    kinds.push_back({std::move(name),
                     1,
                     2,
                     1,
                     {optional("axes", list(integer()), "", "Dimensions, all if missing; also the second input"), keep,
                      optional("noop_with_empty_axes", flagRule(), "0", "Whether no axes mean none instead of all")},
                     build});
  };
  reduce("ReduceSum", buildReduce<dlc::ReductionKind::Sum>);
  reduce("ReduceMean", buildReduce<dlc::ReductionKind::Mean>);
  reduce("ReduceMax", buildReduce<dlc::ReductionKind::Max>);
  reduce("ReduceMin", buildReduce<dlc::ReductionKind::Min>);
  reduce("ReduceProd", buildReduce<dlc::ReductionKind::Prod>);
  reduce("ReduceL1", buildReduce<dlc::ReductionKind::L1>);
  reduce("ReduceL2", buildReduce<dlc::ReductionKind::L2>);
  reduce("ReduceLogSum", buildReduce<dlc::ReductionKind::LogSum>);
  reduce("ReduceLogSumExp", buildReduce<dlc::ReductionKind::LogSumExp>);
  reduce("ReduceSumSquare", buildReduce<dlc::ReductionKind::SumSquare>);
  std::vector<Field> extreme = {
      optional("axis", integer(), "0", "The dimension that is searched"), keep,
      optional("select_last_index", flagRule(), "0", "Whether the last of equal elements counts")};
  kinds.push_back({"ArgMax", 1, 1, 1, extreme, buildArgExtreme<false>});
  kinds.push_back({"ArgMin", 1, 1, 1, extreme, buildArgExtreme<true>});
  kinds.push_back({"TopK",
                   1,
                   2,
                   2,
                   {optional("k", integer(0, INT32_MAX), "", "How many elements; also the second input"),
                    optional("axis", integer(), "-1", "The dimension that is searched"),
                    optional("largest", flagRule(), "1", "Whether the largest ones, or the smallest"),
                    optional("sorted", flagRule(), "1", "Results are always in order")},
                   buildTopK});
}
