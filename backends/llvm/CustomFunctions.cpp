// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/CustomFunctions.h"
#include "ir/OpsCustom.h"

using namespace dlc;

std::string dlc::getCustomSymbol(llvm::StringRef op) {
  // The dot keeps it apart from all C functions.
  return ("dlc.custom." + op).str();
}

llvm::MapVector<llvm::StringRef, mlir::Location> dlc::collectCustomOps(mlir::ModuleOp module) {
  llvm::MapVector<llvm::StringRef, mlir::Location> ops;
  module.walk([&](CustomOp op) { ops.insert({op.getOpName(), op.getLoc()}); });
  return ops;
}

llvm::SetVector<llvm::StringRef> dlc::collectCustomGradients(mlir::ModuleOp module) {
  llvm::SetVector<llvm::StringRef> ops;
  module.walk([&](CustomOp op) {
    if (std::optional<llvm::StringRef> gradient = op.getGradient())
      ops.insert(*gradient);
  });
  return ops;
}

void dlc::bindCustomFunctions(llvm::Module &module, llvm::ArrayRef<CustomFunction> functions) {
  for (const CustomFunction &function : functions) {
    llvm::Function *called = module.getFunction(getCustomSymbol(function.op));
    if (!called)
      continue;
    // Two ops may be the same function, and a function may be one that the runtime calls.
    if (llvm::Function *known = module.getFunction(function.symbol)) {
      called->replaceAllUsesWith(known);
      called->eraseFromParent();
    } else {
      called->setName(function.symbol);
    }
  }
}
