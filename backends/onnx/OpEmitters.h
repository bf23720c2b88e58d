// SPDX-License-Identifier: Apache-2.0
/// \file
/// The table of ops that have a form in ONNX. One file per family fills it.
#ifndef DLC_BACKENDS_ONNX_OPEMITTERS_H
#define DLC_BACKENDS_ONNX_OPEMITTERS_H

#include "backends/onnx/GraphWriter.h"
#include <functional>

namespace dlc::onnx_export {

/// Writes the nodes of one op and gives the name of its result. Fails after a diagnostic.
using OpEmitter = std::function<mlir::FailureOr<std::string>(mlir::Operation *, GraphWriter &)>;

class OpEmitters {
public:
  /// The emitter of `op`; null if it has no form in ONNX.
  static const OpEmitter *find(mlir::Operation *op);

  template <typename OpTy, typename Function> void add(Function emit) {
    table[OpTy::getOperationName()] = [emit](mlir::Operation *op, GraphWriter &writer) {
      return mlir::FailureOr<std::string>(emit(llvm::cast<OpTy>(op), writer));
    };
  }
  /// An op that is one node with the same operands and without attributes.
  template <typename OpTy> void addPlain(const char *type) {
    add<OpTy>([type](OpTy op, GraphWriter &writer) {
      Names inputs;
      for (mlir::Value operand : op->getOperands())
        inputs.push_back(writer.getName(operand));
      return writer.add(type, inputs);
    });
  }

private:
  OpEmitters();
  llvm::StringMap<OpEmitter> table;
};

void registerElementwise(OpEmitters &emitters);
void registerLinear(OpEmitters &emitters);
void registerAttention(OpEmitters &emitters);
void registerWindows(OpEmitters &emitters);
void registerNormalization(OpEmitters &emitters);
void registerReduction(OpEmitters &emitters);
void registerMovement(OpEmitters &emitters);
void registerSelection(OpEmitters &emitters);

/// Writes all ops of the writer's function but the end. Fails after diagnostics at every op that has no form in ONNX.
mlir::LogicalResult writeOps(GraphWriter &writer);

/// Writes a loop as `Scan`, or as `Loop` where steps are only counted or may stop, and names its results.
mlir::LogicalResult emitLoop(LoopOp loop, GraphWriter &writer);

} // namespace dlc::onnx_export

#endif // DLC_BACKENDS_ONNX_OPEMITTERS_H
