// SPDX-License-Identifier: Apache-2.0
// What the templates of backends/halide take. The algorithms of a kernel kind are in one function here, with what is
// legal for each of their parameters; `--dlc-tile` chooses a point of it, and so may a person who edits a module.
#include "passes/schedule/ScheduleSpace.h"
#include "ir/Layout.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLinear.h"
#include "passes/schedule/WinogradCost.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;

namespace dlc {

/// Sums that a tile may keep: twice the largest register file. Above it code does nothing but spill.
static constexpr int64_t mostAccumulators = 64;
/// Halide counts elements with 32 bits.
static constexpr int64_t mostElements = INT32_MAX;

bool ScheduleParameter::allows(int64_t value) const {
  return value >= least && value <= most && value % multipleOf == 0 &&
         (divides == 0 || (value != 0 && divides % value == 0)) &&
         (block == 0 || block % value == 0 || value % block == 0);
}

std::string ScheduleParameter::describe() const {
  std::string text = least == most ? std::to_string(least)
                                   : (multipleOf == 1 ? "" : "a multiple of " + std::to_string(multipleOf) + " ") +
                                         ("from " + std::to_string(least) + " to " + std::to_string(most));
  if (block != 0)
    text += ", a divisor or a multiple of " + std::to_string(block);
  return divides == 0 ? text : text + " that divides " + std::to_string(divides);
}

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }
static bool isPacked(RankedTensorType type) {
  LayoutAttr layout = getLayout(type);
  return layout && layout.getInnerTiles() && !layout.getInnerTiles().empty();
}
static ScheduleSpace makePlain(llvm::StringRef algorithm, RankedTensorType result) {
  ScheduleSpace space;
  space.algorithm = algorithm;
  if (algorithm == "plain")
    for (int64_t dim = 0; dim < result.getRank(); ++dim)
      space.splits.push_back({dim});
  return space;
}

namespace {
/// Writes down the spaces of one kernel.
class SpaceBuilder {
public:
  SpaceBuilder(const TileSubject &subject, const Machine &processor, ScheduleAttr schedule)
      : subject(subject), processor(processor), lanes(std::max<int64_t>(schedule.getVector(), 1)),
        columns(std::max<int64_t>(schedule.getTile("columns", lanes), 1)),
        rows(std::max<int64_t>(schedule.getTile("rows", 1), 1)), schedule(schedule) {}

  llvm::SmallVector<ScheduleSpace> build();

private:
  ScheduleSpace &add(llvm::StringRef algorithm) {
    ScheduleSpace &space = spaces.emplace_back();
    space.algorithm = algorithm;
    space.mostLanes = processor.vectorBytes / 4;
    return space;
  }
  void addRows();
  void addContraction();
  void addDots(MatMulOp op);
  void addBlocked(MatMulOp op);
  void addGemm(MatMulOp op);
  void addConvolution();
  void addTile(llvm::StringRef algorithm, RankedTensorType weight, int64_t channels, int64_t columnsDivide);
  void addWinograd(RankedTensorType y);
  void addPhases(ConvTransposeOp op);
  void addWeightGradient(ConvWeightGradientOp op);
  void addRecurrent();
  void addAttention();
  /// `columns` of packed weights: a part of a block, whole blocks, or all in the first block.
  ScheduleParameter packedColumns(int64_t block, int64_t extent) const;
  /// Every dimension; ranges of `columnsDim`, which vectors run along, begin at whole tiles.
  void splitAnywhere(ScheduleSpace &space, int64_t columnsDim) const {
    for (int64_t dim = 0; dim < subject.result.getRank(); ++dim)
      space.splits.push_back({dim, dim == columnsDim ? columns : 1});
  }

  const TileSubject &subject;
  const Machine &processor;
  int64_t lanes, columns, rows; ///< as in the schedule
  ScheduleAttr schedule;
  llvm::SmallVector<ScheduleSpace> spaces;
};
} // namespace

