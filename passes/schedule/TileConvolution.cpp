// SPDX-License-Identifier: Apache-2.0
// Schedules of convolutions. The algorithm is determined by the layouts that planConvolution has chosen before.
#include "ir/Layout.h"
#include "ir/OpsConvolution.h"
#include "passes/schedule/RegisterTile.h"
#include "passes/schedule/TileRules.h"
#include "passes/schedule/WinogradCost.h"

using namespace mlir;

namespace dlc {

namespace {
/// Builds a `#dlc.schedule`.
struct ScheduleDraft {
  std::string algorithm;
  int64_t vector = 1, split = -1, grain = 1;
  llvm::SmallVector<NamedAttribute> tiles;

  void setTile(Builder &builder, llvm::StringRef name, int64_t size) {
    tiles.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(size)));
  }
  ScheduleAttr finish(MLIRContext *context, const Machine &processor) const {
    return ScheduleAttr::get(context, StringAttr::get(context, algorithm), StringAttr::get(context, processor.name),
                             vector, split, grain,
                             tiles.empty() ? DictionaryAttr() : DictionaryAttr::get(context, tiles));
  }
};
} // namespace

static int64_t fixed(int64_t extent) { return ShapedType::isDynamic(extent) ? -1 : extent; }

/// Bytes of a tensor, with dynamic extents taken as 1.
static int64_t countBytes(RankedTensorType type) {
  int64_t elements = 1;
  for (int64_t extent : type.getShape())
    elements *= ShapedType::isDynamic(extent) ? 1 : extent;
  return elements * getElementBytes(type.getElementType());
}

/// Ranges of rows of the result, or of channels: what divides evenly, then what saves memory. `rowParts` and
/// `channelParts` are how many there are.
static bool splitsChannels(int64_t rowParts, int64_t channelParts, int64_t inputBytes, int64_t weightBytes) {
  double rows = getSplitEfficiency(rowParts), channels = getSplitEfficiency(channelParts);
  // Each thread reads all of what is not split.
  double bias = weightBytes > inputBytes ? 0.02 : -0.05;
  return channels + bias > rows;
}

static ScheduleAttr tilePlain(Operation *op, const Machine &processor) {
  ScheduleDraft draft;
  draft.algorithm = "plain";
  return draft.finish(op->getContext(), processor);
}

/// `op`: a convolution or a transposed one, with the weight `w` for `inputs` to `channels` channels.
static ScheduleAttr tileWinograd(Operation *op, RankedTensorType w, int64_t inputs, int64_t channels, int64_t groups,
                                 const TileSubject &subject, const Machine &processor) {
  auto y = llvm::cast<RankedTensorType>(op->getResult(0).getType());
  int64_t m = getLayout(w).getWinograd();
  WinogradChunk chunk = chooseWinogradChunk({m, inputs, channels, groups, y.getDimSize(2), y.getDimSize(3)});
  RegisterTileProblem problem;
  problem.columns = winogradChannelBlock;
  problem.rows = chunk.columns;
  problem.planes = chunk.rows;
  problem.depth = inputs;
  RegisterTile tile = chooseRegisterTile(problem, processor);
  Builder builder(op->getContext());
  ScheduleDraft draft;
  draft.algorithm = "winograd";
  draft.vector = processor.getLanes(problem.elementBytes);
  int64_t pool = y.getDimSize(2) / std::max<int64_t>(subject.result.getDimSize(2), 1);
  draft.split = chunk.splitsChannels ? 1 : 2;
  draft.grain = chunk.splitsChannels ? winogradChannelBlock : m / pool * chunk.rows;
  // A batch of images comes apart without repeating anything.
  if (!y.isDynamicDim(0) && y.getDimSize(0) > 1) {
    draft.split = 0;
    draft.grain = 1;
  }
  draft.setTile(builder, "channels", winogradChannelBlock);
  draft.setTile(builder, "chunk_columns", chunk.columns);
  draft.setTile(builder, "chunk_rows", chunk.rows);
  draft.setTile(builder, "columns", std::max(tile.columns, draft.vector));
  draft.setTile(builder, "rows", tile.rows);
  draft.setTile(builder, "planes", tile.planes);
  return draft.finish(op->getContext(), processor);
}

