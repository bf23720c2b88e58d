// SPDX-License-Identifier: Apache-2.0
// Windows over the spatial dimensions of [N, C, spatial...].
#include "frontend/json/LayerKinds.h"
#include "ir/OpsPooling.h"
#include "ir/OpsReduction.h"

using namespace mlir;
using namespace dlc::json;

namespace {
struct Window {
  SmallVector<int64_t> kernel, stride, dilation, pads;
};
} // namespace

static std::optional<Window> readWindow(LayerContext &context, size_t n) {
  if (!context.expectRank(n + 2))
    return std::nullopt;
  auto kernel = context.spatial("size", n), dilation = context.spatial("dilation", n);
  auto stride = context.attributes.find("stride") ? context.spatial("stride", n) : kernel;
  if (!kernel || !dilation || !stride)
    return std::nullopt;
  auto pads = resolvePadding(context, *kernel, *stride, *dilation);
  if (!pads)
    return std::nullopt;
  // A window entirely in the padding would have no elements.
  for (size_t i = 0; i < n; ++i)
    if (int64_t reach = (*dilation)[i] * ((*kernel)[i] - 1); (*pads)[i] > reach || (*pads)[n + i] > reach)
      return context.error("padding", "pads " + Twine(std::max((*pads)[i], (*pads)[n + i])) +
                                          " elements, but its window reaches only " + Twine(reach) +
                                          " beyond the input"),
             std::nullopt;
  return Window{*kernel, *stride, *dilation, *pads};
}

template <size_t n> static Value buildMaxPool(LayerContext &context) {
  std::optional<Window> window = readWindow(context, n);
  if (!window)
    return {};
  return context.create<dlc::MaxPoolOp>(context.input(), ArrayRef(window->kernel), ArrayRef(window->stride),
                                        ArrayRef(window->dilation), ArrayRef(window->pads),
                                        context.attributes.boolean("ceil_mode"));
}
template <size_t n> static Value buildAveragePool(LayerContext &context) {
  std::optional<Window> window = readWindow(context, n);
  if (!window)
    return {};
  return context.create<dlc::AveragePoolOp>(
      context.input(), ArrayRef(window->kernel), ArrayRef(window->stride), ArrayRef(window->dilation),
      ArrayRef(window->pads), context.attributes.boolean("ceil_mode"), context.attributes.boolean("count_include_pad"));
}
template <size_t n> static Value buildLpPool(LayerContext &context) {
  std::optional<Window> window = readWindow(context, n);
  if (!window)
    return {};
  return context.create<dlc::LpPoolOp>(context.input(), ArrayRef(window->kernel), ArrayRef(window->stride),
                                       ArrayRef(window->dilation), ArrayRef(window->pads),
                                       context.attributes.boolean("ceil_mode"),
                                       static_cast<uint64_t>(context.attributes.integer("p")));
}

template <dlc::ReductionKind kind> static Value buildGlobalPool(LayerContext &context) {
  int64_t rank = typeOf(context.input()).getRank();
  if (rank < 3)
    return context.error("expects an input [N, C, spatial...] of rank 3 or more, got " +
                         describeTensor(context.input()));
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(2, rank));
  return context.create<dlc::ReduceOp>(kind, context.input(), ArrayRef<int64_t>(axes),
                                       context.attributes.boolean("keep_dims"));
}

template <size_t n> static void addFor(std::vector<LayerKind> &kinds) {
  std::string suffix = "_pool" + std::to_string(n) + "d",
              windows = " of each window of " + std::to_string(n) + " dimensions";
  auto fields = [&](std::vector<Field> more) {
    std::vector<Field> result = {
        required("size", sizeRule(n, 1), "Extents of the window"),
        optional("stride", sizeRule(n, 1), "", "Step of the window; its size if missing"),
        optional("padding", paddingRule(n), "\"valid\"", "Padding, whose elements do not count"),
        optional("dilation", sizeRule(n, 1), "1", "Step between elements of the window"),
        optional("ceil_mode", boolean(), "false", "Whether a last window may reach over the end")};
    llvm::append_range(result, more);
    return result;
  };
  kinds.push_back({"max" + suffix, "Largest element" + windows, fields({}), buildMaxPool<n>});
  kinds.push_back({"average" + suffix, "Mean" + windows,
                   fields({optional("count_include_pad", boolean(), "false", "Whether padding counts as zeros")}),
                   buildAveragePool<n>});
  kinds.push_back({"lp" + suffix, "p-norm" + windows,
                   fields({optional("p", integer(1, INT32_MAX), "2", "The norm's exponent")}), buildLpPool<n>});
}

void dlc::json::addPoolingLayers(std::vector<LayerKind> &kinds) {
  addFor<1>(kinds);
  addFor<2>(kinds);
  addFor<3>(kinds);
  std::vector<Field> keep = {
      optional("keep_dims", boolean(), "false", "Whether spatial dimensions stay, with extent 1")};
  kinds.push_back({"global_average_pool", "Mean over all spatial dimensions: [N, C, spatial...] to [N, C]", keep,
                   buildGlobalPool<dlc::ReductionKind::Mean>});
  kinds.push_back({"global_max_pool", "Largest element over all spatial dimensions: [N, C, spatial...] to [N, C]", keep,
                   buildGlobalPool<dlc::ReductionKind::Max>});
}