llvm::SmallVector<ScheduleSpace> SpaceBuilder::build() {
  bool hasNaive = true;
  switch (subject.root) {
  case KernelRoot::Convolution:
    addConvolution();
    // Transformed weights are read by the transformed sum alone.
    hasNaive = spaces.front().algorithm != "winograd" || llvm::isa<ConvWeightGradientOp>(subject.rootOp);
    break;
  case KernelRoot::Contraction:
    addContraction();
    break;
  case KernelRoot::Recurrent:
    addRecurrent();
    break;
  case KernelRoot::Attention:
    addAttention();
    break;
  default:
    addRows();
  }
  if (hasNaive)
    spaces.push_back(makePlain("naive", subject.result));
  // The program counts on the dimension of which it takes ranges.
  if (int64_t split = tileKernel(subject, processor).getSplit(); subject.rowRange && split >= 0) {
    for (ScheduleSpace &space : spaces) {
      llvm::erase_if(space.splits, [&](const ScheduleSplit &legal) { return legal.dim != split; });
      space.mustSplit = true;
    }
    llvm::erase_if(spaces, [](const ScheduleSpace &space) { return space.splits.empty(); });
  }
  return std::move(spaces);
}

void SpaceBuilder::addRows() {
  llvm::StringRef preferred = tileKernel(subject, processor).getAlgorithm().getValue();
  auto fill = [&](llvm::StringRef algorithm) {
    ScheduleSpace &space = add(algorithm);
    if (subject.root == KernelRoot::Movement)
      space.parameters.push_back({"block", 1, 256, 1, 256, /*isOptional=*/true});
    if (subject.root == KernelRoot::Reduction || subject.root == KernelRoot::Normalization)
      space.parameters.push_back({"unroll", 1, 16, 1, 16, /*isOptional=*/true});
    if (!isPacked(subject.result))
      for (int64_t dim = 0; dim < subject.result.getRank(); ++dim)
        if (canSplitRows(subject, dim))
          space.splits.push_back({dim});
  };
  fill(preferred);
  if (subject.root == KernelRoot::Reduction && preferred == "columns")
    fill("rows");
}

ScheduleParameter SpaceBuilder::packedColumns(int64_t block, int64_t extent) const {
  ScheduleParameter parameter{"columns", lanes, mostAccumulators * lanes, lanes};
  // A tile that contains all columns of the first block need not divide it.
  bool isInFirstBlock = extent >= 0 && extent <= columns && columns <= block;
  if (!isInFirstBlock)
    parameter.block = block;
  return parameter;
}

void SpaceBuilder::addContraction() {
  auto matmul = llvm::dyn_cast<MatMulOp>(subject.rootOp);
  if (matmul && subject.result.getRank() >= 1 && !getLayout(subject.result) && typeOf(matmul.getRhs()).getRank() >= 2) {
    addDots(matmul);
    addBlocked(matmul);
    addGemm(matmul);
  }
  spaces.push_back(makePlain("plain", subject.result));
}

void SpaceBuilder::addDots(MatMulOp op) {
  RankedTensorType lhs = typeOf(op.getLhs()), rhs = typeOf(op.getRhs());
  Type element = op.getType().getElementType();
  int64_t rank = subject.result.getRank();
  if (!op.getTransposeRhs() || op.getTransposeLhs() || getLayout(rhs) || getLayout(lhs) || rhs.getRank() != 2 ||
      !rhs.hasStaticShape() || lhs.getRank() < 2 || lhs.isDynamicDim(lhs.getRank() - 2) ||
      !(element.isF32() || element.isF64()))
    return;
  int64_t rowCount = lhs.getDimSize(lhs.getRank() - 2);
  if (subject.rowRange && rank == 2)
    rowCount = std::gcd(rowCount, subject.rowRange);
  ScheduleSpace &space = add("dots");
  space.parameters = {{"columns", 1, 16, 1, rhs.getDimSize(0)}, {"rows", 1, 64, 1, rowCount}};
  // Each sum is a vector of partial sums.
  space.accumulatorParameters = {"columns", "rows"};
  space.registerFactor = lanes;
  for (int64_t dim = 0; dim < rank; ++dim)
    space.splits.push_back({dim, dim == rank - 1 ? columns : dim == rank - 2 ? rows : 1});
}

