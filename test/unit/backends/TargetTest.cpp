// SPDX-License-Identifier: Apache-2.0
#include "backends/TargetList.h"
#include "backends/link/CLibrary.h"
#include "dlc/abi.h"
#include "gtest/gtest.h"

using namespace dlc;

static Target parse(llvm::StringRef name) {
  std::string error;
  std::optional<Target> target = Target::parse(name, error);
  EXPECT_TRUE(target) << error;
  return target.value_or(Target());
}

TEST(Target, EveryNameIsUnderstood) {
  for (llvm::StringRef name : Target::getNames()) {
    Target target = parse(name);
    EXPECT_FALSE(target.machines.empty()) << name.str();
    EXPECT_NE(target.createTargetMachine(), nullptr) << name.str();
  }
}

TEST(Target, PortableLibraryHoldsThreeMachines) {
  Target target = parse("x86-64");
  ASSERT_EQ(target.machines.size(), 3u);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(target.machines[i]->name, "x86-64-v" + std::to_string(2 + i));
  EXPECT_EQ(target.requiredFeatures, DLC_CPU_X86_64_V2);
}

TEST(Target, NativeIsOneSet) {
  Target target = parse("native");
  EXPECT_EQ(target.machines.size(), 1u);
  EXPECT_NE(target.name, "native");
}

TEST(Target, IntegerProductsAddAMachineWhereNoneWasNamed) {
  Target portable = parse("x86-64").withIntegerProducts();
  EXPECT_EQ(portable.name, "x86-64");
  ASSERT_EQ(portable.machines.size(), 5u);
  EXPECT_EQ(portable.machines[2]->name, "x86-64-v3-vnni");
  EXPECT_EQ(portable.machines.back()->name, "x86-64-v4-vnni");
  EXPECT_EQ(portable.requiredFeatures, DLC_CPU_X86_64_V2);
  std::vector<std::string> named{"cuda"};
  for (const Machine &machine : getMachines())
    named.push_back(machine.name.str());
  for (const std::string &name : named) {
    Target same = parse(name).withIntegerProducts();
    EXPECT_EQ(same.name, name);
    EXPECT_EQ(same.machines, parse(name).machines);
  }
  Target native = parse("native").withIntegerProducts();
  ASSERT_EQ(native.machines.size(), 1u);
  EXPECT_EQ(native.machines.front()->name, native.name);
  EXPECT_EQ(native.withIntegerProducts().name, native.name);
}

TEST(Target, DevicesRunTheirProgramOnTheHost) {
  Target portable = parse("cuda"), hopper = parse("cuda-sm_90");
  ASSERT_TRUE(portable.device && hopper.device);
  EXPECT_EQ(portable.device->capability, 75);
  EXPECT_EQ(hopper.device->capability, 90);
  EXPECT_EQ(portable.machines.size(), 1u);
  EXPECT_EQ(portable.machines.front()->name, "cuda-sm_75");
  EXPECT_TRUE(portable.triple.isX86_64());
  EXPECT_EQ(portable.requiredFeatures, DLC_CPU_X86_64_V2);
  EXPECT_FALSE(parse("native").device);
}

TEST(Target, MistakesAreExplained) {
  std::string error;
  EXPECT_FALSE(Target::parse("aarch46", error));
  EXPECT_EQ(error, "unknown target 'aarch46'; did you mean 'aarch64'?");
  EXPECT_FALSE(Target::parse("", error));
  EXPECT_NE(error.find("the targets are"), std::string::npos);
}

TEST(TargetList, IsOneTargetOrACpuAndAGpu) {
  std::string error;
  for (llvm::StringRef text : {"cuda,x86-64", "x86-64,cuda", "x86-64, cuda"}) {
    std::optional<TargetList> list = TargetList::parse(text, error);
    ASSERT_TRUE(list && list->device) << error;
    EXPECT_EQ(list->main.name, "x86-64");
    EXPECT_EQ(list->device->name, "cuda");
  }
  EXPECT_EQ(TargetList::parse("x86-64,cuda", error)->name, "x86-64,cuda");
  std::optional<TargetList> one = TargetList::parse("cuda", error);
  ASSERT_TRUE(one);
  EXPECT_TRUE(one->main.device && !one->device);
  EXPECT_NE(TargetList::parse("native", error)->name, "native");
}

TEST(TargetList, MistakesAreExplained) {
  for (auto [text, problem] :
       {std::pair("x86-64,x86-64-v3", "a library is for one target, or for a CPU and a GPU"),
        std::pair("cuda,cuda-sm_80", "a library is for one target"),
        std::pair("x86-64,cuda,cuda-sm_80", "a library is for one target"),
        std::pair("aarch64,cuda", "'aarch64' is for another architecture"),
        std::pair("x86-64,cudda", "did you mean 'cuda'?"), std::pair("x86-64,", "the targets are")}) {
    std::string error;
    EXPECT_FALSE(TargetList::parse(text, error)) << text;
    EXPECT_NE(error.find(problem), std::string::npos) << error;
  }
}

TEST(CLibrary, VersionsFollowTheArchitecture) {
  Target x86 = parse("x86-64-v3"), arm = parse("aarch64");
  EXPECT_EQ(findCLibraryFunction("memcpy", x86)->version, "GLIBC_2.14");
  EXPECT_EQ(findCLibraryFunction("memcpy", arm)->version, "GLIBC_2.17");
  EXPECT_EQ(findCLibraryFunction("pthread_create", arm)->version, "GLIBC_2.34");
  EXPECT_EQ(findCLibraryFunction("expf", x86)->library, "libm.so.6");
  EXPECT_EQ(findCLibraryFunction("expf", x86)->version, "GLIBC_2.27");
  EXPECT_EQ(findCLibraryFunction("exp", x86)->version, "GLIBC_2.29");
  EXPECT_FALSE(findCLibraryFunction("halide_trace", x86));
}
