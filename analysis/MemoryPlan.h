// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where the tensors of a function, of its loops and of its branches are.
#ifndef DLC_ANALYSIS_MEMORYPLAN_H
#define DLC_ANALYSIS_MEMORYPLAN_H

#include "analysis/ArenaPlanner.h"
#include "ir/DlcDialect.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsKernel.h"
#include "ir/OpsSize.h"
#include "ir/OpsSlicing.h"
#include "ir/SharedMemory.h"
#include "ir/SymbolicShapes.h"
#include "ir/Variables.h"
#include "llvm/ADT/SetVector.h"
#include <array>
#include <memory>

namespace dlc {

/// Where a tensor's memory is.
struct Storage {
  enum Kind {
    Input,       ///< the entry point's argument `index`
    Output,      ///< the same
    Constant,    ///< constant `index` of the plan
    Prepacked,   ///< `index` bytes into what the entry point's constants are prepacked to
    Variable,    ///< variable `index` of the plan
    Arena,       ///< buffer `index` of the arena
    Nowhere,     ///< a tensor of which only the extents count
    Outer,       ///< where the operand of the frame's loop or choice is that the argument is
    Result,      ///< where result `index` of the frame's choice is
    LoopCarried, ///< loop-carried value `index` as the last step left it
    Next,        ///< loop-carried value `index` as this step leaves it
    ScanInput,   ///< this step's slice of scan input `index`
    ScanOutput,  ///< this step's slice of scan output `index`
  } kind = Arena;
  int64_t index = 0;
};

/// How a loop-carried value gets from step to step.
struct LoopCarriedStorage {
  /// The scan output with the same value: a step reads what the step before it stored there. -1: the
  /// value alternates between two buffers.
  int64_t scanOutput = -1;
  /// A step writes a part of the value, in `buffers[0]`, and leaves the rest.
  bool isInPlace = false;
  int64_t buffers[2] = {-1, -1};

  bool alternates() const { return scanOutput < 0 && !isInPlace; }
};

/// From the first to the last step of the program that a kernel (which takes one), a loop or a choice takes.
struct Steps {
  int64_t first = 0, last = 0;
};

/// A function of kernels: an entry point, the body of a loop, or a branch of a choice (a `dlc.outlined_if`).
struct Frame {
  Frame(mlir::func::FuncOp function, mlir::Operation *owner, Frame *outer, SymbolicShapes shapes)
      : function(function), loop(llvm::dyn_cast_or_null<OutlinedLoopOp>(owner)), outer(outer),
        shapes(std::move(shapes)), readers(function.getBody().front()), variables(function) {}

  bool isEntry() const { return !outer; }

  mlir::func::FuncOp function;
  OutlinedLoopOp loop; ///< whose body it is; null for others
  Frame *outer;        ///< of the function that the loop or choice is in
  SymbolicShapes shapes;
  LastReaders readers;
  VariableIndex variables;
  llvm::SmallVector<mlir::AffineExpr> symbols; ///< the function's symbols as the entry point's

  llvm::SmallVector<mlir::Operation *> order;     ///< kernels, loops, choices and readbacks
  llvm::DenseMap<mlir::Operation *, Steps> steps; ///< of those that run with the program
  llvm::DenseMap<mlir::Value, Storage> storage;   ///< of values with memory of their own (see getMemory)
  llvm::DenseMap<mlir::Operation *, std::unique_ptr<Frame>> bodies;                  ///< of loops
  llvm::DenseMap<mlir::Operation *, std::array<std::unique_ptr<Frame>, 2>> branches; ///< of choices
  llvm::SmallVector<LoopCarriedStorage> loopCarried;                                 ///< of the frame's loop
  int64_t stepBuffer = -1; ///< in the arena: the step's number; -1 if nobody asks
  /// Results of an entry point that are copied to these variables of the plan at the end.
  llvm::SmallVector<std::pair<mlir::Value, int64_t>> copiedVariables;

  Storage getStorage(mlir::Value value) const { return storage.lookup(getMemory(value)); }
  mlir::func::ReturnOp getReturn();
  /// Extents of `value` over the entry point's symbols.
  Dims getDims(mlir::Value value) const;
  mlir::AffineExpr getBytes(mlir::Value value) const;
};

/// The update that `kernel` does, if it does nothing else; null otherwise.
UpdateSliceOp getUpdate(KernelOp kernel);

/// Buffers whose sizes are bounded by extents that are known when a run starts are in its workspace. Others are in the
/// segment of the readback that defines the last extent they depend on: the position of its symbol.
constexpr int64_t workspaceSegment = -1;

/// Where every tensor of an entry point and of its loops is. An analysis: it changes nothing, and offsets into what
/// entry points share (weights, prepacked data, variables) are given when the plan is applied
/// (`--dlc-lower-to-program`).
class MemoryPlan {
public:
  /// Without `shareMemory`, every tensor has memory of its own.
  static mlir::FailureOr<MemoryPlan> make(mlir::func::FuncOp entry, bool shareMemory);

