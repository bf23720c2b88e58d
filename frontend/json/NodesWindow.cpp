// SPDX-License-Identifier: Apache-2.0
// Convolutions and pools over [N, C, spatial...].
#include "frontend/json/ConvolutionFields.h"
#include "frontend/json/NodeKinds.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsPooling.h"
#include "ir/OpsReduction.h"

using namespace mlir;
using namespace dlc::json;

namespace {
struct Window {
  SmallVector<int64_t> kernel, strides, dilations, pads;
};
} // namespace

/// Attributes of a window over the spatial dimensions of `x`; `kernel` is that of the weight, if there is one.
static std::optional<Window> readWindow(NodeContext &context, RankedTensorType x, ArrayRef<int64_t> kernel,
                                        bool isTransposed) {
  size_t n = x.getRank() - 2;
  Window window{SmallVector<int64_t>(kernel), SmallVector<int64_t>(n, 1), SmallVector<int64_t>(n, 1),
                SmallVector<int64_t>(2 * n, 0)};
  auto read = [&](StringRef key, SmallVector<int64_t> &target, size_t count) {
    if (!context.attributes.find(key))
      return true;
    SmallVector<int64_t> given = context.attributes.integers(key);
    if (given.size() != count) {
      context.error(key, "needs " + Twine(count) + " integers as '" + key + "' for its input " +
                             describeTensor(context.operand(0)));
      return false;
    }
    target = given;
    return true;
  };
  if (!read("kernel_shape", window.kernel, n) || !read("strides", window.strides, n) ||
      !read("dilations", window.dilations, n) || !read("pads", window.pads, 2 * n))
    return std::nullopt;
  if (!kernel.empty() && ArrayRef<int64_t>(window.kernel) != kernel) {
    context.error("kernel_shape", "has another 'kernel_shape' than its weight");
    return std::nullopt;
  }
  StringRef mode = context.attributes.string("auto_pad");
  if (!mode.starts_with("SAME") || isTransposed)
    return window;
  for (size_t i = 0; i < n; ++i) {
    int64_t extent = x.getDimSize(2 + i), reach = window.dilations[i] * (window.kernel[i] - 1), total = reach;
    if (window.strides[i] != 1) {
      if (ShapedType::isDynamic(extent)) {
        context.error("auto_pad", "needs static spatial extents for 'auto_pad' with strides, got " +
                                      describeTensor(context.operand(0)));
        return std::nullopt;
      }
      total = std::max<int64_t>(0, (llvm::divideCeilSigned(extent, window.strides[i]) - 1) * window.strides[i] + reach +
                                       1 - extent);
    }
    int64_t small = total / 2;
    window.pads[i] = mode == "SAME_UPPER" ? small : total - small;
    window.pads[n + i] = total - window.pads[i];
  }
  return window;
}

/// Types of input and weight of a convolution, or nothing after an error.
static std::optional<std::pair<RankedTensorType, RankedTensorType>> convolutionTypes(NodeContext &context, Value x,
                                                                                     Value w) {
  if (!x || !w)
    return std::nullopt;
  if (typeOf(x).getRank() < 3 || typeOf(x).getRank() != typeOf(w).getRank()) {
    context.error("expects an input and a weight of the same rank of at least 3, got " + describeTensor(x) + " and " +
                  describeTensor(w));
    return std::nullopt;
  }
  return std::pair(typeOf(x), typeOf(w));
}

static Value addBias(NodeContext &context, Value result) {
  if (!result || !context.hasInput(2))
    return result;
  SmallVector<int64_t> shape(typeOf(result).getRank() - 1, 1);
  shape[0] = typeOf(result).getDimSize(1);
  return context.add(result, context.reshape(context.operand(2), shape));
}

std::optional<dlc::ConvolutionWindow> dlc::json::readConvolution(NodeContext &context, Value x, Value w) {
  auto types = convolutionTypes(context, x, w);
  if (!types)
    return std::nullopt;
  auto window = readWindow(context, types->first, types->second.getShape().drop_front(2), false);
  if (!window)
    return std::nullopt;
  return ConvolutionWindow{window->strides, window->dilations, window->pads, context.attributes.integer("group")};
}

