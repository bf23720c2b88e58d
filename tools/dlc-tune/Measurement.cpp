// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/Measurement.h"
#include "tools/dlc-tune/LibraryRun.h"
#include "tools/driver/Compilation.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <chrono>
#include <fstream>

namespace dlc::tune {

/// A kernel that takes longer to compile or to run is of no use.
constexpr unsigned longestCompilation = 120, longestMeasurement = 60;

std::unique_ptr<ChildProcess> startCompilation(const std::string &module, const std::string &path,
                                               const std::string &cacheDirectory) {
  auto work = [&]() -> llvm::Expected<std::string> {
    CompileOptions options;
    options.model = path + ".mlir";
    options.output = path;
    // Equal code gives equal files.
    options.name = "kernel";
    options.cacheDirectory = cacheDirectory;
    options.jobs = 1;
    std::ofstream(options.model) << module;
    if (failed(compile(options)))
      return llvm::createStringError("it does not compile");
    return "";
  };
  return std::make_unique<ChildProcess>(work, longestCompilation);
}

namespace {
/// The inputs of a kernel as runs of a model find them. What the kernels before have computed is still in a near cache;
/// a weight was last read one run of the model ago, so each run takes another copy of it.
class RunInputs {
public:
  RunInputs(const Signature &signature, size_t weightBytes) {
    // What exceeds the last cache of any machine comes from memory.
    constexpr size_t mostBytes = 512 << 20, mostCopies = 4096;
    size_t cycle = std::min(weightBytes, mostBytes);
    for (auto [number, buffer] : llvm::enumerate(signature.inputs)) {
      size_t bytes = std::max<size_t>(buffer.bytes, 1);
      size_t copies = buffer.isWeight ? std::clamp<size_t>((cycle + bytes - 1) / bytes, 1, mostCopies) : 1;
      std::vector<RawTensor> &tensors = inputs.emplace_back();
      tensors.emplace_back(buffer).fill(number + 1);
      while (tensors.size() < copies)
        tensors.push_back(tensors.front().copy());
    }
  }

  /// Views of the next run's inputs.
  const std::vector<dlc_tensor> &next() {
    views.clear();
    for (std::vector<RawTensor> &copies : inputs)
      views.push_back(copies[turn % copies.size()].getView());
    ++turn;
    return views;
  }

private:
  std::vector<std::vector<RawTensor>> inputs;
  std::vector<dlc_tensor> views;
  size_t turn = 0;
};
} // namespace

/// How far results may be apart, as a share of the largest: sums may have any order.
static double getTolerance(const Buffer &output) {
  switch (output.elementType) {
  case DLC_F16:
    return 1e-2;
  case DLC_BF16:
    return 4e-2;
  default:
    return 1e-4;
  }
}

static double secondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds per run of a group of `count` runs.
static double time(LibraryRun &run, RunInputs &inputs, size_t count) {
  double seconds = 0;
  for (size_t i = 0; i < count; ++i) {
    const std::vector<dlc_tensor> &views = inputs.next();
    double start = secondsNow();
    run.run(views);
    seconds += secondsNow() - start;
  }
  return seconds / static_cast<double>(count);
}

static double getLowerQuartile(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 4];
}

/// What the process does that compares: times of both in microseconds.
static llvm::Expected<std::string> compareHere(const Signature &signature, const std::string &reference,
                                               const std::string &candidate, const MeasurementOptions &options) {
  try {
    RunInputs inputs(signature, options.weightBytes);
    LibraryRun first(signature, reference, options.threads), second(signature, candidate, options.threads);
    const std::vector<dlc_tensor> &same = inputs.next();
    first.run(same);
    second.run(same);
    for (auto [own, theirs, buffer] : llvm::zip_equal(first.getOutputs(), second.getOutputs(), signature.outputs))
      if (double difference = own.getDifference(theirs); !(difference <= getTolerance(buffer)))
        return llvm::createStringError(
            llvm::formatv("computes other numbers: they differ by {0:e} of the largest", difference).str());
    constexpr double shortestGroup = 20e-6;
    double once = std::max(time(first, inputs, 1), 1e-8);
    size_t group = once < shortestGroup ? static_cast<size_t>(shortestGroup / once) + 1 : 1;
    std::vector<double> ownTimes, theirTimes;
    constexpr size_t leastRounds = 5, mostRounds = 10000;
    for (double end = secondsNow() + options.seconds;
         ownTimes.size() < leastRounds || (secondsNow() < end && ownTimes.size() < mostRounds);) {
      ownTimes.push_back(time(first, inputs, group));
      theirTimes.push_back(time(second, inputs, group));
      // What is hopeless need not be known exactly.
      if (ownTimes.size() == leastRounds && getLowerQuartile(theirTimes) > 1.3 * getLowerQuartile(ownTimes))
        break;
    }
    return llvm::formatv("{0:f9} {1:f9}", getLowerQuartile(ownTimes) * 1e6, getLowerQuartile(theirTimes) * 1e6).str();
  } catch (const std::exception &error) {
    return llvm::createStringError(error.what());
  }
}

llvm::Expected<Comparison> compare(const Signature &signature, const std::string &reference,
                                   const std::string &candidate, const MeasurementOptions &options) {
  ChildProcess child([&] { return compareHere(signature, reference, candidate, options); }, longestMeasurement);
  llvm::Expected<std::string> text = child.finish();
  if (!text)
    return text.takeError();
  auto [own, theirs] = llvm::StringRef(*text).split(' ');
  Comparison times;
  if (own.getAsDouble(times.reference) || theirs.getAsDouble(times.candidate))
    return llvm::createStringError("gave no times: " + *text);
  return times;
}

} // namespace dlc::tune
