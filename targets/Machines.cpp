// SPDX-License-Identifier: Apache-2.0
// The table of machines. A row starts as a copy of the one that it extends and sets what differs.
#include "targets/CpuFeatures.h"
#include "targets/Device.h"
#include "targets/Machine.h"
#include <vector>

namespace dlc {

/// Halide forms dot products of bytes, which VNNI has with and without AVX-512, where it has many more extensions.
/// Those that a row does not require are taken from its code; vectors of its width need no intrinsics of them.
constexpr llvm::StringLiteral dotProductTarget =
    "x86-64-linux-sse41-avx-avx2-f16c-fma-avxvnni-avx512-avx512_skylake-avx512_cannonlake-avx512_zen4";

static Machine x86V2() {
  Machine machine;
  machine.name = "x86-64-v2";
  machine.summary = "SSE4.2; every x86-64 CPU since about 2009";
  machine.features = DLC_CPU_X86_64_V2;
  machine.halideTarget = "x86-64-linux-sse41";
  // Without fused multiply-adds each is two instructions.
  machine.latency = 7;
  machine.prefetchBytes = 4096;
  machine.level2.bytes = 256 << 10;
  return machine;
}

static Machine x86V3() {
  Machine machine = x86V2();
  machine.name = "x86-64-v3";
  machine.summary = "AVX2 and FMA; Haswell, Zen and later";
  machine.features = DLC_CPU_X86_64_V3;
  machine.halideTarget = "x86-64-linux-sse41-avx-avx2-f16c-fma";
  machine.vectorBytes = 32;
  machine.multiplyAdds = 2;
  machine.latency = 4;
  machine.level2.bytes = 512 << 10;
  return machine;
}

static Machine x86V3Vnni() {
  Machine machine = x86V3();
  machine.name = "x86-64-v3-vnni";
  machine.summary = "AVX2 with AVX-VNNI; Alder Lake, Zen 5 and later";
  machine.features = DLC_CPU_X86_64_V3 | DLC_CPU_AVX_VNNI;
  machine.selection = Selection::IntegerProducts;
  machine.halideTarget = dotProductTarget;
  machine.latency = 5;
  machine.dotProducts = {{"u8 x i8", "i32", 4}};
  return machine;
}

static Machine x86V4() {
  Machine machine = x86V3();
  machine.name = "x86-64-v4";
  machine.summary = "AVX-512 (F, BW, CD, DQ, VL); Skylake servers, Zen 4 and later";
  machine.features = DLC_CPU_X86_64_V4;
  machine.halideTarget = "x86-64-linux-sse41-avx-avx2-f16c-fma-avx512-avx512_skylake";
  machine.vectorBytes = 64;
  machine.registers = 32;
  machine.multiplyAdds = 1;
  machine.halvesAreAsFast = true;
  machine.broadcastsFromMemory = true;
  machine.level2.bytes = 1 << 20;
  machine.level3.bytes = 16 << 20;
  return machine;
}

static Machine x86V4Vnni() {
  Machine machine = x86V4();
  machine.name = "x86-64-v4-vnni";
  machine.summary = "AVX-512 with VNNI; Cascade Lake, Zen 4 and later";
  machine.features = DLC_CPU_X86_64_V4 | DLC_CPU_AVX512_VNNI;
  machine.selection = Selection::IntegerProducts;
  machine.halideTarget = dotProductTarget;
  machine.dotProducts = {{"u8 x i8", "i32", 4}};
  return machine;
}

static Machine x86V4Bf16() {
  Machine machine = x86V4Vnni();
  machine.name = "x86-64-v4-bf16";
  machine.summary = "AVX-512 with VNNI, BF16, VBMI and the like; Zen 4, Sapphire Rapids and later";
  machine.features |= DLC_CPU_AVX512_BF16 | DLC_CPU_AVX512_VBMI | DLC_CPU_AVX512_VBMI2 | DLC_CPU_AVX512_BITALG |
                      DLC_CPU_AVX512_VPOPCNT | DLC_CPU_AVX512_IFMA;
  machine.selection = Selection::ByName;
  machine.dotProducts.push_back({"bf16", "f32", 2});
  return machine;
}

static Machine armV8() {
  Machine machine;
  machine.name = "aarch64";
  machine.summary = "Armv8.0-A with Advanced SIMD";
  machine.architecture = Architecture::AArch64;
  machine.halideTarget = "arm-64-linux";
  machine.registers = 32;
  machine.multiplyAdds = 2;
  machine.level1 = {64 << 10, 4, 150};
  return machine;
}

llvm::ArrayRef<Machine> getMachines() {
  static const std::vector<Machine> machines = [] {
    std::vector<Machine> rows = {x86V2(), x86V3(), x86V3Vnni(), x86V4(), x86V4Vnni(), x86V4Bf16(), armV8()};
    for (Machine &machine : rows)
      machine.features = closeOverRequired(machine.features);
    return rows;
  }();
  return machines;
}

const Machine *findMachine(llvm::StringRef name) {
  for (const Machine &machine : getMachines())
    if (machine.name == name)
      return &machine;
  const Device *device = findDevice(name);
  return device ? &device->machine : nullptr;
}

const Machine &getReferenceMachine() { return *findMachine("x86-64-v4"); }

const Machine *chooseMachine(Architecture architecture, uint64_t features, bool multipliesIntegers) {
  const Machine *chosen = nullptr;
  for (const Machine *machine : getPortableMachines(architecture, multipliesIntegers))
    if ((machine->features & ~features) == 0)
      chosen = machine;
  return chosen;
}

llvm::SmallVector<const Machine *> getPortableMachines(Architecture architecture, bool multipliesIntegers) {
  llvm::SmallVector<const Machine *> portable;
  for (const Machine &machine : getMachines())
    if (machine.architecture == architecture &&
        (machine.selection == Selection::Always ||
         (multipliesIntegers && machine.selection == Selection::IntegerProducts)))
      portable.push_back(&machine);
  return portable;
}

} // namespace dlc