void SpaceBuilder::addBlocked(MatMulOp op) {
  RankedTensorType lhs = typeOf(op.getLhs()), rhs = typeOf(op.getRhs());
  Type element = op.getType().getElementType();
  // The partial sums are added to the output itself, so nothing may follow in the kernel.
  bool isAlone = op->hasOneUse() && llvm::isa<YieldOp>(*op->user_begin()) &&
                 (*op->user_begin())->getNumOperands() == 1 && llvm::isa<BlockArgument>(op.getLhs()) &&
                 llvm::isa<BlockArgument>(op.getRhs());
  if (!isAlone || op.getTransposeRhs() || lhs.getRank() != 2 || rhs.getRank() != 2 || !lhs.hasStaticShape() ||
      !rhs.hasStaticShape() || getLayout(lhs) || getLayout(rhs) || !(element.isF32() || element.isF64()))
    return;
  ScheduleSpace &space = add("blocked");
  space.parameters = {{"columns", lanes, mostAccumulators * lanes, lanes, subject.result.getDimSize(1)},
                      {"depth", 1, 1024, 1, rhs.getDimSize(0)},
                      {"rows", 1, 64, 1, subject.result.getDimSize(0)}};
  space.accumulatorParameters = {"columns", "rows"};
  space.splits = {{0, rows}, {1, columns}};
}

void SpaceBuilder::addGemm(MatMulOp op) {
  RankedTensorType lhs = typeOf(op.getLhs()), rhs = typeOf(op.getRhs());
  int64_t rank = subject.result.getRank(), extent = subject.result.getDimSize(rank - 1);
  bool isTransposed = lhs.getRank() > 1 && op.getTransposeLhs();
  bool hasDepth = !lhs.isDynamicDim(isTransposed ? lhs.getRank() - 2 : lhs.getRank() - 1);
  ScheduleSpace space;
  space.algorithm = "gemm";
  space.mostLanes = processor.vectorBytes / 4;
  ScheduleParameter tile{"columns", lanes, mostAccumulators * lanes, lanes};
  if (isPacked(rhs)) {
    tile = packedColumns(getLayout(rhs).getInnerTiles()[0], ShapedType::isDynamic(extent) ? -1 : extent);
  } else {
    // Copied blocks of columns may reach over the end; columns that are read in place must not, and are contiguous.
    bool mustStage = op.getTransposeRhs() || ShapedType::isDynamic(extent) || extent % columns != 0;
    if (mustStage && !hasDepth)
      return;
    space.parameters.push_back({"stage_columns", mustStage ? 1 : 0, hasDepth ? 1 : 0, 1, 0, !mustStage});
  }
  space.parameters.push_back(tile);
  space.parameters.push_back({"rows", 1, mostAccumulators});
  space.parameters.push_back({"columns_loop", -1, std::max<int64_t>(rank - 1, 0), 1, 0, /*isOptional=*/true});
  space.accumulatorParameters = {"columns", "rows"};
  splitAnywhere(space, rank - 1);
  spaces.push_back(std::move(space));
}

void SpaceBuilder::addTile(llvm::StringRef algorithm, RankedTensorType weight, int64_t channels,
                           int64_t columnsDivide) {
  ScheduleSpace &space = add(algorithm);
  ScheduleParameter tile{"columns", lanes, mostAccumulators * lanes, lanes, channels};
  if (isPacked(weight))
    tile = packedColumns(getLayout(weight).getInnerTiles()[0], channels);
  if (columnsDivide)
    tile.divides = tile.divides ? std::gcd(tile.divides, columnsDivide) : columnsDivide;
  space.parameters = {tile,
                      {"rows", 1, mostAccumulators},
                      {"planes", 1, 8, 1, 0, /*isOptional=*/true},
                      {"columns_loop", -1, subject.result.getRank() - 1, 1, 0, /*isOptional=*/true}};
  if (algorithm == "depthwise")
    space.parameters.push_back({"unroll_taps", 0, 1, 1, 0, /*isOptional=*/true});
  space.accumulatorParameters = {"columns", "rows", "planes"};
  splitAnywhere(space, 1);
}

