// SPDX-License-Identifier: Apache-2.0
#include "backends/Target.h"
#include "targets/CpuFeatures.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

using namespace dlc;

/// The default rows of x86-64 in one library, which selects one by cpuid.
static constexpr llvm::StringLiteral portableName = "x86-64";

/// The GPUs that the runtime supports, by kernels for the oldest of them.
static constexpr llvm::StringLiteral portableDeviceName = "cuda";

llvm::ArrayRef<llvm::StringRef> Target::getNames() {
  static const llvm::SmallVector<llvm::StringRef> names = [] {
    llvm::SmallVector<llvm::StringRef> all = {"native", portableName};
    for (const Machine &machine : getMachines())
      all.push_back(machine.name);
    all.push_back(portableDeviceName);
    for (const Device &device : getDevices())
      all.push_back(device.machine.name);
    return all;
  }();
  return names;
}

/// The row that this machine prefers; null if dlc supports none of its instruction sets.
static const Machine *detectNative(bool multipliesIntegers = false) {
  llvm::Triple host(llvm::sys::getProcessTriple());
  if (host.isAArch64())
    return chooseMachine(Architecture::AArch64, 0, multipliesIntegers);
  return host.getArch() == llvm::Triple::x86_64
             ? chooseMachine(Architecture::X86_64, getHostCpuFeatures(), multipliesIntegers)
             : nullptr;
}

/// The target for `machines`, which are of one architecture; it requires the features that all of them do.
static Target makeTarget(llvm::StringRef name, llvm::ArrayRef<const Machine *> machines,
                         Target::Choice choice = Target::Choice::Named) {
  Target target;
  target.name = name.str();
  target.choice = choice;
  target.triple = llvm::Triple(machines.front()->architecture == Architecture::AArch64 ? "aarch64-unknown-linux-gnu"
                                                                                       : "x86_64-unknown-linux-gnu");
  target.machines.assign(machines.begin(), machines.end());
  target.device = findDevice(machines.front()->name);
  target.requiredFeatures = machines.front()->features;
  for (const Machine *machine : machines)
    target.requiredFeatures &= machine->features;
  return target;
}

std::optional<Target> Target::parse(llvm::StringRef text, std::string &error) {
  if (text == "native") {
    if (const Machine *machine = detectNative())
      return makeTarget(machine->name, machine, Choice::Native);
    error = "this CPU has neither the x86-64-v2 nor the aarch64 instruction set; name one with --target=";
    return std::nullopt;
  }
  if (text == portableName)
    return makeTarget(text, getPortableMachines(Architecture::X86_64), Choice::Portable);
  if (text == portableDeviceName)
    return makeTarget(text, &getDevices().front().machine);
  if (const Machine *machine = findMachine(text))
    return makeTarget(text, machine);

  error = "unknown target '" + text.str() + "'";
  llvm::StringRef nearest;
  unsigned best = 4;
  for (llvm::StringRef name : getNames()) {
    unsigned distance = text.edit_distance(name);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  if (!nearest.empty()) {
    error += "; did you mean '" + nearest.str() + "'?";
    return std::nullopt;
  }
  error += "; the targets are";
  for (llvm::StringRef name : getNames())
    error += " " + name.str();
  return std::nullopt;
}

Target Target::withIntegerProducts() const {
  switch (choice) {
  case Choice::Named:
    return *this;
  case Choice::Native: {
    const Machine *machine = detectNative(/*multipliesIntegers=*/true);
    return makeTarget(machine->name, machine, choice);
  }
  case Choice::Portable:
    return makeTarget(name, getPortableMachines(machines.front()->architecture, /*multipliesIntegers=*/true), choice);
  }
  llvm_unreachable("every choice has its machines");
}

std::unique_ptr<llvm::TargetMachine> Target::createTargetMachine() const {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeX86AsmParser();
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
  LLVMInitializeAArch64AsmParser();
  std::string error;
  const llvm::Target *registered = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!registered)
    return nullptr;
  llvm::TargetOptions options;
  // Without this, constructors go to .ctors, which nothing runs: the cpuid check would silently never happen.
  options.UseInitArray = true;
  options.FunctionSections = true;
  options.DataSections = true;
  llvm::StringRef cpu = triple.isAArch64() ? "generic" : "x86-64-v2";
  return std::unique_ptr<llvm::TargetMachine>(registered->createTargetMachine(
      triple, cpu, /*Features=*/"", options, llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
}
