// SPDX-License-Identifier: Apache-2.0
/// \file
/// One program of a model: from the model's file to LLVM IR.
#ifndef DLC_TOOLS_DRIVER_PROGRAMCOMPILATION_H
#define DLC_TOOLS_DRIVER_PROGRAMCOMPILATION_H

#include "backends/Backend.h"
#include "backends/llvm/CodeGeneration.h"
#include "tools/driver/CompilationSettings.h"
#include "tools/driver/DiagnosticPrinter.h"
#include "tools/driver/Output.h"
#include "tools/driver/PhaseClock.h"

namespace dlc {

/// The steps of a compilation that are of one target, in order, and what they hand on. A library for a CPU and a GPU
/// has two such programs. Whatever fails has been reported.
class ProgramCompilation {
public:
  /// `suffix`: of the program's names, if it is an additional one of a library. `options` must live as long.
  explicit ProgramCompilation(const CompileOptions &options, std::string suffix = "");

  mlir::LogicalResult readSettings();
  /// Reads the model; what the target is is known afterwards.
  mlir::LogicalResult import();
  /// Runs the phases to the one where `options` stop, or to that of which a library needs parts one after the other.
  mlir::LogicalResult runPhases();
  /// Writes the weights to where the linker or the user finds them, and gives their memory back: kernels are compiled
  /// in processes that share this one's memory, and linking needs the room.
  mlir::LogicalResult writeWeights();
  mlir::LogicalResult compileKernels();
  /// The module in LLVM IR; `model` is gone then.
  mlir::FailureOr<TranslatedProgram> translate(llvm::LLVMContext &llvmContext);

  /// Whether `phase` is over: it is the one after which the module that is compiled was printed, or one before.
  bool isDone(llvm::StringRef phase) const;
  /// The program as the description of its library lists it.
  ProgramPart describe(const TranslatedProgram &translated) const;
  /// An error about the command line or the compilation as a whole.
  mlir::InFlightDiagnostic error() const { return mlir::emitError(fileLocation); }
  /// A path beside the output for what is needed only while compiling.
  std::string besideOutput(llvm::StringRef ending) const;

private:
  void chooseBackend();
  mlir::FailureOr<ImportedModel> parseText();
  mlir::LogicalResult runPhase(llvm::StringRef phase);

  const CompileOptions &options;
  const Backend *backend = nullptr; ///< that of the target, once that is known
  mlir::MLIRContext context;

public:
  DiagnosticPrinter printer;
  const std::string suffix;
  const mlir::Location fileLocation;
  PhaseClock clock;
  // Files are removed before the context goes, but after everything that may fail.
  OutputFiles files;

  CompilationSettings settings;
  ImportedModel model;
  CompilationState state;
  std::vector<KernelCode> kernels;
  std::vector<std::string> objects; ///< paths of object files that belong to the program
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_PROGRAMCOMPILATION_H
