// SPDX-License-Identifier: Apache-2.0
// Scan: a subgraph that runs for every index of an axis becomes a loop over time.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/LoopBody.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsTransposition.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Scan's axes and directions, one per input or output.
struct ScanPositions {
  SmallVector<int64_t> inputAxes, outputAxes;
  bool isReverse = false;
};

/// `count` numbers of attribute `name`, 0 where it is missing.
SmallVector<int64_t> readNumbers(NodeImporter &node, StringRef name, int64_t count) {
  std::optional<SmallVector<int64_t>> numbers = node.getIntegers(name);
  if (!numbers)
    return SmallVector<int64_t>(count, 0);
  if (static_cast<int64_t>(numbers->size()) != count)
    node.error() << "has " << numbers->size() << " " << name << ", expected " << count;
  return *numbers;
}

/// `value` with dimension `from` moved to position `to`.
Value moveDimension(NodeImporter &node, Value value, int64_t from, int64_t to) {
  if (from == to || node.hasFailed())
    return value;
  SmallVector<int64_t> permutation;
  for (int64_t dim = 0; dim < cast<RankedTensorType>(value.getType()).getRank(); ++dim)
    if (dim != from)
      permutation.push_back(dim);
  permutation.insert(permutation.begin() + to, from);
  return node.create<TransposeOp>(value, permutation);
}

/// `axis`, which may count from the end, of a tensor of `rank` dimensions; reports one that is not there.
int64_t normalizeAxis(NodeImporter &node, int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  node.error() << "scans axis " << axis << " of a tensor of rank " << rank;
  return 0;
}

ScanPositions readPositions(NodeImporter &node, int64_t inputs, int64_t outputs) {
  ScanPositions positions;
  positions.inputAxes = readNumbers(node, "scan_input_axes", inputs);
  positions.outputAxes = readNumbers(node, "scan_output_axes", outputs);
  SmallVector<int64_t> directions = readNumbers(node, "scan_input_directions", inputs);
  llvm::append_range(directions, readNumbers(node, "scan_output_directions", outputs));
  positions.isReverse = !directions.empty() && directions.front() != 0;
  if (!llvm::all_equal(directions))
    node.error() << "is supported where all inputs and outputs have the same direction";
  return positions;
}

/// The numbers of a Scan's operands and results.
struct ScanCounts {
  int64_t states = 0, inputs = 0, outputs = 0;
};

/// Operands from `first` on are states and scan inputs; an error if they do not fit the body.
std::optional<ScanCounts> countOperands(NodeImporter &node, const onnx::GraphProto *graph, int64_t first) {
  ScanCounts counts;
  counts.inputs = node.getInteger("num_scan_inputs", 0);
  counts.states = node.getNumOperands() - first - counts.inputs;
  if (!graph && !node.hasFailed())
    node.error() << "lacks its body";
  if (node.hasFailed())
    return std::nullopt;
  counts.outputs = graph->output_size() - counts.states;
  bool isComplete = counts.inputs >= 1 && counts.states >= 0 && counts.outputs >= 0;
  for (int64_t i = first; i < node.getNumOperands(); ++i)
    isComplete = isComplete && node.hasOperand(i);
  if (isComplete)
    return counts;
  node.error() << "needs an input to scan, and results of its body for every state";
  return std::nullopt;
}

/// The loop over dimension 0 of `sequences`: the last states, and the scan outputs with the steps as dimension 0. Empty
/// after an error.
SmallVector<Value> buildScan(NodeImporter &node, const onnx::GraphProto &graph, ArrayRef<Value> initial,
                             ArrayRef<Value> sequences, bool isReverse) {
  size_t states = initial.size();
  LoopBuilder loop(node.getBuilder(), node.getLocation(), initial, sequences, isReverse);
  SmallVector<Tensor *> inputs;
  for (size_t i = 0; i < states + sequences.size(); ++i) {
    Value outer = i < states ? initial[i] : sequences[i - states];
    inputs.push_back(makeBodyInput(node, graph.input(static_cast<int>(i)).name(),
                                   i < states ? loop.getLoopCarried(i) : loop.getScanSlice(i - states),
                                   Dims(node.getDims(outer).drop_front(i < states ? 0 : 1))));
  }
  FailureOr<SmallVector<Tensor *>> results = node.getImporter().importSubgraph(graph, node.getScope(), inputs);
  if (failed(results)) {
    node.markFailed();
    return {};
  }
  SmallVector<Value> values;
  for (Tensor *tensor : *results)
    if (!materializeResult(node, *tensor, values))
      return {};
  for (size_t i = 0; i < states; ++i)
    values[i] = keepExtents(node, values[i], node.getDims(initial[i]));
  if (node.hasFailed())
    return {};
  SmallVector<Dims> dims;
  for (Value value : values)
    dims.push_back(Dims(node.getDims(value)));
  if (!keepsTypes(node, initial, ArrayRef(values).take_front(states)) ||
      !canStack(node, ArrayRef(values).drop_front(states)))
    return {};
  AffineExpr steps = node.getDims(sequences.front())[0];
  for (Value sequence : sequences)
    if (AffineExpr own = node.getDims(sequence)[0]; constantDim(own))
      steps = own;
  SmallVector<Value> made(loop.finish(ArrayRef(values).take_front(states), ArrayRef(values).drop_front(states)));
  for (size_t i = 0; i < made.size(); ++i) {
    if (i >= states)
      dims[i].insert(dims[i].begin(), steps);
    node.getImporter().setDims(made[i], i < states ? Dims(node.getDims(initial[i])) : dims[i]);
  }
  return made;
}

