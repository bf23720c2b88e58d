// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/MachineFile.h"
#include "backends/Target.h"
#include "ir/Suggestion.h"
#include "profile/Roof.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"

namespace dlc {

/// The rates of one core that `roof` has.
static std::optional<MachineRates> toRates(const profile::Roof &roof, std::string &problem) {
  MachineRates rates;
  auto f32 = roof.gigaops.find("f32");
  if (f32 == roof.gigaops.end() || !(f32->second.one > 0) || roof.memory.empty()) {
    problem = "has no rate of f32, or none of memory";
    return std::nullopt;
  }
  rates.operationsPerNanosecond = f32->second.one;
  size_t next = 0;
  for (const profile::MemoryLevel &level : roof.memory) {
    if (!(level.gigabytes.one > 0)) {
      problem = "has a level of memory without a rate";
      return std::nullopt;
    }
    rates.memoryBytesPerNanosecond = level.gigabytes.one;
    if (level.bytes > 0 && next < rates.caches.size())
      rates.caches[next++] = {static_cast<int64_t>(level.bytes), level.gigabytes.one};
  }
  // A processor with fewer levels: the last one again, which holds nothing more.
  for (size_t level = next; level < rates.caches.size(); ++level)
    rates.caches[level] = level > 0 ? rates.caches[level - 1] : CacheRate{0, rates.memoryBytesPerNanosecond};
  // Cores share the last level; of the others nobody knows what they do there.
  if (next == rates.caches.size())
    rates.caches.back().bytes = std::max(rates.caches.back().bytes / 2, rates.caches[1].bytes);
  return rates;
}

std::optional<MachineRates> readMachine(llvm::StringRef nameOrFile, std::string &problem) {
  if (nameOrFile == "native") {
    if (std::optional<Target> target = Target::parse(nameOrFile.str(), problem))
      return chooseMachineRates(llvm::sys::getHostCPUName(), *target->machines.front());
    return std::nullopt;
  }
  if (const MachineRates *rates = findMachineRates(nameOrFile))
    return *rates;
  auto file = llvm::MemoryBuffer::getFile(nameOrFile);
  if (!file || llvm::sys::fs::is_directory(nameOrFile)) {
    llvm::SmallVector<llvm::StringRef> names = {"native"};
    for (const MachineRates &rates : getMachineRates())
      names.push_back(rates.name);
    problem = ("--machine=" + nameOrFile + " is neither a file nor a processor" + suggest(nameOrFile, names) +
               "; the processors are " + llvm::join(names, ", "))
                  .str();
    return std::nullopt;
  }
  try {
    if (auto rates = toRates(profile::parseRoof((*file)->getBuffer().str()), problem)) {
      auto digest = llvm::BLAKE3::hash<8>(llvm::arrayRefFromStringRef((*file)->getBuffer()));
      rates->name = llvm::toHex(digest, /*LowerCase=*/true);
      return rates;
    }
    problem = ("'" + nameOrFile + "' " + problem).str();
  } catch (const std::exception &error) {
    problem = ("'" + nameOrFile + "': " + error.what() + "; 'dlc-run roof --file FILE' writes one").str();
  }
  return std::nullopt;
}

} // namespace dlc
