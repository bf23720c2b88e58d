// SPDX-License-Identifier: Apache-2.0
// Layers that change samples at random while a model is trained, each sample by random numbers of its own; in
// prediction they do nothing (a crop takes the center).
#include "frontend/json/LayerKinds.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSlicing.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace dlc::json;

/// Whether the input is [N, C, H, W] with known H and W; reports it if not.
static bool expectImages(LayerContext &context) {
  return context.expectRank(4) && context.expectExtent(2, "the height") && context.expectExtent(3, "the width");
}

/// Whether the input is of floating-point numbers; reports it if not.
static bool expectReal(LayerContext &context) {
  if (isa<FloatType>(typeOf(context.input()).getElementType()))
    return true;
  context.error("expects floating-point numbers, got " + describeTensor(context.input()) +
                ": put a layer 'rescaling' before it");
  return false;
}

/// One random number per sample between `low` and `high`, as [N, 1, ...] in the input's element type.
static Value drawPerSample(LayerContext &context, double low, double high) {
  Type type = typeOf(context.input()).getElementType();
  Value uniform = context.training->createUniformPerSample(context, context.input());
  if (uniform && !type.isF32())
    uniform = context.create<dlc::CastOp>(uniform, type);
  return context.add(context.multiply(uniform, context.constant(high - low, type)), context.constant(low, type));
}

//===-- Positions ---------------------------------------------------------===//

/// `x` with some samples mirrored along `dim`.
static Value flip(LayerContext &context, Value x, int64_t dim) {
  RankedTensorType type = typeOf(x);
  int64_t extent = type.getDimSize(dim);
  if (extent < 2)
    return x;
  SmallVector<int64_t> starts(type.getRank(), 0), sizes(type.getRank(), -1), steps(type.getRank(), 1);
  starts[dim] = extent - 1;
  sizes[dim] = extent;
  steps[dim] = -1;
  Type f32 = context.builder.getF32Type();
  Value mirrored = context.create<dlc::SliceOp>(x, ArrayRef<int64_t>(starts), ArrayRef<int64_t>(sizes),
                                                ArrayRef<int64_t>(steps)),
        isMirrored = context.create<dlc::LessOp>(context.training->createUniformPerSample(context, x),
                                                 context.constant(context.attributes.number("probability"), f32));
  return context.create<dlc::WhereOp>(isMirrored, mirrored, x);
}

static Value buildRandomFlip(LayerContext &context) {
  if (!expectImages(context))
    return {};
  StringRef mode = context.attributes.string("mode");
  Value x = context.input();
  if (!context.training)
    return x;
  if (mode != "vertical")
    x = flip(context, x, 3);
  if (mode != "horizontal" && x)
    x = flip(context, x, 2);
  return x;
}

namespace {

/// A crop of `size` elements along one dimension of the input, which is padded at both ends.
struct CropDim {
  int64_t dim, extent, size, padding;

  /// Whether no position of any crop is in the padding.
  bool isInside() const { return padding == 0; }
};

} // namespace

/// The indices along one dimension that each sample's crop takes, [N, 1, size, 1] or [N, 1, 1, size], as i32; below 0
/// and from the extent on they are in the padding.
static Value drawPositions(LayerContext &context, const CropDim &crop) {
  Type i32 = context.builder.getI32Type(), f32 = context.builder.getF32Type();
  auto offsets = static_cast<double>(crop.extent + 2 * crop.padding - crop.size + 1);
  // A number below 1 times a whole one is below that also when it is rounded.
  Value uniform = context.training->createUniformPerSample(context, context.input()),
        offset = context.create<dlc::CastOp>(context.multiply(uniform, context.constant(offsets, f32)), i32),
        steps = context.create<dlc::IotaOp>(llvm::APFloat(-static_cast<double>(crop.padding)), llvm::APFloat(1.0),
                                            static_cast<uint64_t>(crop.size), i32);
  SmallVector<int64_t> shape(4 - crop.dim, 1);
  shape[0] = crop.size;
  return context.add(offset, context.reshape(steps, shape));
}

