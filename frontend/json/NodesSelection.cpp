// SPDX-License-Identifier: Apache-2.0
// Joining, cutting, padding, repeating and resampling tensors.
#include "frontend/NumPySlice.h"
#include "frontend/json/NestedNumbers.h"
#include "frontend/json/NodeKinds.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSlicing.h"

using namespace mlir;
using namespace dlc::json;

static NodeResults buildConcat(NodeContext &context) {
  SmallVector<Value> operands = context.operands();
  if (!operands.front())
    return {Value()};
  auto axis = context.axis(typeOf(operands.front()).getRank());
  if (!axis)
    return {Value()};
  return {context.create<dlc::ConcatOp>(ValueRange(operands), static_cast<uint64_t>(*axis))};
}

/// Elements `start ... start + size` of dimension `axis`, all others whole.
static Value sliceOne(NodeContext &context, Value x, int64_t axis, int64_t start, int64_t size) {
  int64_t rank = typeOf(x).getRank();
  SmallVector<int64_t> starts(rank, 0), sizes(rank, -1), steps(rank, 1);
  starts[axis] = start;
  sizes[axis] = size;
  return context.create<dlc::SliceOp>(x, ArrayRef<int64_t>(starts), ArrayRef<int64_t>(sizes), ArrayRef<int64_t>(steps));
}

static NodeResults buildSplit(NodeContext &context) {
  NodeResults results(context.outputCount);
  Value x = context.operand(0);
  if (!x)
    return results;
  auto axis = context.axis(typeOf(x).getRank());
  bool isValid;
  auto sizes = context.integers("split", 1, isValid);
  if (!axis || !isValid)
    return results;
  int64_t extent = typeOf(x).getDimSize(*axis), parts = context.outputCount;
  if (ShapedType::isDynamic(extent)) {
    context.error("splits dimension " + Twine(*axis) + ", whose extent is not known, of " + describeTensor(x));
    return results;
  }
  if (!sizes) {
    // Equal parts, the last one smaller if need be.
    int64_t size = llvm::divideCeilSigned(extent, parts);
    sizes.emplace(parts, size);
    sizes->back() = extent - size * (parts - 1);
  }
  int64_t total = 0;
  for (int64_t size : *sizes)
    total += size;
  if (static_cast<int64_t>(sizes->size()) != parts || total != extent ||
      llvm::any_of(*sizes, [](int64_t size) { return size < 0; })) {
    context.error("cannot split an extent of " + Twine(extent) + " into its " + Twine(parts) + " outputs that way");
    return results;
  }
  int64_t start = 0;
  for (int64_t i = 0; i < parts; ++i) {
    results[i] = sliceOne(context, x, *axis, start, (*sizes)[i]);
    start += (*sizes)[i];
  }
  return results;
}

static NodeResults buildSlice(NodeContext &context) {
  Value x = context.operand(0);
  bool valid[4];
  auto starts = context.integers("starts", 1, valid[0]), ends = context.integers("ends", 2, valid[1]),
       axes = context.integers("axes", 3, valid[2]), steps = context.integers("steps", 4, valid[3]);
  if (!x || llvm::is_contained(valid, false))
    return {Value()};
  RankedTensorType type = typeOf(x);
  int64_t rank = type.getRank();
  if (!starts || !ends)
    return {context.error("lacks 'starts' or 'ends'")};
  if (!axes)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
  if (!steps)
    steps.emplace(starts->size(), 1);
  if (ends->size() != starts->size() || axes->size() != starts->size() || steps->size() != starts->size())
    return {context.error("has 'starts', 'ends', 'axes' and 'steps' of different lengths")};
  if (!context.axes(*axes, rank))
    return {Value()};
  dlc::NumPySlice slice(rank);
  for (size_t i = 0; i < starts->size(); ++i) {
    int64_t axis = (*axes)[i] + ((*axes)[i] < 0 ? rank : 0), extent = type.getDimSize(axis), by = (*steps)[i];
    int64_t start = (*starts)[i], end = (*ends)[i];
    if (by == 0 || by < -INT32_MAX || by > INT32_MAX)
      return {context.error("has the step " + Twine(by))};
    if (ShapedType::isDynamic(extent)) {
      if (start == 0 && by == 1 && end >= INT32_MAX)
        continue; // the whole dimension
      return {
          context.error("slices dimension " + Twine(axis) + ", whose extent is not known, of " + describeTensor(x))};
    }
    slice.cut(axis, extent, start, end, by);
  }
  return {context.create<dlc::SliceOp>(x, ArrayRef<int64_t>(slice.starts), ArrayRef<int64_t>(slice.sizes),
                                       ArrayRef<int64_t>(slice.steps))};
}

