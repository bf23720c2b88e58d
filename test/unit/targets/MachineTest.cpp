// SPDX-License-Identifier: Apache-2.0
#include "targets/Machine.h"
#include "targets/CpuFeatures.h"
#include "llvm/ADT/STLExtras.h"
#include <gtest/gtest.h>

using namespace dlc;

TEST(CpuFeatures, RowsStandBehindThoseThatTheyRequire) {
  uint64_t before = 0;
  for (const CpuFeature &feature : getCpuFeatures()) {
    EXPECT_EQ(llvm::popcount(feature.bit), 1) << feature.name.str();
    EXPECT_EQ(before & feature.bit, 0u) << feature.name.str();
    EXPECT_EQ(feature.required & ~before, 0u) << feature.name.str();
    before |= feature.bit;
  }
}

TEST(CpuFeatures, ClosureIsTransitive) {
  EXPECT_EQ(closeOverRequired(0), 0u);
  EXPECT_EQ(closeOverRequired(DLC_CPU_AVX512_BF16),
            DLC_CPU_AVX512_BF16 | DLC_CPU_X86_64_V4 | DLC_CPU_X86_64_V3 | DLC_CPU_X86_64_V2);
  for (const CpuFeature &feature : getCpuFeatures())
    EXPECT_EQ(closeOverRequired(closeOverRequired(feature.bit)), closeOverRequired(feature.bit));
}

TEST(Machines, EachIsFoundByItsName) {
  for (const Machine &machine : getMachines()) {
    EXPECT_EQ(findMachine(machine.name), &machine);
    EXPECT_EQ(llvm::count_if(getMachines(), [&](const Machine &other) { return other.name == machine.name; }), 1);
    EXPECT_EQ(machine.features, closeOverRequired(machine.features)) << machine.name.str();
    EXPECT_FALSE(machine.summary.empty());
    EXPECT_FALSE(machine.halideTarget.empty());
    EXPECT_LT(machine.level1.bytes, machine.level2.bytes);
    EXPECT_LT(machine.level2.bytes, machine.level3.bytes);
  }
  EXPECT_EQ(findMachine("x86-64-v5"), nullptr);
  EXPECT_EQ(findMachine(""), nullptr);
}

TEST(Machines, APreferredOneRequiresMore) {
  for (Architecture architecture : {Architecture::X86_64, Architecture::AArch64}) {
    for (bool multipliesIntegers : {false, true}) {
      llvm::SmallVector<const Machine *> machines = getPortableMachines(architecture, multipliesIntegers);
      ASSERT_FALSE(machines.empty());
      for (const Machine *machine : machines) {
        EXPECT_EQ(chooseMachine(architecture, machine->features, multipliesIntegers), machine);
        EXPECT_EQ(machines.front()->features & ~machine->features, 0u);
      }
    }
  }
  EXPECT_EQ(chooseMachine(Architecture::X86_64, 0), nullptr);
  // Other features of a machine do not change the selection.
  EXPECT_EQ(chooseMachine(Architecture::X86_64, closeOverRequired(DLC_CPU_AVX_VNNI))->name, "x86-64-v3");
  EXPECT_EQ(chooseMachine(Architecture::X86_64, closeOverRequired(DLC_CPU_AVX_VNNI), /*multipliesIntegers=*/true)->name,
            "x86-64-v3-vnni");
  EXPECT_EQ(chooseMachine(Architecture::X86_64, ~uint64_t(0))->name, "x86-64-v4");
  EXPECT_EQ(chooseMachine(Architecture::X86_64, ~uint64_t(0), /*multipliesIntegers=*/true)->name, "x86-64-v4-vnni");
}
