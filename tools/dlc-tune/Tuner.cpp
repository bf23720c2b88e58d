// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/Tuner.h"
#include "backends/link/OutputFile.h"
#include "profile/Roof.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"
#include <algorithm>
#include <csignal>
#include <limits>

namespace dlc::tune {

/// Set by Ctrl-C: what is found by then is written.
static volatile std::sig_atomic_t isStopped = 0;

/// A hash of the contents.
static std::string hashFile(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  auto digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(file ? (*file)->getBuffer() : ""));
  return llvm::toHex(digest);
}

Tuner::Tuner(std::vector<std::unique_ptr<TunedKernel>> kernels, const TuneOptions &options)
    : options(options), cpu(profile::cpuName()), journal(options.output + ".trials", cpu, options.measurement.threads),
      progress(options.minutes * 60) {
  for (std::unique_ptr<TunedKernel> &kernel : kernels) {
    ScheduleSearch search(kernel->getSpace(), kernel->getMachine().registers, options.seed);
    tasks.push_back(std::make_unique<Task>(Task{std::move(kernel), std::move(search), "", 0, nullptr, {}, "", false}));
  }
}

/// Takes over what earlier searches have found.
void Tuner::resume() {
  size_t known = 0;
  for (const Trial &trial : journal.getTrials())
    for (std::unique_ptr<Task> &task : tasks)
      if (task->kernel->fingerprint == trial.record.kernel &&
          task->kernel->getMachine().name == llvm::StringRef(trial.record.machine) &&
          task->kernel->getSpace().findProblem(trial.record.point).empty()) {
        task->search.report(trial.record.point,
                            trial.problem.empty() ? trial.record.getRatio() : std::numeric_limits<double>::infinity());
        ++known;
      }
  if (known != 0)
    progress.print(llvm::formatv("goes on after {0} schedules that '{1}.trials' has", known, options.output).str());
}

void Tuner::measureDefaults() {
  for (auto [number, task] : llvm::enumerate(tasks)) {
    progress.draw(getGain(), journal.getTrials().size(), task->kernel->layer);
    task->reference = folder + "/default" + std::to_string(number) + ".so";
    auto compilation = startCompilation(task->kernel->writeModule(task->kernel->getDefault()), task->reference,
                                        options.measurement.cacheDirectory);
    std::string problem;
    if (llvm::Expected<std::string> done = compilation->finish(); !done)
      problem = llvm::toString(done.takeError());
    MeasurementOptions brief = options.measurement;
    brief.seconds /= 2;
    if (problem.empty()) {
      if (auto times = compare(task->kernel->signature, task->reference, task->reference, brief)) {
        task->defaultTime = times->reference * static_cast<double>(task->kernel->count);
        task->known[hashFile(task->reference)] = {times->reference, times->reference};
      } else
        problem = llvm::toString(times.takeError());
    }
    if (!problem.empty())
      progress.print(task->kernel->describe() + " is left alone: its default " + problem);
  }
  llvm::erase_if(tasks, [](const auto &task) { return task->defaultTime == 0; });
}

/// Starts to compile the candidate that is worth most: trials are shared out in proportion to time. Null if none is
/// left but those whose kernels are busy.
Tuner::Task *Tuner::startAny() {
  while (true) {
    Task *best = nullptr;
    double most = 0;
    for (std::unique_ptr<Task> &task : tasks) {
      double worth = task->defaultTime / static_cast<double>(task->search.getCount() + 1);
      if (!task->pending && !task->isExhausted && worth > most) {
        most = worth;
        best = task.get();
      }
    }
    if (!best)
      return nullptr;
    best->candidate = best->search.next();
    if (best->candidate) {
      best->path = folder + "/candidate" + std::to_string(libraries++) + ".so";
      best->pending =
          startCompilation(best->kernel->writeModule(*best->candidate), best->path, options.measurement.cacheDirectory);
      return best;
    }
    best->isExhausted = true;
  }
}

void Tuner::report(Task &task, const SchedulePoint &point, const Comparison *times, const std::string &problem) {
  Trial trial;
  trial.record.kernel = task.kernel->fingerprint;
  trial.record.machine = task.kernel->getMachine().name.str();
  trial.record.layer = task.kernel->layer;
  trial.record.point = point;
  trial.problem = problem;
  if (times) {
    trial.record.microseconds = times->candidate;
    trial.record.defaultTime = times->reference;
  }
  journal.append(trial);
  double ratio = problem.empty() ? trial.record.getRatio() : std::numeric_limits<double>::infinity();
  bool isBetter = ratio < task.search.getBestRatio();
  task.search.report(point, ratio);
  if (options.explains || isBetter)
    progress.print(problem.empty() ? llvm::formatv("{0}: {1:f3} of the time with {2}", task.kernel->describe(), ratio,
                                                   describePoint(point))
                                         .str()
                                   : task.kernel->describe() + ": " + describePoint(point) + " " + problem);
}