void SpaceBuilder::addWinograd(RankedTensorType y) {
  ScheduleAttr preferred = tileKernel(subject, processor);
  int64_t chunkColumns = std::max<int64_t>(schedule.getTile("chunk_columns", 1), 1),
          chunkRows = std::max<int64_t>(schedule.getTile("chunk_rows", 1), 1);
  ScheduleSpace &space = add("winograd");
  // Chunks divide the image's tiles; these are the compiler's or a part of them.
  space.parameters = {{"channels", winogradChannelBlock, winogradChannelBlock},
                      {"chunk_columns", 1, mostElements, 1, preferred.getTile("chunk_columns", 1)},
                      {"chunk_rows", 1, mostElements, 1, preferred.getTile("chunk_rows", 1)},
                      {"columns", lanes, winogradChannelBlock, lanes, winogradChannelBlock},
                      {"rows", 1, chunkColumns},
                      {"planes", 1, chunkRows}};
  space.accumulatorParameters = {"columns", "rows", "planes"};
  int64_t m = getLayout(typeOf(subject.rootOp->getOperand(1))).getWinograd();
  int64_t pool = y.getDimSize(2) / std::max<int64_t>(subject.result.getDimSize(2), 1);
  space.splits = {
      {0}, {1, winogradChannelBlock}, {2, std::max<int64_t>(m / std::max<int64_t>(pool, 1), 1) * chunkRows}};
}

void SpaceBuilder::addPhases(ConvTransposeOp op) {
  RankedTensorType w = typeOf(op.getW()), y = typeOf(op.getResult());
  auto placesOf = [&](int64_t dim) -> int64_t {
    return y.isDynamicDim(dim) ? 1 : llvm::divideCeil(y.getDimSize(dim), op.getStrides()[dim - 2]);
  };
  ScheduleSpace &space = add("phases");
  space.parameters = {packedColumns(isPacked(w) ? getLayout(w).getInnerTiles()[0] : 32, y.getDimSize(1)),
                      {"rows", 1, mostAccumulators, 1, placesOf(y.getRank() - 1)},
                      {"planes", 1, 8, 1, placesOf(y.getRank() - 2)}};
  space.accumulatorParameters = {"columns", "rows", "planes"};
  space.splits = {{0}};
}

void SpaceBuilder::addWeightGradient(ConvWeightGradientOp op) {
  RankedTensorType w = subject.result;
  ScheduleAttr preferred = tileKernel(subject, processor);
  if (preferred.getAlgorithm() == "plain")
    return;
  bool isWinograd = preferred.getAlgorithm() == "winograd";
  ScheduleSpace &space = add(preferred.getAlgorithm().getValue());
  space.parameters = {{"columns", lanes, mostAccumulators * lanes, lanes, isWinograd ? winogradChannelBlock : 0},
                      {"rows", 1, mostAccumulators, 1, w.getDimSize(1)},
                      {"planes", 1, isWinograd ? 1 : mostAccumulators, 1, w.getDimSize(w.getRank() - 1)}};
  if (isWinograd)
    space.parameters.push_back({"channels", winogradChannelBlock, winogradChannelBlock});
  // A copy of the gradient for columns that are not whole has a size that is known.
  RankedTensorType dy = typeOf(op.getYGradient());
  if (!isWinograd && llvm::any_of(dy.getShape().drop_front(2), ShapedType::isDynamic))
    space.parameters.front().divides = w.getDimSize(0);
  space.accumulatorParameters = {"columns", "rows", "planes"};
  space.splits = {{0, isWinograd ? std::lcm(winogradChannelBlock, columns) : columns}};
}

