// SPDX-License-Identifier: Apache-2.0
/// \file
/// The roof: what the machine at hand can compute and read, measured. No kernel is faster.
#ifndef DLC_PROFILE_ROOF_H
#define DLC_PROFILE_ROOF_H

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dlc::profile {

/// A rate of one core, and of all cores that the process may use at once.
struct Rate {
  double one = 0, all = 0;
  /// Of `threads` threads of a machine with `cores` cores: between the two.
  double of(double threads, unsigned cores) const;
};

/// A level of the cache, or memory.
struct MemoryLevel {
  std::string name; ///< "L1", "L2", "L3", "memory"
  double bytes = 0; ///< of the level; 0 for memory
  Rate gigabytes;   ///< read per second
};

struct Roof {
  std::string cpu;                     ///< as the system calls it
  unsigned cores = 1;                  ///< that the process might use
  std::map<std::string, Rate> gigaops; ///< per element type (f32, f64, bf16, f16, i8): 10^9 operations per second
  std::vector<MemoryLevel> memory;     ///< from the nearest on

  /// The least seconds that work on `type` elements takes `threads` threads: its operations at the peak rate, or its
  /// bytes at the rate of the nearest level that holds them, whichever is longer. Nothing if both are unknown (NaN).
  std::optional<double> leastSeconds(const std::string &type, double operations, double bytes, double bytesAtOnce,
                                     double threads) const;
};

/// The name of this machine's CPU.
std::string cpuName();

/// Where the roof is kept: in the folder of dlc's cache ($XDG_CACHE_HOME/dlc, or ~/.cache/dlc). Empty if there is no
/// such folder.
std::string roofPath();

/// `roof` as the file has it: a JSON object.
std::string printRoof(const Roof &roof);
/// The roof that `text` is, of any CPU. Throws Failure if it is something else.
Roof parseRoof(const std::string &text);
/// Writes `roof` to `path`, and creates the folder. Throws Failure.
void writeRoof(const Roof &roof, const std::string &path);
/// The roof in `path`; nothing if the file does not exist or is of another CPU. Throws Failure if it holds something
/// else.
std::optional<Roof> readRoof(const std::string &path);

} // namespace dlc::profile

#endif // DLC_PROFILE_ROOF_H
