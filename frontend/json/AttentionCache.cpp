// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/AttentionCache.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSlicing.h"

using namespace mlir;

namespace dlc::json {

std::optional<KeptPositions> keepPositions(LayerContext &context, std::optional<int64_t> most) {
  KeptPositions positions;
  if (!context.keepsState())
    return positions;
  Value x = context.input();
  Type i64 = context.builder.getI64Type();
  StateRequest request{"length", i64, {}, x};
  positions.before = context.beginState(request);
  if (most)
    context.limitState("length", *most, 1);
  Value count;
  if (typeOf(x).isDynamicDim(1)) {
    Value ones = context.create<FillOp>(x, ArrayRef<int64_t>{-3}, llvm::APFloat(1.0), i64);
    count = context.create<ReduceOp>(ReductionKind::Sum, ones, ArrayRef<int64_t>{0}, /*keep_dims=*/false);
  } else {
    count = context.constant(static_cast<double>(typeOf(x).getDimSize(1)), i64);
  }
  positions.after = context.add(positions.before, count);
  context.endState("length", positions.after);
  if (!positions.before || !positions.after)
    return std::nullopt;
  return positions;
}

Value countPositions(LayerContext &context, Value x, int64_t dim, const KeptPositions &positions) {
  Value own = countPositions(context, x, dim);
  return positions.before ? context.add(own, positions.before) : own;
}

bool extendCache(LayerContext &context, AttentionParts &parts, const KeptPositions &positions, int64_t most) {
  Value x = context.input();
  for (auto [role, part] : {std::pair<StringRef, Value &>("keys", parts.key), {"values", parts.value}}) {
    if (!part)
      return false;
    RankedTensorType type = typeOf(part);
    Value kept =
        context.beginState({role, type.getElementType(), {-2, type.getDimSize(1), most, type.getDimSize(3)}, x});
    part = context.create<UpdateSliceOp>(kept, part, positions.before, static_cast<uint64_t>(2), /*in_place=*/false);
    context.endState(role, part);
  }
  Value zeros = context.create<FillOp>(x, ArrayRef<int64_t>{-2}, llvm::APFloat(0.0), context.builder.getI64Type());
  parts.lengths = context.add(zeros, positions.after);
  parts.isFromEnd = true;
  return parts.key && parts.value && parts.lengths;
}

} // namespace dlc::json
