// SPDX-License-Identifier: Apache-2.0
// The order of the passes is defined here and nowhere else.
#include "passes/Pipelines.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"
#include "passes/graph/RewriteGraph.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace dlc {

llvm::ArrayRef<llvm::StringRef> getPhaseNames() {
  static constexpr llvm::StringRef names[] = {"import", "graph", "layout", "kernels", "program", "llvm"};
  return names;
}

static void addGraphPhase(OpPassManager &manager, const PipelineOptions &options) {
  manager.addPass(createHoistParameterLoads());
  manager.addPass(createAddOptimizer());
  manager.addPass(createDifferentiate());
  manager.addPass(createAddInit());
  manager.addPass(createBindVariables());
  manager.addPass(createLowerLeastSquares());
  manager.addNestedPass<func::FuncOp>(createPruneLoops());
  manager.addPass(createCheckIndices());
  manager.addPass(createCheckExtents());
  manager.addPass(createFoldParameters({options.replaceableWeights}));
  OpPassManager &function = manager.nest<func::FuncOp>();
  // Identities and dead code go at every level; anything else would change what -O0 is compared for.
  function.addPass(createCanonicalizerPass(getGraphRewriteConfig()));
  if (options.optimizationLevel == 0)
    return;
  function.addPass(createFoldConstants());
  function.addPass(createMoveDequantize());
  function.addPass(createFoldConstants());
  function.addPass(createFormIntegerProducts({options.math != MathMode::Strict}));
  if (options.math != MathMode::Strict)
    function.addPass(createFoldBatchNorm());
  function.addPass(createSimplifyGraph());
  function.addPass(createSplitTransposedConvolutions({options.math != MathMode::Strict}));
  function.addPass(createLowerEinsums({options.math != MathMode::Strict}));
  function.addPass(createFoldBroadcasts());
  function.addPass(createRewriteShapeUses());
  function.addPass(createCanonicalizerPass(getGraphRewriteConfig()));
  if (options.math != MathMode::Strict) {
    function.addPass(createFuseAttention());
    function.addPass(createCanonicalizerPass(getGraphRewriteConfig()));
  }
  function.addPass(createCSEPass());
  if (options.optimizationLevel >= 2) {
    bool reorderSums = options.math != MathMode::Strict;
    function.addPass(createFuseLstmGates({reorderSums}));
    function.addPass(createFuseGruGates({reorderSums}));
    function.addPass(createFuseRnnGates({reorderSums}));
  }
  // Sums over steps that training makes; the order of their terms changes.
  if (options.math != MathMode::Strict)
    function.addPass(createSinkReductions());
  // Gates come first: they make one product of the products that then leave the loop.
  function.addPass(createLoopInvariantCodeMotion());
  function.addPass(createCanonicalizerPass(getGraphRewriteConfig()));
  function.addPass(createCSEPass());
}

static void addAssignLayouts(OpPassManager &manager, const PipelineOptions &options) {
  OpPassManager &function = manager.nest<func::FuncOp>();
  MultiplyBytesOptions bytes;
  bytes.isas.assign(options.isas.begin(), options.isas.end());
  function.addPass(createMultiplyBytes(bytes));
  AssignLayoutsOptions layouts;
  layouts.math = getMathModeName(options.math).str();
  function.addPass(createAssignLayouts(layouts));
  function.addPass(createCanonicalizerPass(getGraphRewriteConfig()));
  function.addPass(createCSEPass());
}

static void addLayoutPhase(OpPassManager &manager, const PipelineOptions &options) {
  if (options.optimizationLevel > 0)
    addAssignLayouts(manager, options);
  if (!options.replaceableWeights)
    return;
  // Fusion must not mix this work with a run's.
  manager.addPass(createWeightOnlyCodeMotion());
  manager.addPass(createAddInit());
  manager.addPass(createHoistParameterLoads());
  manager.addPass(createBindVariables());
}

static void addKernelsPhase(OpPassManager &manager, const PipelineOptions &options) {
  manager.addPass(createOutlineBranches());
  manager.addPass(createOutlineLoops());
  OpPassManager &function = manager.nest<func::FuncOp>();
  function.addPass(createSplitConcats());
  function.addPass(createShareKernels());
  if (options.optimizationLevel >= 2) {
    function.addPass(createDuplicateDequantize());
    function.addPass(createFuseConvReluPool());
    function.addPass(createFuseElementwise());
  }
  function.addPass(createFormKernels());
  if (options.keepTensors) {
    function.addPass(createObserveTensors());
    // The conversions to row-major that this adds become kernels.
    function.addPass(createFormKernels());
  }
  if (options.optimizationLevel >= 2)
    manager.addPass(createSplitLoopBatch());
  TileOptions tile;
  tile.isas.assign(options.isas.begin(), options.isas.end());
  tile.naive = options.optimizationLevel == 0;
  manager.addNestedPass<func::FuncOp>(createTile(tile));
  if (options.records.empty())
    return;
  ApplyRecordsOptions records;
  records.files.assign(options.records.begin(), options.records.end());
  manager.addPass(createApplyRecords(records));
}

static void addProgramPhase(OpPassManager &manager, const PipelineOptions &options) {
  VerifySchedulesOptions schedules;
  schedules.isas.assign(options.isas.begin(), options.isas.end());
  manager.addPass(createVerifySchedules(schedules));
  if (options.optimizationLevel > 0)
    manager.addNestedPass<func::FuncOp>(createEagerOptimizerUpdates());
  manager.addPass(createSinkUpdates());
  manager.addPass(createRecompute({options.memoryLimit}));
  LowerToProgramOptions program;
  program.shareMemory = options.optimizationLevel > 0;
  manager.addPass(createLowerToProgram(program));
  manager.addPass(createCollapseKernels());
  manager.addNestedPass<func::FuncOp>(createCSEPass());
}

void addPhase(OpPassManager &manager, llvm::StringRef phase, const PipelineOptions &options) {
  if (phase == "graph")
    addGraphPhase(manager, options);
  else if (phase == "layout")
    addLayoutPhase(manager, options);
  else if (phase == "kernels")
    addKernelsPhase(manager, options);
  else if (phase == "program")
    addProgramPhase(manager, options);
}

void registerAllPasses() {
  registerDlcPasses();
  PassPipelineRegistration<>("dlc-compile", "All passes from a graph to a program, at -O3 for x86-64-v3",
                             [](OpPassManager &manager) {
                               for (llvm::StringRef phase : getPhaseNames())
                                 addPhase(manager, phase, PipelineOptions());
                             });
}

} // namespace dlc