void Tuner::finishTrial(Task &task) {
  SchedulePoint point = *task.candidate;
  std::string problem;
  if (llvm::Expected<std::string> done = task.pending->finish(); !done)
    problem = llvm::toString(done.takeError());
  task.pending.reset();
  std::optional<Comparison> times;
  std::string code = problem.empty() ? hashFile(task.path) : "";
  if (auto same = task.known.find(code); problem.empty() && same != task.known.end()) {
    times = same->second;
  } else if (problem.empty()) {
    if (auto measured = compare(task.kernel->signature, task.reference, task.path, options.measurement))
      times = *measured;
    else
      problem = llvm::toString(measured.takeError());
  }
  // A lucky measurement must not win: what seems better is measured again, for longer, and the worse time counts.
  constexpr double leastGain = 0.99;
  auto isBetter = [&] { return times->candidate < leastGain * task.search.getBestRatio() * times->reference; };
  if (times && isBetter()) {
    MeasurementOptions longer = options.measurement;
    longer.seconds *= 4;
    if (auto measured = compare(task.kernel->signature, task.reference, task.path, longer)) {
      if (measured->candidate * times->reference > times->candidate * measured->reference)
        times = *measured;
    } else {
      problem = llvm::toString(measured.takeError());
    }
  }
  // What is within the noise of the best is as good as that.
  if (times && !isBetter())
    times->candidate = std::max(times->candidate, task.search.getBestRatio() * times->reference);
  if (problem.empty() && times)
    task.known[code] = *times;
  report(task, point, problem.empty() && times ? &*times : nullptr, problem);
  for (const char *ending : {"", ".mlir"})
    (void)llvm::sys::fs::remove(task.path + ending);
}

double Tuner::getGain() const {
  double before = 0, after = 0;
  for (const std::unique_ptr<Task> &task : tasks) {
    before += task->defaultTime;
    after += task->defaultTime * task->search.getBestRatio();
  }
  return after > 0 ? before / after : 1;
}

std::vector<ScheduleRecord> Tuner::collectRecords() const {
  std::vector<ScheduleRecord> records;
  for (const std::unique_ptr<Task> &task : tasks) {
    if (task->search.getBestRatio() >= 1)
      continue;
    ScheduleRecord &record = records.emplace_back();
    record.kernel = task->kernel->fingerprint;
    record.machine = task->kernel->getMachine().name.str();
    record.point = task->search.getBest();
    record.layer = task->kernel->layer;
    record.cpu = cpu;
    record.defaultTime = task->defaultTime / static_cast<double>(task->kernel->count);
    record.microseconds = record.defaultTime * task->search.getBestRatio();
    record.candidates = task->search.getCount();
  }
  return records;
}

bool Tuner::write(std::vector<ScheduleRecord> found) {
  // Records of other kernels and machines stay.
  std::vector<ScheduleRecord> records;
  if (llvm::sys::fs::exists(options.output)) {
    auto old = readRecords(options.output);
    if (!old) {
      progress.print("error: " + llvm::toString(old.takeError()));
      return false;
    }
    records = std::move(*old);
  }
  llvm::erase_if(records, [&](const ScheduleRecord &record) {
    return llvm::any_of(tasks, [&](const std::unique_ptr<Task> &task) {
      return record.kernel == task->kernel->fingerprint &&
             llvm::StringRef(record.machine) == task->kernel->getMachine().name;
    });
  });
  llvm::append_range(records, std::move(found));
  std::string problem;
  OutputFile file(options.output);
  if (failed(file.write(writeRecords(records), problem)) || failed(file.keep(problem))) {
    progress.print("error: " + problem);
    return false;
  }
  return true;
}

bool Tuner::finish() {
  std::vector<ScheduleRecord> records = collectRecords();
  if (records.empty()) {
    progress.print("no schedule is faster than the compiler's own");
    return write({});
  }
  if (!options.check || isStopped)
    return write(std::move(records));
  progress.draw(getGain(), journal.getTrials().size(), "in the model");
  ModelCheck check(options.check->first, options.check->second, options.measurement, folder);
  auto kept = check.keepGood(records);
  if (!kept) {
    progress.print("the records are not checked in the model: " + llvm::toString(kept.takeError()));
    return write(std::move(records));
  }
  if (kept->records.size() < records.size())
    progress.print(llvm::formatv("{0} of {1} records slow the model down, and are left out",
                                 records.size() - kept->records.size(), records.size())
                       .str());
  if (kept->times)
    progress.print(llvm::formatv("the model takes {0:f3} ms with {1} records, {2:f3} ms without: {3:f3} times as fast",
                                 kept->times->candidate / 1e3, kept->records.size(), kept->times->reference / 1e3,
                                 kept->times->reference / kept->times->candidate)
                       .str());
  return write(std::move(kept->records));
}

bool Tuner::run() {
  // Better to fail now than after the search.
  if (std::string problem = journal.findProblem(); !problem.empty()) {
    progress.print("error: " + problem);
    return false;
  }
  llvm::SmallString<128> scratch;
  if (std::error_code problem = llvm::sys::fs::createUniqueDirectory("dlc-tune", scratch)) {
    progress.print("error: no folder for scratch files: " + problem.message());
    return false;
  }
  folder = scratch.str().str();
  for (int signal : {SIGINT, SIGTERM, SIGHUP})
    std::signal(signal, [](int) { isStopped = 1; });
  resume();
  measureDefaults();
  bool isWritten = write(collectRecords());
  // The next candidate is compiled while one is measured.
  Task *current = nullptr;
  while (isWritten) {
    Task *next = progress.isOver() || isStopped ? nullptr : startAny();
    if (!current && !next)
      break;
    if (current) {
      progress.draw(getGain(), journal.getTrials().size(), current->kernel->layer);
      double before = current->search.getBestRatio();
      finishTrial(*current);
      if (current->search.getBestRatio() < before)
        isWritten = write(collectRecords());
    }
    current = next;
  }
  isWritten = isWritten && finish();
  (void)llvm::sys::fs::remove_directories(folder);
  return isWritten;
}

} // namespace dlc::tune
