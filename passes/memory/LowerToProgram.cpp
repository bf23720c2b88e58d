// SPDX-License-Identifier: Apache-2.0
#include "ir/Annotations.h"
#include "ir/Layout.h"
#include "ir/OpsParameter.h"
#include "ir/SignatureBuilder.h"
#include "passes/Passes.h"
#include "passes/memory/ProgramBuilder.h"

#define DEBUG_TYPE "dlc-lower-to-program"

namespace dlc {
#define GEN_PASS_DEF_LOWERTOPROGRAM
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class LowerToProgram final : public dlc::impl::LowerToProgramBase<LowerToProgram> {
  using LowerToProgramBase::LowerToProgramBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::SmallVector<func::FuncOp> graphs(module.getOps<func::FuncOp>());
    func::FuncOp prepackFunction = createPrepackFunction(module);
    dlc::PrepackProgram prepack{OpBuilder::atBlockEnd(&prepackFunction.getBody().front()),
                                prepackFunction.getArgument(0), prepackFunction.getArgument(1)};
    dlc::ProgramTables tables(module);
    int64_t arenaBytes = 0, liveBytes = 0;
    for (func::FuncOp graph : graphs) {
      if (!holdsKernelsOnly(graph))
        return signalPassFailure();
      // Bodies of loops and branches become part of the entry points' programs.
      if (graph.isPrivate())
        continue;
      FailureOr<dlc::MemoryPlan> unshared = failure();
      if (!shareMemory)
        unshared = dlc::MemoryPlan::make(graph, /*shareMemory=*/false);
      FailureOr<dlc::MemoryPlan> &memory =
          shareMemory ? getChildAnalysis<dlc::MemoryPlanAnalysis>(graph).plan : unshared;
      if (failed(memory))
        return signalPassFailure();
      func::FuncOp program = dlc::buildProgram(graph, *memory, tables, prepack, shareMemory);
      auto workspace = dlc::annotation::entry.get(program).getWorkspaceBytes().getValue();
      arenaBytes = std::max(arenaBytes, dlc::evaluate(workspace.getResult(0), 1));
      liveBytes = std::max(liveBytes, dlc::getLiveBytes(memory->getBuffers()));
    }
    for (func::FuncOp graph : graphs)
      eraseGraph(graph);
    func::ReturnOp::create(prepack.builder, module.getLoc());
    if (prepack.bytes == 0)
      prepackFunction.erase();
    tables.variables.emit();
    tables.weights.emit(module);
    dlc::annotation::memory.set(module,
                                dlc::ProgramMemoryAttr::get(module.getContext(), arenaBytes, liveBytes, prepack.bytes));
  }

  static func::FuncOp createPrepackFunction(ModuleOp module) {
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    Type bytes = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    auto function =
        func::FuncOp::create(builder, module.getLoc(), "prepare", builder.getFunctionType({bytes, bytes, bytes}, {}));
    function.addEntryBlock();
    constexpr dlc::ProgramBlock blocks[] = {dlc::ProgramBlock::Constants, dlc::ProgramBlock::Prepacked,
                                            dlc::ProgramBlock::Workspace};
    dlc::SignatureBuilder signature(function);
    for (auto [i, block] : llvm::enumerate(blocks))
      dlc::annotation::block.setOfArgument(signature, i, dlc::ProgramBlockAttr::get(module.getContext(), block));
    signature.finish();
    dlc::annotation::entry.set(function,
                               dlc::EntryPointAttr::get(module.getContext(), builder.getStringAttr("prepare")));
    return function;
  }

  static bool holdsKernelsOnly(func::FuncOp graph) {
    for (Operation &op : graph.getBody().front())
      // Parameters have become constants or arguments.
      if ((!op.hasTrait<dlc::OutsideKernels>() || llvm::isa<dlc::LoadParameterOp>(op)) &&
          !op.hasTrait<OpTrait::IsTerminator>() && !dlc::isAlias(&op)) {
        op.emitOpError("is in no kernel");
        return false;
      }
    return true;
  }

  static void eraseGraph(func::FuncOp graph) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(graph.getBody().front())))
      op.erase();
    graph.erase();
  }
};

} // namespace
