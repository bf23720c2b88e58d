// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/Output.h"
#include "backends/link/ArchiveWriter.h"
#include "backends/link/SharedLibrary.h"
#include "backends/llvm/ModelDescription.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace dlc;

std::optional<OutputKind> dlc::getOutputKind(llvm::StringRef path) {
  return llvm::StringSwitch<std::optional<OutputKind>>(llvm::sys::path::extension(path))
      .Case(".so", OutputKind::SharedLibrary)
      .Case(".a", OutputKind::Archive)
      .Case(".o", OutputKind::Object)
      .Case(".h", OutputKind::Header)
      .Case(".ll", OutputKind::LlvmIr)
      .Case(".s", OutputKind::Assembly)
      .Case(".mlir", OutputKind::Mlir)
      .Case(".onnx", OutputKind::Onnx)
      .Default(path == "-" ? std::optional(OutputKind::Mlir) : std::nullopt);
}

bool dlc::isText(OutputKind kind) {
  return kind == OutputKind::Header || kind == OutputKind::LlvmIr || kind == OutputKind::Assembly ||
         kind == OutputKind::Mlir;
}

bool dlc::isStandardOutput(llvm::StringRef path) { return path == "-" || path.starts_with("-."); }

OutputFile &OutputFiles::create(llvm::StringRef path) {
  return *results.emplace_back(std::make_unique<OutputFile>(path));
}

OutputFile &OutputFiles::createTemporary(llvm::StringRef path) {
  return *temporaries.emplace_back(std::make_unique<OutputFile>(path));
}

mlir::LogicalResult OutputFiles::keep(std::string &error) {
  for (size_t i = 0; i < results.size(); ++i) {
    if (mlir::succeeded(results[i]->keep(error)))
      continue;
    // The reported reason is why this file could not be kept, whatever happens to the others.
    for (size_t done = 0; done < i; ++done)
      (void)llvm::sys::fs::remove(results[done]->getPath());
    return mlir::failure();
  }
  return mlir::success();
}

mlir::LogicalResult dlc::writeText(mlir::Location location, OutputFiles &files, llvm::StringRef path,
                                   llvm::StringRef text) {
  if (isStandardOutput(path)) {
    llvm::outs() << text;
    return mlir::success();
  }
  std::string error;
  if (mlir::failed(files.create(path).write(text, error)))
    return mlir::emitError(location) << error;
  return mlir::success();
}

mlir::LogicalResult dlc::writeText(mlir::Location location, OutputFiles &files, llvm::StringRef path,
                                   llvm::function_ref<void(llvm::raw_ostream &)> write) {
  if (isStandardOutput(path)) {
    write(llvm::outs());
    return mlir::success();
  }
  std::error_code code;
  llvm::raw_fd_ostream stream(files.create(path).getTemporaryPath(), code);
  if (!code) {
    write(stream);
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    return mlir::emitError(location) << "cannot write '" << path << "': " << code.message();
  return mlir::success();
}

mlir::LogicalResult dlc::linkOutput(mlir::Location location, OutputFiles &files, OutputKind kind, llvm::StringRef path,
                                    llvm::StringRef name, llvm::ArrayRef<std::string> objects,
                                    llvm::ArrayRef<std::string> linked, const Target &target, bool mayLack) {
  OutputFile &output = files.create(path);
  std::string exported = getModelSymbol(name);
  if (kind == OutputKind::SharedLibrary)
    return linkSharedLibrary(location, objects, linked, target, (name + ".so").str(), exported,
                             output.getTemporaryPath(), mayLack);
  if (kind == OutputKind::Object)
    return linkRelocatable(location, objects, linked, target, exported, output.getTemporaryPath());
  OutputFile &merged = files.createTemporary((path + ".o").str());
  if (mlir::failed(linkRelocatable(location, objects, linked, target, exported, merged.getTemporaryPath())))
    return mlir::failure();
  return writeArchive(location, merged.getTemporaryPath(), (name + ".o").str(), output.getTemporaryPath());
}