void SpaceBuilder::addConvolution() {
  if (auto gradient = llvm::dyn_cast<ConvWeightGradientOp>(subject.rootOp)) {
    addWeightGradient(gradient);
  } else {
    RankedTensorType w = typeOf(subject.rootOp->getOperand(1)), y = typeOf(subject.rootOp->getResult(0));
    llvm::StringRef preferred = tileKernel(subject, processor).getAlgorithm().getValue();
    // Layouts have decided on the algorithm: no other one reads these weights.
    if (preferred == "winograd")
      return addWinograd(y);
    if (preferred == "phases") {
      addPhases(llvm::cast<ConvTransposeOp>(subject.rootOp));
    } else if (preferred != "plain") {
      auto conv = llvm::dyn_cast<ConvOp>(subject.rootOp);
      int64_t channels = w.getDimSize(conv ? 0 : 1), groups = conv ? conv.getGroups() : 1;
      addTile(preferred, w, channels, groups > 1 && isPacked(w) ? channels / groups : 0);
    }
  }
  spaces.push_back(makePlain("plain", subject.result));
}

void SpaceBuilder::addRecurrent() {
  RankedTensorType weight = typeOf(llvm::cast<MatMulOp>(subject.rootOp).getRhs());
  if (tileKernel(subject, processor).getAlgorithm() == "cell") {
    int64_t units = weight.getDimSize(2), block = getLayout(weight).getInnerTiles()[0];
    int64_t tileUnits = std::max<int64_t>(schedule.getTile("units", lanes), 1);
    ScheduleSpace &space = add("cell");
    space.mostLanes = std::min(space.mostLanes, block);
    ScheduleParameter tile{"units", lanes, mostAccumulators * lanes, lanes, block};
    if (tileUnits > block)
      tile = {"units", block, mostAccumulators * lanes, block,
              static_cast<int64_t>(llvm::divideCeil(units, block)) * block};
    space.parameters = {{"rows", 1, 16}, tile, {"sweep", 0, mostElements, tileUnits, 0, /*isOptional=*/true}};
    space.accumulatorParameters = {"units", "rows"};
    space.registerFactor = weight.getDimSize(0);
    space.splits = {{1, tileUnits}};
  }
  spaces.push_back(makePlain("plain", subject.result));
}

void SpaceBuilder::addAttention() {
  int64_t keyRows = std::max<int64_t>(schedule.getTile("key_rows", 1), 1),
          queries = std::max<int64_t>(schedule.getTile("queries", 1), 1);
  int64_t values = static_cast<int64_t>(llvm::alignTo(subject.result.getDimSize(3), lanes));
  ScheduleSpace &space = add("online");
  // Part of a vector if there are so few queries, or whole vectors.
  ScheduleParameter tile{"queries", 1, lanes, 1, lanes};
  if (queries > lanes)
    tile = {"queries", lanes, 8 * lanes, lanes};
  space.parameters = {tile,
                      {"keys", keyRows, 4096, keyRows},
                      {"key_rows", 1, 32},
                      {"value_rows", 1, 32, 1, queries},
                      {"value_columns", lanes, 8 * lanes, lanes, values}};
  space.accumulatorParameters = {"queries", "key_rows"};
  space.splits = {{0}, {1}, {2, queries}};
}

llvm::SmallVector<ScheduleSpace> getScheduleSpaces(const TileSubject &subject, const Machine &processor,
                                                   ScheduleAttr schedule) {
  return SpaceBuilder(subject, processor, schedule).build();
}

