// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/TunedKernel.h"
#include "analysis/TargetInterface.h"
#include "ir/Annotations.h"
#include "ir/KernelText.h"
#include "ir/RowRange.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "tools/driver/ModuleText.h"

using namespace mlir;

namespace dlc::tune {

static bool isStatic(Value value) { return llvm::cast<RankedTensorType>(value.getType()).hasStaticShape(); }

TunedKernel::TunedKernel(KernelOp kernel, const Machine &machine, TileSubject subject,
                         llvm::function_ref<bool(Value)> isWeight)
    : fingerprint(getKernelFingerprint(kernel)), layer(kernel.getKernelName().str()), kernel(kernel), machine(machine),
      subject(std::move(subject)),
      space(TargetInterface::get(kernel.getContext()).createSchedules(this->subject, machine)) {
  for (Value input : kernel.getInputs()) {
    signature.inputs.push_back(describeBuffer(input));
    signature.inputs.back().isWeight = isWeight(input);
  }
  for (Value output : kernel.getOutputs())
    signature.outputs.push_back(describeBuffer(output));
}

std::unique_ptr<TunedKernel> TunedKernel::create(KernelOp kernel, const Machine &machine, int64_t packedBytes,
                                                 llvm::function_ref<bool(Value)> isWeight) {
  if (!llvm::all_of(kernel.getInputs(), isStatic) || !llvm::all_of(kernel.getOutputs(), isStatic) ||
      getRowRange(kernel) != 0)
    return nullptr;
  auto isDynamic = [](Operation &op) { return !llvm::all_of(op.getResults(), isStatic); };
  if (llvm::any_of(kernel.getBody().front(), isDynamic))
    return nullptr;
  FailureOr<TileSubject> subject = TileSubject::read(kernel, [&] { return kernel.emitError(); });
  if (failed(subject))
    return nullptr;
  subject->packedBytes = packedBytes;
  return std::unique_ptr<TunedKernel>(new TunedKernel(kernel, machine, std::move(*subject), isWeight));
}

std::string TunedKernel::describe() const {
  KernelOp op = kernel;
  return layer + " (" + stringifyKernelKind(op.getKind()).str() + ")";
}

std::string TunedKernel::writeModule(const SchedulePoint &point) const {
  KernelOp original = kernel;
  MLIRContext *context = original.getContext();
  Location location = UnknownLoc::get(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  auto function =
      func::FuncOp::create(builder, location, "run",
                           builder.getFunctionType(original.getInputs().getTypes(), original.getOutputs().getTypes()));
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    function.setArgAttr(i, annotation::name.getKey(), builder.getStringAttr("x" + std::to_string(i)));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    function.setResultAttr(i, annotation::name.getKey(), builder.getStringAttr("y" + std::to_string(i)));
  builder.setInsertionPointToStart(function.addEntryBlock());
  IRMapping mapping;
  mapping.map(original.getInputs(), function.getArguments());
  auto copy = llvm::cast<KernelOp>(builder.clone(*original, mapping));
  copy.setKernelName("kernel");
  copy.setSchedulesAttr(builder.getArrayAttr({point.toAttribute(context, machine.name)}));
  func::ReturnOp::create(builder, location, copy.getOutputs());
  CompilationState state;
  state.phase = "kernels";
  state.target = machine.name.str();
  state.optimizationLevel = 3;
  state.math = MathMode::Default;
  std::string text;
  llvm::raw_string_ostream stream(text);
  printModule(stream, *module, state, /*isComplete=*/true);
  return text;
}

} // namespace dlc::tune
