// SPDX-License-Identifier: Apache-2.0
#include "backends/Target.h"
#include "dlc/abi.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

using namespace dlc;

static const InstructionSet x86V2{"x86-64-v2", 2, 16, 16};
static const InstructionSet x86V3{"x86-64-v3", 3, 32, 16};
static const InstructionSet x86V4{"x86-64-v4", 4, 64, 32};
static const InstructionSet armV8{"aarch64", 0, 16, 32};

llvm::ArrayRef<llvm::StringRef> Target::getNames() {
  static const llvm::StringRef names[] = {"native", "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64"};
  return names;
}

/// The widest instruction set that this machine runs; empty if dlc supports none of them.
static llvm::StringRef detectNative() {
  llvm::Triple host(llvm::sys::getProcessTriple());
  if (host.isAArch64())
    return armV8.name;
  if (host.getArch() != llvm::Triple::x86_64)
    return {};
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto hasAll = [&](std::initializer_list<llvm::StringRef> names) {
    return llvm::all_of(names, [&](llvm::StringRef name) { return features.lookup(name); });
  };
  if (!hasAll({"sse4.2", "ssse3", "popcnt"}))
    return {};
  if (!hasAll({"avx2", "fma", "bmi", "bmi2", "f16c", "lzcnt"}))
    return x86V2.name;
  return hasAll({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}) ? x86V4.name : x86V3.name;
}

std::optional<Target> Target::parse(llvm::StringRef text, std::string &error) {
  Target target;
  target.name = text.str();
  if (text == "native") {
    target.name = detectNative().str();
    if (target.name.empty()) {
      error = "this CPU has neither the x86-64-v2 nor the aarch64 instruction set; name one with --target=";
      return std::nullopt;
    }
  }
  if (target.name == "aarch64") {
    target.triple = llvm::Triple("aarch64-unknown-linux-gnu");
    target.isas = {armV8};
    return target;
  }
  target.triple = llvm::Triple("x86_64-unknown-linux-gnu");
  target.requiredFeatures = DLC_CPU_X86_64_V2;
  if (target.name == "x86-64") {
    target.isas = {x86V2, x86V3, x86V4};
    return target;
  }
  if (target.name == x86V2.name) {
    target.isas = {x86V2};
    return target;
  }
  if (target.name == x86V3.name) {
    target.isas = {x86V3};
    target.requiredFeatures |= DLC_CPU_X86_64_V3;
    return target;
  }
  if (target.name == x86V4.name) {
    target.isas = {x86V4};
    target.requiredFeatures |= DLC_CPU_X86_64_V3 | DLC_CPU_X86_64_V4;
    // What server cores of this level have at least. This machine's own sizes are not asked for: the same input must
    // give the same bytes on every machine.
    target.caches = {32 << 10, 1 << 20, 16 << 20};
    return target;
  }

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
