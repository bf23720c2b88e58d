// SPDX-License-Identifier: Apache-2.0
// What `dlc --list-targets` prints, and docs/generated/targets.md contains.
#include "targets/MachineTable.h"
#include "targets/CpuFeatures.h"
#include "targets/Device.h"
#include "targets/Machine.h"
#include "targets/MachineRates.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FormatVariadic.h"

namespace dlc {

static std::string describeFeatures(uint64_t features) {
  llvm::SmallVector<llvm::StringRef> names;
  uint64_t implied = 0;
  for (const CpuFeature &feature : getCpuFeatures())
    if (features & feature.bit)
      implied |= feature.required;
  for (const CpuFeature &feature : getCpuFeatures())
    if (features & ~implied & feature.bit)
      names.push_back(feature.name);
  return names.empty() ? "the base of the architecture" : llvm::join(names, ", ");
}

static std::string describeBytes(int64_t bytes) {
  return bytes % (1 << 20) == 0 ? llvm::formatv("{0} MB", bytes >> 20).str()
                                : llvm::formatv("{0} KB", bytes >> 10).str();
}

/// `u8 x i8 -> i32 (4 terms)`
static std::string describeDotProducts(const Machine &machine) {
  llvm::SmallVector<std::string> texts;
  for (const DotProduct &product : machine.dotProducts)
    texts.push_back(llvm::formatv("{0} to {1}, {2} terms", product.elements, product.accumulators, product.terms));
  for (const MatrixTile &tile : machine.tiles)
    texts.push_back(
        llvm::formatv("{0} to {1}, tiles of {2} x {3}", tile.elements, tile.accumulators, tile.rows, tile.columns));
  return texts.empty() ? "none" : llvm::join(texts, "; ");
}

static llvm::StringRef describeSelection(Selection selection) {
  switch (selection) {
  case Selection::Always:
    return "yes";
  case Selection::IntegerProducts:
    return "for products of 8-bit integers";
  case Selection::ByName:
    return "no";
  }
  llvm_unreachable("every selection has a description");
}

std::string describeMachines() {
  std::string text =
      "| `--target` | machines | requires | vectors | multiply-adds per cycle | dot products | caches of "
      "one core | selected by `native` |\n|---|---|---|---|---|---|---|---|\n";
  for (const Machine &machine : getMachines())
    text += llvm::formatv("| `{0}` | {1} | {2} | {3} x {4}{5} bits | {6:F1} | {7} | {8}, {9}, {10} | {11} |\n",
                          machine.name, machine.summary, describeFeatures(machine.features), machine.registers,
                          machine.vectors == VectorKind::Scalable ? "at least " : "", 8 * machine.vectorBytes,
                          machine.multiplyAdds, describeDotProducts(machine), describeBytes(machine.level1.bytes),
                          describeBytes(machine.level2.bytes), describeBytes(machine.level3.bytes),
                          describeSelection(machine.selection));
  return text +
         "\nThese are the processors that `--machine` knows, with the rates of one core. Without it, predicted times "
         "assume those of `znver4` for "
         "`x86-64-v4`, of `haswell` for `x86-64-v3`, of `nehalem` for `x86-64-v2`, of `neoverse-n1` for "
         "`aarch64`.\n\n" +
         describeMachineRates();
}

std::string describeDevices() {
  std::string text = "| `--target` | GPUs | host |\n|---|---|---|\n";
  for (const Device &device : getDevices())
    text += llvm::formatv("| `{0}` | {1} | {2} |\n", device.machine.name, device.machine.summary,
                          describeFeatures(device.machine.features));
  return text;
}

std::string describeCpuFeatures() {
  std::string text = "| feature | requires |\n|---|---|\n";
  for (const CpuFeature &feature : getCpuFeatures())
    text += llvm::formatv("| {0} | {1} |\n", feature.name, feature.required ? describeFeatures(feature.required) : "");
  return text;
}

} // namespace dlc