void importScan(NodeImporter &node) {
  const onnx::GraphProto *graph = node.getGraph("body");
  std::optional<ScanCounts> counts = countOperands(node, graph, 0);
  if (!counts)
    return;
  ScanPositions positions = readPositions(node, counts->inputs, counts->outputs);
  SmallVector<Value> initial, sequences;
  for (int64_t i = 0; i < node.getNumOperands() && !node.hasFailed(); ++i) {
    Value value = node.getOperand(i);
    if (i < counts->states || node.hasFailed()) {
      initial.push_back(value);
      continue;
    }
    int64_t axis = normalizeAxis(node, positions.inputAxes[i - counts->states], node.getRank(i));
    sequences.push_back(moveDimension(node, value, axis, 0));
  }
  if (node.hasFailed() || graph->input_size() != node.getNumOperands()) {
    if (!node.hasFailed())
      node.error() << "has a body of " << graph->input_size() << " inputs instead of " << node.getNumOperands();
    return;
  }
  for (auto [i, value] : llvm::enumerate(buildScan(node, *graph, initial, sequences, positions.isReverse))) {
    int64_t output = static_cast<int64_t>(i) - counts->states, rank = node.getDims(value).size();
    if (node.hasResult(i))
      node.setResult(i, output < 0
                            ? value
                            : moveDimension(node, value, 0, normalizeAxis(node, positions.outputAxes[output], rank)));
  }
}

/// Opset 8: dimension 0 of all operands and results is the batch, whose samples are processed one by one, and dimension
/// 1 of the scan inputs are the steps.
void importBatchScan(NodeImporter &node) {
  const onnx::GraphProto *graph = node.getGraph("body");
  if (node.hasOperand(0)) {
    node.error() << "takes lengths of sequences, which is not supported";
    return;
  }
  std::optional<ScanCounts> counts = countOperands(node, graph, 1);
  if (!counts)
    return;
  if (graph->input_size() != node.getNumOperands() - 1) {
    node.error() << "has a body of " << graph->input_size() << " inputs instead of " << node.getNumOperands() - 1;
    return;
  }
  SmallVector<int64_t> directions = readNumbers(node, "directions", counts->inputs);
  if (!llvm::all_equal(directions))
    node.error() << "is supported where all inputs have the same direction";
  // Outputs would be in the order in which steps run, not in that of the inputs.
  else if (directions.front() != 0 && counts->outputs > 0)
    node.error() << "scans backwards and has scan outputs, which is not supported before opset 9";
  SmallVector<Value> operands;
  for (int64_t i = 1; i < node.getNumOperands() && !node.hasFailed(); ++i) {
    operands.push_back(node.getOperand(i));
    if (int64_t rank = i <= counts->states ? 1 : 2; node.getRank(i) < rank)
      node.error() << "scans operand " << i << ", which lacks dimensions for the batch and the steps";
  }
  if (node.hasFailed())
    return;
  AffineExpr batch = node.getDims(operands.front())[0];
  LoopBuilder samples(node.getBuilder(), node.getLocation(), {}, operands);
  SmallVector<Value> slices;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    slices.push_back(samples.getScanSlice(i));
    node.getImporter().setDims(slices.back(), Dims(node.getDims(operand).drop_front()));
  }
  SmallVector<Value> results = buildScan(node, *graph, ArrayRef(slices).take_front(counts->states),
                                         ArrayRef(slices).drop_front(counts->states), directions.front() != 0);
  if (node.hasFailed())
    return;
  SmallVector<Dims> dims;
  for (Value result : results) {
    dims.push_back(Dims(node.getDims(result)));
    dims.back().insert(dims.back().begin(), batch);
  }
  for (auto [i, value] : llvm::enumerate(samples.finish({}, results))) {
    node.getImporter().setDims(value, dims[i]);
    node.setResult(i, value);
  }
}

} // namespace

void registerScan(OpRegistry &registry) {
  registry.add("Scan", 8, importBatchScan);
  registry.add("Scan", 9, importScan);
  registry.noteBody("Scan");
}

} // namespace dlc::onnx_import