/// Reads each element by its number in the input as one row, which is arithmetic on the way; nothing is padded.
static Value cropAtRandom(LayerContext &context, const CropDim &rows, const CropDim &columns) {
  Value x = context.input();
  RankedTensorType type = typeOf(x);
  Type i32 = context.builder.getI32Type();
  auto times = [&](Value value, int64_t factor) {
    return context.multiply(value, context.constant(static_cast<double>(factor), i32));
  };
  std::optional<int64_t> channels = context.expectExtent(1, "the number of channels");
  if (!channels)
    return {};
  int64_t plane = rows.extent * columns.extent;
  Value row = drawPositions(context, rows), column = drawPositions(context, columns);
  Value sample = context.create<dlc::CastOp>(context.create<dlc::IndexOp>(x, uint64_t(0)), i32),
        first = times(context.reshape(sample, {-2, 1, 1, 1}), *channels * plane),
        channel = context.create<dlc::IotaOp>(llvm::APFloat(0.0), llvm::APFloat(static_cast<double>(plane)),
                                              static_cast<uint64_t>(*channels), i32);
  Value position = context.add(first, times(row, columns.extent));
  position = context.add(context.add(position, column), context.reshape(channel, {-2, 1, 1}));
  Value result = context.create<dlc::GatherOp>(context.reshape(x, {-1}), position, uint64_t(0));
  for (auto [crop, at] : {std::pair(&rows, row), std::pair(&columns, column)}) {
    if (crop->isInside())
      continue;
    Value isBehind = context.create<dlc::GreaterOrEqualOp>(at, context.constant(0, i32)),
          isBefore = context.create<dlc::LessOp>(at, context.constant(static_cast<double>(crop->extent), i32));
    result = context.create<dlc::WhereOp>(context.create<dlc::AndOp>(isBehind, isBefore), result,
                                          context.constant(0, type.getElementType()));
  }
  return result;
}

static Value buildRandomCrop(LayerContext &context) {
  if (!expectImages(context))
    return {};
  RankedTensorType type = typeOf(context.input());
  auto sizes = context.spatial("size", 2), paddings = context.spatial("padding", 2);
  if (!sizes || !paddings)
    return {};
  SmallVector<CropDim, 2> crops;
  for (int64_t i = 0; i < 2; ++i)
    crops.push_back({2 + i, type.getDimSize(2 + i), (*sizes)[i], (*paddings)[i]});
  for (const CropDim &crop : crops)
    if (crop.size > crop.extent + 2 * crop.padding)
      return context.error("size", "crops " + Twine(crop.size) + " of " + Twine(crop.extent) + " elements with " +
                                       Twine(crop.padding) + " of padding at each end");
  if (context.training)
    return cropAtRandom(context, crops[0], crops[1]);
  SmallVector<int64_t> low(4, 0), high(4, 0);
  for (const CropDim &crop : crops) {
    low[crop.dim] = -llvm::divideFloorSigned(crop.extent - crop.size, 2);
    high[crop.dim] = crop.size - crop.extent - low[crop.dim];
  }
  return context.create<dlc::PadOp>(context.input(), OptionalOperand{}, ArrayRef<int64_t>(low), ArrayRef<int64_t>(high),
                                    dlc::PadMode::Constant);
}

//===-- Colours -----------------------------------------------------------===//

/// Shares of the channels in how bright an element is: those of ITU-R BT.601 for red, green and blue.
static SmallVector<double> getLuminance(int64_t channels) {
  if (channels == 3)
    return {0.299, 0.587, 0.114};
  return SmallVector<double>(channels, 1.0 / static_cast<double>(channels));
}

/// One number per sample around 1: between 1 - strength (at least 0) and 1 + strength.
static Value drawFactor(LayerContext &context, double strength) {
  return drawPerSample(context, std::max(0.0, 1 - strength), 1 + strength);
}

static Value brighten(LayerContext &context, Value x, double strength) {
  return strength == 0 ? x : context.multiply(x, drawFactor(context, strength));
}

