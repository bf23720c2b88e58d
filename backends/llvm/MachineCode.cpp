// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/MachineCode.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"

using namespace dlc;

/// Runs `build` over the module with LLVM's analyses registered.
static void runPasses(llvm::Module &module, llvm::TargetMachine &machine,
                      llvm::function_ref<llvm::ModulePassManager(llvm::PassBuilder &)> build) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  build(builder).run(module, modules);
}

void dlc::optimize(llvm::Module &module, llvm::TargetMachine &machine, llvm::OptimizationLevel level) {
  runPasses(module, machine, [&](llvm::PassBuilder &builder) { return builder.buildPerModuleDefaultPipeline(level); });
}

void dlc::optimizeAcrossFiles(llvm::Module &module, llvm::TargetMachine &machine) {
  runPasses(module, machine, [](llvm::PassBuilder &builder) {
    llvm::ModulePassManager passes;
    llvm::cantFail(builder.parsePassPipeline(
        passes, "globaldce,ipsccp,globalopt,"
                "cgscc(inline,function(sroa,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,gvn,"
                "simplifycfg)),globaldce"));
    return passes;
  });
}

void dlc::optimizeProgram(llvm::Module &module, llvm::TargetMachine &machine) {
  constexpr unsigned longProgram = 50000, longFunction = 10000;
  if (module.getInstructionCount() <= longProgram)
    return optimize(module, machine);
  optimizeAcrossFiles(module, machine);
  for (llvm::Function &function : module)
    if (function.getInstructionCount() > longFunction) {
      function.removeFnAttr(llvm::Attribute::MinSize);
      function.removeFnAttr(llvm::Attribute::OptimizeForSize);
      function.addFnAttr(llvm::Attribute::NoInline);
      function.addFnAttr(llvm::Attribute::OptimizeNone);
    }
}

void dlc::removeUnused(llvm::Module &module, llvm::TargetMachine &machine) {
  runPasses(module, machine, [](llvm::PassBuilder &) {
    llvm::ModulePassManager passes;
    passes.addPass(llvm::GlobalDCEPass());
    return passes;
  });
}

void dlc::addUnwindTables(llvm::Module &module) {
  for (llvm::Function &function : module)
    if (!function.isDeclaration()) {
      function.setUWTableKind(llvm::UWTableKind::Async);
      // A frame pointer where size matters: the tables are shorter by more than the code is longer.
      if (function.hasMinSize())
        function.addFnAttr("frame-pointer", "all");
    }
}

llvm::Expected<std::string> dlc::emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                                          llvm::CodeGenFileType fileType) {
  llvm::SmallString<0> code;
  llvm::raw_svector_ostream stream(code);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, fileType))
    return llvm::createStringError("no code generator for " + module.getTargetTriple().str());
  passes.run(module);
  return std::string(code);
}