  Frame &getEntry() { return *entry; }
  llvm::ArrayRef<ArenaBuffer> getBuffers() const { return buffers; }
  /// The segment of memory of a size that is an expression without bounded symbols.
  int64_t getSegment(mlir::AffineExpr bytes) const;
  /// The offsets of the buffers of one segment, and its size. Other buffers have no size there.
  ArenaPlan planSegment(int64_t segment, bool shareMemory, mlir::MLIRContext *context) const;
  /// Constants that kernels read, in the order in which the program refers to them.
  llvm::ArrayRef<ConstantOp> getConstants() const { return constants; }
  llvm::ArrayRef<mlir::StringAttr> getVariables() const { return variables; }
  /// What kernels of constants write, each at a multiple of 64 bytes; what only they read shares memory.
  int64_t getPrepackedBytes() const { return prepackedBytes; }
  /// Updates of a part of a tensor that leave the rest where it is.
  llvm::ArrayRef<UpdateSliceOp> getUpdatesInPlace() const { return updatesInPlace.getArrayRef(); }
  /// States that a run changes where they are: the context has one block for each of these.
  llvm::ArrayRef<mlir::BlockArgument> getStatesInPlace() const { return statesInPlace; }
  /// The first op of the entry point that overwrites a variable or a state, so that a run that ended after it would
  /// leave them changed; null if none does. A cache that grows is not among them: what is behind its length means
  /// nothing until a run that succeeds has moved that.
  mlir::Operation *getFirstOverwrite();

private:
  MemoryPlan(mlir::ModuleOp module, bool shareMemory) : symbols(module), shareMemory(shareMemory) {}

  mlir::FailureOr<std::unique_ptr<Frame>> makeFrame(mlir::func::FuncOp function, mlir::Operation *owner, Frame *outer);
  void placeArguments(Frame &frame);
  void placeResults(Frame &frame);
  void placeConstants(Frame &frame);
  void placeKernel(Frame &frame, KernelOp kernel);
  mlir::LogicalResult placeLoop(Frame &frame, OutlinedLoopOp loop);
  mlir::LogicalResult placeIf(Frame &frame, OutlinedIfOp op);
  mlir::LogicalResult bindSymbols(Frame &frame, mlir::Operation *owner);
  void placeReadback(Frame &frame, ReadbackOp readback);
  mlir::LogicalResult checkFailures(Frame &frame);
  UpdateSliceOp getStateUpdate(mlir::Operation *op);
  bool appends(UpdateSliceOp update, KernelOp kernel);
  int64_t addBuffer(mlir::AffineExpr bytes);
  int64_t addVariable(mlir::StringAttr name);
  void extendLife(Frame &frame, mlir::Value value);
  bool isLoadTimeConstant(Frame &frame, mlir::Value value);
  std::optional<int64_t> findLastPrepacking(mlir::Value value) const;
  void placePrepacked();
  void placeVariable(Frame &frame, unsigned result, mlir::StringAttr name);
  int64_t findOperandToOverwrite(Frame &frame, KernelOp kernel);
  void noteStatesInPlace(Frame &frame);
  bool updateInPlace(Frame &frame, mlir::Value result, mlir::Value operand);

  mlir::SymbolTable symbols; ///< of the module, for the steps of loops
  bool shareMemory;
  std::unique_ptr<Frame> entry;
  SymbolicShapes *entryShapes = nullptr;
  llvm::SmallVector<ArenaBuffer> buffers;
  llvm::SmallVector<ConstantOp> constants;
  llvm::SmallVector<mlir::StringAttr> variables;
  llvm::SetVector<UpdateSliceOp> updatesInPlace;
  llvm::SmallVector<mlir::BlockArgument> statesInPlace;
  llvm::SmallVector<std::pair<Frame *, mlir::Value>> prepacked; ///< what kernels of constants write
  llvm::DenseMap<mlir::Operation *, int64_t> prepackingSteps;   ///< these kernels, in the order in which they run
  int64_t prepackedBytes = 0;
  int64_t step = 0; ///< kernels so far, in the order of the program
};

/// The plan of an entry point as MLIR's analysis manager keeps it, with memory shared.
struct MemoryPlanAnalysis {
  explicit MemoryPlanAnalysis(mlir::Operation *entry)
      : plan(MemoryPlan::make(llvm::cast<mlir::func::FuncOp>(entry), /*shareMemory=*/true)) {}

  mlir::FailureOr<MemoryPlan> plan; ///< failure: an error has been reported
};

} // namespace dlc

#endif // DLC_ANALYSIS_MEMORYPLAN_H