/// Distances from the sample's mean brightness, which stays.
static Value contrast(LayerContext &context, Value x, double strength) {
  if (strength == 0 || !x)
    return x;
  RankedTensorType type = typeOf(x);
  Type elementType = type.getElementType();
  SmallVector<int64_t> spatial = llvm::to_vector(llvm::seq<int64_t>(2, type.getRank())), column(type.getRank() - 1, 1);
  column[0] = type.getDimSize(1);
  Value mean = x;
  if (!spatial.empty())
    mean = context.create<dlc::ReduceOp>(dlc::ReductionKind::Mean, x, ArrayRef<int64_t>(spatial), true);
  mean = context.multiply(mean, context.numbers(getLuminance(column[0]), column, elementType));
  mean = context.create<dlc::ReduceOp>(dlc::ReductionKind::Sum, mean, ArrayRef<int64_t>{1}, true);
  Value factor = drawFactor(context, strength);
  return context.add(context.multiply(context.subtract(x, mean), factor), mean);
}

/// Colours are what differs from grey. Saturation scales that; hue turns it about the grey axis, by the rotation of I
/// and Q in the colour space YIQ, which keeps luminance. Both are one matrix a sample: G + a (1 - G) + b T, with a and
/// b the saturation times the angle's cosine and sine, G what makes grey and T what turns colours by a quarter.
static Value shiftColours(LayerContext &context, Value x, double saturation, double hue) {
  if ((saturation == 0 && hue == 0) || !x)
    return x;
  RankedTensorType type = typeOf(x);
  Type elementType = type.getElementType();
  constexpr double quarter[3][3] = {{0.167739713, 0.329309523, -0.497049236},
                                    {-0.328113134, 0.035466993, 0.292646141},
                                    {1.249545898, -1.046339198, -0.2032067}};
  Value own, turned;
  if (saturation != 0)
    own = drawFactor(context, saturation);
  if (hue != 0) {
    constexpr double turn = 2 * 3.14159265358979323846;
    Value angle = drawPerSample(context, -hue * turn, hue * turn), cosine = context.create<dlc::CosOp>(angle),
          sine = context.create<dlc::SinOp>(angle);
    turned = own ? context.multiply(own, sine) : sine;
    own = own ? context.multiply(own, cosine) : cosine;
  }
  SmallVector<double> luminance = getLuminance(3);
  SmallVector<int64_t> column(type.getRank() - 1, 1);
  column[0] = 3;
  // One column of the matrix, which is what one channel adds to all, at a time.
  Value sum;
  for (int64_t c = 0; c < 3; ++c) {
    SmallVector<double> grey(3, luminance[c]), colour(3, -luminance[c]), turn;
    colour[c] += 1;
    for (const double (&row)[3] : quarter)
      turn.push_back(row[c]);
    auto share = [&](ArrayRef<double> numbers, Value factor) {
      return context.multiply(factor, context.numbers(numbers, column, elementType));
    };
    Value weights = context.add(share(colour, own), context.numbers(grey, column, elementType));
    if (turned)
      weights = context.add(weights, share(turn, turned));
    SmallVector<int64_t> starts(type.getRank(), 0), sizes(type.getRank(), -1), steps(type.getRank(), 1);
    starts[1] = c;
    sizes[1] = 1;
    Value channel = context.create<dlc::SliceOp>(x, ArrayRef<int64_t>(starts), ArrayRef<int64_t>(sizes),
                                                 ArrayRef<int64_t>(steps)),
          part = context.multiply(channel, weights);
    sum = sum ? context.add(sum, part) : part;
  }
  return sum;
}

/// The layer's `value_range`, if it has one.
static Value limit(LayerContext &context, Value x) {
  const JsonValue *range = context.attributes.find("value_range");
  if (!range || !x)
    return x;
  double low = range->elements[0].number, high = range->elements[1].number;
  if (low > high)
    return context.error("value_range", "has a range that ends before it begins");
  return context.create<dlc::ClampOp>(x, context.builder.getF64FloatAttr(low), context.builder.getF64FloatAttr(high));
}