static NodeResults buildConv(NodeContext &context) {
  auto window = readConvolution(context, context.operand(0), context.operand(1));
  if (!window)
    return {Value()};
  return {addBias(context, context.create<dlc::ConvOp>(context.operand(0), context.operand(1),
                                                       ArrayRef(window->strides), ArrayRef(window->dilations),
                                                       ArrayRef(window->pads), static_cast<uint64_t>(window->groups)))};
}

static NodeResults buildConvTranspose(NodeContext &context) {
  auto types = convolutionTypes(context, context.operand(0), context.operand(1));
  if (!types)
    return {Value()};
  ArrayRef<int64_t> kernel = types->second.getShape().drop_front(2);
  auto window = readWindow(context, types->first, kernel, true);
  if (!window)
    return {Value()};
  size_t n = kernel.size();
  SmallVector<int64_t> extra(n, 0);
  if (context.attributes.find("output_padding"))
    extra = context.attributes.integers("output_padding");
  if (extra.size() != n)
    return {context.error("output_padding", "needs " + Twine(n) + " integers as 'output_padding'")};
  StringRef mode = context.attributes.string("auto_pad");
  if (const JsonValue *shape = context.attributes.find("output_shape"); shape || mode.starts_with("SAME")) {
    if (shape && shape->elements.size() != n)
      return {context.error("output_shape", "needs " + Twine(n) + " integers as 'output_shape'")};
    for (size_t i = 0; i < n; ++i) {
      int64_t extent = types->first.getDimSize(2 + i),
              target = shape ? shape->elements[i].integer : extent * window->strides[i];
      if (ShapedType::isDynamic(extent))
        return {context.error("needs static spatial extents for 'output_shape' or 'auto_pad', got " +
                              describeTensor(context.operand(0)))};
      int64_t total =
          window->strides[i] * (extent - 1) + extra[i] + window->dilations[i] * (kernel[i] - 1) + 1 - target;
      int64_t low = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      window->pads[i] = low;
      window->pads[n + i] = total - low;
    }
  }
  return {addBias(context, context.create<dlc::ConvTransposeOp>(
                               context.operand(0), context.operand(1), ArrayRef(window->strides),
                               ArrayRef(window->dilations), ArrayRef(window->pads), ArrayRef<int64_t>(extra),
                               static_cast<uint64_t>(context.attributes.integer("group"))))};
}

static std::optional<Window> readPool(NodeContext &context) {
  if (!context.expectRankOf(0, 3))
    return std::nullopt;
  std::optional<Window> window = readWindow(context, typeOf(context.operand(0)), {}, false);
  if (window)
    for (size_t i = 0, n = window->kernel.size(); i < n; ++i)
      if (int64_t reach = window->dilations[i] * (window->kernel[i] - 1);
          window->pads[i] > reach || window->pads[n + i] > reach) {
        context.error("pads", "pads more elements than its window reaches beyond the input");
        return std::nullopt;
      }
  return window;
}

std::optional<dlc::PoolWindow> dlc::json::readPoolWindow(NodeContext &context) {
  std::optional<Window> window = readPool(context);
  if (!window)
    return std::nullopt;
  return PoolWindow{window->kernel, window->strides, window->pads, context.flag("ceil_mode")};
}

