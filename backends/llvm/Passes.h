// SPDX-License-Identifier: Apache-2.0
/// \file
/// The passes from the program level to the LLVM dialect.
#ifndef DLC_BACKENDS_LLVM_PASSES_H
#define DLC_BACKENDS_LLVM_PASSES_H

#include "ir/DlcDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

namespace dlc {
#define GEN_PASS_DECL
#include "backends/llvm/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "backends/llvm/Passes.h.inc"

/// Adds everything that leads from the program level to the LLVM dialect alone: the passes above and MLIR's own
/// conversions. `device`: kernels run on a GPU.
void addLowerToLLVM(mlir::OpPassManager &manager, bool device = false);

/// Adds the conversion of MLIR's own dialects (arith, cf, func, index, math, memref) to the LLVM dialect. The context's
/// registry must have been through `registerConversionToLLVM`.
void addConversionToLLVM(mlir::OpPassManager &manager);
void registerConversionToLLVM(mlir::DialectRegistry &registry);

/// Registers the pipeline `--dlc-lower-to-llvm` for dlc-opt.
void registerLowerToLLVMPipeline();

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_PASSES_H
