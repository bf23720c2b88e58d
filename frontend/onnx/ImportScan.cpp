// SPDX-License-Identifier: Apache-2.0
// Scan: a subgraph that runs for every index of an axis becomes a loop over time.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsShape.h"
#include "ir/TensorDescription.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Scan's axes and directions, one per input or output.
struct ScanPlaces {
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

ScanPlaces readPlaces(NodeImporter &node, int64_t inputs, int64_t outputs) {
  ScanPlaces places;
  places.inputAxes = readNumbers(node, "scan_input_axes", inputs);
  places.outputAxes = readNumbers(node, "scan_output_axes", outputs);
  SmallVector<int64_t> directions = readNumbers(node, "scan_input_directions", inputs);
  llvm::append_range(directions, readNumbers(node, "scan_output_directions", outputs));
  places.isReverse = !directions.empty() && directions.front() != 0;
  if (!llvm::all_equal(directions))
    node.error() << "is supported where all inputs and outputs have the same direction";
  return places;
}

void importScan(NodeImporter &node) {
  const onnx::GraphProto *graph = node.getGraph("body");
  int64_t scanInputs = node.getInteger("num_scan_inputs", 0), operands = node.getNumOperands(),
          states = operands - scanInputs;
  if (!graph || node.hasFailed())
    return node.hasFailed() ? void() : void(node.error() << "lacks its body");
  int64_t outputs = graph->output_size() - states;
  if (scanInputs < 1 || states < 0 || outputs < 0 || !node.expectOperands(operands, operands)) {
    node.error() << "needs an input to scan, and results of its body for every state";
    return;
  }
  ScanPlaces places = readPlaces(node, scanInputs, outputs);
  SmallVector<Value> initial, sequences;
  for (int64_t i = 0; i < operands && !node.hasFailed(); ++i) {
    Value value = node.getOperand(i);
    if (i < states || node.hasFailed()) {
      initial.push_back(value);
      continue;
    }
    int64_t axis = normalizeAxis(node, places.inputAxes[i - states], node.getRank(i));
    sequences.push_back(moveDimension(node, value, axis, 0));
  }
  if (node.hasFailed())
    return;

  OpBuilder &builder = node.getBuilder();
  LoopBuilder loop(builder, node.getLocation(), initial, sequences, places.isReverse);
  SmallVector<Tensor *> inputs;
  for (int64_t i = 0; i < operands; ++i) {
    Value outer = i < states ? initial[i] : sequences[i - states];
    Tensor *tensor = node.getImporter().createTensor(graph->input(i).name());
    tensor->value = i < states ? loop.getLoopCarried(i) : loop.getScanSlice(i - states);
    tensor->elementType = getElementTypeOrSelf(outer);
    tensor->dims = Dims(node.getDims(outer).drop_front(i < states ? 0 : 1));
    node.getImporter().setDims(tensor->value, tensor->dims);
    inputs.push_back(tensor);
  }
  FailureOr<SmallVector<Tensor *>> results = node.getImporter().importSubgraph(*graph, node.getScope(), inputs);
  SmallVector<Value> values;
  SmallVector<Dims> sliceDims;
  if (succeeded(results))
    for (Tensor *tensor : *results) {
      values.push_back(node.getImporter().materialize(*tensor, node.getLocation()));
      if (!values.back())
        break;
      if (static_cast<int64_t>(values.size()) > states)
        sliceDims.push_back(Dims(node.getDims(values.back())));
    }
  if (failed(results) || (!values.empty() && !values.back())) {
    node.markFailed();
    return;
  }
  for (auto [before, after] : llvm::zip(initial, values))
    if (before.getType() != after.getType()) {
      node.error() << "has a state of type " << describeTensor(before) << " that its body makes "
                   << describeTensor(after);
      return;
    }
  AffineExpr steps = node.getDims(sequences.front())[0];
  for (Value sequence : sequences)
    if (AffineExpr own = node.getDims(sequence)[0]; constantDim(own))
      steps = own;
  ResultRange made = loop.finish(ArrayRef(values).take_front(states), ArrayRef(values).drop_front(states));
  for (auto [i, value] : llvm::enumerate(made)) {
    if (!node.hasResult(i))
      continue;
    if (static_cast<int64_t>(i) < states) {
      node.getImporter().setDims(value, Dims(node.getDims(initial[i])));
      node.setResult(i, value);
      continue;
    }
    Dims dims{steps};
    llvm::append_range(dims, sliceDims[i - states]);
    node.getImporter().setDims(value, dims);
    node.setResult(i, moveDimension(node, value, 0, normalizeAxis(node, places.outputAxes[i - states], dims.size())));
  }
}

} // namespace

void registerScan(OpRegistry &registry) {
  registry.add("Scan", 9, importScan);
  registry.noteBody("Scan");
}

} // namespace dlc::onnx_import
