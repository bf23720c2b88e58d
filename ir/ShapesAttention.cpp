// SPDX-License-Identifier: Apache-2.0
// Shape function and verifier of attention.
#include "ir/DlcDialect.h"
#include "ir/ExtentRequirements.h"
#include "ir/OpsAttention.h"

using namespace mlir;

namespace dlc {

LogicalResult AttentionOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                      Dims &result) {
  const Dims &query = dims[0], &key = dims[1], &value = dims[2];
  if (query.size() != 4 || key.size() != 4 || value.size() != 4)
    return emitOptionalError(location, "attention expects operands of rank 4, [batch, heads, length, size], got ranks ",
                             query.size(), ", ", key.size(), " and ", value.size());
  if (!constantDim(query[3]) || !constantDim(value[3]))
    return emitOptionalError(location, "attention needs head sizes that are known at compile time");
  auto agree = [&](AffineExpr a, AffineExpr b, llvm::StringRef what) -> LogicalResult {
    if (requireEqual(a, b))
      return success();
    return emitOptionalError(location, "attention's operands differ in their ", what, ": ", *constantDim(a), " and ",
                             *constantDim(b));
  };
  if (failed(agree(query[0], key[0], "batch")) || failed(agree(query[0], value[0], "batch")) ||
      failed(agree(query[3], key[3], "head size")) || failed(agree(key[1], value[1], "heads of key and value")) ||
      failed(agree(key[2], value[2], "length of key and value")))
    return failure();
  std::optional<int64_t> heads = constantDim(query[1]), groups = constantDim(key[1]);
  if (heads && groups && (*groups < 1 || *heads % *groups != 0))
    return emitOptionalError(location, "attention's ", *groups, " heads of keys do not divide its ", *heads,
                             " heads of queries");
  size_t next = 3;
  if (adaptor.getMask()) {
    const Dims &mask = dims[next++];
    Dims scores{query[0], query[1], query[2], key[2]};
    if (mask.size() > 4)
      return emitOptionalError(location, "attention's mask has rank ", mask.size(), ", above 4");
    for (auto [extent, whole] : llvm::zip(llvm::reverse(mask), llvm::reverse(scores)))
      if (constantDim(extent) != 1 && !requireEqual(extent, whole))
        return emitOptionalError(location, "attention's mask does not broadcast to the scores: an extent of ",
                                 *constantDim(extent), " meets ", *constantDim(whole));
  }
  if (adaptor.getLengths()) {
    const Dims &lengths = dims[next];
    if (lengths.size() != 1 || !requireEqual(lengths[0], query[0]))
      return emitOptionalError(location, "attention's lengths are one number per sample of the batch");
  }
  result = {query[0], query[1], query[2], value[3]};
  return success();
}

/// `a + b`, or the closest number that is not beyond +-2^62.
static int64_t addDistances(int64_t a, int64_t b) {
  constexpr int64_t limit = int64_t(1) << 62;
  int64_t sum;
  if (llvm::AddOverflow(a, b, sum))
    return a < 0 ? -limit : limit;
  return std::clamp(sum, -limit, limit);
}

std::optional<int64_t> AttentionOp::getFirstDistance() {
  if (!getLeft())
    return std::nullopt;
  return addDistances(getOffset(), -static_cast<int64_t>(*getLeft()));
}

std::optional<int64_t> AttentionOp::getLastDistance() {
  if (!getRight())
    return std::nullopt;
  return addDistances(getOffset(), static_cast<int64_t>(*getRight()));
}

LogicalResult AttentionOp::verify() {
  Type type = getElementTypeOrSelf(getQuery().getType());
  if (!llvm::isa<FloatType>(type))
    return emitOpError("works on floating-point numbers, not ") << type;
  if (getElementTypeOrSelf(getKey().getType()) != type || getElementTypeOrSelf(getValue().getType()) != type)
    return emitOpError("expects query, key and value of one element type");
  if (getMask()) {
    Type mask = getElementTypeOrSelf(getMask().getType());
    if (!mask.isInteger(1) && !llvm::isa<FloatType>(mask))
      return emitOpError("has a mask of ") << mask << ", which is neither i1 nor a floating-point number";
  }
  if (getLengths() && !getElementTypeOrSelf(getLengths().getType()).isIntOrIndex())
    return emitOpError("has lengths that are not integers");
  if (getSoftcap().convertToDouble() < 0)
    return emitOpError("has a softcap below 0");
  auto isNegative = [](std::optional<uint64_t> bound) { return bound && static_cast<int64_t>(*bound) < 0; };
  if (isNegative(getLeft()) || isNegative(getRight()))
    return emitOpError("has a bound 'left' or 'right' below 0");
  return success();
}

} // namespace dlc
