// SPDX-License-Identifier: Apache-2.0
// Convolutions over 1, 2 or 3 spatial dimensions of [N, C, spatial...].
#include "frontend/json/LayerKinds.h"
#include "ir/OpsConvolution.h"

using namespace mlir;
using namespace dlc::json;

/// `[1, K, 1, ...]`: how a bias of K channels broadcasts over n spatial dimensions; then the activation.
static Value addBias(LayerContext &context, Value result, int64_t filters, size_t n) {
  if (context.attributes.boolean("use_bias")) {
    Value bias = context.parameter(LayerParameter::bias(), {filters});
    SmallVector<int64_t> shape(n + 1, 1);
    shape[0] = filters;
    result = context.add(result, context.reshape(bias, shape));
  }
  return context.activate(result);
}

/// Keras keeps kernels as [spatial..., second, first] of [first, second, spatial...].
static SmallVector<int64_t, 5> kerasOrder(size_t n) {
  SmallVector<int64_t, 5> order = {static_cast<int64_t>(n) + 1, static_cast<int64_t>(n)};
  for (size_t i = 0; i < n; ++i)
    order.push_back(i);
  return order;
}

namespace {
/// What convolutions of every kind are given.
struct Window {
  int64_t channels; ///< of the input
  SmallVector<int64_t> kernel, stride, dilation;
};
} // namespace

/// Nothing after an error; all that is wrong is reported.
static std::optional<Window> readWindow(LayerContext &context, size_t n) {
  std::optional<int64_t> channels = context.expectExtent(1, "the number of channels");
  auto kernel = context.spatial("kernel", n), stride = context.spatial("stride", n),
       dilation = context.spatial("dilation", n);
  if (!channels || !kernel || !stride || !dilation)
    return std::nullopt;
  return Window{*channels, *kernel, *stride, *dilation};
}

/// Whether `groups` divides both; reports it if not.
static bool expectDivisible(LayerContext &context, int64_t groups, int64_t channels, int64_t filters) {
  if (channels % groups == 0 && filters % groups == 0)
    return true;
  context.error("groups", "has " + Twine(groups) + " groups, which must divide its " + Twine(channels) +
                              " input channels and its " + Twine(filters) + " filters");
  return false;
}

template <size_t n> static Value buildConvolution(LayerContext &context) {
  if (!context.expectRank(n + 2))
    return {};
  std::optional<Window> window = readWindow(context, n);
  if (!window)
    return {};
  int64_t groups = context.attributes.integer("groups"), filters = context.attributes.integer("filters");
  if (!expectDivisible(context, groups, window->channels, filters))
    return {};
  auto pads = resolvePadding(context, window->kernel, window->stride, window->dilation);
  if (!pads)
    return {};
  SmallVector<int64_t> shape = {filters, window->channels / groups};
  shape.append(window->kernel);
  Value weight = context.parameter(LayerParameter::weight(kerasOrder(n)), shape);
  Value result = context.create<dlc::ConvOp>(context.input(), weight, ArrayRef<int64_t>(window->stride),
                                             ArrayRef<int64_t>(window->dilation), ArrayRef<int64_t>(*pads),
                                             static_cast<uint64_t>(groups));
  return addBias(context, result, filters, n);
}

template <size_t n> static Value buildDepthwise(LayerContext &context) {
  if (!context.expectRank(n + 2))
    return {};
  std::optional<Window> window = readWindow(context, n);
  if (!window)
    return {};
  auto pads = resolvePadding(context, window->kernel, window->stride, window->dilation);
  if (!pads)
    return {};
  int64_t filters = window->channels * context.attributes.integer("multiplier");
  SmallVector<int64_t> shape = {filters, 1};
  shape.append(window->kernel);
  // Keras' depthwise kernels have another shape, not only another order.
  Value weight = context.parameter(LayerParameter::weight({}), shape);
  Value result = context.create<dlc::ConvOp>(context.input(), weight, ArrayRef<int64_t>(window->stride),
                                             ArrayRef<int64_t>(window->dilation), ArrayRef<int64_t>(*pads),
                                             static_cast<uint64_t>(window->channels));
  return addBias(context, result, filters, n);
}

