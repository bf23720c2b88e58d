// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/AttentionParts.h"
#include "ir/ConstantData.h"
#include "ir/OpsAttention.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include <cmath>

using namespace mlir;

namespace dlc::json {

Value splitHeads(OpContext &context, Value x, int64_t heads) {
  if (!x)
    return {};
  int64_t size = typeOf(x).getDimSize(2) / heads;
  return context.create<TransposeOp>(context.reshape(x, {-2, -3, heads, size}), ArrayRef<int64_t>{0, 2, 1, 3});
}

Value mergeHeads(OpContext &context, Value x) {
  Value merged = context.create<TransposeOp>(x, ArrayRef<int64_t>{0, 2, 1, 3});
  if (!merged)
    return {};
  RankedTensorType type = typeOf(merged);
  return context.reshape(merged, {-2, -3, type.getDimSize(2) * type.getDimSize(3)});
}

Value countPositions(OpContext &context, Value x, int64_t dim) {
  return context.create<IndexOp>(x, static_cast<uint64_t>(dim));
}

Value makeAngles(OpContext &context, Value positions, int64_t count, double base) {
  Type type = context.builder.getF32Type();
  SmallVector<double> frequencies;
  for (int64_t k = 0; k < count; ++k)
    frequencies.push_back(std::pow(base, -static_cast<double>(k) / static_cast<double>(count)));
  Value row = context.constant(makeConstantFromDoubles(RankedTensorType::get({1, count}, type), frequencies));
  Value column = context.reshape(context.create<CastOp>(positions, type), {-2, 1});
  return context.multiply(column, row);
}

Value rotate(OpContext &context, Value x, Value positions, double base) {
  if (!x || !positions)
    return {};
  int64_t size = typeOf(x).getDimSize(3), half = size / 2;
  Type type = typeOf(x).getElementType();
  Value angles = makeAngles(context, positions, half, base);
  Value cosine = context.create<CastOp>(context.create<CosOp>(angles), type),
        sine = context.create<CastOp>(context.create<SinOp>(angles), type);
  auto part = [&](int64_t start) {
    return context.create<SliceOp>(x, ArrayRef<int64_t>{0, 0, 0, start}, ArrayRef<int64_t>{-1, -1, -1, half},
                                   ArrayRef<int64_t>{1, 1, 1, 1});
  };
  Value a = part(0), b = part(half);
  Value turned[] = {
      context.subtract(context.multiply(a, cosine), context.multiply(b, sine)),
      context.add(context.multiply(a, sine), context.multiply(b, cosine)),
  };
  return context.create<ConcatOp>(ValueRange(turned), static_cast<uint64_t>(3));
}

Value broadcastMask(OpContext &context, Value mask) {
  if (!mask)
    return {};
  switch (typeOf(mask).getRank()) {
  case 2:
    return context.reshape(mask, {-2, 1, 1, -3});
  case 3:
    return context.reshape(mask, {-2, 1, -3, -4});
  case 4:
    return mask;
  default:
    return context.error("expects a mask [batch, keys], [batch, queries, keys] or [batch, heads, queries, keys], got " +
                         describeTensor(mask));
  }
}

Value attend(OpContext &context, const AttentionParts &parts) {
  if (!parts.query || !parts.key || !parts.value)
    return {};
  OpBuilder &builder = context.builder;
  int64_t size = typeOf(parts.query).getDimSize(3);
  double scale = parts.scale.value_or(1 / std::sqrt(static_cast<double>(std::max<int64_t>(size, 1))));
  return context.create<AttentionOp>(parts.query, parts.key, parts.value, OptionalOperand{parts.mask},
                                     OptionalOperand{parts.lengths}, builder.getF64FloatAttr(scale),
                                     builder.getF64FloatAttr(parts.softcap),
                                     parts.window ? builder.getI64IntegerAttr(*parts.window) : IntegerAttr(),
                                     parts.isCausal ? builder.getI64IntegerAttr(0) : IntegerAttr(),
                                     builder.getI64IntegerAttr(0), builder.getBoolAttr(parts.isFromEnd));
}

} // namespace dlc::json
