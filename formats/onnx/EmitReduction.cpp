// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/OpEmitters.h"
#include "ir/OpsReduction.h"

using namespace mlir;

namespace dlc::onnx_export {

static const char *getNodeType(ReductionKind kind) {
  switch (kind) {
  case ReductionKind::Sum:
    return "ReduceSum";
  case ReductionKind::Mean:
    return "ReduceMean";
  case ReductionKind::Max:
    return "ReduceMax";
  case ReductionKind::Min:
    return "ReduceMin";
  case ReductionKind::Prod:
    return "ReduceProd";
  case ReductionKind::L1:
    return "ReduceL1";
  case ReductionKind::L2:
    return "ReduceL2";
  case ReductionKind::LogSum:
    return "ReduceLogSum";
  case ReductionKind::LogSumExp:
    return "ReduceLogSumExp";
  case ReductionKind::SumSquare:
    return "ReduceSumSquare";
  }
  llvm_unreachable("all kinds have a node");
}

static FailureOr<std::string> emitReduce(ReduceOp op, GraphWriter &writer) {
  std::string x = writer.getName(op.getX());
  // Without axes, ONNX would reduce all dimensions, or none and do nothing at all.
  if (op.getAxes().empty()) {
    bool isIdentity = llvm::is_contained(
        {ReductionKind::Sum, ReductionKind::Mean, ReductionKind::Max, ReductionKind::Min, ReductionKind::Prod},
        op.getKind());
    if (!isIdentity)
      return op.emitOpError("has no form in ONNX without dimensions to reduce");
    return writer.add("Identity", {x});
  }
  return writer.add(getNodeType(op.getKind()), {x, writer.makeInts(op.getAxes())},
                    {{"keepdims", int64_t(op.getKeepDims())}});
}

static std::string emitArgExtreme(ArgExtremeOp op, GraphWriter &writer) {
  return writer.add(op.getMinimum() ? "ArgMin" : "ArgMax", {writer.getName(op.getX())},
                    {{"axis", int64_t(op.getAxis())},
                     {"keepdims", int64_t(op.getKeepDims())},
                     {"select_last_index", int64_t(op.getSelectLast())}});
}

void registerReduction(OpEmitters &emitters) {
  emitters.add<ReduceOp>(emitReduce);
  emitters.add<ArgExtremeOp>(emitArgExtreme);
}

} // namespace dlc::onnx_export
