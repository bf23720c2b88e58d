// SPDX-License-Identifier: Apache-2.0
#include "analysis/KernelTime.h"
#include "backends/llvm/LaunchFunction.h"
#include "backends/llvm/Passes.h"
#include "ir/Annotations.h"
#include "ir/OpsProgram.h"

#define DEBUG_TYPE "dlc-number-launches"

namespace dlc {
#define GEN_PASS_DEF_NUMBERLAUNCHES
#include "backends/llvm/Passes.h.inc"
} // namespace dlc

using namespace dlc;
using mlir::AffineExprKind;

/// `expr` in postfix notation over the kernel's symbols. An expression that would take more room than all else that is
/// said of a launch is "?": nobody knows.
static std::string toPostfix(mlir::AffineExpr expr) {
  constexpr size_t longest = 400;
  std::string text;
  llvm::raw_string_ostream stream(text);
  auto result = expr.walk([&](mlir::AffineExpr part) {
    if (!text.empty())
      stream << ' ';
    if (auto number = llvm::dyn_cast<mlir::AffineConstantExpr>(part))
      stream << number.getValue();
    else if (auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(part))
      stream << 's' << symbol.getPosition();
    else
      stream << (part.getKind() == AffineExprKind::Add        ? '+'
                 : part.getKind() == AffineExprKind::Mul      ? '*'
                 : part.getKind() == AffineExprKind::FloorDiv ? '/'
                 : part.getKind() == AffineExprKind::Mod      ? '%'
                                                              : '^');
    return text.size() > longest ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
  });
  return result.wasInterrupted() ? "?" : text;
}

/// A name as a field: it ends at a tab or at the end of a line.
static std::string toField(llvm::StringRef name) {
  std::string field = name.str();
  std::replace_if(field.begin(), field.end(), [](unsigned char character) { return character < ' '; }, ' ');
  return field;
}

/// The ABI's name of the element type that most of a kernel's work is on: of its first operand that is not an index.
static std::string nameElementType(KernelFuncOp kernel) {
  mlir::Type type = llvm::cast<mlir::RankedTensorType>(kernel.getYielded().getType()).getElementType();
  for (mlir::BlockArgument argument : kernel.getBody().front().getArguments()) {
    mlir::Type element = llvm::cast<mlir::RankedTensorType>(argument.getType()).getElementType();
    if (element.getIntOrFloatBitWidth() <= 8 || llvm::isa<mlir::FloatType>(element)) {
      type = element;
      break;
    }
  }
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

namespace {
class NumberLaunches final : public dlc::impl::NumberLaunchesBase<NumberLaunches> {
  using NumberLaunchesBase::NumberLaunchesBase;

  void runOnOperation() override {
    lines.clear();
    count = 0;
    described.clear();
    mlir::ModuleOp module = getOperation();
    weightBytes = getWeightBytes(module);
    mlir::SymbolTable symbols(module);
    for (auto function : module.getOps<mlir::func::FuncOp>()) {
      EntryPointAttr entry = annotation::entry.get(function);
      if (!entry || entry.getName() == "prepare")
        continue;
      llvm::SmallVector<std::pair<LaunchOp, KernelFuncOp>> launches;
      // A launch without a kernel is --dlc-lower-entry-points' to report.
      function.walk([&](LaunchOp launch) {
        if (auto kernel = symbols.lookup<KernelFuncOp>(launch.getKernel()))
          launches.push_back({launch, kernel});
      });
      for (auto [launch, kernel] : launches) {
        if (static_cast<int64_t>(launches.size()) <= limit)
          annotation::launchNumber.set(launch, addLine(launch.getName(), kernel));
        else if (!annotation::launchNumber.get(kernel))
          annotation::launchNumber.set(kernel, addLine(kernel.getSymName(), kernel));
      }
    }
    if (count > 0)
      annotation::launches.set(module, mlir::StringAttr::get(&getContext(), lines));
  }

  /// Describes a launch of `kernel`; the number of its line.
  mlir::IntegerAttr addLine(llvm::StringRef layer, KernelFuncOp kernel) {
    llvm::raw_string_ostream stream(lines);
    stream << toField(layer) << '\t' << toField(kernel.getSymName());
    if (described.insert(kernel).second)
      describe(stream, kernel);
    stream << '\n';
    return mlir::Builder(&getContext()).getI64IntegerAttr(count++);
  }

  /// The schedule in a third of the attribute's bytes, which every library would carry: "x86-64-v4 gemm vector=16
  /// split=0 columns=64 rows=6", without what has its default or is 0.
  static void writeBriefly(llvm::raw_ostream &stream, ScheduleAttr schedule) {
    stream << schedule.getIsa().getValue() << ' ' << schedule.getAlgorithm().getValue()
           << " vector=" << schedule.getVector();
    if (schedule.getSplit() >= 0)
      stream << " split=" << schedule.getSplit();
    if (schedule.getGrain() != 1)
      stream << " grain=" << schedule.getGrain();
    if (schedule.getTiles())
      for (mlir::NamedAttribute tile : schedule.getTiles())
        if (auto size = llvm::dyn_cast<mlir::IntegerAttr>(tile.getValue()); size && size.getInt())
          stream << ' ' << tile.getName().getValue() << '=' << size.getInt();
  }

  void describe(llvm::raw_ostream &stream, KernelFuncOp kernel) {
    stream << '\t' << stringifyKernelKind(kernel.getKind());
    // Versions for several machines mostly agree; the last one is the one that new machines run.
    if (ScheduleAttr schedule = getLastSchedule(kernel); schedule && schedule.getAlgorithm() == "winograd")
      stream << ' ' << schedule.getAlgorithm().getValue();
    stream << '\t' << nameElementType(kernel);
    auto shapes = KernelShapes::analyze(kernel);
    if (mlir::failed(shapes))
      return;
    ScheduledCost cost = estimateScheduledCost(kernel, *shapes);
    stream << '\t' << toPostfix(cost.operations) << '\t' << toPostfix(cost.bytes);
    int64_t split = KernelInterface::getSplitDim(kernel);
    stream << '\t' << (split < 0 ? "1" : toPostfix(shapes->getDims(kernel.getYielded())[split]));
    stream << '\t' << toPostfix(predictNanoseconds(kernel, cost, weightBytes)) << '\t';
    if (kernel.getSchedulesAttr())
      llvm::interleave(
          kernel.getSchedulesAttr().getAsRange<ScheduleAttr>(), stream,
          [&](ScheduleAttr schedule) { writeBriefly(stream, schedule); }, "; ");
  }

  std::string lines;
  int64_t count = 0, weightBytes = 0;
  llvm::DenseSet<mlir::Operation *> described; ///< kernels
};
} // namespace
