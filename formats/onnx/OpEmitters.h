// SPDX-License-Identifier: Apache-2.0
/// \file
/// The emitter of each op that has a form in ONNX: by its row in the table of ops, or by code in the file of its
/// family.
#ifndef DLC_FORMATS_ONNX_OPEMITTERS_H
#define DLC_FORMATS_ONNX_OPEMITTERS_H

#include "formats/onnx/GraphWriter.h"
#include "formats/onnx/OpTable.h"

namespace dlc {
class IfOp;
class LoopOp;
} // namespace dlc

namespace dlc::onnx_export {

class OpEmitters {
public:
  /// The emitter of `op`; null if it has no form in ONNX.
  static const OpEmitter *find(llvm::StringRef op);
  /// Why an op has none; empty if nobody has said so.
  static llvm::StringRef findReasonForNone(llvm::StringRef op);

  template <typename OpTy, typename Function> void add(Function emit) {
    table[OpTy::getOperationName()] = [emit](mlir::Operation *op, GraphWriter &writer) {
      return mlir::FailureOr<std::string>(emit(llvm::cast<OpTy>(op), writer));
    };
  }
  /// Says why `OpTy` has no emitter.
  template <typename OpTy> void addNone(llvm::StringRef why) { reasons[OpTy::getOperationName()] = why; }
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
  void addRow(const onnx_format::OpRow &row);
  static const OpEmitters &get();
  llvm::StringMap<OpEmitter> table;
  llvm::StringMap<llvm::StringRef> reasons;
};

void registerElementwise(OpEmitters &emitters);
void registerLinear(OpEmitters &emitters);
void registerAttention(OpEmitters &emitters);
void registerWindows(OpEmitters &emitters);
void registerNormalization(OpEmitters &emitters);
void registerReduction(OpEmitters &emitters);
void registerMovement(OpEmitters &emitters);
void registerSampling(OpEmitters &emitters);
void registerSelection(OpEmitters &emitters);
void registerSize(OpEmitters &emitters);
void registerQuantization(OpEmitters &emitters);
void registerOpsWithoutForm(OpEmitters &emitters);

/// Writes all ops of the writer's function but the end. Fails after diagnostics at every op that has no form in ONNX.
mlir::LogicalResult writeOps(GraphWriter &writer);

/// Writes a loop as `Scan`, or as `Loop` where steps are only counted or may stop, and names its results.
mlir::LogicalResult emitLoop(LoopOp loop, GraphWriter &writer);

/// Writes a choice as `If`, and names its results.
mlir::LogicalResult emitIf(IfOp op, GraphWriter &writer);

} // namespace dlc::onnx_export

#endif // DLC_FORMATS_ONNX_OPEMITTERS_H
