// SPDX-License-Identifier: Apache-2.0
#include "frontend/OnnxRecurrence.h"
#include "frontend/GateActivation.h"
#include "ir/ConstantData.h"
#include "ir/OpsConstant.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include "ir/TensorDescription.h"

using namespace mlir;

namespace dlc {
namespace {

RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

class Builder {
public:
  Builder(OpBuilder &builder, Location location, const OnnxRecurrence &operation,
          llvm::function_ref<void(const llvm::Twine &)> error)
      : builder(builder), location(location), operation(operation), error(error) {}

  std::optional<OnnxRecurrenceResults> build();

private:
  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return OpTy::create(builder, location, std::forward<Args>(args)...);
  }
  bool fail(const llvm::Twine &message) {
    error(message);
    return false;
  }
  bool checkAttributes();
  bool checkShapes();
  bool expectShape(Value value, llvm::StringRef what, llvm::ArrayRef<int64_t> shape, llvm::StringRef meaning);
  bool readActivations();
  /// Lengths that need no mask, because all sequences are as long as the tensor, are dropped.
  bool readLengths();

  /// `value` [.., D, ..] at an index of dimension `dim`, which the result lacks; null stays null.
  Value pick(Value value, int64_t dim, int64_t position);
  /// The directions' results one after another in a new dimension `dim`.
  Value stack(llvm::ArrayRef<Value> values, int64_t dim);
  RecurrentCell getCell(int64_t position) const;
  RecurrentWeights getWeights(int64_t position);

