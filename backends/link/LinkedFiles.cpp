// SPDX-License-Identifier: Apache-2.0
#include "backends/link/LinkedFiles.h"
#include "ir/Suggestion.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"

using namespace dlc;
using llvm::object::SymbolRef;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

static LogicalResult readObject(const llvm::object::ObjectFile &object, llvm::StringRef name, const Target &target,
                                LinkedSymbols &symbols, std::string &error) {
  if (!object.isELF() || object.getArch() != target.triple.getArch() || !object.is64Bit()) {
    error = ("'" + name + "' is for another machine (" + object.getFileFormatName() + "), and the target is " +
             target.triple.getArchName())
                .str();
    return failure();
  }
  if (!object.isRelocatableObject()) {
    error = ("'" + name + "' is linked already: give an object file (.o) or a static archive (.a)").str();
    return failure();
  }
  for (const SymbolRef &symbol : object.symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    llvm::Expected<llvm::StringRef> symbolName = symbol.getName();
    if (!flags || !symbolName) {
      error = ("'" + name + "' is broken: ").str() +
              llvm::toString(llvm::joinErrors(flags.takeError(), symbolName.takeError()));
      return failure();
    }
    if (*flags & SymbolRef::SF_Undefined)
      symbols.undefined.insert(*symbolName);
    else if (*flags & SymbolRef::SF_Global)
      symbols.defined.insert(*symbolName);
  }
  return success();
}

LogicalResult dlc::readLinkedFile(llvm::StringRef path, const Target &target, LinkedSymbols &symbols,
                                  std::string &error) {
  auto fail = [&](llvm::Error problem) {
    error =
        ("'" + path + "' is neither an object file nor a static archive: ").str() + llvm::toString(std::move(problem));
    return failure();
  };
  if (!llvm::sys::fs::exists(path) || llvm::sys::fs::is_directory(path)) {
    error = ("there is no file '" + path + "'").str();
    return failure();
  }
  auto file = llvm::object::createBinary(path);
  if (!file)
    return fail(file.takeError());
  if (auto *object = llvm::dyn_cast<llvm::object::ObjectFile>(file->getBinary()))
    return readObject(*object, path, target, symbols, error);
  auto *archive = llvm::dyn_cast<llvm::object::Archive>(file->getBinary());
  if (!archive)
    return fail(llvm::createStringError("its format is another one"));
  llvm::Error problem = llvm::Error::success();
  LogicalResult result = success();
  for (const llvm::object::Archive::Child &child : archive->children(problem)) {
    auto member = child.getAsBinary();
    if (!member) {
      result = fail(member.takeError());
      break;
    }
    auto *object = llvm::dyn_cast<llvm::object::ObjectFile>(member->get());
    if (!object)
      continue;
    llvm::Expected<llvm::StringRef> name = child.getName();
    std::string described = (path + "(" + (name ? *name : "?") + ")").str();
    llvm::consumeError(name.takeError());
    if (mlir::failed(readObject(*object, described, target, symbols, error))) {
      result = failure();
      break;
    }
  }
  if (problem)
    return fail(std::move(problem));
  return result;
}

LogicalResult dlc::checkLinkedFiles(mlir::Location location, llvm::ArrayRef<std::string> files,
                                    llvm::ArrayRef<std::string> symbols, const Target &target) {
  LinkedSymbols found;
  LogicalResult result = success();
  for (const std::string &file : files) {
    std::string error;
    if (mlir::failed(readLinkedFile(file, target, found, error)))
      result = mlir::emitError(location) << "--link: " << error;
  }
  if (mlir::failed(result))
    return failure();
  llvm::SmallVector<llvm::StringRef> known(found.defined.keys());
  llvm::sort(known);
  for (const std::string &symbol : symbols)
    if (!found.defined.contains(symbol))
      result = mlir::emitError(location) << "--op names the function '" << symbol << "', which "
                                         << (files.empty() ? "no file has: give the object file that does by --link"
                                                           : "no file of --link defines")
                                         << suggest(symbol, known);
  return result;
}

llvm::Expected<std::string> dlc::renameSymbol(llvm::StringRef object, llvm::StringRef from, llvm::StringRef to) {
  auto binary = llvm::object::createBinary(llvm::MemoryBufferRef(object, to));
  if (!binary)
    return binary.takeError();
  llvm::objcopy::ConfigManager config;
  config.Common.SymbolsToRename.try_emplace(from, to);
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  if (llvm::Error problem = llvm::objcopy::executeObjcopyOnBinary(config, **binary, stream))
    return problem;
  return std::string(bytes.begin(), bytes.end());
}

LogicalResult dlc::hideSymbols(mlir::Location location, llvm::StringRef exported, llvm::StringRef path) {
  auto fail = [&](llvm::Error problem) {
    return mlir::emitError(location) << "internal error: the symbols of '" << path
                                     << "' cannot be hidden: " << llvm::toString(std::move(problem));
  };
  llvm::objcopy::ConfigManager config;
  config.Common.OutputFilename = path;
  auto name = llvm::objcopy::NameOrPattern::create(exported, llvm::objcopy::MatchStyle::Literal,
                                                   [](llvm::Error problem) { return problem; });
  if (!name)
    return fail(name.takeError());
  if (llvm::Error problem = config.Common.SymbolsToKeepGlobal.addMatcher(std::move(name)))
    return fail(std::move(problem));
  llvm::SmallVector<char, 0> bytes;
  {
    auto object = llvm::object::createBinary(path);
    if (!object)
      return fail(object.takeError());
    llvm::raw_svector_ostream stream(bytes);
    if (llvm::Error problem = llvm::objcopy::executeObjcopyOnBinary(config, *object->getBinary(), stream))
      return fail(std::move(problem));
  }
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code);
  if (!code) {
    stream.write(bytes.data(), bytes.size());
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    return mlir::emitError(location) << "cannot write '" << path << "': " << code.message();
  return success();
}
