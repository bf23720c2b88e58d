// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/UnrolledLoop.h"
#include "frontend/onnx/LoopBody.h"
#include "frontend/onnx/LoopSteps.h"
#include "ir/OpsMovement.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// More steps than this are not written out one by one.
constexpr int64_t mostUnrolled = 256;

/// Result `i`: `slices` in a new dimension 0.
void stack(NodeImporter &node, int64_t i, ArrayRef<Value> slices) {
  if (!node.hasResult(i) || node.hasFailed())
    return;
  if (slices.empty()) {
    node.error() << "runs no step, so that the extents of its result " << i << " are not known";
    return;
  }
  SmallVector<Value> operands;
  for (Value slice : slices) {
    Dims dims(node.getDims(slice));
    dims.insert(dims.begin(), node.extent(1));
    operands.push_back(node.reshape(slice, dims));
  }
  node.setResult(i, operands.size() == 1 ? operands[0] : node.create<ConcatOp>(ValueRange(operands), node.integer(0)));
}

} // namespace

bool canUnroll(NodeImporter &node) {
  std::optional<int64_t> most = node.hasOperand(0) ? getConstantOperand(node, 0) : std::nullopt,
                         starts = node.hasOperand(1) ? getConstantOperand(node, 1) : 1;
  return starts && (starts == 0 || (most && *most <= mostUnrolled));
}

void unrollLoop(NodeImporter &node, const onnx::GraphProto &body, ArrayRef<Tensor *> loopCarried) {
  ImportState &importer = node.getImporter();
  std::optional<int64_t> most = getConstantOperand(node, 0),
                         starts = node.hasOperand(1) ? getConstantOperand(node, 1) : 1;
  SmallVector<Tensor *> states(loopCarried);
  SmallVector<SmallVector<Value>> scanOutputs(body.output_size() - 1 - states.size());
  for (int64_t step = 0; starts != 0 && step < *most; ++step) {
    SmallVector<Tensor *> inputs{makeKnownInput(node, body.input(0).name(), node.getBuilder().getI64Type(), step),
                                 makeKnownInput(node, body.input(1).name(), node.getBuilder().getI1Type(), 1)};
    llvm::append_range(inputs, states);
    FailureOr<SmallVector<Tensor *>> results = importer.importSubgraph(body, node.getScope(), inputs);
    if (failed(results)) {
      node.markFailed();
      return;
    }
    states.assign(results->begin() + 1, results->begin() + 1 + states.size());
    for (auto [list, tensor] : llvm::zip(scanOutputs, ArrayRef(*results).take_back(scanOutputs.size())))
      if (!materializeResult(node, *tensor, list))
        return;
    Tensor &condition = *results->front();
    const KnownValue *known = condition.elements || condition.hasFailed ? nullptr : importer.getKnown(condition);
    if (!known || !known->isConstant() || known->elements.size() != 1) {
      node.error()
          << "carries sequences, or is trained and carries tensors whose extents change, and its condition depends on "
             "data, which is not supported";
      return;
    }
    if (known->elements.front().asReal() == 0)
      break;
  }
  for (auto [i, tensor] : llvm::enumerate(states))
    node.setTensor(i, tensor);
  for (auto [i, list] : llvm::enumerate(scanOutputs))
    stack(node, states.size() + i, list);
}

} // namespace dlc::onnx_import
