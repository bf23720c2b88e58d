// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/Report.h"
#include "analysis/KernelTime.h"
#include "ir/Annotations.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/STLExtras.h"

using namespace dlc;

/// The expression with every symbol 1.
static int64_t evaluateAtOne(mlir::AffineExpr expr) {
  unsigned symbolCount = 0;
  expr.walk([&](mlir::AffineExpr inner) {
    if (auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(inner))
      symbolCount = std::max(symbolCount, symbol.getPosition() + 1);
  });
  llvm::SmallVector<mlir::AffineExpr> ones(symbolCount, mlir::getAffineConstantExpr(1, expr.getContext()));
  auto folded = llvm::dyn_cast<mlir::AffineConstantExpr>(mlir::simplifyAffineExpr(expr.replaceSymbols(ones), 0, 0));
  return folded ? folded.getValue() : 0;
}

template <typename T> static std::string print(T value) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << value;
  return text;
}

namespace {
/// Reads the launches of one entry point.
class EntryReader {
public:
  EntryReader(mlir::func::FuncOp function, mlir::SymbolTable &symbols, int64_t weightBytes)
      : function(function), symbols(symbols), weightBytes(weightBytes) {}

  ReportedEntry read() {
    EntryPointAttr entry = annotation::entry.get(function);
    result.name = entry.getName().str();
    if (entry.getWorkspaceBytes())
      result.arenaBytes = evaluateAtOne(entry.getWorkspaceBytes().getValue().getResult(0));
    int64_t launchCount = 0;
    result.arena = traceArena(function, launchCount);
    function.walk([&](LaunchOp launch) { result.launches.push_back(describe(launch)); });
    return std::move(result);
  }

private:
  ReportedLaunch describe(LaunchOp launch) {
    ReportedLaunch entry;
    entry.layer = launch.getName().str();
    entry.kernel = launch.getKernel().str();
    for (mlir::Value input : launch.getInputs())
      addOperand(entry, input);
    for (mlir::Value output : launch.getOutputs()) {
      writers[output] = {static_cast<int64_t>(result.launches.size()), entry.layer, getBytes(output)};
      if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(output))
        if (std::string name = nameArgument(argument); !name.empty())
          entry.outputs.push_back(name);
    }
    if (auto kernel = symbols.lookup<KernelFuncOp>(launch.getKernel()))
      describeKernel(entry, kernel);
    return entry;
  }

  void addOperand(ReportedLaunch &entry, mlir::Value input) {
    if (auto found = writers.find(input); found != writers.end()) {
      entry.operands.push_back(found->second);
      return;
    }
    mlir::Value block = input;
    if (auto view = input.getDefiningOp<mlir::memref::ViewOp>())
      block = view.getSource();
    auto argument = llvm::dyn_cast<mlir::BlockArgument>(block);
    if (!argument || argument.getOwner() != &function.getBody().front())
      return;
    ProgramBlockAttr kind = annotation::block.getOfArgument(function, argument.getArgNumber());
    if (kind && kind.getValue() == ProgramBlock::Constants)
      entry.constantBytes += getBytes(input);
    else if (std::string name = nameArgument(argument); !name.empty())
      entry.operands.push_back({-1, name, getBytes(input)});
  }

  /// "" if the argument is not a tensor of the interface.
  std::string nameArgument(mlir::BlockArgument argument) {
    if (argument.getOwner() != &function.getBody().front())
      return "";
    ProgramTensorAttr tensor = annotation::tensor.getOfArgument(function, argument.getArgNumber());
    return tensor ? tensor.getName().str() : "";
  }

  static int64_t getBytes(mlir::Value buffer) {
    auto view = buffer.getDefiningOp<mlir::memref::ViewOp>();
    return view && !view.getSizes().empty() ? evaluateIndex(view.getSizes().front()).value_or(0) : 0;
  }

  void describeKernel(ReportedLaunch &entry, KernelFuncOp kernel) const {
    entry.kind = stringifyKernelKind(kernel.getKind()).str();
    entry.result = print(kernel.getYielded().getType());
    for (mlir::Operation &op : kernel.getBody().front().without_terminator())
      entry.ops.push_back(op.getName().stripDialect().str());
    if (mlir::ArrayAttr schedules = kernel.getSchedulesAttr())
      for (mlir::Attribute schedule : schedules)
        entry.schedules.push_back(print(schedule));
    if (auto shapes = KernelShapes::analyze(kernel); mlir::succeeded(shapes)) {
      ScheduledCost cost = estimateScheduledCost(kernel, *shapes);
      entry.operations = static_cast<double>(evaluateAtOne(cost.operations));
      entry.bytes = static_cast<double>(evaluateAtOne(cost.bytes));
      entry.predictedNanoseconds = static_cast<double>(evaluateAtOne(predictNanoseconds(kernel, cost, weightBytes)));
    }
  }

  mlir::func::FuncOp function;
  mlir::SymbolTable &symbols;
  int64_t weightBytes; ///< of the model
  ReportedEntry result;
  llvm::DenseMap<mlir::Value, ReportedOperand> writers; ///< of what is in a buffer now
};
} // namespace

/// The rates that the predictions for `module` assume: those of its first kernel.
static ReportedMachine describeMachine(mlir::ModuleOp module) {
  auto kernels = module.getOps<KernelFuncOp>();
  MachineRates rates = getRates(kernels.empty() ? module.getOperation() : (*kernels.begin()).getOperation());
  ReportedMachine described{rates.name, rates.operationsPerNanosecond, {}};
  for (auto [number, cache] : llvm::enumerate(rates.caches))
    described.bandwidths.push_back({"L" + std::to_string(number + 1), cache.bytesPerNanosecond});
  described.bandwidths.push_back({"memory", rates.memoryBytesPerNanosecond});
  return described;
}

Report Report::gather(mlir::ModuleOp module) {
  Report report;
  report.machine = describeMachine(module);
  for (WeightsOp weights : module.getOps<WeightsOp>())
    report.sizes.push_back({"weights", weights.getSize()});
  if (ProgramMemoryAttr memory = annotation::memory.get(module)) {
    report.arenaBytes = memory.getArenaBytes();
    report.liveBytes = memory.getLiveBytes();
    report.sizes.push_back({"prepacked at load", memory.getPrepackedBytes()});
  }
  mlir::SymbolTable symbols(module);
  int64_t weightBytes = getWeightBytes(module);
  for (mlir::func::FuncOp function : module.getOps<mlir::func::FuncOp>())
    if (EntryPointAttr entry = annotation::entry.get(function); entry && entry.getName() != "prepare") {
      report.entries.push_back(EntryReader(function, symbols, weightBytes).read());
      report.sizes.push_back({"workspace of " + report.entries.back().name, report.entries.back().arenaBytes});
    }
  return report;
}
