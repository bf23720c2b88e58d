// SPDX-License-Identifier: Apache-2.0
/// \file
/// State over time: where a layer that remembers gets what it knows before the first step, and where it leaves what it
/// knows after the last. Layers do not see who owns it: no one (zeros, then dropped), the context of a `stateful`
/// model, or a decoding loop.
#ifndef DLC_FRONTEND_JSON_STATESCOPE_H
#define DLC_FRONTEND_JSON_STATESCOPE_H

#include "frontend/json/OpContext.h"
#include "ir/LoopBuilder.h"
#include "ir/SignatureBuilder.h"
#include "ir/SymbolicShapes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::json {

/// One state of a layer as the layer describes it.
struct StateRequest {
  llvm::StringRef role; ///< "hidden", "cell", "keys", ...: unique in the layer
  mlir::Type elementType;
  /// Extents: numbers, or -2 - d: extent d of `like`, a tensor that the layer has.
  llvm::SmallVector<int64_t> shape;
  mlir::Value like;
  /// What the state is before the very first step; null: zeros.
  mlir::Value initial = {};
};

class StateScope {
public:
  virtual ~StateScope() = default;
  /// Whether states outlive the ops that the layer builds: then it sees a part of the sequence at a time, and needs
  /// from them what it would else find in the rest (an attention layer its keys and values).
  virtual bool keeps() const { return true; }
  /// The state before the first step; null after an error. Every `begin` is followed by one `end`.
  virtual mlir::Value begin(OpContext &context, const StateRequest &request) = 0;
  /// The state `role`, a tensor<i64>, counts steps, of which there is room for `most`; these ops bring as many as
  /// `like` has along dimension `dim`.
  virtual void limit(OpContext &, llvm::StringRef /*role*/, int64_t /*most*/, mlir::Value /*like*/, int64_t /*dim*/) {}
  /// Takes the state after the last step, of the type that `begin` gave; null is ignored (its error is reported).
  virtual void end(OpContext &context, llvm::StringRef role, mlir::Value value) = 0;
};

/// Zeros of the requested shape.
mlir::Value createZeroState(OpContext &context, const StateRequest &request);

/// States of ordinary layers: zeros, then dropped.
class ZeroStates final : public StateScope {
public:
  mlir::Value begin(OpContext &context, const StateRequest &request) override {
    return createZeroState(context, request);
  }
  void end(OpContext &, llvm::StringRef, mlir::Value) override {}
  bool keeps() const override { return false; }
};

/// States of `stateful` layers: arguments and results of an entry point that its context keeps (`dlc.state`). Arguments
/// are added to the function's entry block as layers ask for them; its signature lists them at the end, all at once.
class EntryStates final : public StateScope {
public:
  void reset(mlir::func::FuncOp function);
  mlir::Value begin(OpContext &context, const StateRequest &request) override;
  void limit(OpContext &context, llvm::StringRef role, int64_t most, mlir::Value like, int64_t dim) override;
  void end(OpContext &context, llvm::StringRef role, mlir::Value value) override;

  struct Entry {
    std::string name;                             ///< "LAYER.role"
    mlir::ArrayAttr dims;                         ///< as of `dlc.dims`
    llvm::SmallVector<mlir::Attribute, 1> checks; ///< of the state before a run
    mlir::Value last;                             ///< null until the layer has set it
  };
  llvm::ArrayRef<Entry> getEntries() const { return entries; }
  /// Lists the arguments in the signature of the function.
  void declare(SignatureBuilder &signature) const;

private:
  mlir::func::FuncOp function;
  std::optional<SymbolicShapes> shapes; ///< of what states have been asked for
  llvm::SmallVector<Entry> entries;
  llvm::StringMap<size_t> indices; ///< in `entries`, by name
};

/// States of layers in the step of a loop: they become loop-carried values.
class LoopStates final : public StateScope {
public:
  /// The states are loop-carried values `first` and following.
  LoopStates(LoopBuilder &loop, size_t first) : loop(loop), first(first) {}
  /// Lets every state's rows (of its batch) be reselected before a step: row i becomes row `parents[i]`.
  void chooseRows(mlir::Value newParents) { parents = newParents; }
  mlir::Value begin(OpContext &context, const StateRequest &request) override;
  void limit(OpContext &context, llvm::StringRef role, int64_t most, mlir::Value like, int64_t dim) override;
  void end(OpContext &context, llvm::StringRef role, mlir::Value value) override;

  struct Entry {
    std::string name;
    mlir::RankedTensorType type;
    int64_t batchDim = -1; ///< dimension that is the batch, or -1
    mlir::Value initial;   ///< before the loop; null: zeros
    mlir::Value last;
  };
  llvm::ArrayRef<Entry> getEntries() const { return entries; }
  /// The most steps that all layers have room for; none if nothing limits them.
  std::optional<int64_t> getMostSteps() const { return mostSteps; }

private:
  std::optional<int64_t> mostSteps;
  LoopBuilder &loop;
  size_t first;
  mlir::Value parents;
  llvm::SmallVector<Entry> entries;
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_STATESCOPE_H
