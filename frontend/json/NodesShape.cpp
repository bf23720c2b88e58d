// SPDX-License-Identifier: Apache-2.0
// Constants, and the same elements in other shapes and orders.
#include "frontend/json/Elements.h"
#include "frontend/json/NestedNumbers.h"
#include "frontend/json/NodeKinds.h"
#include "frontend/json/TensorRules.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsShape.h"
#include "ir/OpsTransposition.h"

using namespace mlir;
using namespace dlc::json;

static NodeResults buildReshape(NodeContext &context) {
  Value x = context.operand(0);
  bool isValid;
  auto shape = context.integers("shape", 1, isValid);
  if (!x || !isValid)
    return {Value()};
  if (!shape)
    return {context.error("lacks the attribute 'shape'")};
  if (llvm::count(*shape, -1) > 1)
    return {context.error("leaves more than one extent (-1) open")};
  for (auto [i, extent] : llvm::enumerate(*shape)) {
    if (extent < -1)
      return {context.error("has the extent " + Twine(extent) + " in its shape")};
    if (extent != 0 || context.flag("allowzero"))
      continue;
    if (static_cast<int64_t>(i) >= typeOf(x).getRank())
      return {context.error("keeps dimension " + Twine(i) + " (extent 0), which its input " + describeTensor(x) +
                            " lacks")};
    extent = -2 - static_cast<int64_t>(i);
  }
  return {context.reshape(x, *shape)};
}

static NodeResults buildFlatten(NodeContext &context) {
  Value x = context.operand(0);
  if (!x)
    return {x};
  RankedTensorType type = typeOf(x);
  int64_t rank = type.getRank(), axis = context.attributes.integer("axis");
  if (axis < -rank || axis > rank)
    return {context.error("axis", "has no axis " + Twine(axis) + " in an input of rank " + Twine(rank))};
  axis += axis < 0 ? rank : 0;
  if (axis == 1)
    return {context.reshape(x, {-2, -1})};
  // One side may be dynamic; the other one must be known.
  ArrayRef<int64_t> outer = type.getShape().take_front(axis), inner = type.getShape().drop_front(axis);
  auto product = [](ArrayRef<int64_t> extents) {
    int64_t result = 1;
    for (int64_t extent : extents)
      result *= extent;
    return result;
  };
  if (llvm::none_of(outer, ShapedType::isDynamic))
    return {context.reshape(x, {product(outer), llvm::none_of(inner, ShapedType::isDynamic) ? product(inner) : -1})};
  if (llvm::none_of(inner, ShapedType::isDynamic))
    return {context.reshape(x, {-1, product(inner)})};
  return {context.error("cannot flatten " + describeTensor(x) + " with dynamic extents on both sides of its axis")};
}

static NodeResults buildTranspose(NodeContext &context) {
  Value x = context.operand(0);
  if (!x)
    return {x};
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, typeOf(x).getRank())));
  if (context.attributes.find("perm"))
    permutation = context.attributes.integers("perm");
  return {context.create<dlc::TransposeOp>(x, ArrayRef<int64_t>(permutation))};
}

static NodeResults buildSqueeze(NodeContext &context) {
  Value x = context.operand(0);
  bool isValid;
  auto given = context.integers("axes", 1, isValid);
  if (!x || !isValid)
    return {Value()};
  RankedTensorType type = typeOf(x);
  SmallVector<int64_t> all;
  for (auto [dim, extent] : llvm::enumerate(type.getShape()))
    if (extent == 1)
      all.push_back(dim);
  auto axes = context.axes(given ? *given : all, type.getRank());
  if (!axes)
    return {Value()};
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!llvm::is_contained(*axes, dim))
      shape.push_back(-2 - dim);
    else if (type.getDimSize(dim) != 1)
      return {context.error("squeezes dimension " + Twine(dim) + ", which is not 1 in " + describeTensor(x))};
  }
  return {context.reshape(x, shape)};
}