/// A transposed convolution in tiles: of the result if the stride is 1, otherwise of each phase.
static ScheduleAttr tileTransposed(ConvTransposeOp op, const TileSubject &subject, const Machine &processor) {
  auto x = llvm::cast<RankedTensorType>(op.getX().getType()), w = llvm::cast<RankedTensorType>(op.getW().getType()),
       y = llvm::cast<RankedTensorType>(op.getType());
  int64_t rank = y.getRank();
  if (!getLayout(w) || getDimsInnermostFirst(subject.result)[0] != 1)
    return tilePlain(op, processor);
  if (getLayout(w).getWinograd())
    return tileWinograd(op, w, w.getDimSize(0), w.getDimSize(1), 1, subject, processor);
  bool isDirect = llvm::all_of(op.getStrides(), [](int64_t stride) { return stride == 1; });
  auto placesOf = [&](int64_t dim) {
    int64_t extent = fixed(y.getDimSize(dim));
    return isDirect ? extent : static_cast<int64_t>(llvm::divideCeil(extent, op.getStrides()[dim - 2]));
  };
  RegisterTileProblem problem;
  problem.elementBytes = std::max<int64_t>(getElementBytes(y.getElementType()), 4);
  problem.columns = y.getDimSize(1);
  problem.rows = placesOf(rank - 1);
  problem.planes = rank > 3 ? placesOf(rank - 2) : 1;
  problem.depth = std::max<int64_t>(w.getNumElements() / w.getDimSize(1), 1);
  problem.mustDivide = !isDirect;
  problem.rowBytes = x.isDynamicDim(1) ? 0 : x.getDimSize(1) * problem.elementBytes;
  RegisterTile tile = chooseRegisterTile(problem, processor);
  if (tile.cycles < 0)
    return tilePlain(op, processor);
  Builder builder(op.getContext());
  ScheduleDraft draft;
  draft.algorithm = isDirect ? "direct" : "phases";
  draft.vector = tile.lanes;
  draft.setTile(builder, "columns", tile.columns);
  draft.setTile(builder, "rows", tile.rows);
  draft.setTile(builder, "planes", tile.planes);
  // Images, of which a batch has several: their ranges need no halo between tiles.
  draft.split = 0;
  if (y.getDimSize(0) == 1 && isDirect)
    draft.split = rank > 3 ? rank - 2 : -1;
  return draft.finish(op.getContext(), processor);
}

static ScheduleAttr tileWeightGradient(ConvWeightGradientOp op, const TileSubject &subject, const Machine &processor) {
  auto x = llvm::cast<RankedTensorType>(op.getX().getType()),
       dy = llvm::cast<RankedTensorType>(op.getYGradient().getType());
  RankedTensorType w = subject.result;
  if (op.getGroups() != 1 || getLayout(w) || w.getNumElements() == 0 || getElementBytes(w.getElementType()) < 4 ||
      getDimsInnermostFirst(dy)[0] != 1)
    return tilePlain(op, processor);
  int64_t rank = w.getRank();
  auto algorithm = op->getAttrOfType<StringAttr>("dlc.algorithm");
  bool isWinograd = algorithm && algorithm == "winograd";
  RegisterTileProblem problem;
  problem.elementBytes = getElementBytes(w.getElementType());
  problem.columns = w.getDimSize(0);
  problem.rows = w.getDimSize(1);
  problem.planes = problem.mostPlanes = w.getDimSize(rank - 1);
  problem.mustDivide = true;
  for (int64_t dim = 2; dim < rank; ++dim)
    problem.depth *= dy.isDynamicDim(dim) ? 16 : std::max<int64_t>(dy.getDimSize(dim), 1);
  problem.rowBytes = 0;
  if (isWinograd) {
    problem.columnsDivide = winogradChannelBlock;
    problem.planes = 1;
    problem.depth = llvm::divideCeil(dy.getDimSize(2), 4) * llvm::divideCeil(dy.getDimSize(3), 4);
  }
  RegisterTile tile = chooseRegisterTile(problem, processor);
  // Where output channels do not fill the vectors, an image's gradient is copied, whose size must then be known.
  bool isCopied = problem.columns % tile.columns != 0;
  if (tile.cycles < 0 || (isCopied && llvm::any_of(dy.getShape().drop_front(2), ShapedType::isDynamic)))
    return tilePlain(op, processor);
  Builder builder(op.getContext());
  ScheduleDraft draft;
  draft.algorithm = isWinograd ? "winograd" : "weight_gradient";
  if (isWinograd)
    draft.setTile(builder, "channels", winogradChannelBlock);
  draft.vector = tile.lanes;
  draft.setTile(builder, "columns", tile.columns);
  draft.setTile(builder, "rows", tile.rows);
  draft.setTile(builder, "planes", tile.planes);
  // Blocks of output channels; the largest tile is two blocks.
  constexpr int64_t channelBlock = 32;
  if (problem.columns >= 2 * channelBlock) {
    draft.split = 0;
    draft.grain = std::max(channelBlock, tile.columns);
    // Every range transforms the input.
    if (isWinograd && problem.columns >= 4 * channelBlock)
      draft.grain = std::max(2 * channelBlock, draft.grain);
  }
  return draft.finish(op.getContext(), processor);
}