static NodeResults buildPad(NodeContext &context) {
  Value x = context.operand(0);
  bool valid[2];
  auto pads = context.integers("pads", 1, valid[0]), given = context.integers("axes", 3, valid[1]);
  if (!x || llvm::is_contained(valid, false))
    return {Value()};
  int64_t rank = typeOf(x).getRank();
  SmallVector<int64_t> axes = given ? *given : llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (!pads || pads->size() != 2 * axes.size())
    return {context.error("needs " + Twine(2 * axes.size()) + " integers as 'pads': all low ones, then all high ones")};
  if (!context.axes(axes, rank))
    return {Value()};
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i] + (axes[i] < 0 ? rank : 0);
    low[axis] = (*pads)[i];
    high[axis] = (*pads)[axes.size() + i];
  }
  Value value;
  if (const JsonValue *number = context.attributes.find("value")) {
    value = context.constant(number->number, typeOf(x).getElementType());
  } else if (context.hasInput(2)) {
    value = context.operand(2);
    if (!value)
      return {Value()};
  }
  if (value && typeOf(value).getRank() != 0)
    value = context.reshape(value, {});
  return {context.create<dlc::PadOp>(x, OptionalOperand{value}, ArrayRef<int64_t>(low), ArrayRef<int64_t>(high),
                                     *dlc::symbolizePadMode(context.attributes.string("mode")))};
}

static NodeResults buildTile(NodeContext &context) {
  Value x = context.operand(0);
  bool isValid;
  auto repeats = context.integers("repeats", 1, isValid);
  if (!x || !isValid)
    return {Value()};
  if (!repeats || static_cast<int64_t>(repeats->size()) != typeOf(x).getRank())
    return {context.error("needs " + Twine(typeOf(x).getRank()) + " integers as 'repeats'")};
  return {context.create<dlc::TileOp>(x, ArrayRef<int64_t>(*repeats))};
}

static NodeResults buildGather(NodeContext &context) {
  Value x = context.operand(0);
  if (!x)
    return {x};
  if (const JsonValue *literal = context.inputs[1].literal) {
    auto type = RankedTensorType::get(getNestedShape(*literal), context.builder.getI64Type());
    auto bytes = readNestedNumbers(*literal, type.getShape(), type.getElementType(), "indices of " + context.label,
                                   context.reporter);
    if (!bytes)
      return {Value()};
    context.inputs[1].tensor = context.constant(cast<ElementsAttr>(DenseElementsAttr::getFromRawBuffer(type, *bytes)));
  }
  auto axis = context.axis(typeOf(x).getRank());
  if (!axis)
    return {Value()};
  return {context.create<dlc::GatherOp>(x, context.operand(1), static_cast<uint64_t>(*axis))};
}