/// Checks the sizes that `schedule` gives against `space`.
static LogicalResult verifyTiles(const ScheduleSpace &space, ScheduleAttr schedule,
                                 llvm::function_ref<InFlightDiagnostic()> emitError) {
  auto names = [&] {
    return llvm::join(llvm::map_range(space.parameters, [](const ScheduleParameter &p) { return p.name; }), ", ");
  };
  if (schedule.getTiles())
    for (NamedAttribute tile : schedule.getTiles()) {
      const auto *parameter =
          llvm::find_if(space.parameters, [&](const ScheduleParameter &p) { return p.name == tile.getName(); });
      if (parameter == space.parameters.end())
        return emitError() << "'" << space.algorithm << "' has no parameter " << tile.getName()
                           << (space.parameters.empty() ? "; it has none" : "; its parameters are " + names());
      auto size = llvm::dyn_cast<IntegerAttr>(tile.getValue());
      if (!size || !size.getType().isSignlessInteger(64) || !parameter->allows(size.getInt()))
        return emitError() << "parameter " << tile.getName() << " of '" << space.algorithm << "' is " << tile.getValue()
                           << "; it must be " << parameter->describe();
    }
  for (const ScheduleParameter &parameter : space.parameters)
    if (!parameter.isOptional && (!schedule.getTiles() || !schedule.getTiles().contains(parameter.name)))
      return emitError() << "'" << space.algorithm << "' needs the parameter \"" << parameter.name << "\", "
                         << parameter.describe();
  int64_t accumulators = space.registerFactor;
  for (llvm::StringRef name : space.accumulatorParameters)
    accumulators *= schedule.getTile(name, 1);
  accumulators /= schedule.getVector();
  int64_t most = std::max(mostAccumulators, space.registerFactor);
  if (!space.accumulatorParameters.empty() && accumulators > most)
    return emitError() << "a tile of " << llvm::join(space.accumulatorParameters, " x ") << " takes " << accumulators
                       << " vector registers; the most is " << most;
  return success();
}

LogicalResult verifySchedule(const TileSubject &subject, const Machine &processor, ScheduleAttr schedule,
                             llvm::function_ref<InFlightDiagnostic()> emitError) {
  llvm::SmallVector<ScheduleSpace> spaces = getScheduleSpaces(subject, processor, schedule);
  const auto *space =
      llvm::find_if(spaces, [&](const ScheduleSpace &s) { return s.algorithm == schedule.getAlgorithm().getValue(); });
  if (space == spaces.end())
    return emitError() << "it has no algorithm " << schedule.getAlgorithm() << "; it has '"
                       << llvm::join(llvm::map_range(spaces, [](const ScheduleSpace &s) { return s.algorithm; }),
                                     "', '")
                       << "'";
  if (!llvm::isPowerOf2_64(static_cast<uint64_t>(std::max<int64_t>(schedule.getVector(), 0))) ||
      schedule.getVector() > space->mostLanes)
    return emitError() << "vectors of '" << space->algorithm << "' have " << schedule.getVector()
                       << (schedule.getVector() == 1 ? " lane" : " lanes") << "; it must be "
                       << (space->mostLanes == 1 ? "1" : "a power of two up to " + std::to_string(space->mostLanes));
  if (failed(verifyTiles(*space, schedule, emitError)))
    return failure();
  const auto *split =
      llvm::find_if(space->splits, [&](const ScheduleSplit &s) { return s.dim == schedule.getSplit(); });
  if (split == space->splits.end() && (schedule.getSplit() != -1 || space->mustSplit)) {
    auto diagnostic = emitError() << "'" << space->algorithm << "' cannot split dimension " << schedule.getSplit()
                                  << " of the result; it can split";
    for (const ScheduleSplit &legal : space->splits)
      diagnostic << " " << legal.dim << ",";
    return diagnostic << (space->mustSplit ? " and must" : " or none (-1)");
  }
  int64_t multiple = split == space->splits.end() ? 1 : split->grainMultipleOf;
  if (schedule.getGrain() < 1 || schedule.getGrain() > mostElements || schedule.getGrain() % multiple != 0)
    return emitError() << "ranges of dimension " << schedule.getSplit() << " begin at multiples of "
                       << schedule.getGrain() << "; it must be "
                       << (multiple == 1 ? "" : "a multiple of " + std::to_string(multiple) + ", ") << "at least "
                       << multiple;
  return success();
}

} // namespace dlc