static Value buildColours(LayerContext &context) {
  auto strength = [&](StringRef key) {
    const JsonValue *value = context.attributes.find(context.kind == "color_jitter" ? key : "factor");
    return value && (context.kind == "color_jitter" || context.kind == ("random_" + key).str()) ? value->number : 0;
  };
  if (!expectReal(context))
    return {};
  int64_t rank = typeOf(context.input()).getRank();
  if (rank < 2)
    return context.error("expects an input [N, C, ...] of rank 2 or more, got " + describeTensor(context.input()));
  if (strength("contrast") != 0 && !context.expectExtent(1, "the number of channels"))
    return {};
  double saturation = strength("saturation"), hue = strength("hue");
  if ((saturation != 0 || hue != 0) && typeOf(context.input()).getDimSize(1) != 3)
    return context.error(saturation != 0 ? "saturation" : "hue",
                         "changes colours of 3 channels (red, green, blue), got " + describeTensor(context.input()));
  if (!context.training)
    return context.input();
  Value x = brighten(context, context.input(), strength("brightness"));
  x = contrast(context, x, strength("contrast"));
  return limit(context, shiftColours(context, x, saturation, hue));
}

static Value buildRandomNoise(LayerContext &context) {
  if (!expectReal(context))
    return {};
  if (!context.training)
    return context.input();
  Type type = typeOf(context.input()).getElementType();
  Value noise = context.training->createNormal(context, context.input());
  noise = context.multiply(noise, context.constant(context.attributes.number("stddev"), type));
  return limit(context, context.add(context.input(), noise));
}

void dlc::json::addAugmentationLayers(std::vector<LayerKind> &kinds) {
  RulePtr extent = either({integer(1, INT32_MAX), list(integer(1, INT32_MAX), 2, 2)}, "an integer or a list of two"),
          amount = either({integer(0, INT32_MAX), list(integer(0, INT32_MAX), 2, 2)}, "an integer or a list of two");
  Field range = optional("value_range", list(number(), 2, 2), "", "Lowest and highest value of the result"),
        factor = optional("factor", number(0), "0.2", "Factors are between 1 - factor (at least 0) and 1 + factor");
  kinds.push_back(
      {"random_flip",
       "In training, mirrors images [N, C, H, W] at random",
       {optional("mode", choice({"horizontal", "vertical", "horizontal_and_vertical"}), "\"horizontal\"", "Which way"),
        optional("probability", number(0, 1), "0.5", "Share of the samples that are mirrored in each direction")},
       buildRandomFlip});
  kinds.push_back({"random_crop",
                   "A part of each image [N, C, H, W], at a random position in training, the center in prediction",
                   {required("size", extent, "Height and width"),
                    optional("padding", amount, "0", "Zeros that training puts at each end of height and width")},
                   buildRandomCrop});
  kinds.push_back(
      {"random_brightness", "In training, multiplies each sample by a random factor", {factor, range}, buildColours});
  kinds.push_back({"random_contrast",
                   "In training, multiplies each sample's distances from its mean by a random factor",
                   {factor, range},
                   buildColours});
  auto jitter = [](std::string name, std::string what, std::optional<double> most = {}) {
    return optional(std::move(name), number(0, most), "0", std::move(what));
  };
  kinds.push_back(
      {"color_jitter",
       "In training, changes brightness, contrast, saturation and hue of each sample, in this order",
       {jitter("brightness", "As the factor of random_brightness"),
        jitter("contrast", "As the factor of random_contrast"),
        jitter("saturation", "Factors of what differs from grey are between 1 - saturation and 1 + saturation"),
        jitter("hue", "Colours are rotated by up to this share of the circle, in either direction", 0.5), range},
       buildColours});
  kinds.push_back({"random_noise",
                   "In training, adds normally distributed random numbers",
                   {optional("stddev", number(0), "0.1", "Standard deviation"), range},
                   buildRandomNoise});
}
