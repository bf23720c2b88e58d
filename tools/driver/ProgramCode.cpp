// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/ProgramCode.h"
#include "backends/link/LinkedFiles.h"
#include "backends/link/SharedLibrary.h"
#include "backends/llvm/KernelObject.h"
#include "backends/llvm/MachineCode.h"
#include "backends/llvm/ProgramDifference.h"
#include "tools/driver/CompilerVersion.h"
#include "tools/driver/ObjectCache.h"
#include "tools/driver/RuntimeTask.h"
#include "llvm/IR/LLVMContext.h"

using namespace dlc;
using mlir::failed;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

/// The module in LLVM IR, with that of the program for a GPU, and the model's description.
mlir::FailureOr<std::unique_ptr<llvm::Module>> ProgramCode::translate(llvm::LLVMContext &llvmContext) {
  auto main = program.translate(llvmContext);
  if (failed(main))
    return failure();
  ProgramPart part = program.describe(*main);
  if (!deviceProgram) {
    addModelDescription(*main->module, part);
    return std::move(main->module);
  }
  auto device = deviceProgram->translate(llvmContext);
  if (failed(device))
    return failure();
  if (std::string difference = findDifference(main->description, device->description); !difference.empty())
    return program.error() << "the programs for " << program.settings.target.name << " and "
                           << deviceProgram->settings.target.name
                           << " cannot be in one library, because they differ in " << difference
                           << ": compile a library for each";
  if (llvm::Error problem =
          joinPrograms(*main->module, std::move(device->module), deviceProgram->kernels, deviceProgram->suffix))
    return fail(std::move(problem));
  // A context prefers the GPU.
  addModelDescription(*main->module, {deviceProgram->describe(*device), part});
  return std::move(main->module);
}

LogicalResult ProgramCode::fail(llvm::Error problem) {
  return program.error() << "internal error: " << llvm::toString(std::move(problem));
}

/// The program with its runtime, as text that people read.
LogicalResult ProgramCode::writeProgramText(OutputKind kind, llvm::Module &module, RuntimePart &runtime) {
  if (llvm::Error problem = runtime.addNeeded(module))
    return fail(std::move(problem));
  if (llvm::Error problem = runtime.linkInto(module))
    return fail(std::move(problem));
  if (kind == OutputKind::LlvmIr) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module.print(stream, nullptr);
    return writeText(program.fileLocation, program.files, options.output, text);
  }
  program.clock.start("machine code");
  llvm::Expected<std::string> text =
      emitCode(module, *program.settings.target.createTargetMachine(), llvm::CodeGenFileType::AssemblyFile);
  if (!text)
    return fail(text.takeError());
  return writeText(program.fileLocation, program.files, options.output, *text);
}

/// Writes the object files of the program and its runtime and those of its kernels, and puts them before the others
/// that are linked.
LogicalResult ProgramCode::addCode(OutputKind kind, llvm::ArrayRef<std::string> objects) {
  llvm::SmallVector<std::string> code;
  size_t bytes = 0;
  for (llvm::StringRef object : objects) {
    bytes += object.size();
    OutputFile &file = program.files.createTemporary(program.besideOutput(code.empty() ? ".code" : ".runtime"));
    code.push_back(file.getTemporaryPath());
    std::string problem;
    if (failed(file.write(object, problem)))
      return program.error() << problem;
  }
  size_t kernelBytes = 0;
  for (const KernelCode &kernel : program.kernels)
    kernelBytes += kernel.object.size();
  if (kernelBytes) {
    code.push_back(program.files.createTemporary(program.besideOutput(".kernels")).getTemporaryPath());
    if (failed(writeKernelArchive(program.fileLocation, program.kernels, code.back())))
      return failure();
  }
  if (kind != OutputKind::SharedLibrary) {
    // Two models with kernels of one name go into one program, and each has its own runtime.
    std::string merged = program.files.createTemporary(program.besideOutput(".merged")).getTemporaryPath(),
                exported = getModelSymbol(program.settings.identity.name);
    if (failed(linkRelocatable(program.fileLocation, code, {}, program.settings.target, exported, merged)) ||
        failed(hideSymbols(program.fileLocation, exported, merged)))
      return failure();
    code.assign({merged});
  }
  program.objects.insert(program.objects.begin(), code.begin(), code.end());
  report.sizes.insert(report.sizes.begin(), {"code", static_cast<int64_t>(bytes + kernelBytes)});
  return success();
}

LogicalResult ProgramCode::write(OutputKind kind) {
  program.clock.start("host program");
  llvm::LLVMContext llvmContext;
  // Two shared libraries of the user's may each be linked with a model of one name, and each means its own: references
  // to it must not be resolved by the dynamic linker, which takes the first of a name. Protected rather than hidden:
  // such a library still exports its models for dlc_library_open. Nothing in a library of dlc's own refers to the
  // model, and programs that are not position-independent code may copy it, which a protected one forbids.
  const CompilationSettings &settings = program.settings;
  program.settings.identity.isProtected = kind != OutputKind::SharedLibrary;
  auto module = translate(llvmContext);
  if (failed(module))
    return failure();
  llvm::SmallVector<llvm::ArrayRef<KernelCode>, 2> all;
  if (deviceProgram) {
    all.push_back(deviceProgram->kernels);
    program.objects.insert(program.objects.end(), deviceProgram->objects.begin(), deviceProgram->objects.end());
  }
  all.push_back(program.kernels);

  bool isSanitized = options.sanitize == "thread";
  RuntimePart runtime(settings.target, isSanitized);
  auto merge = [&] {
    return mergeKernels(**module, all, settings.target, settings.customFunctions,
                        getModelSymbol(settings.identity.name));
  };
  if (isText(kind)) {
    if (llvm::Error problem = merge())
      return fail(std::move(problem));
    return writeProgramText(kind, **module, runtime);
  }

  ObjectCache cache(options.cacheDirectory);
  llvm::SmallVector<llvm::StringRef> users;
  for (const KernelCode &kernel : program.kernels)
    if (!kernel.object.empty())
      users.push_back(kernel.object);
  RuntimeTask runtimeTask(runtime, cache, getCompilerName());
  bool isParallel = options.jobs != 1;
  // The program refers to what it declares now, and once they are merged also to what kernels do whose code is
  // generated with it.
  if (isParallel && users.size() == program.kernels.size())
    if (llvm::Error problem = runtimeTask.start(users, **module))
      return fail(std::move(problem));
  llvm::Expected<std::string> object = cache.findOrMake(
      [&] { return getObjectKey(**module, all, settings.target, settings.customFunctions, getCompilerName()); },
      [&]() -> llvm::Expected<std::string> {
        if (llvm::Error problem = merge())
          return problem;
        if (isParallel)
          if (llvm::Error problem = runtimeTask.start(users, **module))
            return problem;
        program.clock.start("machine code");
        return emitCode(**module, *settings.target.createTargetMachine(), llvm::CodeGenFileType::ObjectFile);
      });
  if (!object)
    return fail(object.takeError());

  program.clock.start("runtime");
  users.push_back(*object);
  llvm::Expected<std::string> runtimeObject = runtimeTask.finish(users);
  if (!runtimeObject)
    return fail(runtimeObject.takeError());

  program.clock.start("link");
  if (failed(addCode(kind, {*object, *runtimeObject})))
    return failure();
  return linkOutput(program.fileLocation, program.files, kind, options.output, settings.identity.name, program.objects,
                    options.links, settings.target, /*mayLack=*/isSanitized);
}