static NodeResults buildUnsqueeze(NodeContext &context) {
  Value x = context.operand(0);
  bool isValid;
  auto given = context.integers("axes", 1, isValid);
  if (!x || !isValid)
    return {Value()};
  if (!given)
    return {context.error("lacks the attribute 'axes'")};
  int64_t rank = typeOf(x).getRank() + given->size();
  auto axes = context.axes(*given, rank);
  if (!axes)
    return {Value()};
  SmallVector<int64_t> shape;
  for (int64_t dim = 0, source = 0; dim < rank; ++dim)
    shape.push_back(llvm::is_contained(*axes, dim) ? 1 : -2 - source++);
  return {context.reshape(x, shape)};
}

static NodeResults buildExpand(NodeContext &context) {
  Value x = context.operand(0);
  bool isValid;
  auto shape = context.integers("shape", 1, isValid);
  if (!x || !isValid)
    return {Value()};
  if (!shape || llvm::any_of(*shape, [](int64_t extent) { return extent < 0; }))
    return {context.error("needs a 'shape' of extents that are not negative")};
  return {context.create<dlc::ExpandOp>(x, ArrayRef<int64_t>(*shape))};
}

/// Blocks of channels to blocks of space (`toSpace`) or back: a reshape, a transposition and a reshape.
template <bool toSpace> static NodeResults buildDepthSpace(NodeContext &context) {
  Value x = context.operand(0);
  if (!x)
    return {x};
  RankedTensorType type = typeOf(x);
  if (type.getRank() != 4 || llvm::any_of(type.getShape().drop_front(), ShapedType::isDynamic))
    return {context.error("expects an input [N, C, H, W] with known C, H and W, got " + describeTensor(x))};
  int64_t b = context.attributes.integer("blocksize"), c = type.getDimSize(1), h = type.getDimSize(2),
          w = type.getDimSize(3);
  if (toSpace ? c % (b * b) != 0 : h % b != 0 || w % b != 0)
    return {context.error("blocksize",
                          "has a 'blocksize' of " + Twine(b) + ", which does not divide " + describeTensor(x))};
  SmallVector<int64_t> blocks, permutation, result;
  if (!toSpace) {
    blocks = {-2, c, h / b, b, w / b, b};
    permutation = {0, 3, 5, 1, 2, 4};
    result = {-2, c * b * b, h / b, w / b};
  } else {
    bool isColumnFirst = context.attributes.string("mode") == "CRD";
    blocks = isColumnFirst ? SmallVector<int64_t>{-2, c / (b * b), b, b, h, w}
                           : SmallVector<int64_t>{-2, b, b, c / (b * b), h, w};
    permutation = isColumnFirst ? SmallVector<int64_t>{0, 1, 4, 2, 5, 3} : SmallVector<int64_t>{0, 3, 4, 1, 5, 2};
    result = {-2, c / (b * b), h * b, w * b};
  }
  return {context.reshape(context.create<dlc::TransposeOp>(context.reshape(x, blocks), ArrayRef<int64_t>(permutation)),
                          result)};
}

/// A constant of numbers in the attributes `value` and `type`, in `shape` or that of the numbers.
static NodeResults buildConstantOf(NodeContext &context, std::optional<SmallVector<int64_t>> shape) {
  const JsonValue &value = *context.attributes.find("value");
  Type elementType = getElementType(context.attributes.string("type"), context.builder.getContext());
  auto type = RankedTensorType::get(shape ? *shape : getNestedShape(value), elementType);
  if (!getByteCount(type.getShape(), elementType) || type.getNumElements() > (1 << 24))
    return {context.error("makes a constant of shape " + formatShape(type.getShape()) + ", which is too large")};
  auto bytes = readNestedNumbers(value, type.getShape(), elementType, "'value' of " + context.label, context.reporter);
  if (!bytes)
    return {Value()};
  if (elementType.isInteger(1)) {
    SmallVector<bool> bits(bytes->begin(), bytes->end());
    return {context.constant(DenseElementsAttr::get(type, ArrayRef<bool>(bits)))};
  }
  return {context.constant(cast<ElementsAttr>(DenseElementsAttr::getFromRawBuffer(type, *bytes)))};
}
static NodeResults buildConstant(NodeContext &context) { return buildConstantOf(context, std::nullopt); }
static NodeResults buildConstantOfShape(NodeContext &context) {
  bool isValid;
  auto shape = context.integers("shape", 0, isValid);
  if (!isValid)
    return {Value()};
  if (!shape || llvm::any_of(*shape, [](int64_t extent) { return extent < 0; }))
    return {context.error("needs a 'shape' of extents that are not negative")};
  return buildConstantOf(context, shape);
}

