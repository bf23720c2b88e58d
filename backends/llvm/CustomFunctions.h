// SPDX-License-Identifier: Apache-2.0
/// \file
/// The C functions behind custom ops. Kernels call them by the names of the ops, so that the code of a kernel does not
/// depend on what a function is called.
#ifndef DLC_BACKENDS_LLVM_CUSTOMFUNCTIONS_H
#define DLC_BACKENDS_LLVM_CUSTOMFUNCTIONS_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/IR/Module.h"
#include <string>

namespace dlc {

/// An op and the function that computes it.
struct CustomFunction {
  std::string op, symbol;
};

/// The runtime's function that calls a user's.
constexpr llvm::StringLiteral runCustomOpName = "dlcRunCustomOp";

/// What kernels call the function of `op`.
std::string getCustomSymbol(llvm::StringRef op);

/// The custom ops that the kernels of `module` compute, in order, with the location of the first.
llvm::MapVector<llvm::StringRef, mlir::Location> collectCustomOps(mlir::ModuleOp module);

/// The ops that would compute gradients of these, which only training calls.
llvm::SetVector<llvm::StringRef> collectCustomGradients(mlir::ModuleOp module);

/// Gives the functions that kernels call the names that their object files have.
void bindCustomFunctions(llvm::Module &module, llvm::ArrayRef<CustomFunction> functions);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_CUSTOMFUNCTIONS_H
