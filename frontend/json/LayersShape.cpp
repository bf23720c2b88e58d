// SPDX-License-Identifier: Apache-2.0
// Layers that move, scale or drop elements.
#include "frontend/json/LayerKinds.h"
#include "ir/OpsMovement.h"
#include "ir/OpsTransposition.h"

using namespace mlir;
using namespace dlc::json;

static Value buildDropout(LayerContext &context) {
  double rate = context.attributes.number("rate");
  if (!context.training || rate == 0)
    return context.input();
  if (rate >= 1 || !isa<FloatType>(typeOf(context.input()).getElementType()))
    return context.error("rate", "drops all elements, or elements that are not floating-point numbers");
  return context.training->drop(context, context.input(), rate);
}

static Value buildFlatten(LayerContext &context) {
  RankedTensorType type = typeOf(context.input());
  if (type.getRank() < 1)
    return context.error("expects an input of rank 1 or more, got " + describeTensor(context.input()));
  return context.reshape(context.input(), {-2, -1});
}

static Value buildReshape(LayerContext &context) {
  RankedTensorType type = typeOf(context.input());
  if (type.getRank() < 1)
    return context.error("expects an input of rank 1 or more, got " + describeTensor(context.input()));
  SmallVector<int64_t> shape = {-2};
  shape.append(context.attributes.integers("shape"));
  if (llvm::count(shape, -1) > 1)
    return context.error("shape", "leaves more than one extent (-1) open");
  return context.reshape(context.input(), shape);
}

static Value buildPermute(LayerContext &context) {
  int64_t rank = typeOf(context.input()).getRank();
  SmallVector<int64_t> permutation = {0};
  permutation.append(context.attributes.integers("dims"));
  SmallVector<int64_t> sorted = permutation;
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, rank)))
    return context.error("dims", "needs every dimension from 1 to " + Twine(rank - 1) +
                                     " once in 'dims' (0 is the batch), for its input " +
                                     describeTensor(context.input()));
  return context.create<dlc::TransposeOp>(context.input(), ArrayRef<int64_t>(permutation));
}

/// Amounts before and after each spatial dimension: an integer, one per dimension, or pairs.
static bool readBorders(LayerContext &context, StringRef key, SmallVector<int64_t> &low, SmallVector<int64_t> &high) {
  RankedTensorType type = typeOf(context.input());
  if (type.getRank() < 3) {
    context.error("expects an input [N, C, spatial...] of rank 3 or more, got " + describeTensor(context.input()));
    return false;
  }
  low.assign(type.getRank(), 0);
  high.assign(type.getRank(), 0);
  const JsonValue &value = *context.attributes.find(key);
  if (value.isList() && value.elements.size() != static_cast<size_t>(type.getRank() - 2)) {
    context.error(key,
                  "needs one '" + key + "' for all or " + Twine(type.getRank() - 2) + ", one per spatial dimension");
    return false;
  }
  for (int64_t dim = 2; dim < type.getRank(); ++dim) {
    const JsonValue &each = value.isList() ? value.elements[dim - 2] : value;
    low[dim] = each.isList() ? each.elements[0].integer : each.integer;
    high[dim] = each.isList() ? each.elements[1].integer : each.integer;
  }
  return true;
}

static Value buildPadding(LayerContext &context) {
  SmallVector<int64_t> low, high;
  if (!readBorders(context, "padding", low, high))
    return {};
  dlc::PadMode mode = *dlc::symbolizePadMode(context.attributes.string("mode"));
  Value value;
  if (context.attributes.isGiven("value")) {
    if (mode != dlc::PadMode::Constant)
      return context.error("value", "expects a 'value' only in the mode \"constant\"");
    value = context.constant(context.attributes.number("value"), typeOf(context.input()).getElementType());
  }
  return context.create<dlc::PadOp>(context.input(), OptionalOperand{value}, ArrayRef<int64_t>(low),
                                    ArrayRef<int64_t>(high), mode);
}

