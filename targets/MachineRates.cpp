// SPDX-License-Identifier: Apache-2.0
// The table of processors. Those of Zen and Sapphire Rapids were measured by `dlc-run roof`, with half of the last
// cache for a core (16 MB where it is larger); the last cache and memory of Zen 4 are some per cent less, with which
// predictions agree best with profiles. The others are estimates that nobody has measured: arithmetic from width and
// clock, bandwidths of typical machines.
#include "targets/MachineRates.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <vector>

namespace dlc {

double MachineRates::getBandwidth(double bytes) const {
  for (const CacheRate &cache : caches)
    if (bytes <= static_cast<double>(cache.bytes))
      return cache.bytesPerNanosecond;
  return memoryBytesPerNanosecond;
}

llvm::ArrayRef<MachineRates> getMachineRates() {
  static const std::vector<MachineRates> rows = {
      {"znver4", "Zen 4; measured", 113, {{{32 << 10, 113}, {1 << 20, 87}, {16 << 20, 80}}}, 26},
      {"znver5", "Zen 5, server; measured", 251, {{{48 << 10, 273}, {1 << 20, 208}, {16 << 20, 115}}}, 61},
      {"sapphirerapids",
       "Sapphire and Emerald Rapids; measured (Emerald Rapids)",
       172,
       {{{48 << 10, 213}, {2 << 20, 131}, {16 << 20, 16}}},
       15},
      {"haswell",
       "AVX2 without AVX-512; estimated: two 256-bit multiply-adds per cycle at 3.5 GHz",
       112,
       {{{32 << 10, 200}, {256 << 10, 90}, {4 << 20, 40}}},
       12},
      {"nehalem",
       "SSE4.2; estimated: a 128-bit product and a sum per cycle at 3 GHz",
       24,
       {{{32 << 10, 45}, {256 << 10, 30}, {4 << 20, 20}}},
       8},
      {"neoverse-n1",
       "Advanced SIMD; estimated: two 128-bit multiply-adds per cycle at 2.6 GHz",
       41.6,
       {{{64 << 10, 80}, {1 << 20, 50}, {4 << 20, 30}}},
       15},
  };
  return rows;
}

const MachineRates *findMachineRates(llvm::StringRef name) {
  for (const MachineRates &rates : getMachineRates())
    if (rates.name == name)
      return &rates;
  return nullptr;
}

const MachineRates &getTypicalRates(const Machine &machine) {
  if (machine.architecture == Architecture::AArch64)
    return *findMachineRates("neoverse-n1");
  constexpr int64_t avx512Bytes = 64, avxBytes = 32;
  return *findMachineRates(machine.vectorBytes == avx512Bytes ? "znver4"
                           : machine.vectorBytes == avxBytes  ? "haswell"
                                                              : "nehalem");
}

const MachineRates &chooseMachineRates(llvm::StringRef name, const Machine &machine) {
  if (const MachineRates *rates = findMachineRates(name))
    return *rates;
  // Two 512-bit multiply-adds per cycle, or nearly, and a second-level cache of more than a megabyte.
  static constexpr llvm::StringLiteral likeSapphireRapids[] = {
      "skylake-avx512", "cascadelake",   "cooperlake",    "icelake-client",  "icelake-server", "tigerlake",
      "rocketlake",     "emeraldrapids", "graniterapids", "graniterapids-d", "diamondrapids"};
  if (llvm::is_contained(likeSapphireRapids, name))
    return *findMachineRates("sapphirerapids");
  return *(name == "znver6" ? findMachineRates("znver5") : &getTypicalRates(machine));
}

std::string describeMachineRates() {
  std::string text = "| Processor | | GFLOP/s | L1 | L2 | L3 | memory |\n| --- | --- | --- | --- | --- | --- | --- |\n";
  for (const MachineRates &rates : getMachineRates()) {
    text += llvm::formatv("| `{0}` | {1} | {2} |", rates.name, rates.summary,
                          llvm::formatv("{0:f0}", rates.operationsPerNanosecond));
    for (const CacheRate &cache : rates.caches)
      text += llvm::formatv(" {0:f0} GB/s, {1} KB |", cache.bytesPerNanosecond, cache.bytes >> 10);
    text += llvm::formatv(" {0:f0} GB/s |\n", rates.memoryBytesPerNanosecond);
  }
  return text;
}

} // namespace dlc
