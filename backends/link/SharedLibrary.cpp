// SPDX-License-Identifier: Apache-2.0
#include "backends/link/SharedLibrary.h"
#include "backends/link/CLibrary.h"
#include "backends/link/LinkedFiles.h"
#include "backends/link/OutputFile.h"
#include "lld/Common/Driver.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

LLD_HAS_DRIVER(elf)

using namespace dlc;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

static LogicalResult runLinker(mlir::Location location, const Target &target, std::vector<std::string> arguments) {
  std::vector<std::string> all = {"ld.lld", "-m", target.triple.isAArch64() ? "aarch64linux" : "elf_x86_64",
                                  // No threads are left behind, so that the process may fork afterwards.
                                  "--threads=1"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<const char *> argv;
  for (const std::string &argument : all)
    argv.push_back(argument.c_str());
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result = lld::lldMain(argv, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode == 0 && result.canRunAgain)
    return success();
  return mlir::emitError(location, "linking failed: ") << llvm::StringRef(messages).trim();
}

/// Writes a shared library called `library` that defines nothing but `functions` (name -> version), so that the linker
/// records the dependency and the versions that the real one will be asked for.
static LogicalResult writeStub(mlir::Location location, const Target &target, llvm::StringRef library,
                               const std::map<std::string, llvm::StringRef> &functions, llvm::StringRef path) {
  OutputFile object((path + ".o").str()), script((path + ".version").str());
  std::unique_ptr<llvm::TargetMachine> machine = target.createTargetMachine();
  llvm::LLVMContext context;
  llvm::Module module(library, context);
  module.setTargetTriple(target.triple);
  module.setDataLayout(machine->createDataLayout());
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), /*isVarArg=*/false);
  std::map<llvm::StringRef, std::string> versions;
  for (const auto &[name, version] : functions) {
    auto *function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module);
    llvm::IRBuilder<>(llvm::BasicBlock::Create(context, "", function)).CreateRetVoid();
    versions[version] += name + "; ";
  }

  std::error_code code;
  {
    llvm::raw_fd_ostream stream(object.getTemporaryPath(), code);
    if (code)
      return mlir::emitError(location, "cannot write '") << object.getTemporaryPath() << "': " << code.message();
    llvm::legacy::PassManager passes;
    if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
      return mlir::emitError(location, "internal error: no object files for ") << target.triple.str();
    passes.run(module);
  }
  std::string text, error;
  for (const auto &[version, names] : versions)
    text += (version + " { global: " + names + "};\n").str();
  if (mlir::failed(script.write(text, error)))
    return mlir::emitError(location) << error;
  return runLinker(location, target,
                   {"-shared", "-soname", library.str(), "--version-script=" + script.getTemporaryPath(), "-o",
                    path.str(), object.getTemporaryPath()});
}

LogicalResult dlc::linkSharedLibrary(mlir::Location location, llvm::ArrayRef<std::string> objects,
                                     llvm::ArrayRef<std::string> linked, const Target &target, llvm::StringRef soname,
                                     llvm::StringRef exported, llvm::StringRef path, bool mayLack) {
  // What each library must provide. Objects refer to each other's symbols, too: those that are found nowhere are
  // reported by the linker itself, with their names.
  std::map<llvm::StringRef, std::map<std::string, llvm::StringRef>> needed;
  std::string error;
  auto need = [&](llvm::StringRef name) {
    if (auto function = findCLibraryFunction(name, target))
      needed[function->library][name.str()] = function->version;
  };
  LinkedSymbols own;
  for (const std::string &object : objects)
    if (mlir::failed(readLinkedFile(object, target, own, error)))
      return mlir::emitError(location, "internal error: ") << error;
  llvm::for_each(own.undefined.keys(), need);
  LinkedSymbols users;
  for (const std::string &file : linked)
    if (mlir::failed(readLinkedFile(file, target, users, error)))
      return mlir::emitError(location) << error;
  for (llvm::StringRef name : users.undefined.keys())
    if (!users.defined.contains(name))
      need(name);

  std::vector<std::unique_ptr<OutputFile>> stubs;
  std::vector<std::string> arguments = {"-shared",
                                        mayLack ? "--allow-shlib-undefined" : "--no-undefined",
                                        "--gc-sections",
                                        "--hash-style=gnu",
                                        "--build-id=fast",
                                        "-z",
                                        "now",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "noexecstack",
                                        "-soname",
                                        soname.str(),
                                        "-o",
                                        path.str()};
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  OutputFile script((path + ".version").str());
  if (!linked.empty()) {
    // The objects' own symbols are hidden, and the user's files do not know that theirs should be.
    if (mlir::failed(script.write(("{ global: " + exported + "; local: *; };\n").str(), error)))
      return mlir::emitError(location) << error;
    arguments.push_back("--version-script=" + script.getTemporaryPath());
    arguments.insert(arguments.end(), linked.begin(), linked.end());
  }
  arguments.push_back("--as-needed");
  for (const auto &[library, functions] : needed) {
    stubs.push_back(std::make_unique<OutputFile>((path + "." + library).str()));
    const std::string &stub = stubs.back()->getTemporaryPath();
    if (mlir::failed(writeStub(location, target, library, functions, stub)))
      return failure();
    arguments.push_back(stub);
  }
  return runLinker(location, target, std::move(arguments));
}

LogicalResult dlc::linkRelocatable(mlir::Location location, llvm::ArrayRef<std::string> objects,
                                   llvm::ArrayRef<std::string> linked, const Target &target, llvm::StringRef exported,
                                   llvm::StringRef path) {
  std::vector<std::string> arguments = {"-r", "-o", path.str()};
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  arguments.insert(arguments.end(), linked.begin(), linked.end());
  if (mlir::failed(runLinker(location, target, std::move(arguments))))
    return failure();
  // Two models with functions of one name go into one program.
  return linked.empty() ? success() : hideSymbols(location, exported, path);
}