static Value buildCropping(LayerContext &context) {
  SmallVector<int64_t> low, high;
  if (!readBorders(context, "cropping", low, high))
    return {};
  for (SmallVector<int64_t> *amounts : {&low, &high})
    for (int64_t &amount : *amounts)
      amount = -amount;
  return context.create<dlc::PadOp>(context.input(), OptionalOperand{}, ArrayRef<int64_t>(low), ArrayRef<int64_t>(high),
                                    dlc::PadMode::Constant);
}

static Value buildUpsample(LayerContext &context) {
  RankedTensorType type = typeOf(context.input());
  if (type.getRank() < 3)
    return context.error("expects an input [N, C, spatial...] of rank 3 or more, got " +
                         describeTensor(context.input()));
  auto factors = context.spatial("size", type.getRank() - 2);
  if (!factors)
    return {};
  SmallVector<int64_t> sizes = {-1, -1};
  SmallVector<double> scales = {1, 1};
  for (int64_t i = 0; i < static_cast<int64_t>(factors->size()); ++i) {
    std::optional<int64_t> extent = context.expectExtent(2 + i, "the spatial extent");
    if (!extent)
      return {};
    sizes.push_back(*extent * (*factors)[i]);
    scales.push_back((*factors)[i]);
  }
  bool isNearest = context.attributes.string("interpolation") == "nearest";
  return context.create<dlc::ResizeOp>(
      context.input(), OptionalOperand{}, ArrayRef<int64_t>(sizes), ArrayRef<double>(scales), ArrayRef<double>(),
      isNearest ? dlc::ResizeMode::Nearest : dlc::ResizeMode::Linear, isNearest ? "asymmetric" : "half_pixel", "floor",
      llvm::APFloat(-0.75), false, false, llvm::APFloat(0.0));
}

void dlc::json::addShapeLayers(std::vector<LayerKind> &kinds) {
  RulePtr amount = integer(0, INT32_MAX);
  RulePtr amounts = either({amount, list(either({amount, list(amount, 2, 2)}), 1)},
                           "an integer, or a list of integers or [low, high] pairs");
  kinds.push_back({"flatten", "[N, ...] to [N, all the rest]", {}, buildFlatten});
  kinds.push_back(
      {"reshape",
       "The same elements in another shape",
       {required("shape", list(integer(-1, INT32_MAX)), "The shape without the batch; -1 (once): what is left")},
       buildReshape});
  kinds.push_back({"permute",
                   "Dimensions in another order",
                   {required("dims", list(integer(1)),
                             "Dimension i + 1 of the result is dimension dims[i] of the input; 0 is the batch")},
                   buildPermute});
  kinds.push_back({"padding",
                   "Elements around the spatial dimensions",
                   {required("padding", amounts, "How many, for all spatial dimensions or each"),
                    optional("mode", choice({"constant", "edge", "reflect", "wrap"}), "\"constant\"", "What they hold"),
                    optional("value", number(), "0", "Value of constant padding")},
                   buildPadding});
  kinds.push_back({"cropping",
                   "Drops elements at the edges of the spatial dimensions",
                   {required("cropping", amounts, "How many, for all spatial dimensions or each")},
                   buildCropping});
  kinds.push_back({"upsample",
                   "Enlarges spatial dimensions by an integer factor",
                   {optional("size", either({integer(1, INT32_MAX), list(integer(1, INT32_MAX), 1)}), "2",
                             "Factor, for all or each"),
                    optional("interpolation", choice({"nearest", "bilinear"}), "\"nearest\"",
                             "How elements in between are interpolated")},
                   buildUpsample});
  kinds.push_back({"dropout",
                   "Sets elements to 0 at random in training; nothing in inference",
                   {optional("rate", number(0, 1), "0.5", "Share of elements that training drops")},
                   buildDropout});
}
