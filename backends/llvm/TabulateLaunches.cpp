// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/LaunchTable.h"
#include "backends/llvm/Passes.h"
#include "ir/Annotations.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define DEBUG_TYPE "dlc-tabulate-launches"

namespace dlc {
#define GEN_PASS_DEF_TABULATELAUNCHES
#include "backends/llvm/Passes.h.inc"
} // namespace dlc

using namespace dlc;

namespace {
class TabulateLaunches final : public dlc::impl::TabulateLaunchesBase<TabulateLaunches> {
  using TabulateLaunchesBase::TabulateLaunchesBase;

  void runOnOperation() override {
    kernels.clear();
    names.clear();
    for (auto entry : getOperation().getOps<mlir::func::FuncOp>()) {
      auto launches = entry.getOps<LaunchOp>();
      if (annotation::entry.get(entry) && std::distance(launches.begin(), launches.end()) > limit &&
          mlir::failed(tabulate(entry)))
        return signalPassFailure();
    }
  }

  mlir::LogicalResult tabulate(mlir::func::FuncOp entry) {
    auto arguments = locateArguments(entry);
    if (mlir::failed(arguments))
      return mlir::failure();
    mlir::Block &body = entry.getBody().front();
    LaunchTableBuilder table(entry, *arguments);
    for (mlir::Operation &op : llvm::make_early_inc_range(body)) {
      // Addresses and sizes are computed wherever somebody needs them.
      if (mlir::isPure(&op))
        continue;
      if (auto launch = llvm::dyn_cast<LaunchOp>(op)) {
        KernelInterface *kernel = getKernel(launch);
        if (kernel && table.add(launch, *kernel))
          continue;
      } else if (auto copy = llvm::dyn_cast<mlir::memref::CopyOp>(op)) {
        if (table.add(copy))
          continue;
      }
      finish(table);
    }
    finish(table);
    for (mlir::Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (mlir::isOpTriviallyDead(&op))
        op.erase();
    return mlir::success();
  }

  void finish(LaunchTableBuilder &table) {
    if (static_cast<int64_t>(table.size()) >= smallest)
      table.createTable();
    else
      table.clear();
  }

  /// Null if the kernel is missing or cannot be launched; --dlc-lower-entry-points says what is wrong.
  KernelInterface *getKernel(LaunchOp launch) {
    if (names.empty())
      for (KernelFuncOp kernel : getOperation().getOps<KernelFuncOp>())
        names[kernel.getSymName()] = kernel;
    auto [found, isNew] = kernels.try_emplace(launch.getKernel());
    if (isNew) {
      auto kernel = names.find(launch.getKernel());
      if (kernel != names.end())
        if (auto interface = KernelInterface::analyze(kernel->second); mlir::succeeded(interface))
          found->second.emplace(std::move(*interface));
    }
    return found->second ? &*found->second : nullptr;
  }

  llvm::StringMap<KernelFuncOp> names;
  llvm::StringMap<std::optional<KernelInterface>> kernels;
};
} // namespace
