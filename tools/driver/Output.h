// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a compilation writes, and where.
#ifndef DLC_TOOLS_DRIVER_OUTPUT_H
#define DLC_TOOLS_DRIVER_OUTPUT_H

#include "backends/Target.h"
#include "backends/link/OutputFile.h"
#include "mlir/IR/BuiltinOps.h"
#include <memory>
#include <optional>
#include <vector>

namespace dlc {

enum class OutputKind { SharedLibrary, Archive, Object, Header, LlvmIr, Assembly, Mlir, Onnx };

/// By the ending of `path`: .so .a .o .h .ll .s .mlir .onnx; `-.ll` and the like are standard output. None for other
/// endings.
std::optional<OutputKind> getOutputKind(llvm::StringRef path);
/// Whether it is text, which may go to standard output.
bool isText(OutputKind kind);
/// Whether `path` means standard output.
bool isStandardOutput(llvm::StringRef path);

/// The files of one compilation. They appear together at the end, or none of them does.
class OutputFiles {
public:
  /// A file that will be one of the results.
  OutputFile &create(llvm::StringRef path);
  /// A file that is gone when the compilation ends, in the folder of `path`.
  OutputFile &createTemporary(llvm::StringRef path);
  /// Gives all results their names. On failure `error` says why.
  mlir::LogicalResult keep(std::string &error);

private:
  std::vector<std::unique_ptr<OutputFile>> results, temporaries;
};

/// Writes `text` to `path` through `files`, or to standard output.
mlir::LogicalResult writeText(mlir::Location location, OutputFiles &files, llvm::StringRef path, llvm::StringRef text);
/// The same for text that is too large to be kept in memory.
mlir::LogicalResult writeText(mlir::Location location, OutputFiles &files, llvm::StringRef path,
                              llvm::function_ref<void(llvm::raw_ostream &)> write);

/// Makes the library, archive or object `kind` at `path` of object files and of what they need of the user's `linked`
/// files, of which nothing is visible in it. `name` is the model's. A library may refer to functions of the program
/// that opens it if it `mayLack` symbols.
mlir::LogicalResult linkOutput(mlir::Location location, OutputFiles &files, OutputKind kind, llvm::StringRef path,
                               llvm::StringRef name, llvm::ArrayRef<std::string> objects,
                               llvm::ArrayRef<std::string> linked, const Target &target, bool mayLack);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_OUTPUT_H