static NodeResults buildResize(NodeContext &context) {
  Value x = context.operand(0);
  if (!x)
    return {x};
  RankedTensorType type = typeOf(x);
  size_t rank = type.getRank();
  bool hasScales = context.attributes.find("scales"), hasSizes = context.attributes.find("sizes");
  if (hasScales == hasSizes)
    return {context.error("needs either 'scales' or 'sizes'")};
  if (context.attributes.find(hasScales ? "scales" : "sizes")->elements.size() != rank)
    return {context.error(hasScales ? "scales" : "sizes",
                          "needs one entry in 'scales' or 'sizes' for each of " + Twine(rank) + " dimensions")};
  SmallVector<int64_t> sizes(rank, -1);
  SmallVector<double> scales(rank, 1), roi;
  for (size_t dim = 0; dim < rank; ++dim) {
    int64_t extent = type.getDimSize(dim);
    double scale = hasScales ? context.attributes.numbers("scales")[dim] : 1;
    int64_t size = hasSizes ? context.attributes.integers("sizes")[dim] : -1;
    if (hasScales ? scale == 1 : size == extent)
      continue;
    if (ShapedType::isDynamic(extent))
      return {
          context.error("resizes dimension " + Twine(dim) + ", whose extent is not known, of " + describeTensor(x))};
    sizes[dim] = hasScales ? static_cast<int64_t>(std::floor(extent * scale)) : size;
    scales[dim] = hasScales ? scale : static_cast<double>(size) / extent;
    if (!(scale > 0) || sizes[dim] < 0 || sizes[dim] > INT32_MAX)
      return {context.error("resizes dimension " + Twine(dim) + " to an impossible extent")};
  }
  if (context.attributes.find("roi")) {
    roi = context.attributes.numbers("roi");
    if (roi.size() != 2 * rank)
      return {context.error("roi", "needs " + Twine(2 * rank) + " numbers as 'roi'")};
  }
  StringRef coordinates = context.attributes.string("coordinate_transformation_mode");
  if (coordinates == "tf_crop_and_resize" && roi.empty())
    return {context.error("lacks 'roi', which tf_crop_and_resize needs")};
  return {context.create<dlc::ResizeOp>(
      x, OptionalOperand{}, ArrayRef<int64_t>(sizes), ArrayRef<double>(scales), ArrayRef<double>(roi),
      *dlc::symbolizeResizeMode(context.attributes.string("mode")), coordinates,
      context.attributes.string("nearest_mode"), llvm::APFloat(context.attributes.number("cubic_coeff_a")),
      context.flag("exclude_outside"), context.flag("antialias"),
      llvm::APFloat(context.attributes.number("extrapolation_value")))};
}

void dlc::json::addSelectionNodes(std::vector<NodeKind> &kinds) {
  RulePtr integers = list(integer()), extents = list(integer(0, INT32_MAX));
  Field axis = optional("axis", integer(), "0", "The dimension");
  kinds.push_back({"Concat", 1, SIZE_MAX, 1, {required("axis", integer(), "Along which dimension")}, buildConcat});
  kinds.push_back(
      {"Split",
       1,
       2,
       SIZE_MAX,
       {axis, optional("split", extents, "", "Extents of the parts, equal if missing; also the second input")},
       buildSplit});
  kinds.push_back({"Slice",
                   1,
                   5,
                   1,
                   {optional("starts", integers, "", "First elements; also the second input"),
                    optional("ends", integers, "", "Ends, not included; also the third input"),
                    optional("axes", integers, "", "Dimensions, the first ones if missing; also the fourth input"),
                    optional("steps", integers, "", "Steps (1); also the fifth input")},
                   buildSlice});
  kinds.push_back(
      {"Pad",
       1,
       4,
       1,
       {optional("pads", integers, "", "All low ones, then all high ones; also the second input"),
        optional("mode", choice({"constant", "edge", "reflect", "wrap"}), "\"constant\"", "What padding holds"),
        optional("value", number(), "", "Value of constant padding (0); also the third input"),
        optional("axes", integers, "", "Dimensions, all if missing; also the fourth input")},
       buildPad});
  kinds.push_back({"Tile",
                   1,
                   2,
                   1,
                   {optional("repeats", extents, "", "How often, for each dimension; also the second input")},
                   buildTile});
  kinds.push_back({"Gather", 2, 2, 1, {axis}, buildGather});
  kinds.push_back({"Resize",
                   1,
                   1,
                   1,
                   {optional("scales", list(number()), "", "Factors, one per dimension"),
                    optional("sizes", extents, "", "Extents, one per dimension"),
                    optional("mode", choice({"nearest", "linear", "cubic"}), "\"nearest\"", "Interpolation"),
                    optional("coordinate_transformation_mode",
                             choice({"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                     "asymmetric", "tf_crop_and_resize"}),
                             "\"half_pixel\"", "How coordinates are transformed"),
                    optional("nearest_mode", choice({"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}),
                             "\"round_prefer_floor\"", "Which element is nearest"),
                    optional("cubic_coeff_a", number(), "-0.75", "Coefficient of cubic interpolation"),
                    optional("exclude_outside", flagRule(), "0", "Whether weights outside the input are 0"),
                    optional("antialias", flagRule(), "0", "Whether to filter when shrinking"),
                    optional("extrapolation_value", number(), "0", "Outside the region of interest"),
                    optional("roi", list(number()), "", "Region of interest: starts, then ends")},
                   buildResize});
}
