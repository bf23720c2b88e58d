// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/LaunchFunctions.h"
#include "ir/Annotations.h"

using namespace dlc;

LaunchFunctions::LaunchFunctions(mlir::ModuleOp module) : module(module) {
  unsigned total = 0;
  module.walk([&](LaunchOp launch) {
    ++launchCounts[launch.getKernel()];
    ++total;
  });
  constexpr unsigned fewLaunches = 256;
  mostOwn = total <= fewLaunches ? 16 : 1;
}

mlir::func::FuncOp LaunchFunctions::get(LaunchOp launch, KernelInterface &kernel) {
  mlir::IntegerAttr number = annotation::launchNumber.get(launch);
  if (isShared(launch))
    return getShared(kernel, /*isNumbered=*/number != nullptr);
  if (!number)
    number = annotation::launchNumber.get(kernel.kernel);
  return createLaunchFunction(module, kernel, launch.getName(), usedNames, launch.getLoc(),
                              number ? LaunchSite::Known : LaunchSite::None,
                              number ? kernel.getSite(number.getInt()) : 0);
}

mlir::func::FuncOp LaunchFunctions::getShared(KernelInterface &kernel, bool isNumbered) {
  llvm::StringRef name = kernel.kernel.getSymName();
  mlir::func::FuncOp &shared = sharedFunctions[isNumbered ? (name + ".numbered").str() : name.str()];
  if (shared)
    return shared;
  mlir::IntegerAttr number = annotation::launchNumber.get(kernel.kernel);
  LaunchSite siteKind = isNumbered ? LaunchSite::Argument : number ? LaunchSite::Known : LaunchSite::None;
  return shared = createLaunchFunction(module, kernel, name, usedNames, kernel.kernel.getLoc(), siteKind,
                                       number ? kernel.getSite(number.getInt()) : 0);
}
