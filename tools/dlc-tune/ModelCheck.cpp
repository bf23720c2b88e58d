// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/ModelCheck.h"
#include "tools/driver/Compilation.h"
#include <fstream>

namespace dlc::tune {

ModelCheck::ModelCheck(CompileOptions model, Signature signature, const MeasurementOptions &options, std::string folder)
    : model(std::move(model)), signature(std::move(signature)), options(options), folder(std::move(folder)) {
  this->model.compileTo.clear();
  // Its weights are its own; inputs of runs stay where they are.
  this->options.weightBytes = 0;
  constexpr double leastSeconds = 2;
  this->options.seconds = std::max(this->options.seconds, leastSeconds);
}

llvm::Error ModelCheck::compileModel(const std::string &library, llvm::ArrayRef<ScheduleRecord> records) {
  CompileOptions own = model;
  own.output = library;
  if (!records.empty()) {
    own.records = {library + ".json"};
    std::ofstream(own.records.front()) << writeRecords(records);
  }
  constexpr unsigned longestCompilation = 3600;
  ChildProcess child(
      [&]() -> llvm::Expected<std::string> {
        if (failed(compile(own)))
          return llvm::createStringError("the model does not compile");
        return "";
      },
      longestCompilation);
  llvm::Expected<std::string> done = child.finish();
  return done ? llvm::Error::success() : done.takeError();
}

llvm::Expected<Comparison> ModelCheck::measure(llvm::ArrayRef<ScheduleRecord> records) {
  if (reference.empty()) {
    if (llvm::Error problem = compileModel(folder + "/model.so", {}))
      return std::move(problem);
    reference = folder + "/model.so";
  }
  std::string tuned = folder + "/tuned.so";
  if (llvm::Error problem = compileModel(tuned, records))
    return std::move(problem);
  return compare(signature, reference, tuned, options);
}

llvm::Expected<ModelCheck::Result> ModelCheck::keepGood(llvm::ArrayRef<ScheduleRecord> records) {
  if (records.empty())
    return Result();
  llvm::Expected<Comparison> times = measure(records);
  if (!times)
    return times.takeError();
  if (times->candidate <= times->reference)
    return Result{records.vec(), *times};
  if (records.size() == 1)
    return Result();
  auto first = keepGood(records.take_front(records.size() / 2));
  if (!first)
    return first.takeError();
  auto second = keepGood(records.drop_front(records.size() / 2));
  if (!second)
    return second.takeError();
  if (first->records.empty())
    return second;
  if (second->records.empty())
    return first;
  // Each half is good by itself; what both come to is told, whatever it is.
  Result both = std::move(*first);
  both.records.insert(both.records.end(), second->records.begin(), second->records.end());
  times = measure(both.records);
  if (!times)
    return times.takeError();
  both.times = *times;
  return both;
}

} // namespace dlc::tune
