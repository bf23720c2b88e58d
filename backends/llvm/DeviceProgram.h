// SPDX-License-Identifier: Apache-2.0
/// \file
/// Programs whose memory is that of a GPU: how they reach it. The functions that they call are those of
/// runtime/device/Memory.h and Execute.h.
#ifndef DLC_BACKENDS_LLVM_DEVICEPROGRAM_H
#define DLC_BACKENDS_LLVM_DEVICEPROGRAM_H

#include "backends/llvm/HostEmitter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// Replaces what reads, writes and copies buffers in `function`, which takes the dlc_call `call`.
void lowerDeviceMemory(mlir::func::FuncOp function, mlir::Value call);

/// The `bytes` bytes at `address`, an i64 of the GPU, as an i64; waits for what was launched before.
mlir::Value loadFromDevice(HostEmitter emit, mlir::Value call, mlir::Value address, int64_t bytes);

/// Renames `@ENTRY.execute` to `@ENTRY.execute.device`, and gives its name to a function that hands it, with the number
/// of the entry point, to the runtime.
void executeOnDevice(mlir::ModuleOp module, llvm::StringRef entry, int32_t number);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_DEVICEPROGRAM_H