ScheduleAttr tileConvolution(const TileSubject &subject, const Machine &processor) {
  if (auto transposed = llvm::dyn_cast_or_null<ConvTransposeOp>(subject.rootOp))
    return tileTransposed(transposed, subject, processor);
  if (auto gradient = llvm::dyn_cast_or_null<ConvWeightGradientOp>(subject.rootOp))
    return tileWeightGradient(gradient, subject, processor);
  auto conv = llvm::dyn_cast_or_null<ConvOp>(subject.rootOp);
  if (!conv)
    return tilePlain(subject.rootOp, processor);
  auto x = llvm::cast<RankedTensorType>(conv.getX().getType()), w = llvm::cast<RankedTensorType>(conv.getW().getType()),
       y = llvm::cast<RankedTensorType>(conv.getType());
  LayoutAttr weight = getLayout(w);
  if (!weight || w.isDynamicDim(0) || w.isDynamicDim(1) || getDimsInnermostFirst(subject.result)[0] != 1)
    return tilePlain(subject.rootOp, processor);
  if (weight.getWinograd())
    return tileWinograd(conv, w, w.getDimSize(1), w.getDimSize(0), conv.getGroups(), subject, processor);

  int64_t rank = y.getRank(), elementBytes = std::max<int64_t>(getElementBytes(y.getElementType()), 4);
  int64_t channels = w.getDimSize(0), groups = conv.getGroups(), group = channels / groups;
  bool isBlocked = weight.getInnerTiles() && !weight.getInnerTiles().empty();
  RegisterTileProblem problem;
  problem.elementBytes = elementBytes;
  problem.columns = channels;
  problem.rows = fixed(subject.result.getDimSize(rank - 1));
  problem.planes = rank > 3 ? fixed(subject.result.getDimSize(rank - 2)) : 1;
  auto pooled = [&](int64_t dim) {
    int64_t extent = subject.result.getDimSize(dim);
    return ShapedType::isDynamic(extent) || y.isDynamicDim(dim) || extent == 0
               ? 1
               : std::max<int64_t>(y.getDimSize(dim) / extent, 1);
  };
  problem.rowResults = pooled(rank - 1);
  problem.planeResults = rank > 3 ? pooled(rank - 2) : 1;
  for (int64_t extent : w.getShape().drop_front())
    problem.depth *= extent;
  problem.block = isBlocked ? weight.getInnerTiles()[0] : 0;
  problem.columnsDivide = groups > 1 && isBlocked ? group : 0;
  problem.rowBytes = x.isDynamicDim(1) ? 0 : x.getDimSize(1) * conv.getStrides().back() * elementBytes;

  Builder builder(conv.getContext());
  ScheduleDraft draft;
  int64_t weightBytes = countBytes(w);
  if (isBlocked) {
    RegisterTile tile = chooseRegisterTile(problem, processor);
    if (tile.cycles < 0)
      return tilePlain(subject.rootOp, processor);
    draft.algorithm = "direct";
    draft.vector = tile.lanes;
    draft.setTile(builder, "columns", tile.columns);
    draft.setTile(builder, "rows", tile.rows);
    draft.setTile(builder, "planes", tile.planes);
    // Few weights stay in the cache, and then the inputs of a tile are read once.
    draft.setTile(builder, "columns_loop", weightBytes <= processor.level2.bytes / 4 ? 0 : -1);
  } else {
    // One vector of channels, taps unrolled: neighbouring rows share inputs, the weights stay in registers.
    int64_t lanes = processor.getLanes(elementBytes);
    while (lanes > 1 && channels % lanes != 0 && lanes > 4)
      lanes /= 2;
    if (channels % lanes != 0)
      return tilePlain(subject.rootOp, processor);
    draft.algorithm = "depthwise";
    draft.vector = lanes;
    draft.setTile(builder, "columns", lanes);
    int64_t rows = problem.rowResults > 1 ? 2 : 4;
    draft.setTile(builder, "rows", problem.rows < 0 ? 1 : std::min(problem.rows, rows));
    draft.setTile(builder, "columns_loop", 0);
    if (problem.depth <= 27)
      draft.setTile(builder, "unroll_taps", 1);
  }
  // The dimension to split must be the same for all instruction sets, so it does not depend on the tile.
  constexpr int64_t channelBlock = 32;
  int64_t outer = rank > 3 ? rank - 2 : 0, rowParts = fixed(subject.result.getDimSize(outer));
  int64_t channelParts = groups == 1 || group % channelBlock == 0 ? llvm::divideCeil(channels, channelBlock) : 1;
  if (isBlocked && splitsChannels(rowParts < 0 ? 64 : rowParts, channelParts, countBytes(x), weightBytes)) {
    draft.split = 1;
    draft.grain = std::max(channelBlock, llvm::cast<IntegerAttr>(draft.tiles.front().getValue()).getInt());
  } else {
    draft.split = outer;
  }
  return draft.finish(conv.getContext(), processor);
}

} // namespace dlc
