// SPDX-License-Identifier: Apache-2.0
/// \file
/// Writes the ops of a program: kernels and extents that data decides (ProgramWriter.cpp), loops and choices
/// (ProgramLoops.cpp).
#ifndef DLC_PASSES_MEMORY_PROGRAMWRITER_H
#define DLC_PASSES_MEMORY_PROGRAMWRITER_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/memory/ProgramBuilder.h"
#include "passes/memory/ProgramSignature.h"

namespace dlc {

/// The buffers of a loop's step, or of a branch, as the program knows them.
struct StepBuffers {
  llvm::SmallVector<mlir::Value> loopCarried, next, scanInputs, scanOutputs;
  llvm::SmallVector<mlir::Value> results; ///< of a branch
};

/// Turns one entry point of kernels, loops and choices into a program.
class ProgramWriter {
public:
  ProgramWriter(mlir::func::FuncOp graph, ProgramTables &tables, PrepackProgram &prepack, MemoryPlan &memory)
      : graph(graph), tables(tables), prepack(prepack), memory(memory), context(graph.getContext()),
        symbolNames(memory.getEntry().shapes.getSymbols()), prepackedOffset(prepack.bytes) {}

  /// The program; called once.
  mlir::func::FuncOp run(bool shareMemory);

private:
  mlir::AffineMap makeMap(llvm::ArrayRef<mlir::AffineExpr> exprs) {
    return mlir::AffineMap::get(0, symbolNames.size(), exprs, context);
  }

  mlir::Value makeIndex(mlir::OpBuilder &builder, mlir::Location location, mlir::AffineExpr expr) {
    if (auto constant = constantDim(expr))
      return mlir::arith::ConstantIndexOp::create(builder, location, *constant);
    return mlir::affine::AffineApplyOp::create(builder, location, makeMap({expr}), symbolValues);
  }

  /// The program's arguments after inputs and outputs: workspace, constants, prepacked data, and variables if it has
  /// any.
  mlir::Value getBlock(unsigned number) { return program.function.getArgument(program.firstBlock + number); }

  /// Of variable `number` of the plan, in the block of variables.
  int64_t getVariableOffset(int64_t number) const { return tables.variables.getOffset(memory.getVariables()[number]); }

  /// Of memory that is not shared, in its block.
  mlir::AffineExpr getOffset(Storage storage) const {
    if (storage.kind == Storage::Arena)
      return getPlan(storage.index).offsets[storage.index];
    return mlir::getAffineConstantExpr(storage.kind == Storage::Constant   ? constantOffsets[storage.index]
                                       : storage.kind == Storage::Variable ? getVariableOffset(storage.index)
                                                                           : prepackedOffset + storage.index,
                                       context);
  }

  /// The plan and the block that buffer `number` of the arena is in.
  int64_t getSegment(int64_t number) const { return memory.getSegment(memory.getBuffers()[number].bytes); }
  const ArenaPlan &getPlan(int64_t number) const {
    int64_t segment = getSegment(number);
    return segment == workspaceSegment ? plan : segments.find(segment)->second.plan;
  }
  mlir::Value getArena(int64_t number) {
    int64_t segment = getSegment(number);
    return segment == workspaceSegment ? getBlock(0) : segments.find(segment)->second.block;
  }

  mlir::Value view(mlir::OpBuilder &builder, mlir::Location location, mlir::Value block, mlir::Value offset,
                   mlir::AffineExpr bytes) {
    return mlir::memref::ViewOp::create(builder, location, llvm::cast<mlir::MemRefType>(block.getType()), block, offset,
                                        makeIndex(builder, location, bytes));
  }