static NodeResults buildRange(NodeContext &context) {
  double start = context.attributes.number("start"), limit = context.attributes.number("limit"),
         delta = context.attributes.number("delta");
  double size = delta == 0 ? -1 : std::max(0.0, std::ceil((limit - start) / delta));
  if (!(size >= 0 && size <= INT32_MAX))
    return {context.error("delta", "needs a 'delta' that leads from 'start' to 'limit' in fewer than 2^31 steps")};
  Type elementType = getElementType(context.attributes.string("type"), context.builder.getContext());
  return {context.create<dlc::IotaOp>(llvm::APFloat(start), llvm::APFloat(delta), static_cast<uint64_t>(size),
                                      elementType)};
}

void dlc::json::addShapeNodes(std::vector<NodeKind> &kinds) {
  RulePtr integers = list(integer()), extents = list(integer(0, INT32_MAX));
  kinds.push_back({"Reshape",
                   1,
                   2,
                   1,
                   {optional("shape", list(integer(-1, INT32_MAX)), "",
                             "The shape; -1: what is left, 0: the input's extent; also the second input"),
                    optional("allowzero", flagRule(), "0", "Whether 0 means 0")},
                   buildReshape});
  kinds.push_back(
      {"Flatten", 1, 1, 1, {optional("axis", integer(), "1", "First dimension of the second part")}, buildFlatten});
  kinds.push_back({"Transpose",
                   1,
                   1,
                   1,
                   {optional("perm", integers, "", "Order of the dimensions; reversed if missing")},
                   buildTranspose});
  kinds.push_back(
      {"Squeeze",
       1,
       2,
       1,
       {optional("axes", integers, "", "Dimensions to drop, all of extent 1 if missing; also the second input")},
       buildSqueeze});
  kinds.push_back({"Unsqueeze",
                   1,
                   2,
                   1,
                   {optional("axes", integers, "", "Dimensions of the result to add; also the second input")},
                   buildUnsqueeze});
  kinds.push_back({"Expand",
                   1,
                   2,
                   1,
                   {optional("shape", extents, "", "Shape to broadcast with; also the second input")},
                   buildExpand});
  Field block = required("blocksize", integer(1, INT32_MAX), "Extent of a block");
  kinds.push_back({"DepthToSpace",
                   1,
                   1,
                   1,
                   {block, optional("mode", choice({"DCR", "CRD"}), "\"DCR\"", "Order inside the channels")},
                   buildDepthSpace<true>});
  kinds.push_back({"SpaceToDepth", 1, 1, 1, {block}, buildDepthSpace<false>});
  RulePtr numbers = either({number(), boolean(), list(anything())}, "a number or nested lists of numbers");
  Field type = optional("type", getElementTypeRule(), "\"f32\"", "Element type of the result");
  kinds.push_back({"Constant", 0, 0, 1, {required("value", numbers, "The elements"), type}, buildConstant});
  kinds.push_back({"ConstantOfShape",
                   0,
                   1,
                   1,
                   {optional("shape", extents, "", "The shape; also the first input"),
                    optional("value", number(), "0", "Every element"), type},
                   buildConstantOfShape});
  kinds.push_back({"Range",
                   0,
                   0,
                   1,
                   {optional("start", number(), "0", "First element"), required("limit", number(), "End, not included"),
                    optional("delta", number(), "1", "Step"), type},
                   buildRange});
}