  OpBuilder &builder;
  Location location;
  const OnnxRecurrence &operation;
  llvm::function_ref<void(const llvm::Twine &)> error;
  Value lengths;
  int64_t directions = 1, units = 0, gates = 0;
  llvm::SmallVector<GateActivation, 3> activations;
};

bool Builder::checkAttributes() {
  llvm::StringRef direction = operation.direction;
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    return fail("direction '" + direction + "' is not one of forward, reverse and bidirectional");
  if (operation.clip && !(*operation.clip > 0))
    return fail("clip is " + llvm::Twine(std::to_string(*operation.clip)) + ", it must be above 0");
  directions = direction == "bidirectional" ? 2 : 1;
  return true;
}

bool Builder::expectShape(Value value, llvm::StringRef what, llvm::ArrayRef<int64_t> shape, llvm::StringRef meaning) {
  if (!value)
    return true;
  RankedTensorType type = typeOf(value);
  bool fits = type.getRank() == static_cast<int64_t>(shape.size());
  for (size_t i = 0; fits && i < shape.size(); ++i)
    fits = ShapedType::isDynamic(shape[i]) || type.isDynamicDim(i) || type.getDimSize(i) == shape[i];
  if (!fits)
    return fail(llvm::Twine(what) + " must be " + meaning + ", got " + describeTensor(value));
  return true;
}

bool Builder::checkShapes() {
  if (typeOf(operation.x).getRank() != 3)
    return fail("expects an input of rank 3 [" + llvm::Twine(operation.isBatchFirst ? "N, T, I" : "T, N, I") +
                "], got " + describeTensor(operation.x));
  for (auto [value, what] : {std::pair(operation.weight, "W"), std::pair(operation.recurrent, "R")})
    if (typeOf(value).getRank() != 3 || !typeOf(value).hasStaticShape())
      return fail(llvm::Twine(what) + " must be of rank 3 with known extents, got " + describeTensor(value));
  int64_t batch = typeOf(operation.x).getDimSize(operation.isBatchFirst ? 0 : 1),
          features = typeOf(operation.x).getDimSize(2);
  gates = getGateCount(operation.kind);
  units = operation.units.value_or(typeOf(operation.recurrent).getDimSize(2));
  if (units < 1)
    return fail("hidden_size is " + llvm::Twine(units) + ", it must be at least 1");
  std::string rows = gates == 1 ? "H" : std::to_string(gates) + " H";
  std::string where = " for D = " + std::to_string(directions) + ", H = " + std::to_string(units);
  for (Value value : {operation.weight, operation.recurrent, operation.bias, operation.initialHidden,
                      operation.initialCell, operation.peepholes})
    if (value && typeOf(value).getElementType() != typeOf(operation.x).getElementType())
      return fail("operands have different element types");
  if (!llvm::isa<FloatType>(typeOf(operation.x).getElementType()))
    return fail("does not take the element type of " + describeTensor(operation.x));
  if (operation.lengths && !typeOf(operation.lengths).getElementType().isInteger())
    return fail("sequence_lens must be integers, got " + describeTensor(operation.lengths));
  llvm::SmallVector<int64_t> state{directions, batch, units};
  std::string stateMeaning = "[D, N, H]";
  if (operation.isBatchFirst) {
    std::swap(state[0], state[1]);
    stateMeaning = "[N, D, H]";
  }
  return expectShape(operation.weight, "W", {directions, gates * units, features}, "[D, " + rows + ", I]" + where) &&
         expectShape(operation.recurrent, "R", {directions, gates * units, units}, "[D, " + rows + ", H]" + where) &&
         expectShape(operation.bias, "B", {directions, 2 * gates * units},
                     "[D, " + std::to_string(2 * gates) + " H]" + where) &&
         expectShape(operation.lengths, "sequence_lens", {batch}, "[N], one per sequence of the batch") &&
         expectShape(operation.initialHidden, "initial_h", state, stateMeaning + where) &&
         expectShape(operation.initialCell, "initial_c", state, stateMeaning + where) &&
         expectShape(operation.peepholes, "P", {directions, 3 * units}, "[D, 3 H]" + where);
}

bool Builder::readActivations() {
  size_t count = getActivationCount(operation.kind);
  llvm::SmallVector<std::string> names = operation.activations;
  if (names.empty())
    for (int64_t i = 0; i < directions; ++i) {
      if (operation.kind == RecurrentKind::Elman)
        names.push_back("Tanh");
      else
        names.append({"Sigmoid", "Tanh"});
      if (operation.kind == RecurrentKind::Lstm)
        names.push_back("Tanh");
    }
  if (names.size() != count * directions)
    return fail("has " + llvm::Twine(names.size()) + " activations, expected " + llvm::Twine(count * directions));
  std::string problem;
  auto found = getGateActivations(names, operation.alphas, operation.betas, problem);
  if (!found)
    return fail(problem);
  activations = *found;
  return true;
}

bool Builder::readLengths() {
  lengths = operation.lengths;
  int64_t steps = typeOf(operation.x).getDimSize(operation.isBatchFirst ? 1 : 0);
  auto constant = lengths ? lengths.getDefiningOp<ConstantOp>() : ConstantOp();
  std::optional<ConstantData> data = constant ? ConstantData::get(constant.getValue()) : std::nullopt;
  if (!data || ShapedType::isDynamic(steps))
    return true;
  bool areFull = true;
  for (int64_t i = 0; i < data->getType().getNumElements(); ++i) {
    auto length = static_cast<int64_t>(data->getDouble(data->isSplat() ? 0 : i));
    if (length < 0 || length > steps)
      return fail("sequence_lens has " + llvm::Twine(length) + " for sequences of " + llvm::Twine(steps) + " steps");
    areFull &= length == steps;
  }
  if (areFull)
    lengths = Value();
  return true;
}

Value Builder::pick(Value value, int64_t dim, int64_t position) {
  if (!value)
    return {};
  int64_t rank = typeOf(value).getRank();
  if (directions > 1) {
    llvm::SmallVector<int64_t> starts(rank, 0), sizes(rank, -1), steps(rank, 1);
    starts[dim] = position;
    sizes[dim] = 1;
    value = create<SliceOp>(value, starts, sizes, steps);
  }
  llvm::SmallVector<int64_t> shape;
  for (int64_t i = 0; i < rank; ++i)
    if (i != dim)
      shape.push_back(typeOf(value).isDynamicDim(i) ? -2 - i : typeOf(value).getDimSize(i));
  return create<ReshapeOp>(value, shape);
}

Value Builder::stack(llvm::ArrayRef<Value> values, int64_t dim) {
  llvm::SmallVector<Value> unsqueezed;
  for (Value value : values) {
    llvm::SmallVector<int64_t> shape;
    for (int64_t i = 0; i < typeOf(value).getRank(); ++i)
      shape.push_back(typeOf(value).isDynamicDim(i) ? -2 - i : typeOf(value).getDimSize(i));
    shape.insert(shape.begin() + dim, 1);
    unsqueezed.push_back(create<ReshapeOp>(value, shape));
  }
  return unsqueezed.size() == 1 ? unsqueezed.front()
                                : create<ConcatOp>(ValueRange(unsqueezed), static_cast<uint64_t>(dim));
}

RecurrentCell Builder::getCell(int64_t position) const {
  size_t count = getActivationCount(operation.kind);
  RecurrentCell cell;
  cell.kind = operation.kind;
  cell.activations.assign(activations.begin() + position * count, activations.begin() + (position + 1) * count);
  cell.gates = operation.kind == RecurrentKind::Lstm ? "iofc" : operation.kind == RecurrentKind::Gru ? "zrh" : "h";
  cell.clip = operation.clip;
  cell.couplesGates = operation.couplesGates;
  cell.resetsAfter = operation.resetsAfter;
  return cell;
}

RecurrentWeights Builder::getWeights(int64_t position) {
  RecurrentWeights weights{pick(operation.weight, 0, position), pick(operation.recurrent, 0, position)};
  if (Value both = pick(operation.bias, 0, position)) {
    int64_t size = gates * units;
    weights.inputBias = create<SliceOp>(both, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{size}, ArrayRef<int64_t>{1});
    weights.recurrentBias =
        create<SliceOp>(both, ArrayRef<int64_t>{size}, ArrayRef<int64_t>{size}, ArrayRef<int64_t>{1});
  }
  weights.peepholes = pick(operation.peepholes, 0, position);
  return weights;
}

std::optional<OnnxRecurrenceResults> Builder::build() {
  if (!checkAttributes() || !checkShapes() || !readActivations() || !readLengths())
    return std::nullopt;
  bool isBatchFirst = operation.isBatchFirst;
  Value x = operation.x;
  if (isBatchFirst)
    x = create<TransposeOp>(x, ArrayRef<int64_t>{1, 0, 2});
  llvm::SmallVector<Value, 2> sequences, hiddens, cells;
  for (int64_t position = 0; position < directions; ++position) {
    bool isReverse = position == 1 || operation.direction == "reverse";
    RecurrentState initial{pick(operation.initialHidden, isBatchFirst, position),
                           pick(operation.initialCell, isBatchFirst, position)};
    RecurrentWeights weights = getWeights(position);
    RecurrentResults results = buildRecurrence(builder, location, getCell(position), weights, x, lengths, initial,
                                               isReverse, operation.wantsSequence);
    if (results.sequence)
      sequences.push_back(isBatchFirst ? create<TransposeOp>(results.sequence, ArrayRef<int64_t>{1, 0, 2})
                                       : results.sequence);
    hiddens.push_back(results.state.hidden);
    if (results.state.cell)
      cells.push_back(results.state.cell);
  }
  OnnxRecurrenceResults results;
  if (!sequences.empty())
    results.sequence = stack(sequences, isBatchFirst ? 2 : 1);
  results.hidden = stack(hiddens, isBatchFirst ? 1 : 0);
  if (!cells.empty())
    results.cell = stack(cells, isBatchFirst ? 1 : 0);
  return results;
}

} // namespace

void OnnxRecurrence::takeOperands(llvm::function_ref<Value(size_t)> get) {
  Value *operands[] = {&x, &weight, &recurrent, &bias, &lengths, &initialHidden, &initialCell, &peepholes};
  for (auto [i, operand] : llvm::enumerate(operands))
    if (i < 6 || kind == RecurrentKind::Lstm)
      *operand = get(i);
}

std::optional<OnnxRecurrenceResults> buildOnnxRecurrence(OpBuilder &builder, Location location,
                                                         const OnnxRecurrence &operation,
                                                         llvm::function_ref<void(const llvm::Twine &)> error) {
  return Builder(builder, location, operation, error).build();
}

} // namespace dlc
