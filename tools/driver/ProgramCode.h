// SPDX-License-Identifier: Apache-2.0
/// \file
/// From programs whose kernels are compiled to the files that they are linked into.
#ifndef DLC_TOOLS_DRIVER_PROGRAMCODE_H
#define DLC_TOOLS_DRIVER_PROGRAMCODE_H

#include "backends/llvm/RuntimeObject.h"
#include "tools/driver/CompilationReport.h"
#include "tools/driver/CompileOptions.h"
#include "tools/driver/Output.h"
#include "tools/driver/ProgramCompilation.h"

namespace dlc {

class ProgramCode {
public:
  /// `deviceProgram` is the same model's for a GPU, if the library has both kinds.
  ProgramCode(ProgramCompilation &program, ProgramCompilation *deviceProgram, const CompileOptions &options,
              Report &report)
      : program(program), deviceProgram(deviceProgram), options(options), report(report) {}

  /// Generates the code and writes the output; every failure has been reported.
  mlir::LogicalResult write(OutputKind kind);

private:
  mlir::FailureOr<std::unique_ptr<llvm::Module>> translate(llvm::LLVMContext &llvmContext);
  mlir::LogicalResult writeProgramText(OutputKind kind, llvm::Module &module, RuntimePart &runtime);
  mlir::LogicalResult addCode(OutputKind kind, llvm::ArrayRef<std::string> objects);
  mlir::LogicalResult fail(llvm::Error problem);

  ProgramCompilation &program;
  ProgramCompilation *deviceProgram;
  const CompileOptions &options;
  Report &report;
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_PROGRAMCODE_H