  mlir::Value getBuffer(Frame &frame, const StepBuffers &step, mlir::Value value, mlir::OpBuilder &builder,
                        bool isPrepacked);
  void emitFrame(Frame &frame, const StepBuffers &step, mlir::OpBuilder &builder);
  void emitKernel(Frame &frame, const StepBuffers &step, KernelOp kernel, mlir::OpBuilder &runBuilder);
  void emitNumbers(Frame &frame, KernelOp kernel, mlir::Operation *op, mlir::Value buffer, mlir::OpBuilder &builder);
  void emitReadback(Frame &frame, const StepBuffers &step, ReadbackOp readback, mlir::OpBuilder &builder);
  void reserveSegment(Frame &frame, int64_t symbol, mlir::OpBuilder &builder, mlir::Location location);
  /// Whether `expr` depends on an extent that has been read back inside a loop or branch.
  bool isDecidedInside(mlir::AffineExpr expr) const {
    return llvm::any_of(decidedInside, [&](unsigned symbol) { return expr.isFunctionOfSymbol(symbol); });
  }
  void emitLoop(Frame &frame, const StepBuffers &step, OutlinedLoopOp loop, mlir::OpBuilder &builder);
  void emitIf(Frame &frame, const StepBuffers &step, OutlinedIfOp op, mlir::OpBuilder &builder);
  static mlir::Value loadFlag(mlir::OpBuilder &builder, mlir::Location location, mlir::Value buffer);
  llvm::SmallVector<mlir::Value> emitStep(Frame &body, mlir::Value iteration, mlir::Value steps, mlir::ValueRange state,
                                          mlir::ValueRange scanInputs, mlir::ValueRange scanOutputs,
                                          mlir::OpBuilder &builder);
  mlir::scf::ForOp emitSteps(Frame &body, mlir::Value steps, mlir::ValueRange state, mlir::ValueRange scanInputs,
                             mlir::ValueRange scanOutputs, mlir::OpBuilder &builder);
  llvm::SmallVector<mlir::Value> emitRanges(Frame &body, mlir::Value steps, mlir::ValueRange state,
                                            mlir::ValueRange scanInputs, mlir::ValueRange scanOutputs,
                                            mlir::OpBuilder &builder);
  static mlir::Value loadNumber(mlir::OpBuilder &builder, mlir::Location location, mlir::Value buffer);
  void storeNumbers(mlir::OpBuilder &builder, mlir::Location location, mlir::Value buffer, mlir::Type element,
                    llvm::ArrayRef<mlir::Value> numbers);
  void clearAfter(mlir::OpBuilder &builder, Frame &frame, mlir::Value scanOutput, mlir::Value buffer,
                  mlir::Value steps);

  mlir::func::FuncOp graph;
  ProgramTables &tables;
  PrepackProgram &prepack;
  MemoryPlan &memory;
  mlir::MLIRContext *context;
  llvm::ArrayRef<std::string> symbolNames;
  llvm::SmallVector<int64_t> constantOffsets; ///< of the plan's constants, in the block of constants
  int64_t prepackedOffset;                    ///< of the plan's prepacked data, in the block of all entry points'
  bool shareMemory = true;
  ArenaPlan plan; ///< of the workspace
  struct Segment {
    ArenaPlan plan;
    mlir::Value block;
  };
  llvm::DenseMap<int64_t, Segment> segments;                ///< by the symbols whose readbacks begin them
  llvm::DenseMap<mlir::Value, mlir::Value> reservedOutputs; ///< memory of outputs that the context keeps
  int64_t segmentCount = 0;                                 ///< of the blocks that are reserved
  ProgramSignature program;
  llvm::SmallVector<mlir::Value> symbolValues; ///< arguments, or what has been read back
  llvm::SmallVector<mlir::Value> entryValues;  ///< the same before the loops and branches
  mlir::Operation *outermostLoop = nullptr;    ///< of the loops and branches that are being emitted
  llvm::SmallVector<unsigned> decidedInside;   ///< symbols that these have read back
  llvm::DenseMap<mlir::Value, mlir::Value> fixedViews,
      prepackedViews; ///< of buffers at fixed offsets, and as `prepare` sees them
};

} // namespace dlc

#endif // DLC_PASSES_MEMORY_PROGRAMWRITER_H
