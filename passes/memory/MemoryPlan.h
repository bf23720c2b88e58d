// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where the tensors of a function and of its loops are.
#ifndef DLC_PASSES_MEMORY_MEMORYPLAN_H
#define DLC_PASSES_MEMORY_MEMORYPLAN_H

#include "ir/DlcDialect.h"
#include "ir/OpsControl.h"
#include "ir/OpsKernel.h"
#include "ir/SharedMemory.h"
#include "ir/SymbolicShapes.h"
#include "ir/Variables.h"
#include "passes/memory/ArenaPlanner.h"
#include "passes/memory/ProgramTables.h"
#include <memory>

namespace dlc {

/// Where a tensor's memory is.
struct Place {
  enum Kind {
    Input,    ///< the entry point's argument `index`
    Output,   ///< the same
    Constant, ///< `index` bytes into the weights
    Prepared, ///< `index` bytes into what `prepare` computes
    Variable, ///< `index` bytes into the caller's block of variables
    Arena,    ///< buffer `index` of the arena
    Outer,    ///< where operand `index` of the frame's loop is
    Carried,  ///< loop-carried value `index` as the last step left it
    Next,     ///< loop-carried value `index` as this step leaves it
    Scanned,  ///< this step's slice of scan input `index`
    Stacked,  ///< this step's slice of scan output `index`
  } kind = Arena;
  int64_t index = 0;
};

/// How a loop-carried value gets from step to step.
struct CarriedPlace {
  /// The scan output with the same value: a step reads what the step before it stored there. -1: the
  /// value alternates between two buffers.
  int64_t stacked = -1;
  /// A step writes a part of the value, in `buffers[0]`, and leaves the rest.
  bool isInPlace = false;
  int64_t buffers[2] = {-1, -1};

  bool alternates() const { return stacked < 0 && !isInPlace; }
};

/// From the first to the last step of the program that a kernel (which takes one) or a loop takes.
struct Steps {
  int64_t first = 0, last = 0;
};

/// A function of kernels: an entry point, or the body of a loop.
struct Frame {
  Frame(mlir::func::FuncOp function, OutlinedLoopOp loop, Frame *outer, SymbolicShapes shapes)
      : function(function), loop(loop), outer(outer), shapes(std::move(shapes)), readers(function.getBody().front()),
        variables(function) {}

  mlir::func::FuncOp function;
  OutlinedLoopOp loop; ///< null for an entry point
  Frame *outer;        ///< of the function that the loop is in
  SymbolicShapes shapes;
  LastReaders readers;
  VariableIndex variables;
  llvm::SmallVector<mlir::AffineExpr> symbols; ///< the function's symbols as the entry point's

  llvm::SmallVector<mlir::Operation *> order;     ///< kernels and loops
  llvm::DenseMap<mlir::Operation *, Steps> steps; ///< of those that run with the program
  llvm::DenseMap<mlir::Value, Place> places;      ///< of values with memory of their own (see getMemory)
  llvm::DenseMap<mlir::Operation *, std::unique_ptr<Frame>> bodies; ///< of loops
  llvm::SmallVector<CarriedPlace> carried;                          ///< of the frame's loop
  int64_t stepBuffer = -1; ///< in the arena: the step's number; -1 if nobody asks
  /// Results of an entry point that are copied to these offsets of the block of variables at the end.
  llvm::SmallVector<std::pair<mlir::Value, int64_t>> copiedVariables;

  Place getPlace(mlir::Value value) const { return places.lookup(getMemory(value)); }
  mlir::func::ReturnOp getReturn();
  /// Extents of `value` over the entry point's symbols.
  Dims getDims(mlir::Value value) const;
  mlir::AffineExpr getBytes(mlir::Value value) const;
};

/// The memory of one entry point.
class MemoryPlan {
public:
  /// Assigns memory to every tensor of `entry` and of its loops. `preparedBytes` grows by what kernels of constants
  /// write.
  static mlir::FailureOr<std::unique_ptr<MemoryPlan>> make(mlir::func::FuncOp entry, WeightTable &weights,
                                                           int64_t &preparedBytes, bool shareMemory);

  Frame &getEntry() { return *entry; }
  llvm::ArrayRef<ArenaBuffer> getBuffers() const { return buffers; }

private:
  MemoryPlan(mlir::ModuleOp module, WeightTable &weights, int64_t &preparedBytes, bool shareMemory)
      : symbols(module), weights(weights), preparedBytes(preparedBytes), shareMemory(shareMemory) {}

  mlir::FailureOr<std::unique_ptr<Frame>> makeFrame(mlir::func::FuncOp function, OutlinedLoopOp loop, Frame *outer);
  void placeArguments(Frame &frame);
  void placeResults(Frame &frame);
  void placeConstants(Frame &frame);
  void placeKernel(Frame &frame, KernelOp kernel);
  mlir::LogicalResult placeLoop(Frame &frame, OutlinedLoopOp loop);
  int64_t addBuffer(mlir::AffineExpr bytes);
  void extendLife(Frame &frame, mlir::Value value);
  bool isLoadTimeConstant(Frame &frame, mlir::Value value);
  void placeVariable(Frame &frame, unsigned result, int64_t offset);
  int64_t findOperandToOverwrite(Frame &frame, KernelOp kernel);
  void noteStatesInPlace(Frame &frame);
  bool updatesInPlace(Frame &frame, mlir::Value result, mlir::Value operand);

  mlir::SymbolTable symbols; ///< of the module, for the steps of loops
  WeightTable &weights;
  int64_t &preparedBytes;
  bool shareMemory;
  std::unique_ptr<Frame> entry;
  llvm::SmallVector<ArenaBuffer> buffers;
  int64_t step = 0; ///< kernels so far, in the order of the program
};

} // namespace dlc

#endif // DLC_PASSES_MEMORY_MEMORYPLAN_H