static NodeResults buildMaxPool(NodeContext &context) {
  auto window = readPool(context);
  if (!window)
    return {Value(), Value()};
  NodeResults results = {context.create<dlc::MaxPoolOp>(context.operand(0), ArrayRef(window->kernel),
                                                        ArrayRef(window->strides), ArrayRef(window->dilations),
                                                        ArrayRef(window->pads), context.flag("ceil_mode"))};
  if (context.outputCount > 1)
    results.push_back(context.create<dlc::MaxPoolIndicesOp>(
        context.operand(0), ArrayRef(window->kernel), ArrayRef(window->strides), ArrayRef(window->dilations),
        ArrayRef(window->pads), context.flag("ceil_mode"), context.flag("storage_order")));
  return results;
}
static NodeResults buildAveragePool(NodeContext &context) {
  auto window = readPool(context);
  if (!window)
    return {Value()};
  return {context.create<dlc::AveragePoolOp>(context.operand(0), ArrayRef(window->kernel), ArrayRef(window->strides),
                                             ArrayRef(window->dilations), ArrayRef(window->pads),
                                             context.flag("ceil_mode"), context.flag("count_include_pad"))};
}
static NodeResults buildLpPool(NodeContext &context) {
  auto window = readPool(context);
  if (!window)
    return {Value()};
  return {context.create<dlc::LpPoolOp>(context.operand(0), ArrayRef(window->kernel), ArrayRef(window->strides),
                                        ArrayRef(window->dilations), ArrayRef(window->pads), context.flag("ceil_mode"),
                                        static_cast<uint64_t>(context.attributes.integer("p")))};
}
template <dlc::ReductionKind kind> static NodeResults buildGlobalPool(NodeContext &context) {
  if (!context.expectRankOf(0, 3))
    return {Value()};
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(2, typeOf(context.operand(0)).getRank()));
  return {context.create<dlc::ReduceOp>(kind, context.operand(0), ArrayRef<int64_t>(axes), /*keep_dims=*/true)};
}

/// The attributes of every window, before `more`.
static std::vector<Field> withWindow(std::vector<Field> more) {
  RulePtr positive = list(integer(1, INT32_MAX));
  std::vector<Field> window = {
      optional("strides", positive, "", "Step of the window (1)"),
      optional("dilations", positive, "", "Step inside the window (1)"),
      optional("pads", list(integer(0, INT32_MAX)), "", "Padding: all low ones, then all high ones (0)"),
      optional("auto_pad", choice({"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"}), "\"NOTSET\"",
               "Padding that keeps extents (over the stride)")};
  more.insert(more.begin(), window.begin(), window.end());
  return more;
}

std::vector<Field> dlc::json::getConvolutionFields() {
  return withWindow(
      {optional("kernel_shape", list(integer(1, INT32_MAX)), "", "Extents of the weight's kernel, to check them"),
       optional("group", integer(1, INT32_MAX), "1", "Groups of channels that are convolved separately")});
}

std::vector<Field> dlc::json::getPoolFields() {
  return withWindow({required("kernel_shape", list(integer(1, INT32_MAX)), "Extents of the window"),
                     optional("ceil_mode", flagRule(), "0", "Whether a last window may reach over the end")});
}

/// The attributes of a convolution and `more`.
static std::vector<Field> withConvolution(const std::vector<Field> &more) {
  std::vector<Field> fields = getConvolutionFields();
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

/// The attributes of a pool and `more`.
static std::vector<Field> withPool(const std::vector<Field> &more) {
  std::vector<Field> fields = getPoolFields();
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

void dlc::json::addWindowNodes(std::vector<NodeKind> &kinds) {
  kinds.push_back({"Conv", 2, 3, 1, getConvolutionFields(), buildConv});
  kinds.push_back({"ConvTranspose", 2, 3, 1,
                   withConvolution({optional("output_padding", list(integer(0)), "", "Elements added to the end (0)"),
                                    optional("output_shape", list(integer(0, INT32_MAX)), "",
                                             "Spatial extents of the result, instead of pads")}),
                   buildConvTranspose});
  kinds.push_back({"MaxPool", 1, 1, 2,
                   withPool({optional("storage_order", flagRule(), "0", "Whether indices are column major")}),
                   buildMaxPool});
  kinds.push_back({"AveragePool", 1, 1, 1,
                   withPool({optional("count_include_pad", flagRule(), "0", "Whether padding counts as zeros")}),
                   buildAveragePool});
  kinds.push_back({"LpPool", 1, 1, 1, withPool({optional("p", integer(1, INT32_MAX), "2", "Exponent")}), buildLpPool});
  kinds.push_back({"GlobalAveragePool", 1, 1, 1, {}, buildGlobalPool<dlc::ReductionKind::Mean>});
  kinds.push_back({"GlobalMaxPool", 1, 1, 1, {}, buildGlobalPool<dlc::ReductionKind::Max>});
}