template <size_t n> static Value buildTransposed(LayerContext &context) {
  if (!context.expectRank(n + 2))
    return {};
  std::optional<Window> window = readWindow(context, n);
  auto extra = context.spatial("output_padding", n);
  if (!window || !extra)
    return {};
  int64_t groups = context.attributes.integer("groups"), filters = context.attributes.integer("filters");
  if (!expectDivisible(context, groups, window->channels, filters))
    return {};
  std::optional<SmallVector<int64_t>> pads;
  if (context.attributes.string("padding") == "same") {
    // The result is `stride` times as large as the input: what the kernel adds beyond that is cropped, what it lacks is
    // added.
    pads.emplace(2 * n, 0);
    for (size_t i = 0; i < n; ++i) {
      int64_t surplus = window->dilation[i] * (window->kernel[i] - 1) + 1 + (*extra)[i] - window->stride[i];
      if (surplus < 0)
        (*extra)[i] -= surplus;
      (*pads)[i] = std::max<int64_t>(surplus, 0) / 2;
      (*pads)[n + i] = std::max<int64_t>(surplus, 0) - (*pads)[i];
    }
  } else {
    pads = resolvePadding(context, window->kernel, window->stride, window->dilation);
  }
  if (!pads)
    return {};
  SmallVector<int64_t> shape = {window->channels, filters / groups};
  shape.append(window->kernel);
  Value weight = context.parameter(LayerParameter::weight(kerasOrder(n), /*isTransposed=*/true), shape);
  Value result = context.create<dlc::ConvTransposeOp>(context.input(), weight, ArrayRef<int64_t>(window->stride),
                                                      ArrayRef<int64_t>(window->dilation), ArrayRef<int64_t>(*pads),
                                                      ArrayRef<int64_t>(*extra), static_cast<uint64_t>(groups));
  return addBias(context, result, filters, n);
}

template <size_t n> static void addFor(std::vector<LayerKind> &kinds) {
  std::string suffix = std::to_string(n) + "d",
              of = " over " + std::to_string(n) + (n == 1 ? " dimension" : " dimensions");
  std::vector<Field> window = {required("kernel", sizeRule(n, 1), "Extents of the kernel"),
                               optional("stride", sizeRule(n, 1), "1", "Step of the kernel"),
                               optional("padding", paddingRule(n), "\"valid\"", "Zeros around the input"),
                               optional("dilation", sizeRule(n, 1), "1", "Step between elements of the kernel")};
  Field filters = required("filters", integer(1, INT32_MAX), "Number of output channels");
  Field groups = optional("groups", integer(1, INT32_MAX), "1", "Groups of channels that are convolved separately");
  auto join = [&](std::vector<Field> first, std::vector<Field> last) {
    llvm::append_range(first, window);
    llvm::append_range(first, last);
    llvm::append_range(first, weightFields());
    return first;
  };
  kinds.push_back({"conv" + suffix, "Convolution" + of, join({filters}, {groups}), buildConvolution<n>});
  kinds.push_back(
      {"depthwise_conv" + suffix, "Convolution of every channel separately" + of,
       join({}, {optional("multiplier", integer(1, INT32_MAX), "1", "Output channels for each input channel")}),
       buildDepthwise<n>});
  kinds.push_back(
      {"conv_transpose" + suffix, "Transposed convolution" + of,
       join({filters},
            {optional("output_padding", sizeRule(n, 0), "0", "Elements added to the end of the result"), groups}),
       buildTransposed<n>});
}

void dlc::json::addConvolutionLayers(std::vector<LayerKind> &kinds) {
  addFor<1>(kinds);
  addFor<2>(kinds);
  addFor<3>(kinds);
}
