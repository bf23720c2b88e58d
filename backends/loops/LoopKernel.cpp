// SPDX-License-Identifier: Apache-2.0
#include "backends/loops/LoopKernel.h"
#include "backends/Target.h"
#include "backends/llvm/MachineCode.h"
#include "backends/llvm/Passes.h"
#include "backends/loops/KernelWriter.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "targets/CpuFeatures.h"
#include "llvm/Bitcode/BitcodeWriter.h"

using namespace mlir;

namespace dlc::loops {
namespace {

LogicalResult lower(ModuleOp module) {
  PassManager manager(module.getContext());
  manager.addPass(createSCFToControlFlowPass());
  addConversionToLLVM(manager);
  return manager.run(module);
}

/// "+avx2,+fma".
std::string getFeatureString(const Machine &machine) {
  std::string features;
  for (const CpuFeature &feature : getCpuFeatures()) {
    if (machine.architecture != Architecture::X86_64 || !(machine.features & feature.bit))
      continue;
    for (llvm::StringRef name : llvm::split(feature.llvmName, ','))
      features += (features.empty() ? "+" : ",+") + name.str();
  }
  return features;
}

} // namespace

llvm::Expected<std::string> compileLoopKernel(KernelFuncOp kernel, ScheduleAttr schedule, const Machine &machine,
                                              bool checkBounds) {
  MLIRContext *context = kernel.getContext();
  context->loadDialect<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect,
                       math::MathDialect, memref::MemRefDialect, scf::SCFDialect>();
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  context->appendDialectRegistry(registry);

  FailureOr<KernelShapes> shapes = KernelShapes::analyze(kernel);
  if (failed(shapes))
    return llvm::createStringError("its extents are not known");
  ImplicitLocOpBuilder builder(UnknownLoc::get(context), context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getLoc());
  if (failed(KernelWriter(builder, *module, kernel, *shapes, schedule, checkBounds).write()) || failed(lower(*module)))
    return llvm::createStringError("its loops cannot be lowered");

  std::string problem;
  std::optional<Target> target = Target::parse(machine.name, problem);
  if (!target)
    return llvm::createStringError(problem);
  std::unique_ptr<llvm::TargetMachine> targetMachine = target->createTargetMachine();
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(*module, llvmContext, "kernel");
  if (!translated)
    return llvm::createStringError("its loops have no form in LLVM IR");
  translated->setTargetTriple(target->triple);
  translated->setDataLayout(targetMachine->createDataLayout());
  for (llvm::Function &function : *translated)
    if (!function.isDeclaration()) {
      function.addFnAttr("target-cpu", targetMachine->getTargetCPU());
      if (std::string features = getFeatureString(machine); !features.empty())
        function.addFnAttr("target-features", features);
      function.addFnAttr(llvm::Attribute::NoUnwind);
      if (function.getName() != "kernel") {
        function.setLinkage(llvm::GlobalValue::InternalLinkage);
        function.addFnAttr(llvm::Attribute::AlwaysInline);
      }
    }
  optimize(*translated, *targetMachine);
  std::string bitcode;
  llvm::raw_string_ostream stream(bitcode);
  llvm::WriteBitcodeToFile(*translated, stream);
  return bitcode;
}

} // namespace dlc::loops
